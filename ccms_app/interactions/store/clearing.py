"""How long events and daily counts are kept. Log Settings says it; Frappe's nightly clean-up calls."""

from __future__ import annotations

from datetime import date, timedelta

import frappe
from frappe.query_builder import Criterion, DocType
from frappe.utils import getdate, nowdate

from ccms_app.identity.store import identities
from ccms_app.privacy.store import restriction

EVENT, DAY, SETTINGS = "CCMS Customer Interaction", "CCMS Interaction Day", "CCMS Settings"
EVENT_DAYS, DAY_DAYS = 400, 1096
"""Days kept where Log Settings says nothing: 400 for events, 36 months for what one person did on one day."""
BATCH = 5_000


def oldest_day(today: date) -> date:
	"""The first day of which events are taken: what was deleted once is never taken again, so no event counts twice."""
	oldest = today - timedelta(days=_kept_days(EVENT, EVENT_DAYS))
	cleared = frappe.db.get_single_value(SETTINGS, "events_cleared_until")
	return max(oldest, getdate(cleared)) if cleared else oldest


def clear_events(days: int = EVENT_DAYS) -> int:
	"""Delete events of before so many days, in batches that commit. Returns how many.

	Those of a customer whose processing is restricted stay until that is lifted: they may need them (GDPR 18 (2)).
	"""
	until = getdate(nowdate()) - timedelta(days=max(int(days), 1))
	cleared = frappe.db.get_single_value(SETTINGS, "events_cleared_until")
	if not cleared or getdate(cleared) < until:
		# first, so that nothing of those days comes in while they go
		frappe.db.set_single_value(SETTINGS, "events_cleared_until", until)
		frappe.db.commit()
	from . import pages

	for company in frappe.get_all("Company", pluck="name"):
		pages.close_days(company, until)
	event, held = DocType(EVENT), _held()
	return sum(
		_clear(
			EVENT,
			lambda company=company: (
				frappe.qb.from_(event)
				.select(event.name)
				.where((event.company == company) & (event.occurred_at < until))
				.where(event.identity.isnull() | event.identity.notin(held) if held else Criterion.all())
			),
		)
		for company in frappe.get_all("Company", pluck="name")
	)


def clear_days(days: int = DAY_DAYS) -> int:
	"""Delete daily counts of before so many days, whole months at a time, once their totals are written. Returns how many.

	Those of a year that events may still come for stay, whatever the settings say: an event that comes late has its month
	and its year counted anew, from the daily counts.
	"""
	from . import totals

	today = getdate(nowdate())
	until = (today - timedelta(days=max(int(days), 1))).replace(day=1)
	until = min(until, oldest_day(today).replace(month=1, day=1))
	totals.compute_marked()
	day = DocType(DAY)
	return sum(
		_clear(
			DAY,
			lambda company=company: (
				frappe.qb.from_(day).select(day.name).where((day.company == company) & (day.day < until))
			),
		)
		for company in frappe.get_all("Company", pluck="name")
	)


def _held() -> list[str]:
	"""The identities of everybody whose processing is restricted."""
	return sorted(
		{
			span.identity
			for customer in restriction.since()
			for span in identities.spans(customer, everything=True)
		}
	)


def _clear(doctype: str, old) -> int:
	table, deleted = DocType(doctype), 0
	while names := old().limit(BATCH).run(pluck=True):
		frappe.qb.from_(table).delete().where(table.name.isin(names)).run()
		frappe.db.commit()
		deleted += len(names)
	return deleted


def _kept_days(doctype: str, default: int) -> int:
	days = frappe.db.get_value(
		"Logs To Clear", {"parent": "Log Settings", "ref_doctype": doctype}, "days", cache=True
	)
	return int(days or default)
