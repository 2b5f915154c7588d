"""What the 360 screen of a customer asks. Permission first, then one call."""

from typing import Any

import frappe
from frappe import _

from ccms_app.desk import customer_360, customer_documents


@frappe.whitelist(methods=["POST"])
def opened(customer: str) -> dict[str, Any]:
	"""Everything the screen starts with. Stands in the access log."""
	_check(customer)
	return customer_360.opened(customer)


@frappe.whitelist()
def orders(
	customer: str, kind: str = "", is_open: bool = False, before: str | None = None, limit: int = 10
) -> dict[str, Any]:
	"""A page of orders, deliveries and invoices."""
	_check(customer)
	if kind and kind not in customer_documents.KINDS:
		frappe.throw(_("There is no such kind of document."))
	return customer_documents.orders(customer, kind, is_open, before, limit)


@frappe.whitelist()
def tickets(
	customer: str, is_open: bool = False, before: str | None = None, limit: int = 10
) -> dict[str, Any]:
	"""A page of tickets."""
	_check(customer)
	frappe.has_permission("Issue", "read", throw=True)
	return customer_documents.tickets(customer, is_open, before, limit)


@frappe.whitelist()
def interactions(
	customer: str,
	category: str = "",
	channel: str = "",
	since: str = "",
	until: str = "",
	text: str = "",
	before: str | None = None,
	limit: int = 15,
) -> dict[str, Any]:
	"""A page of what happened with the customer."""
	_check(customer)
	if not customer_360.may_see_interactions():
		frappe.throw(_("You may not see what happened with customers."), frappe.PermissionError)
	filters = {"category": category, "channel": channel, "since": since, "until": until, "text": text}
	return customer_360.interactions(customer, filters, before, limit)


def _check(customer: str) -> None:
	"""Whoever may read the customer on the desk: nobody of the portal, where a customer has a page of their own."""
	user = frappe.session.user
	on_desk = user != "Guest" and frappe.get_cached_value("User", user, "user_type") == "System User"
	known = on_desk and frappe.db.exists("Customer", customer)
	if not known or not frappe.has_permission(
		"Customer", "read", doc=frappe.get_cached_doc("Customer", known)
	):
		# the same answer whether the customer exists or not
		frappe.throw(_("You may not see this customer."), frappe.PermissionError)
