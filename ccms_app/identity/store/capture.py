"""Keeping the identity map equal to the documents: customers, contacts, addresses, cards, portal users."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import frappe
from frappe.utils import now_datetime

from . import gathering, identities, links
from .links import New


def one(customer: str) -> bool:
	"""Capture one customer. Returns whether anything was new."""
	return bool(many([customer]))


def many(customers: Iterable[str]) -> int:
	"""Link what the documents of customers say now, and end what they no longer say. Nothing is locked or written where
	nothing is new.

	Returns: how many links were made or ended.
	"""
	customers = sorted({customer for customer in customers if customer})
	if not customers:
		return 0
	wanted = _wanted(customers)
	held = links.of_customers(customers)
	active = {(row.identity, row.customer): row for row in held if not row.ended_on}
	by_hand = {(row.identity, row.customer) for row in held if row.ended_on and row.ended_by_hand}
	new = [
		link
		for pair, link in wanted.items()
		if (pair not in active and pair not in by_hand)
		or (link.verified and pair in active and not active[pair].verified)
	]
	gone = [pair for pair, row in active.items() if pair not in wanted and row.source in gathering.SOURCES]
	if not new and not gone:
		return 0
	touched = sorted({link.identity for link in new} | {identity for identity, _customer in gone})
	links.lock(identities.DOCTYPE, touched)
	links.add(new)
	links.end(gone, now_datetime())
	identities.settle(touched)
	return len(new) + len(gone)


def _wanted(customers: Sequence[str]) -> dict[tuple[str, str], New]:
	"""The links that documents ask for, by identity and customer: named after the best source, since the earliest."""
	found: dict[tuple[str, str], New] = {}
	everything = list(gathering.said(customers))
	names = identities.ensure_many((said.kind, said.value) for said in everything)
	rows = [
		New(row.identity, row.customer, gathering.CUSTOMER, bool(row.verified), row.since)
		for row in gathering.typed(customers)
	]
	rows += [
		New(names[said.kind, said.value], said.customer, said.source, said.verified, said.since)
		for said in everything
	]
	for row in sorted(rows, key=lambda row: gathering.SOURCES.index(row.source)):
		pair = (row.identity, row.customer)
		if pair in found:
			first = found[pair]
			since = min((time for time in (first.since, row.since) if time), default=None)
			row = New(row.identity, row.customer, first.source, first.verified or row.verified, since)
		found[pair] = row
	return found


def again(customers: Iterable[str], ended_since: datetime) -> int:
	"""Capture customers whose documents say again what they said before a time. What has ended meanwhile goes on as if it
	never had, but for what somebody ended by hand.

	Returns: how many links were made, ended or go on.
	"""
	customers = sorted({customer for customer in customers if customer})
	wanted, held = _wanted(customers), links.of_customers(customers)
	active = {(row.identity, row.customer) for row in held if not row.ended_on}
	ended = {
		(row.identity, row.customer): row
		for row in sorted(held, key=lambda row: row.ended_on or ended_since)
		if row.ended_on and row.ended_on >= ended_since and not row.ended_by_hand
	}
	rows = [row for pair, row in ended.items() if pair in wanted and pair not in active]
	if rows:
		touched = sorted({row.identity for row in rows})
		links.lock(identities.DOCTYPE, touched)
		links.go_on([row.name for row in rows])
		identities.settle(touched)
	return len(rows) + many(customers)


def safely(customers: Iterable[str]) -> None:
	"""Capture within somebody else's saving, which must never fail of it: what goes wrong is logged, undone and done again
	in the background."""
	customers = sorted({customer for customer in customers if customer})
	if not customers:
		return
	frappe.db.savepoint("ccms_capture")
	try:
		many(customers)
	except frappe.QueryDeadlockError:
		raise  # the database has undone the whole transaction: nothing to save
	except Exception:
		frappe.db.rollback(save_point="ccms_capture")
		frappe.log_error(title="CCMS: identifiers were not captured")
		frappe.enqueue(
			"ccms_app.identity.store.capture.many",
			queue="short",
			enqueue_after_commit=True,
			customers=customers,
		)
	else:
		frappe.db.release_savepoint("ccms_capture")


def customers_of(doc) -> set[str]:
	"""The customers a contact or address is linked to, now or before it was saved."""
	before = doc.get_doc_before_save()
	rows = [*(doc.get("links") or []), *((before.get("links") if before else None) or [])]
	return {row.link_name for row in rows if row.link_doctype == "Customer" and row.link_name}


def left_by(doc, deleted: bool) -> set[str]:
	"""The customers whom a contact or address was linked to and is no longer."""
	if deleted:
		return customers_of(doc)
	before = doc.get_doc_before_save()
	now = {row.link_name for row in doc.get("links") or [] if row.link_doctype == "Customer"}
	return customers_of(doc) - now if before else set()
