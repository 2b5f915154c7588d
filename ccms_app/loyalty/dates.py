"""Calendar rules: month arithmetic with the day clipped, availability, expiry and tier windows."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

from .model import Program

DAY = timedelta(days=1)


def days(number: int) -> timedelta:
	"""A programme's number of days; empty is none."""
	return DAY * int(number or 0)


def add_months(day: date, months: int) -> date:
	"""`day` moved by whole months, the day clipped to the month's end (31 Jan + 1 = 28 Feb)."""
	year, month0 = divmod(day.year * 12 + day.month - 1 + months, 12)
	month = month0 + 1
	if day.day <= 28:
		return date(year, month, day.day)
	return date(year, month, min(day.day, monthrange(year, month)[1]))


def month_day(text: str, year: int) -> date:
	"""MM-DD in a year; 02-29 becomes 02-28 where there is none."""
	month, day = (int(part) for part in text.split("-"))
	return date(year, month, min(day, monthrange(year, month)[1]))


def available_from(program: Program, posting_date: date, paid_on: date | None = None) -> date | None:
	"""The first day on which points of a document can be spent; None while payment is awaited."""
	by_days = posting_date + timedelta(days=program.pending_days) if program.pending_days else posting_date
	if program.accrue_when != "When Paid":
		return by_days
	return max(by_days, paid_on) if paid_on else None


def expires_on(program: Program, posting_date: date, available: date | None) -> date | None:
	"""The last day on which the points of a document can be spent; None = no date of their own."""
	if program.expiry_model == "Rolling":
		start = posting_date if program.accrue_when == "When Paid" or available is None else available
		return add_months(start, program.expiry_months)
	if program.expiry_model == "Fixed Date":
		earliest = add_months(posting_date, program.expiry_months)
		same_year = month_day(program.expiry_day_month, earliest.year)
		return same_year if same_year >= earliest else month_day(program.expiry_day_month, earliest.year + 1)
	return None


def inactive_after(program: Program, last_activity: date | None) -> date | None:
	"""The last day on which a member's dateless points can be spent under the Inactivity model."""
	if program.expiry_model != "Inactivity" or last_activity is None:
		return None
	return add_months(last_activity, program.expiry_months)


def tier_window(program: Program, on: date) -> tuple[date, date]:
	"""First and last qualifying day that count for the tier on a day, both included."""
	if program.tier_window == "Calendar Year":
		return date(on.year, 1, 1), date(on.year, 12, 31)
	if program.tier_window == "Rolling 12 Months":
		return add_months(on, -12) + DAY, on
	return date.min, date.max


def tier_until(program: Program, since: date) -> date | None:
	"""The day through which a tier reached or renewed on `since` is kept; None = for good."""
	if program.tier_window == "Calendar Year":
		return date(since.year, 12, 31)
	if program.tier_window == "Rolling 12 Months":
		return add_months(since, 12)
	return None
