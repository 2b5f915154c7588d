"""Calendar rules, day by day."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccms_app.loyalty.dates import (
	add_months,
	available_from,
	expires_on,
	inactive_after,
	month_day,
	tier_until,
	tier_window,
)
from ccms_app.loyalty.model import Lot, Program

ROLLING = Program("P", expiry_model="Rolling", expiry_months=1)


def day(text: str) -> date:
	return date.fromisoformat(text)


@pytest.mark.parametrize(
	("start", "months", "expected"),
	[
		("2023-01-31", 1, "2023-02-28"),
		("2024-01-31", 1, "2024-02-29"),
		("2024-02-29", 12, "2025-02-28"),
		("2024-02-29", 48, "2028-02-29"),
		("2023-03-31", -1, "2023-02-28"),
		("2023-12-15", 1, "2024-01-15"),
		("2023-01-15", -1, "2022-12-15"),
		("2023-08-31", 1, "2023-09-30"),
		("2023-05-28", 0, "2023-05-28"),
	],
)
def test_adding_months(start, months, expected):
	assert add_months(day(start), months) == day(expected)


@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)), st.integers(-60, 60))
def test_adding_months_keeps_the_day_or_takes_the_months_last(start, months):
	moved = add_months(start, months)
	assert (moved.year * 12 + moved.month) - (start.year * 12 + start.month) == months
	assert moved.day == start.day or (moved.day < start.day and (moved + timedelta(days=1)).day == 1)


def test_a_day_that_a_year_does_not_have():
	assert month_day("02-29", 2023) == day("2023-02-28")
	assert month_day("02-29", 2024) == day("2024-02-29")
	assert month_day("12-31", 2023) == day("2023-12-31")


@pytest.mark.parametrize(
	("accrue_when", "pending_days", "paid_on", "expected"),
	[
		("On Submit", 0, None, "2023-01-10"),
		("On Submit", 14, None, "2023-01-24"),
		("When Paid", 0, None, None),
		("When Paid", 14, None, None),
		("When Paid", 0, "2023-03-01", "2023-03-01"),
		("When Paid", 14, "2023-01-12", "2023-01-24"),  # the later of the two
		("When Paid", 14, "2023-02-12", "2023-02-12"),
	],
)
def test_availability(accrue_when, pending_days, paid_on, expected):
	program = Program("P", accrue_when=accrue_when, pending_days=pending_days)
	found = available_from(program, day("2023-01-10"), day(paid_on) if paid_on else None)
	assert found == (day(expected) if expected else None)


def test_rolling_expiry_counts_from_availability_or_under_when_paid_from_the_posting_date():
	posted = day("2023-01-17")
	assert expires_on(replace(ROLLING, pending_days=14), posted, day("2023-01-31")) == day("2023-02-28")
	assert expires_on(replace(ROLLING, accrue_when="When Paid"), posted, day("2023-06-01")) == day(
		"2023-02-17"
	)
	assert expires_on(replace(ROLLING, accrue_when="When Paid"), posted, None) == day("2023-02-17")


@pytest.mark.parametrize(
	("month_day_", "months", "posted", "expected"),
	[
		("12-31", 3, "2023-01-15", "2023-12-31"),
		("12-31", 3, "2023-09-30", "2023-12-31"),  # earliest 30 Dec
		("12-31", 3, "2023-10-01", "2024-12-31"),  # earliest 1 Jan of the next year
		("03-01", 0, "2023-03-01", "2023-03-01"),  # on the day itself
		("03-01", 0, "2023-03-02", "2024-03-01"),
		("02-29", 1, "2023-01-31", "2023-02-28"),  # 28 Feb is on or after 28 Feb
		("02-29", 12, "2023-02-28", "2024-02-29"),
		("02-29", 12, "2023-03-01", "2025-02-28"),
	],
)
def test_fixed_date_expiry(month_day_, months, posted, expected):
	program = Program("P", expiry_model="Fixed Date", expiry_months=months, expiry_day_month=month_day_)
	assert expires_on(program, day(posted), day(posted)) == day(expected)


def test_never_and_inactivity_give_a_lot_no_date():
	for model in ("Never", "Inactivity"):
		program = Program("P", expiry_model=model, expiry_months=1)
		assert expires_on(program, day("2023-01-31"), day("2023-01-31")) is None
	assert inactive_after(Program("P", expiry_model="Inactivity", expiry_months=1), day("2023-01-31")) == day(
		"2023-02-28"
	)
	assert inactive_after(Program("P", expiry_model="Inactivity", expiry_months=1), None) is None
	assert inactive_after(ROLLING, day("2023-01-31")) is None


def test_a_lot_is_usable_through_its_expiry_date_and_gone_the_day_after():
	lot = Lot("L", "M", 1, 1, day("2023-01-05"), day("2023-02-28"), "Active", "L")
	assert [
		lot.usable(at, at) for at in map(day, ("2023-01-04", "2023-01-05", "2023-02-28", "2023-03-01"))
	] == [
		False,
		True,
		True,
		False,
	]
	# an empty expiry is never; zero days of validity is still the day itself
	assert replace_expiry(lot, None).usable(day("2099-01-01"), day("2099-01-01"))
	assert replace_expiry(lot, day("2023-01-05")).usable(day("2023-01-05"), day("2023-01-05"))


def replace_expiry(lot: Lot, expires: date | None) -> Lot:
	return replace(lot, expires_on=expires)


@pytest.mark.parametrize(
	("window", "on", "first", "last"),
	[
		("Rolling 12 Months", "2023-06-15", "2022-06-16", "2023-06-15"),
		("Rolling 12 Months", "2024-02-29", "2023-03-01", "2024-02-29"),
		("Calendar Year", "2023-06-15", "2023-01-01", "2023-12-31"),
		("Lifetime", "2023-06-15", "0001-01-01", "9999-12-31"),
	],
)
def test_the_window_that_counts_for_a_tier(window, on, first, last):
	assert tier_window(Program("P", tier_window=window), day(on)) == (day(first), day(last))


def test_how_long_a_tier_is_kept():
	assert tier_until(Program("P", tier_window="Rolling 12 Months"), day("2024-02-29")) == day("2025-02-28")
	assert tier_until(Program("P", tier_window="Calendar Year"), day("2024-02-29")) == day("2024-12-31")
	assert tier_until(Program("P", tier_window="Lifetime"), day("2024-02-29")) is None


def test_a_programme_runs_from_its_first_through_its_last_day():
	program = Program("P", from_date=day("2023-01-02"), to_date=day("2023-01-03"))
	assert [program.runs_on(day(f"2023-01-0{n}")) for n in (1, 2, 3, 4)] == [False, True, True, False]
	assert not replace(program, enabled=False).runs_on(day("2023-01-02"))
	assert Program("P").runs_on(day("1990-01-01"))
