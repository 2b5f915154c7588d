"""What the settings and the program form ask while a manager sets the app up."""

from __future__ import annotations

import frappe

from ccms_app.setup.accounts import find_points_accounts


@frappe.whitelist()
def points_accounts(company: str | None = None) -> list[dict]:
	"""Every company the user may see, with its two points accounts where they exist."""
	frappe.has_permission("CCMS Loyalty Program", "write", throw=True)
	companies = frappe.get_list(
		"Company", filters={"name": company} if company else {}, pluck="name", order_by="lft"
	)
	return [{"company": name, **find_points_accounts(name)} for name in companies]
