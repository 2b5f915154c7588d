"""What a redemption may be: every refusal, every limit, and the last point that covers the cents."""

from dataclasses import replace
from datetime import date
from decimal import Decimal as D

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from ccms_app.loyalty.model import Program
from ccms_app.loyalty.redemption import ceiling_points, most_points, quote, worth

# a point is worth a cent
CLUB = Program("Club", company="Shop", point_value=D("0.01"))
DAY = date(2024, 5, 1)
MANY = D(1_000_000)


def refusal(program: Program, points, total, spendable=MANY, **options) -> str | None:
	found = quote(program, D(points), D(total), D(spendable), **options).refusal
	return found and found.code


@pytest.mark.parametrize(
	("code", "rules", "points", "options"),
	[
		("negative", {}, "-1", {}),
		("zero", {}, "0", {}),
		("precision", {}, "1.5", {}),
		("precision", {"points_precision": 1}, "1.25", {}),
		("company", {}, "1", {"company": "Another"}),
		("status", {}, "1", {"status": "Frozen"}),
		("status", {}, "1", {"status": "Left"}),
		("future", {}, "1", {"posting_date": date(2024, 5, 2), "today": DAY}),
		("not_running", {"to_date": date(2024, 4, 30)}, "1", {"posting_date": DAY}),
		("not_running", {"from_date": date(2024, 5, 2)}, "1", {"posting_date": DAY}),
		("not_running", {"enabled": False}, "1", {"posting_date": DAY}),
		("balance", {}, "501", {"spendable": D(500)}),
		("total", {}, "1001", {}),
		("minimum", {"min_redeem_points": D(100)}, "99", {}),
		("max_percent", {"max_redeem_percent": D(50)}, "501", {}),
		("max_amount", {"max_redeem_amount": D(4)}, "401", {}),
		("step", {"redeem_step": D(50)}, "120", {}),
	],
)
def test_every_refusal(code, rules, points, options):
	assert refusal(replace(CLUB, **rules), points, "10", **options) == code


def test_what_is_at_a_limit_is_accepted():
	rules = replace(
		CLUB,
		from_date=DAY,
		to_date=DAY,
		min_redeem_points=D(100),
		redeem_step=D(100),
		max_redeem_percent=D(50),
		max_redeem_amount=D(5),
	)
	found = quote(rules, D(500), D(10), D(500), company="Shop", posting_date=DAY, today=DAY)
	assert (found.refusal, found.amount, found.most) == (None, D(5), D(500))
	assert refusal(rules, 100, 10) is None


def test_a_refusal_says_what_would_be_accepted():
	found = quote(replace(CLUB, max_redeem_percent=D(50), redeem_step=D(100)), D(600), D("9.99"), MANY)
	# half of 9.99 is 4.995, in whole cents 4.99: 499 points, in steps of a hundred 400
	assert found.refusal.code == "max_percent"
	assert found.refusal.values == {"most": D(400), "percent": D(50), "amount": D("4.99")}
	assert found.amount == 0
	assert quote(CLUB, D(2), D(10), D(1)).refusal.values == {"spendable": D(1)}
	assert quote(CLUB, D(2000), D(10), MANY).refusal.values == {"most": D(1000)}
	assert quote(
		replace(CLUB, to_date=DAY), D(1), D(10), MANY, posting_date=date(2024, 5, 2)
	).refusal.values == {
		"program": "Club",
		"date": date(2024, 5, 2),
	}


def test_the_last_point_covers_the_cents():
	club = replace(CLUB, point_value=D("0.05"))
	# 10.03 / 0.05 = 200.6: 201 points pay it in full, and no more than it
	assert ceiling_points(club, D("10.03")) == 201
	assert quote(club, D(201), D("10.03"), MANY).amount == D("10.03")
	assert quote(club, D(200), D("10.03"), MANY).amount == D("10.00")
	assert refusal(club, 202, "10.03") == "total"
	# with one decimal 200.6 points are enough
	assert ceiling_points(replace(club, points_precision=1), D("10.03")) == D("200.6")
	assert ceiling_points(club, D("10.00")) == 200


def test_only_the_last_amount_may_break_the_step():
	club = replace(CLUB, point_value=D("0.05"), redeem_step=D(50))
	assert refusal(club, 201, "10.03") is None
	assert refusal(club, 200, "10.03") is None
	assert refusal(club, 199, "10.03") == "step"
	assert refusal(club, 201, "20.03") == "step"
	assert most_points(club, D("10.03"), MANY) == 201
	# who has fewer than cover all stays in the steps
	assert most_points(club, D("10.03"), D(199)) == 150
	assert most_points(replace(club, min_redeem_points=D(160)), D("10.03"), D(199)) == 0


