"""What each person did on each day, counted from the events of the days that changed."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta

import frappe
from frappe.query_builder import DocType
from frappe.query_builder.functions import Coalesce, Count, Sum
from frappe.utils import getdate, now_datetime, nowdate

from ccms_app.identity.store.rows import insert

from . import clearing, marks, pages

EVENT, DAY = "CCMS Customer Interaction", "CCMS Interaction Day"
COLUMNS = (
	"name",
	"creation",
	"modified",
	"owner",
	"modified_by",
	"company",
	"day",
	"identity",
	"branch",
	"interaction_type",
	"channel",
	"events",
	"dwell",
	"duration",
	"amount",
)
BATCH = 5_000


def compute_marked() -> int:
	"""Count all days anew that events came for, then those whose pages alone have changed, each in a transaction of its
	own. Returns how many days."""
	taken = marks.take(marks.DAY)
	for company, day in taken:
		compute(company, day)
		frappe.db.commit()
	return len(taken) + pages.compute_marked()


def compute(company: str, day: date) -> None:
	"""Count one day of a company anew, in the caller's transaction. A day whose events were deleted stays as it was."""
	day = getdate(day)
	if day >= clearing.oldest_day(getdate(nowdate())):
		_delete(company, day)
		_insert(company, day)
		pages.compute(company, day)
		marks.months(company, [day])
	marks.done(marks.DAY, company, day)


def forget(identities: list[str]) -> int:
	"""Delete what is counted about these people, in the caller's transaction. Returns how many rows."""
	if not identities:
		return 0
	day = DocType(DAY)
	counted = frappe.qb.from_(day).select(Count("*")).where(day.identity.isin(identities)).run()[0][0]
	frappe.qb.from_(day).delete().where(day.identity.isin(identities)).run()
	return counted


def _delete(company: str, day: date) -> None:
	table = DocType(DAY)
	frappe.qb.from_(table).delete().where((table.company == company) & (table.day == day)).run()


def _insert(company: str, day: date) -> None:
	event = DocType(EVENT)
	# one person a row: whom the event names, else the visitor
	person = Coalesce(event.identity, event.visitor, "")
	branch, channel = Coalesce(event.branch, ""), Coalesce(event.channel, "")
	query = (
		frappe.qb.from_(event)
		.select(
			person,
			branch,
			event.interaction_type,
			channel,
			Count("*"),
			Coalesce(Sum(event.dwell), 0),
			Coalesce(Sum(event.duration), 0),
			Coalesce(Sum(event.amount), 0),
		)
		.where(
			(event.company == company)
			& (event.occurred_at >= day)
			& (event.occurred_at < day + timedelta(days=1))
		)
		.groupby(person, branch, event.interaction_type, channel)
		.orderby(person, branch, event.interaction_type, channel)
	)
	now, user = now_datetime(), frappe.session.user
	rows = [
		(
			_name(company, day, *row[:4]),
			now,
			now,
			user,
			user,
			company,
			day,
			row[0] or None,
			row[1] or None,
			*row[2:],
		)
		for row in query.run()
	]
	insert(DAY, COLUMNS, rows)


def _name(*parts: object) -> str:
	return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:40]
