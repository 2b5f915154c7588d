"""Rows of tables inside documents.

Frappe lists the rows of a table by themselves to whoever may read such documents at all, whatever User Permissions say of
the document; and it filters and sorts documents by them without asking for the table's level, so that an answer would
tell an analyst whether somebody is listed.
"""

from __future__ import annotations

import json
from typing import Any

import frappe
from frappe import _
from frappe.model.db_query import DatabaseQuery

from . import reading

# DocType → the tables in it: (field, DocType of its rows)
TABLES = {
	"CCMS Customer Segment": (
		("static_members", "CCMS Segment Customer"),
		("excluded_customers", "CCMS Segment Customer"),
	),
	"CCMS Score Run": (("left_out", "CCMS Left Out Customer"),),
}


PERSONAL = {rows for tables in TABLES.values() for _field, rows in tables}


def row_conditions(user: str | None = None, doctype: str | None = None) -> str:
	"""For `permission_query_conditions` of the rows: those of documents the user may see, and none that name persons for
	who sees persons masked."""
	if doctype in PERSONAL and reading.is_masked(user):
		return "1 = 0"
	found = []
	for parent in _parents(doctype):
		sql = DatabaseQuery(parent, user=user or frappe.session.user).build_match_conditions()
		of = f"`tab{doctype}`.`parenttype` = {frappe.db.escape(parent)}"
		inside = f"`tab{doctype}`.`parent` in (select `name` from `tab{parent}` where {sql})" if sql else ""
		found.append(f"({of} and {inside})" if inside else f"({of})")
	return f"({' or '.join(found)})" if found else ""


def _parents(doctype: str) -> list[str]:
	"""The DocTypes that have a table of such rows and that the user may read."""
	tables = {"options": doctype, "fieldtype": ["in", frappe.model.table_fields]}
	found = {
		*frappe.get_all("DocField", filters=tables, pluck="parent"),
		*frappe.get_all("Custom Field", filters=tables, pluck="dt"),
	}
	return sorted(
		one for one in found if not frappe.get_meta(one).issingle and frappe.has_permission(one, "read")
	)


def parent_conditions(user: str | None = None, doctype: str | None = None) -> str:
	"""For `permission_query_conditions` of the documents: refuses requests of masked users that name the rows.

	Frappe does not tell this hook what is filtered; the request does.

	Raises:
		frappe.PermissionError: the request filters, sorts or groups by such a table.
	"""
	if doctype in TABLES and frappe.form_dict and reading.is_masked(user):
		asked = _plain({name: value for name, value in frappe.form_dict.items() if name != "doctype"})
		if any(word in asked for pair in TABLES[doctype] for word in pair):
			frappe.throw(
				_("You see persons masked and cannot choose, sort or group by {0}.").format(_("Customer")),
				frappe.PermissionError,
			)
	return ""


def _plain(asked: Any, depth: int = 8) -> str:
	"""All that a request says, JSON in it unpacked: what is written as an escape there means the same to Frappe."""
	if isinstance(asked, dict):
		return " ".join(_plain(part, depth) for pair in asked.items() for part in pair)
	if isinstance(asked, list | tuple):
		return " ".join(_plain(part, depth) for part in asked)
	text = str(asked)
	if depth and "\\" in text:
		try:
			return _plain(json.loads(text), depth - 1)
		except ValueError:
			pass
	return text
