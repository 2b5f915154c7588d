"""The days a report tells of, and the days it compares them with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import frappe
from frappe import _
from frappe.utils import add_months, formatdate, getdate

from . import reporting

YEAR, QUARTER, MONTH = "Last 12 Months", "Last 90 Days", "Last 30 Days"
THIS_MONTH, THIS_YEAR, DATES = "This Month", "This Year", "Choose Dates"
CHOICES = (YEAR, QUARTER, MONTH, THIS_MONTH, THIS_YEAR, DATES)


@dataclass(frozen=True)
class Span:
	"""Days from `start` up to, not including, `end`."""

	start: date
	end: date

	@property
	def days(self) -> int:
		return (self.end - self.start).days

	@property
	def last(self) -> date:
		return self.end - timedelta(days=1)

	def shifted(self, months: int) -> Span:
		"""The same days so many months later; the 31st becomes the last of a shorter month."""
		return Span(_months_on(self.start, months), _months_on(self.end, months))

	def text(self) -> str:
		return _("{0} to {1}").format(formatdate(self.start), formatdate(self.last))


@dataclass(frozen=True)
class Periods:
	"""This period, the one before it, and the same days a year earlier (`before` is None where both are one)."""

	this: Span
	before: Span | None
	last_year: Span


def read(filters: frappe._dict, as_of: date, choices: tuple[str, ...] = CHOICES) -> Periods:
	"""The periods that the filters ask for.

	Args:
		filters: `period`, and for "Choose Dates" `from_date` and `to_date` (both included).
		as_of: the first day without facts; no period reaches it.
		choices: what this report offers, its default first.
	"""
	chosen = reporting.choice(filters.period, choices, _("Period"))
	last = as_of - timedelta(days=1)
	if chosen == DATES:
		return _of_dates(filters, as_of)
	if chosen in (YEAR, THIS_YEAR):
		start = _months_on(as_of, -12) if chosen == YEAR else date(last.year, 1, 1)
		this = Span(start, as_of)
		return Periods(this, None, this.shifted(-12))
	if chosen == THIS_MONTH:
		this = Span(last.replace(day=1), as_of)
		return Periods(this, this.shifted(-1), this.shifted(-12))
	days = 90 if chosen == QUARTER else 30
	this = Span(as_of - timedelta(days=days), as_of)
	return Periods(this, _preceding(this), this.shifted(-12))


def _of_dates(filters: frappe._dict, as_of: date) -> Periods:
	last = as_of - timedelta(days=1)
	first, final = reporting.period(filters, _months_on(as_of, -12), last, latest=last)
	this = Span(first, final + timedelta(days=1))
	before, last_year = _preceding(this), this.shifted(-12)
	return Periods(this, None if before == last_year else before, last_year)


def _preceding(span: Span) -> Span:
	return Span(span.start - timedelta(days=span.days), span.start)


def _months_on(day: date, months: int) -> date:
	return getdate(add_months(day, months))


def months(span: Span) -> list[date]:
	"""The first days of the months that a span touches."""
	found, month = [], span.start.replace(day=1)
	while month < span.end:
		found.append(month)
		month = _months_on(month, 1)
	return found
