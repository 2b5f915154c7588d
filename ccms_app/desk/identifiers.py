"""Identifiers as the desk shows them: who has one, and what a customer has."""

from __future__ import annotations

import frappe
from frappe import _

from ccms_app.identity.store import backfill, identities, links, search
from ccms_app.privacy.store import access


def found(text: str, kind: str = "") -> list[dict]:
	"""Customers with exactly this identifier whom the user may read, with their names. The search is written down, found or
	not; what was searched for is not."""
	rows = [
		row
		for row in search.customers(text, kind)
		if frappe.has_permission("Customer", "read", doc=row["customer"])
	]
	for row in rows:
		row["customer_name"] = frappe.db.get_value("Customer", row["customer"], "customer_name")
		access.log(access.SEARCHED, row["customer"], row["kind"])
	if not rows:
		access.log(access.SEARCHED, None, kind or _("Any identifier"))
	return rows


def holders(identity: str) -> list[dict]:
	"""Who has or had an identity, of the customers whom the user may read; the present ones first."""
	rows = [
		row
		for row in links.of_identities([identity])
		if frappe.has_permission("Customer", "read", doc=row.customer)
	]
	for row in rows:
		row.customer_name = frappe.db.get_value("Customer", row.customer, "customer_name")
	return sorted(rows, key=lambda row: (bool(row.ended_on), row.since))


def end(identity: str, customer: str) -> bool:
	"""Somebody says that an identity is no longer a customer's."""
	ended = identities.unlink(identity, customer, by_hand=True)
	if ended:
		shown = frappe.db.get_value(identities.DOCTYPE, identity, "shown_as")
		frappe.get_doc("Customer", customer).add_comment(
			"Info", _("{0} is no longer this customer's.").format(shown)
		)
	return ended


def standing() -> dict:
	"""How far the identity map is."""
	return backfill.standing() | {"is_readable": identities.is_readable()}
