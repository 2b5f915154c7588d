"""What interactions answer when customers are merged, exported or erased. A merge moves identities, never events."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import frappe
from frappe.query_builder import DocType
from frappe.utils import get_datetime
from pypika.terms import Criterion

from ccms_app.customer_handler import Nothing
from ccms_app.customer_rows import filled, plain
from ccms_app.identity.spans import Span
from ccms_app.identity.store import identities, links
from ccms_app.interactions import texts
from ccms_app.privacy.words import ERASED_PREFIX

from . import pages

EVENT, DAY = "CCMS Customer Interaction", "CCMS Interaction Day"
BATCH = 5_000
EXPORTED = ("occurred_at", "interaction_type", "channel", "direction", "company", "branch", "subject", "content", "outcome", "path", "previous_path", "dwell", "duration", "item", "amount", "reference_doctype", "reference_name", "event_source", "payload")  # fmt: skip

COUNTED = ("day", "interaction_type", "channel", "company", "branch", "events", "dwell", "duration", "amount")
DAY_OF_SHARED = ("day", "interaction_type", "channel", "company")
OF_SHARED = ("occurred_at", "interaction_type", "channel", "company")
"""What is exported of an event that may be somebody else's, too."""


class Handler(Nothing):
	"""Events, and what is counted by day of each person. Totals name nobody and stay; counts of pages follow."""

	doctypes = (EVENT, DAY)

	def ahead(self, customer: str) -> Iterator[int]:
		return delete_ahead(customer)

	def export(self, customer: str) -> dict[str, list[dict[str, Any]]]:
		"""What happened. While an address or a browser was shared, that something happened, and none of the words: they may be
		somebody else's."""
		found: dict[str, dict[str, Any]] = {}
		shown = {span.identity for span in identities.spans(customer)}
		held = {identity: (mine, others) for identity, mine, others in _held(customer) if identity in shown}
		event = DocType(EVENT)
		for column in ("identity", "visitor"):
			for identity, (mine, others) in held.items():
				query = frappe.qb.from_(event).select(
					event.name, event.identity, *(event[name] for name in EXPORTED)
				)
				for row in query.where(_within(event, column, identity, mine)).run(as_dict=True):
					# whom an event names decides; the browser only where it names nobody
					if column == "visitor" and row.identity in held:
						continue
					another = column == "visitor" and bool(row.identity)
					is_shared = another or any(span.covers(row.occurred_at) for span in others)
					found[row.name] = row | {"shared": is_shared}
		rows = sorted(found.values(), key=lambda row: (row["occurred_at"], row["name"]))
		return filled({EVENT: [_told(row) for row in rows], DAY: list(_days(held))})

	def erase(self, customer: str, erased_as: str) -> dict[str, int]:
		"""Events and daily counts of what is or was this customer's alone. What happened while an address was shared is the
		others' too, and stays theirs; so does what names somebody else and happened in her browser, which forgets the
		browser."""
		done = {EVENT: 0, DAY: 0}
		event, day = DocType(EVENT), DocType(DAY)
		held = list(_held(customer))
		for column in ("identity", "visitor"):
			for identity, mine, others in held:
				alone = _alone(event, column, identity, mine, others)
				pages.forget(alone)
				frappe.qb.from_(event).delete().where(alone).run()
				done[EVENT] += _affected()
		for identity, mine, others in held:
			if not others:
				left = _within(event, "visitor", identity, mine)
				frappe.qb.update(event).set(event.visitor, None).where(left).run()
				frappe.qb.from_(day).delete().where(day.identity == identity).run()
				done[DAY] += _affected()
		return {doctype: count for doctype, count in done.items() if count}

	def renamed(self, old: str, new: str) -> None:
		"""Events that name the customer by the old name are hers. Of an erased one nothing is remembered."""
		if not new.startswith(ERASED_PREFIX):
			identities.remember_name(old, new)


def _days(held: dict[str, tuple[list[Span], list[Span]]]) -> Iterator[dict[str, Any]]:
	"""What is counted by day: of a day on which an address was shared, that something happened."""
	counts = {"identity": ["in", list(held) or [""]]}
	for row in frappe.get_all(DAY, counts, ["identity", *COUNTED], order_by="day, name"):
		mine, others = held[row.identity]
		if not _touches(mine, row.day):
			continue
		is_shared = _touches(others, row.day)
		fields = DAY_OF_SHARED if is_shared else COUNTED
		shown = {name: plain(row[name]) for name in fields if row[name] not in (None, "", 0)}
		yield shown | ({"shared": True} if is_shared else {})


def _touches(spans: list[Span], day: date) -> bool:
	first, last = get_datetime(day), get_datetime(f"{day} 23:59:59.999999")
	return any(
		(span.start is None or span.start <= last) and (span.end is None or span.end > first)
		for span in spans
	)


def _told(row: dict[str, Any]) -> dict[str, Any]:
	"""An event as it is exported."""
	fields = OF_SHARED if row["shared"] else EXPORTED
	came = {name: texts.told(value) if isinstance(value := row[name], str) else value for name in fields}
	shown = {name: plain(value) for name, value in came.items() if value not in (None, "", 0)}
	return shown | ({"shared": True} if row["shared"] else {})


def delete_ahead(customer: str) -> Iterator[int]:
	"""Delete a customer's events a batch at a time; the caller commits after each, so that a long erasure is resumed where
	it stopped. Yields how many. Only of identities that nobody else has had: the rest is `erase`'s."""
	event = DocType(EVENT)
	held = [(identity, mine) for identity, mine, others in _held(customer) if not others]
	for column in ("identity", "visitor"):
		for identity, mine in held:
			alone = _alone(event, column, identity, mine, [])
			pages.forget(alone)
			while True:
				frappe.qb.from_(event).delete().where(alone).limit(BATCH).run()
				if not (count := _affected()):
					break
				yield count


def _alone(event: DocType, column: str, identity: str, mine: list[Span], others: list[Span]) -> Criterion:
	"""Events that are this customer's alone: by whom they name, or, where they name nobody, by the browser."""
	alone = _within(event, column, identity, mine)
	if column == "visitor":
		alone &= event.identity.isnull() | (event.identity == "")
	if others:
		alone &= _within(event, column, identity, others).negate()
	return alone


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
