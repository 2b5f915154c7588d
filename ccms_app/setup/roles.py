"""The three roles of the app, and nothing else a site's permissions keep of it."""

from __future__ import annotations

import frappe

ROLES = ("CCMS Manager", "CCMS Analyst", "CCMS Cashier")


def make() -> None:
	"""Create the roles that are missing; all of them use the desk."""
	for role in ROLES:
		if not frappe.db.exists("Role", role):
			frappe.get_doc({"doctype": "Role", "role_name": role, "desk_access": 1}).insert(
				ignore_permissions=True
			)


def remove() -> None:
	"""Delete the roles with everything that grants them: users, profiles, pages, reports, permission rules."""
	frappe.db.delete("Has Role", {"role": ["in", ROLES]})
	for doctype in ("Custom DocPerm", "DocPerm"):
		frappe.db.delete(doctype, {"role": ["in", ROLES]})
	for role in ROLES:
		frappe.delete_doc("Role", role, force=True, ignore_permissions=True, ignore_missing=True)
	frappe.clear_cache()
