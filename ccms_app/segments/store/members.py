"""The one writer of members: who enters and who leaves a segment, with the event of each, in batches that commit."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import frappe
from frappe.query_builder import DocType
from frappe.utils import now

from ccms_app.behaviour.store import events
from ccms_app.desk import permitted

from . import names
from .segments import Segment

DOCTYPE = "CCMS Segment Member"
BATCH = 5_000
ENTERED, LEFT = "Segment Entered", "Segment Left"
FIRST_REFRESH, COPY = "First Refresh", "Frozen Copy"

Done = Callable[[], None]


def current(segments: Sequence[str], customers: Sequence[str] | None = None) -> dict[str, list[str]]:
	"""Who is in the segments now, by segment."""
	found = {}
	for segment in segments:
		member = DocType(DOCTYPE)
		query = frappe.qb.from_(member).select(member.customer)
		query = query.where((member.segment == segment) & member.left_on.isnull())
		if customers is not None:
			query = query.where(member.customer.isin(list(customers)))
		found[segment] = names.read(query)
	return found


def of_customer(customer: str, company: str | None = None) -> list[dict]:
	"""The segments a customer is in, as far as the user may know: segment, segment_name, entered_on; for the Customer form."""
	member, segment = DocType(DOCTYPE), DocType("CCMS Customer Segment")
	query = (
		frappe.qb.from_(member)
		.join(segment)
		.on(segment.name == member.segment)
		.select(member.segment, segment.segment_name, member.entered_on)
		.where((member.customer == customer) & member.left_on.isnull() & (segment.enabled == 1))
		.orderby(segment.segment_name)
	)
	if company:
		query = query.where(segment.company == company)
	return permitted.own(query, DOCTYPE).run(as_dict=True)


def enter(segment: Segment, customers: Sequence[str], cause: str, done: Done, tell: bool = True) -> None:
	"""Add members. `done` is called after each batch, which is complete in itself: rows and events.

	Args:
		tell: write an event for each; the first filling of a segment is not told.
	"""
	for batch in _batches(customers):
		stamp, mark = now(), frappe.generate_hash(length=10)
		rows = [(f"{mark}{number:05d}", customer) for number, customer in enumerate(batch)]
		frappe.db.sql(_ENTER, _values(segment, rows, stamp, cause))
		if tell and cause != FIRST_REFRESH:
			_tell(ENTERED, segment, rows, stamp, cause)
		done()


_ENTER = """
insert into `tabCCMS Segment Member`
	(name, creation, modified, owner, modified_by, segment, customer, entered_on, cause, member_key)
select j.name, %(stamp)s, %(stamp)s, %(user)s, %(user)s, %(segment)s, j.customer, %(stamp)s, %(cause)s,
	concat(%(segment)s, '|', j.customer)
from json_table(%(rows)s, '$[*]' columns (
	name varchar(140) character set utf8mb4 collate utf8mb4_unicode_ci path '$[0]',
	customer varchar(140) character set utf8mb4 collate utf8mb4_unicode_ci path '$[1]'
)) j
on duplicate key update customer = j.customer
"""


def _values(segment: Segment, rows: list[tuple[str, str]], stamp: str, cause: str) -> dict[str, str]:
	return {
		"rows": json.dumps(rows, ensure_ascii=False),
		"stamp": stamp,
		"user": frappe.session.user,
		"segment": segment.name,
		"cause": cause,
	}


def leave(segment: Segment, customers: Sequence[str], cause: str, done: Done) -> None:
	"""Close memberships; the rows stay."""
	member = DocType(DOCTYPE)
	for batch in _batches(customers):
		stamp = now()
		rows = (
			frappe.qb.from_(member)
			.select(member.name, member.customer)
			.where((member.segment == segment.name) & member.left_on.isnull() & member.customer.isin(batch))
			.run()
		)
		(
			frappe.qb.update(member)
			.set(member.left_on, stamp)
			.set(member.left_cause, cause)
			.set(member.modified, stamp)
			.set(member.member_key, member.name)
			.where(member.name.isin([name for name, _customer in rows]))
			.run()
		)
		_tell(LEFT, segment, rows, stamp, cause)
		done()


def _tell(kind: str, segment: Segment, rows: Sequence[tuple[str, str]], stamp: str, cause: str) -> None:
	events.write(
		events.Event(
			f"{kind}:{row}",
			kind,
			customer,
			segment.company,
			stamp,
			{"segment": segment.name, "segment_name": segment.segment_name, "cause": cause},
		)
		for row, customer in rows
	)


def _batches(customers: Sequence[str]):
	for start in range(0, len(customers), BATCH):
		yield customers[start : start + BATCH]
