"""Frappe's loading of forms: who looks for a customer that was merged away learns where she is now."""

import frappe
from frappe import _
from frappe.desk.form import load
from frappe.utils import escape_html, get_link_to_form

from ccms_app.identity.store import merge_records


@frappe.whitelist()
def getdoc(doctype: str, name: str) -> list | None:
	"""`frappe.desk.form.load.getdoc`."""
	found = load.getdoc(doctype, name)
	if doctype == "Customer" and not frappe.response.docs:
		_tell_merged(name)
	return found


def _tell_merged(name: str) -> None:
	target = merge_records.merged_into(name)
	if target and frappe.has_permission("Customer", "read", doc=target):
		title = frappe.db.get_value("Customer", target, "customer_name") or target
		frappe.msgprint(
			_("{0} was merged into {1}.").format(
				escape_html(name), get_link_to_form("Customer", target, escape_html(title))
			),
			title=_("Merged"),
		)
