"""What the desk is told at its start: an analyst may open and export reports on DocTypes whose rows they may not read."""

from __future__ import annotations

import frappe
from frappe.permissions import get_role_permissions

ROLE, MODULE = "CCMS Analyst", "CCMS App"


def extend(bootinfo) -> None:
	"""Add those DocTypes to what the desk lets the user report on and export; the server checks again."""
	if ROLE not in frappe.get_roles():
		return
	user = bootinfo.user
	for doctype in frappe.get_all("DocType", filters={"module": MODULE, "istable": 0}, pluck="name"):
		granted = get_role_permissions(frappe.get_meta(doctype))
		for ptype, known in (("report", "can_get_report"), ("export", "can_export"), ("print", "can_print")):
			if granted.get(ptype) and not granted.get("read") and doctype not in user[known]:
				user[known].append(doctype)
