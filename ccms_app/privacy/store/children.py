"""Tables of customers inside documents that analysts may read (a segment's listed customers, those a run left out).

Frappe does not send the table to whoever lacks its level. But it lists the rows of a table by themselves, and filters and
sorts documents by them, without asking for the level: an answer would tell whether somebody is listed.
"""

from __future__ import annotations

import frappe
from frappe import _

from . import reading

# DocType → the tables in it: (field, DocType of its rows)
TABLES = {
	"CCMS Customer Segment": (
		("static_members", "CCMS Segment Customer"),
		("excluded_customers", "CCMS Segment Customer"),
	),
	"CCMS Score Run": (("left_out", "CCMS Left Out Customer"),),
}


def row_conditions(user: str | None = None, doctype: str | None = None) -> str:
	"""For `permission_query_conditions` of the rows: none for who sees persons masked."""
	return "1 = 0" if reading.is_masked(user) else ""


def parent_conditions(user: str | None = None, doctype: str | None = None) -> str:
	"""For `permission_query_conditions` of the documents: refuses requests of masked users that name the rows.

	Frappe does not tell this hook what is filtered; the request does.

	Raises:
		frappe.PermissionError: the request filters, sorts or groups by such a table.
	"""
	if doctype in TABLES and frappe.form_dict and reading.is_masked(user):
		asked = " ".join(str(value) for name, value in frappe.form_dict.items() if name != "doctype")
		if any(word in asked for pair in TABLES[doctype] for word in pair):
			frappe.throw(
				_("You see persons masked and cannot choose, sort or group by {0}.").format(_("Customer")),
				frappe.PermissionError,
			)
	return ""
