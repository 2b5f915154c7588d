"""What interactions answer when customers are merged, exported or erased. A merge moves identities, never events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import frappe
from frappe.query_builder import DocType
from pypika.terms import Criterion

from ccms_app.customer_handler import Nothing
from ccms_app.customer_rows import filled, plain
from ccms_app.identity.spans import Span
from ccms_app.identity.store import identities, links

from . import pages

EVENT, DAY = "CCMS Customer Interaction", "CCMS Interaction Day"
BATCH = 5_000
EXPORTED = ("occurred_at", "interaction_type", "channel", "direction", "company", "branch", "subject", "content", "outcome", "path", "previous_path", "dwell", "duration", "item", "amount", "reference_doctype", "reference_name", "event_source", "payload")  # fmt: skip


class Handler(Nothing):
	"""Events, and what is counted by day of each person. Totals name nobody and stay; counts of pages follow."""

	doctypes = (EVENT, DAY)

	def ahead(self, customer: str) -> Iterator[int]:
		return delete_ahead(customer)

	def export(self, customer: str) -> dict[str, list[dict[str, Any]]]:
		found: dict[str, dict] = {}
		event = DocType(EVENT)
		for column in ("identity", "visitor"):
			for span in identities.spans(customer):
				query = frappe.qb.from_(event).select(event.name, *(event[name] for name in EXPORTED))
				query = query.where(_within(event, column, span.identity, [span]))
				found.update((row.name, row) for row in query.run(as_dict=True))
		rows = [
			{name: plain(row[name]) for name in EXPORTED if row[name] not in (None, "", 0)}
			for row in sorted(found.values(), key=lambda row: (row.occurred_at, row.name))
		]
		return filled({EVENT: rows})

	def erase(self, customer: str, erased_as: str) -> dict[str, int]:
		"""Events and daily counts of what is or was this customer's alone. What happened while an address was shared is the
		others' too, and stays theirs."""
		events = days = 0
		event, day = DocType(EVENT), DocType(DAY)
		for identity, mine, others in _held(customer):
			for column in ("identity", "visitor"):
				alone = _within(event, column, identity, mine)
				if others:
					alone &= _within(event, column, identity, others).negate()
				pages.forget(alone)
				frappe.qb.from_(event).delete().where(alone).run()
				events += _affected()
			if not others:
				frappe.qb.from_(day).delete().where(day.identity == identity).run()
				days += _affected()
		return {doctype: count for doctype, count in ((EVENT, events), (DAY, days)) if count}


def delete_ahead(customer: str) -> Iterator[int]:
	"""Delete a customer's events a batch at a time; the caller commits after each, so that a long erasure is resumed where
	it stopped. Yields how many. Only of identities that nobody else has had: the rest is `erase`'s."""
	event = DocType(EVENT)
	for identity, mine, others in _held(customer):
		for column in () if others else ("identity", "visitor"):
			pages.forget(_within(event, column, identity, mine))
			while True:
				query = frappe.qb.from_(event).delete().where(_within(event, column, identity, mine))
				query.limit(BATCH).run()
				if not (count := _affected()):
					break
				yield count


def _affected() -> int:
	return max(frappe.db._cursor.rowcount, 0)


def _held(customer: str) -> Iterator[tuple[str, list[Span], list[Span]]]:
	"""Identities that show on a customer: (identity, when it was theirs, when it was others')."""
	mine: dict[str, list[Span]] = {}
	for span in identities.spans(customer, everything=True):
		mine.setdefault(span.identity, []).append(span)
	held = links.of_identities(list(mine))
	strangers = {row.customer for row in held} - {customer}
	others: dict[str, list[Span]] = {}
	for other in strangers:
		for span in identities.spans(other, everything=True):
			if span.identity in mine:
				others.setdefault(span.identity, []).append(span)
	for identity, spans in mine.items():
		yield identity, spans, others.get(identity, [])


def _within(event: DocType, column: str, identity: str, spans: list[Span]) -> Criterion:
	"""Events of an identity in one of the times."""
	times = None
	for span in spans:
		one = event[column] == identity
		if span.start:
			one &= event.occurred_at >= span.start
		if span.end:
			one &= event.occurred_at < span.end
		times = one if times is None else times | one
	return times
