"""Download requests of before belong to the log-in that they are about, not to whoever typed its address."""

import frappe


def execute() -> None:
	doctype = "Personal Data Download Request"
	for name, user in frappe.get_all(doctype, fields=["name", "user"], as_list=True):
		frappe.db.set_value(doctype, name, "owner", user, update_modified=False)
		attached = {"attached_to_doctype": doctype, "attached_to_name": name}
		frappe.db.set_value("File", attached, "owner", user, update_modified=False)
