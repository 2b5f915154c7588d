"""Decimal arithmetic of points and money, against figures worked out by hand and against exact fractions."""

from decimal import Decimal as D
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ccms_app.loyalty.money import dec, decimals, earn_base, part, points_for, rounded

cents = st.integers(0, 5_000_000).map(lambda value: D(value) / 100)


def test_a_float_is_read_as_it_is_printed():
	# floor(4.35 / 0.01) is 434 in floats
	assert 4.35 / 0.01 < 435
	assert points_for(dec(4.35), dec(0.01), D(1), 0, "Down") == 435


@pytest.mark.parametrize(
	("value", "expected"),
	[
		(None, D(0)),
		("", D(0)),
		(0.1, D("0.1")),
		("2.50", D("2.50")),
		(7, D(7)),
		(D("1.23"), D("1.23")),
		(1e-9, D("1e-9")),
	],
)
def test_stored_numbers_become_decimals(value, expected):
	assert dec(value) == expected


@pytest.mark.parametrize(
	("value", "precision", "mode", "expected"),
	[
		("2.5", 0, "Nearest", "3"),  # half away from zero, not to even
		("3.5", 0, "Nearest", "4"),
		("-2.5", 0, "Nearest", "-3"),
		("2.499", 0, "Nearest", "2"),
		("2.999", 0, "Down", "2"),
		("-2.999", 0, "Down", "-2"),
		("2.001", 0, "Up", "3"),
		("2", 0, "Up", "2"),
		("1.005", 2, "Nearest", "1.01"),
		("1.005", 2, "Down", "1.00"),
		("1.001", 2, "Up", "1.01"),
		("1.25", 1, "Nearest", "1.3"),
	],
)
def test_rounding(value, precision, mode, expected):
	assert rounded(D(value), precision, mode) == D(expected)


@pytest.mark.parametrize(
	("base", "per_point", "multiplier", "precision", "mode", "expected"),
	[
		("99.99", "10", "1", 0, "Down", "9"),
		("99.99", "10", "1", 0, "Nearest", "10"),
		("90.01", "10", "1", 0, "Up", "10"),
		("99.99", "10", "1", 1, "Down", "9.9"),
		("99.99", "10", "1.5", 2, "Down", "14.99"),  # 14.9985
		("99.99", "10", "1.5", 2, "Nearest", "15.00"),
		("10", "3", "1", 2, "Down", "3.33"),
		("10", "3", "1", 2, "Up", "3.34"),
		("10", "1", "1", 0, "Up", "10"),
		("0", "1", "1", 0, "Up", "0"),
		("-5", "1", "1", 0, "Up", "0"),
		("0.01", "1", "1", 0, "Up", "1"),
		# rounded once, after the multiplier: 2.9 x 2.25 = 6.525, not 2 x 2.25
		("2.9", "1", "2.25", 0, "Down", "6"),
		# a base is kept to nine decimals: a hundred thirds, three times, is a hundred
		("33.333333333", "1", "3", 0, "Down", "100"),
		("66.666666667", "1", "1.5", 0, "Up", "100"),
		("33.33", "1", "3", 0, "Down", "99"),
	],
)
def test_points_of_a_document(base, per_point, multiplier, precision, mode, expected):
	assert points_for(D(base), D(per_point), D(multiplier), precision, mode) == D(expected)


def test_what_points_paid_does_not_earn():
	# net 100 of a total of 120 with tax; 30 paid with points: three quarters are left
	assert earn_base(D(100), D(30), D(120)) == 75
	assert earn_base(D(100), D(0), D(120)) == 100
	assert earn_base(D(100), D(120), D(120)) == 0
	# 1 - 3/7 cannot be written down in decimals; 7 less 3 is 4 all the same
	assert earn_base(D(7), D(3), D(7)) == 4


@given(cents, cents, cents)
def test_the_base_is_the_exact_share(amount, points_amount, total):
	assume(0 < points_amount <= total)
	exact = Fraction(amount) * (1 - Fraction(points_amount) / Fraction(total))
	assert abs(Fraction(earn_base(amount, points_amount, total)) - exact) <= Fraction(1, 10**18)


@given(
	cents,
	cents,
	st.sampled_from([D("0.01"), D("0.3"), D(1), D("2.5"), D(10), D(100)]),
	st.sampled_from([D(1), D("1.5"), D(3)]),
	st.integers(0, 2),
	st.sampled_from(["Down", "Nearest", "Up"]),
)
def test_points_are_those_of_exact_fractions(amount, points_amount, per_point, multiplier, precision, mode):
	"""Whatever the digits of the quotients: the base goes through nine decimals as it is stored."""
	total = amount * 12 / 10
	assume(0 < points_amount <= total)
	base = rounded(earn_base(amount, points_amount, total), 9)
	exact = Fraction(amount) * (1 - Fraction(points_amount) / Fraction(total)) * Fraction(multiplier)
	scaled = exact / Fraction(per_point) * 10**precision
	whole = {
		"Down": scaled.numerator // scaled.denominator,
		"Up": -(-scaled.numerator // scaled.denominator),
		"Nearest": (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator),
	}[mode]
	assert points_for(base, per_point, multiplier, precision, mode) == D(whole) / 10**precision


@pytest.mark.parametrize(
	("value", "expected"), [("2.50", 1), ("100", 0), ("0", 0), ("0.00", 0), ("1E+3", 0), ("-1.125", 3)]
)
def test_decimals_that_a_value_really_has(value, expected):
	assert decimals(D(value)) == expected


@given(st.lists(st.integers(1, 50), min_size=1, max_size=8), st.integers(1, 10_000), st.integers(0, 2))
def test_parts_of_a_whole_sum_to_it(weights, amount, precision):
	amount = D(amount) / 10**precision
	given_so_far, so_far = D(0), 0
	for weight in weights:
		so_far += weight
		due = part(D(so_far) / D(sum(weights)), amount, precision)
		assert due >= given_so_far
		assert decimals(due) <= precision
		given_so_far = due
	assert given_so_far == amount


def test_a_part_is_rounded_half_up_however_the_share_is_written():
	assert part(D(1) / 3, D("1.5"), 0) == 1  # a third of 1.5 is a half
	assert part(D(1) / 3, D("4501.5"), 0) == 1501  # 1500.5
	assert part(D(1) / 3, D(10), 0) == 3
	assert part(D("1.2"), D(10), 0) == 10
