"""Lists of figures show all rows. On large tables Frappe starts with what changed in the last 90 days: of customers that
would hide just those who stay away. `desk.remove` takes these settings away again."""

import frappe

LISTS = ("CCMS Customer Profile", "CCMS Customer Score", "CCMS Stage Change", "CCMS Customer Event")


def make() -> None:
	"""Create the settings that are missing."""
	for doctype in LISTS:
		if not frappe.db.exists("List View Settings", doctype):
			doc = frappe.new_doc("List View Settings")
			doc.update({"name": doctype, "disable_automatic_recency_filters": 1})
			doc.insert(ignore_permissions=True)
