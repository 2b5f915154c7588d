"""Which customers a log-in of the portal stands for."""

from __future__ import annotations

import frappe


def customers_of(user: str) -> list[str]:
	"""The customers whose data a user may see as their own: named as portal user on the customer, or by a contact that
	names the user as its own. Never by an e-mail address alone, which anybody could have typed. Guests have none."""
	if not user or user == "Guest":
		return []
	found = set(frappe.get_all("Portal User", {"user": user, "parenttype": "Customer"}, pluck="parent"))
	contacts = frappe.get_all("Contact", {"user": user}, pluck="name")
	links = {"parenttype": "Contact", "parent": ["in", contacts or ["-"]], "link_doctype": "Customer"}
	found.update(frappe.get_all("Dynamic Link", links, pluck="link_name"))
	return sorted(name for name in found if frappe.db.exists("Customer", name))
