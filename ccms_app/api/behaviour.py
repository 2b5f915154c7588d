"""What the Customer form asks about a customer's behaviour. Permission first, then one call."""

from typing import Any

import frappe
from frappe import _


@frappe.whitelist()
def of_customer(customer: str) -> dict[str, Any]:
	"""Everything the Customer tab shows about behaviour, for who may see the customer on the desk."""
	_check(customer)
	from ccms_app.desk import customer_tab

	return customer_tab.behaviour(customer)


def _check(customer: str) -> None:
	"""Whoever may read the customer; nobody of the portal, where what is predicted of people has no place."""
	user = frappe.session.user
	on_desk = user != "Guest" and frappe.get_cached_value("User", user, "user_type") == "System User"
	known = on_desk and frappe.db.exists("Customer", customer)
	if not known or not frappe.has_permission(
		"Customer", "read", doc=frappe.get_cached_doc("Customer", known)
	):
		# the same answer whether the customer exists or not
		frappe.throw(_("You may not see how this customer buys."), frappe.PermissionError)
