"""Identifiers of customers, for the desk and for other programs. Permission first."""

import frappe

from ccms_app.desk import identifiers
from ccms_app.identity.kinds import TYPED
from ccms_app.identity.store import backfill

SETTINGS = "CCMS Settings"


@frappe.whitelist(methods=["POST"])
def find(text: str, kind: str = "") -> list[dict]:
	"""Customers with exactly this phone, mail address, card or account. Each search stands in the access log."""
	frappe.has_permission("Customer", "read", throw=True)
	if kind and kind not in TYPED:
		frappe.throw(frappe._("There is no such kind of identifier."))
	return identifiers.found(text, kind)


@frappe.whitelist()
def holders(identity: str) -> list[dict]:
	"""Who has or had an identity."""
	frappe.has_permission("CCMS Identity", "read", doc=identity, throw=True)
	return identifiers.holders(identity)


@frappe.whitelist(methods=["POST"])
def end(identity: str, customer: str) -> bool:
	"""An identity is no longer this customer's: a number was given up, or given to somebody else."""
	frappe.has_permission("CCMS Identity", "read", doc=identity, throw=True)
	frappe.has_permission("Customer", "write", doc=customer, throw=True)
	return identifiers.end(identity, customer)


@frappe.whitelist()
def standing() -> dict:
	"""How far the identity map is."""
	frappe.has_permission(SETTINGS, "write", throw=True)
	return identifiers.standing()


@frappe.whitelist(methods=["POST"])
def fill() -> bool:
	"""Fill the identity map from all customers, in the background."""
	frappe.has_permission(SETTINGS, "write", throw=True)
	return backfill.enqueue()
