"""What interactions answer when a customer is exported or erased. A merge moves identities, and no event."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import frappe
from frappe.query_builder import DocType
from pypika.terms import Criterion

from ccms_app.customer_handler import Nothing
from ccms_app.identity.spans import Span
from ccms_app.identity.store import identities

EVENT, DAY, IDENTITY = "CCMS Customer Interaction", "CCMS Interaction Day", "CCMS Identity"
BATCH = 2_000
EXPORTED = (
	"occurred_at",
	"interaction_type",
	"channel",
	"direction",
	"company",
	"branch",
	"subject",
	"content",
	"outcome",
	"path",
	"previous_path",
	"dwell",
	"duration",
	"item",
	"amount",
	"reference_doctype",
	"reference_name",
	"payload",
)
COUNTED = ("day", "company", "branch", "interaction_type", "channel", "events", "dwell", "duration", "amount")


class Handler(Nothing):
	"""A customer's events and daily counts: those of identities that are the customer's alone, in the time they were. What
	a family's shared phone did is not one person's to take along, nor to delete."""

	doctypes = (EVENT, DAY)

	def export(self, customer: str) -> dict[str, list[dict[str, Any]]]:
		event, day = DocType(EVENT), DocType(DAY)
		found: dict[str, dict[str, Any]] = {}
		counted: list[dict[str, Any]] = []
		for span in _own_spans(customer):
			by_person = _in(span, event.identity, event.occurred_at)
			by_visitor = _in(span, event.visitor, event.occurred_at) & event.identity.isnull()
			for where in (by_person, by_visitor):
				query = frappe.qb.from_(event).select(event.name, *(event[field] for field in EXPORTED))
				for row in query.where(where).run(as_dict=True):
					found[row.pop("name")] = row
			query = frappe.qb.from_(day).select(*(day[field] for field in COUNTED))
			counted += query.where(_days(span, day)).run(as_dict=True)
		return {
			EVENT: sorted(found.values(), key=lambda row: row["occurred_at"]),
			DAY: sorted(counted, key=lambda row: row["day"]),
		}

	def erase(self, customer: str, erased_as: str) -> dict[str, int]:
		counts = {EVENT: 0, DAY: 0}
		for span in _own_spans(customer):
			counts[EVENT] += _erase_events(span)
			day = DocType(DAY)
			rows = frappe.qb.from_(day).select(day.name).where(_days(span, day)).run(pluck=True)
			counts[DAY] += _delete(DAY, rows)
		return counts


def _own_spans(customer: str) -> list[Span]:
	spans = identities.spans(customer)
	identity = DocType(IDENTITY)
	names = sorted({span.identity for span in spans})
	if not names:
		return []
	shared = set(
		frappe.qb.from_(identity)
		.select(identity.name)
		.where(identity.name.isin(names) & (identity.is_shared == 1))
		.run(pluck=True)
	)
	return [span for span in spans if span.identity not in shared]


def _in(span: Span, column, time) -> Criterion:
	where = column == span.identity
	if span.start is not None:
		where &= time >= span.start
	if span.end is not None:
		where &= time < span.end
	return where


def _days(span: Span, day) -> Criterion:
	"""Whole days of a span: one on which an identity changed hands belongs to both, and tells of neither."""
	where = day.identity == span.identity
	if span.start is not None:
		where &= day.day >= span.start.date()
	if span.end is not None:
		where &= day.day <= (span.end + timedelta(days=1)).date()
	return where


def _erase_events(span: Span) -> int:
	event = DocType(EVENT)
	by_person = frappe.qb.from_(event).select(event.name).where(_in(span, event.identity, event.occurred_at))
	deleted = _delete(EVENT, by_person.run(pluck=True))
	# another person's event in this one's browser stays theirs, without the browser
	others = _in(span, event.visitor, event.occurred_at)
	frappe.qb.update(event).set(event.visitor, None).where(others & event.identity.isnotnull()).run()
	by_visitor = frappe.qb.from_(event).select(event.name).where(others)
	return deleted + _delete(EVENT, by_visitor.run(pluck=True))


def _delete(doctype: str, names: list[str]) -> int:
	table = DocType(doctype)
	for part in _parts(names):
		frappe.qb.from_(table).delete().where(table.name.isin(part)).run()
	return len(names)


def _parts(names: list[str]) -> Iterator[list[str]]:
	for start in range(0, len(names), BATCH):
		yield names[start : start + BATCH]
