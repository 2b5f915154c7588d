"""What a site itself has added to forms: nobody here knows what stands in it, so whatever can name or describe a person is
exported and emptied like the rest."""

from __future__ import annotations

from typing import Any

import frappe

TYPES = ("Data", "Small Text", "Text", "Long Text", "Text Editor", "Markdown Editor", "HTML Editor", "Code", "JSON", "Phone", "Barcode", "Autocomplete", "Read Only", "Date", "Datetime", "Time", "Attach", "Attach Image", "Signature", "Geolocation")  # fmt: skip
MOMENTS = ("Date", "Datetime", "Time")
OURS = "ccms_"


def of(doctype: str) -> list[str]:
	"""The custom columns of a DocType that hold a text, a day, a number to call or a file. Ours are known by name."""
	here = set(frappe.db.get_table_columns(doctype))
	return [
		field.fieldname
		for field in frappe.get_meta(doctype).get(
			"fields", {"is_custom_field": 1, "fieldtype": ["in", TYPES]}
		)
		if field.fieldname in here and not field.fieldname.startswith(OURS)
	]


def emptied(doctype: str) -> dict[str, Any]:
	"""Column → what it holds when it holds nothing."""
	meta = frappe.get_meta(doctype)
	return {name: _nothing(meta.get_field(name)) for name in of(doctype)}


def _nothing(field) -> str | None:
	if not field.get("not_nullable"):
		return None
	return "0001-01-01" if field.fieldtype in MOMENTS else ""
