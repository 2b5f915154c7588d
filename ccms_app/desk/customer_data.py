"""The figures of the Customer Data workspace: whom we would recognise, what happened, what waits for somebody."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta

import frappe
from frappe import _
from frappe.utils import formatdate

from ccms_app.identity.store import backfill
from ccms_app.interactions.store import figures
from ccms_app.interactions.store.figures import Where

from . import reporting

WEEKS = 12
CHANNELS = 6
"""So many channels are drawn apart, the rest together."""


def recognised() -> float | None:
	"""Percent of customers whom a phone, mail address, card or the like tells apart; None without customers."""
	standing = backfill.standing()
	return round(standing["known"] * 100 / standing["customers"]) if standing["customers"] else None


def interactions(company: str, days: int = 7) -> int:
	"""Events of the last days, today's among them, within the user's fence."""
	today = reporting.today()
	where = Where(company, today - timedelta(days=days - 1), today + timedelta(days=1))
	return sum(int(row["events"]) for row in figures.sums(where))


def by_week(company: str) -> tuple[list[str], dict[str, list[int]]]:
	"""Events of the last weeks: (labels of the weeks, events by channel), the busiest channels first."""
	monday = reporting.today() - timedelta(days=reporting.today().weekday())
	first = monday - timedelta(weeks=WEEKS - 1)
	found: dict[str, list[int]] = defaultdict(lambda: [0] * WEEKS)
	for row in figures.sums(Where(company, first, monday + timedelta(weeks=1)), "channel", "day"):
		found[row["channel"]][_week(row["day"], first)] += int(row["events"])
	ranked = sorted(found, key=lambda channel: (-sum(found[channel]), channel))
	drawn = {_(channel) if channel else _("None"): found[channel] for channel in ranked[:CHANNELS]}
	if rest := ranked[CHANNELS:]:
		drawn[_("Other")] = [sum(found[channel][week] for channel in rest) for week in range(WEEKS)]
	return [formatdate(first + timedelta(weeks=week)) for week in range(WEEKS)], drawn


def _week(day: date, first: date) -> int:
	return (day - first).days // 7


def open_requests() -> tuple[int, int]:
	"""Privacy requests that the user sees and that are not settled: (all, of them late)."""
	filters = {"status": ["in", ("Open", "Waiting", "Running")]}
	rows = frappe.get_list("CCMS Privacy Request", filters=filters, fields=["due_on"], limit=0)
	return len(rows), sum(bool(row.due_on and row.due_on < reporting.today()) for row in rows)
