"""One screen on a customer: who, points, consent, tickets, orders. What the customer does and is worth is `customer_tab`'s."""

from __future__ import annotations

from datetime import date
from typing import Any

import frappe
from frappe import _
from frappe.utils import formatdate, getdate, nowdate

from ccms_app.identity import facts as identity_facts
from ccms_app.identity import kinds
from ccms_app.identity.store import identities, links
from ccms_app.interactions.store import timeline
from ccms_app.loyalty.store import overview as loyalty
from ccms_app.loyalty.store import permitted as loyalty_permitted
from ccms_app.privacy import words
from ccms_app.privacy.store import access
from ccms_app.privacy.store import overview as privacy

from . import customer_documents

SILENT = (kinds.CUSTOMER, kinds.DEVICE, kinds.VISITOR)
"""Identities that are counted, not listed: nobody knows them by sight."""
SHOWN = 30
INTERACTIONS = 15


def opened(customer: str) -> dict[str, Any]:
	"""Everything the screen starts with; that it was opened stands in the access log.

	Returns: who, points, consent, tickets (None: not for this user), orders, interactions with what their filters
		offer (None: not for this user).
	"""
	access.log(access.OPENED, customer, "Customer 360")
	return {
		"who": who(customer),
		"points": points(customer),
		"consent": consent(customer),
		"tickets": customer_documents.tickets(customer, limit=5)
		if customer_documents.may_see_tickets()
		else None,
		"orders": customer_documents.orders(customer),
		"interactions": timeline.choices() | {"first": interactions(customer, {})}
		if may_see_interactions()
		else None,
	}


# --- who -----------------------------------------------------------------------------------------------------
def who(customer: str) -> dict[str, Any]:
	"""Facts and identifiers, each with where it is known from and since when."""
	doc = frappe.get_cached_doc("Customer", customer)
	held = _held(customer)
	return {
		"since": doc.creation,
		"group": doc.customer_group,
		"territory": doc.territory,
		"is_disabled": bool(doc.disabled),
		"is_erased": bool(doc.disabled) and customer.startswith(words.ERASED_PREFIX),
		"facts": list(_facts(doc)),
		"identifiers": [row for row in held if row.kind not in SILENT][:SHOWN],
		"devices": sum(row.kind in (kinds.DEVICE, kinds.VISITOR) for row in held),
	}


def _facts(doc):
	sources = {row.fact: row for row in doc.get("ccms_fact_sources") or []}
	for fact, label in identity_facts.FACTS.items():
		if value := doc.get(fact):
			source = sources.get(fact)
			yield {
				"fact": fact,
				"label": _(label),
				"value": _said(fact, value),
				"source": _(source.source) if source and source.source else "",
				"noted_on": source.noted_on if source else None,
			}


def _said(fact: str, value: Any) -> str:
	if fact == "ccms_birth_date":
		born = getdate(value)
		years = _age(born, getdate(nowdate()))
		return _("{0} ({1} years)").format(formatdate(born), years) if 0 <= years <= 120 else formatdate(born)
	if fact == "language":
		return _(frappe.db.get_value("Language", value, "language_name", cache=True) or value)
	return _(value) if fact in ("gender", "ccms_preferred_channel") else str(value)


def _age(born: date, today: date) -> int:
	return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def _held(customer: str) -> list[frappe._dict]:
	"""The identities that are the customer's now, masked, the proved ones first."""
	mine = {row.identity: row for row in links.of_customer(customer) if not row.ended_on}
	if not mine:
		return []
	rows = frappe.get_all(
		identities.DOCTYPE,
		filters={"name": ["in", list(mine)]},
		fields=["name as identity", "kind", "shown_as", "is_shared"],
	)
	for row in rows:
		link = mine[row.identity]
		row.update(source=_(link.source), since=link.since, verified=link.verified)
	order = {kind: at for at, kind in enumerate(kinds.KINDS)}
	return sorted(rows, key=lambda row: (order[row.kind], not row.verified, row.since))


# --- points and consent --------------------------------------------------------------------------------------
def points(customer: str) -> list[dict[str, Any]]:
	"""The balance of each membership that the user sees and that has not been left."""
	names = frappe.get_all(
		"CCMS Membership",
		filters={"customer": customer, "status": ["!=", "Left"]},
		order_by="joined_on, creation",
		pluck="name",
	)
	return [loyalty.balance(name) for name in names if loyalty_permitted.sees_membership(name)]


def consent(customer: str) -> list[dict[str, Any]]:
	"""What the customer allows: one row a purpose."""
	return privacy.of_customer(customer, may_record=False)["purposes"]


# --- interactions --------------------------------------------------------------------------------------------
def interactions(
	customer: str, filters: dict[str, Any], before: str | None = None, limit: int = INTERACTIONS
) -> dict[str, Any]:
	"""A page of what happened with the customer over all identities.

	Args:
		filters: those of `timeline.Filters`.
		before: the key that the page before gave as `next`.

	Returns: rows, next, read_until: until when a page has looked for a text that is short and yet not the last; else None.
	"""
	found = timeline.page(customer, timeline.Filters.read(filters), before or "", limit)
	is_short = filters.get("text") and found["next_key"] and len(found["rows"]) < limit
	return {
		"rows": found["rows"],
		"next": found["next_key"] or None,
		"read_until": found["read_until"] if is_short else None,
	}


def may_see_interactions() -> bool:
	"""Whether the user's roles let them read what happened with customers."""
	return bool(frappe.has_permission(timeline.EVENT, "read"))