def test_a_limit_of_the_whole_total_does_not_keep_the_cents_back():
	club = replace(CLUB, point_value=D("0.05"), max_redeem_percent=D(100))
	assert most_points(club, D("10.03"), MANY) == 201
	assert refusal(club, 201, "10.03") is None
	club = replace(CLUB, point_value=D("0.05"), max_redeem_amount=D("10.03"))
	assert most_points(club, D("10.03"), MANY) == 201
	assert refusal(club, 201, "10.03") is None


def test_what_is_paid_stays_below_a_limit_also_after_rounding():
	club = replace(CLUB, point_value=D("0.005"), max_redeem_percent=D(50))
	# half of 10.01 is 5.005: 1001 points are worth just that, but would be rounded to 5.01
	assert most_points(club, D("10.01"), MANY) == 1000
	assert refusal(club, 1001, "10.01") == "max_percent"
	yen = replace(CLUB, point_value=D("0.5"), max_redeem_percent=D(50))
	assert most_points(yen, D(101), MANY, precision=0) == 100
	assert quote(yen, D(100), D(101), MANY, precision=0).amount == 50
	assert refusal(yen, 101, 101, precision=0) == "max_percent"


def test_points_that_pay_nothing_are_not_taken():
	club = replace(CLUB, point_value=D("0.003"))
	assert refusal(club, 1, "10") == "minimum"  # 0.003 is no cent
	assert quote(club, D(1), D(10), MANY).refusal.values == {"minimum": D(2)}
	assert quote(club, D(2), D(10), MANY).amount == D("0.01")
	assert most_points(club, D(10), D(1)) == 0


def test_nothing_can_be_paid_with_points_where_nothing_is_due():
	assert most_points(CLUB, D(0), MANY) == 0
	assert most_points(CLUB, D(-5), MANY) == 0
	assert refusal(CLUB, 1, 0) == "total"
	assert worth(CLUB, D(1000), D(5)) == 5


@st.composite
def clubs(draw) -> Program:
	return replace(
		CLUB,
		point_value=draw(st.sampled_from([D("0.01"), D("0.05"), D("0.003"), D("0.125"), D(1), D("2.5")])),
		points_precision=draw(st.integers(0, 2)),
		min_redeem_points=draw(st.sampled_from([D(0), D(1), D(40)])),
		redeem_step=draw(st.sampled_from([D(0), D(1), D("2.5"), D(25)])),
		max_redeem_percent=draw(st.sampled_from([D(0), D(33), D("99.9"), D(100)])),
		max_redeem_amount=draw(st.sampled_from([D(0), D("0.07"), D(20), D(10_000)])),
	)


amounts = st.integers(1, 20_000).map(lambda value: D(value) / 100)


@given(clubs(), amounts, amounts)
def test_the_most_that_is_offered_is_accepted(club, total, spendable):
	most = most_points(club, total, spendable)
	assert 0 <= most <= spendable
	assume(most)
	found = quote(club, most, total, spendable)
	assert found.refusal is None
	assert 0 < found.amount <= total


@given(clubs(), amounts, amounts, amounts)
def test_nothing_above_the_most_is_accepted(club, total, spendable, more):
	quantum = D(1).scaleb(-club.points_precision)
	points = most_points(club, total, spendable) + more.quantize(quantum, rounding="ROUND_UP")
	assert quote(club, points, total, spendable).refusal is not None


@settings(suppress_health_check=[HealthCheck.filter_too_much])
@given(clubs(), amounts, amounts, amounts)
def test_what_is_accepted_keeps_every_limit(club, total, spendable, points):
	points = points.quantize(D(1).scaleb(-club.points_precision), rounding="ROUND_UP")
	found = quote(club, points, total, spendable)
	assume(found.refusal is None)
	assert points <= spendable and points >= club.min_redeem_points
	assert 0 < found.amount <= total
	assert abs(found.amount - points * club.point_value) <= D("0.005") or found.amount == total
	if club.max_redeem_percent:
		assert found.amount <= total * club.max_redeem_percent / 100
	if club.max_redeem_amount:
		assert found.amount <= club.max_redeem_amount
	if club.redeem_step:
		assert points % club.redeem_step == 0 or found.amount == total
