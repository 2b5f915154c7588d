"""Rows about a customer as people may read them: what every domain's export is made of."""

from __future__ import annotations

from typing import Any

import frappe
from frappe.model import no_value_fields

HIDDEN = ("Password", "Code", "HTML", "Button")


def readable(doctype: str, filters: Any, leave_out: tuple[str, ...] = ()) -> list[dict[str, Any]]:
	"""Rows of a DocType as {fieldname: value}: what is empty and what only machines read is left away. Asks no permission.

	Args:
		filters: of `frappe.get_all`.
		leave_out: fields that are of somebody else, or say nothing to the person.
	"""
	fields = [
		field.fieldname
		for field in frappe.get_meta(doctype).fields
		if field.fieldtype not in no_value_fields
		and field.fieldtype not in HIDDEN
		and not field.get("is_virtual")
		and field.fieldname not in leave_out
	]
	rows = frappe.get_all(doctype, filters=filters, fields=["creation", *fields], order_by="creation")
	return [{name: plain(value) for name, value in row.items() if value not in (None, "")} for row in rows]


def plain(value: Any) -> Any:
	"""A value as it goes into JSON."""
	return value if isinstance(value, str | int | float | bool) else str(value)


def filled(found: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
	"""Without DocTypes that have nothing."""
	return {doctype: rows for doctype, rows in found.items() if rows}


def delete(doctype: str, **of: Any) -> dict[str, int]:
	"""Delete rows by raw SQL, so that no copy goes into Deleted Document. Returns {doctype: rows}, empty when none."""
	count = frappe.db.count(doctype, of)
	if count:
		frappe.db.delete(doctype, of)
	return {doctype: count} if count else {}
