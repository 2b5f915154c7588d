"""Columns of figures that may be unknown. Frappe makes every number NOT NULL: here an unknown one is NULL, never 0."""

from __future__ import annotations

import frappe

NUMBERS = ("Int", "Float", "Currency", "Percent")


def allow_unknown(doctype: str) -> None:
	"""Let the DocType's numbers with `"default": "0"` be NULL; called whenever its table was synced.

	The default stays what Frappe expects it to be, so that its next sync finds nothing to change.
	"""
	table = f"tab{doctype}"
	strict = {
		row.name: row.type
		for row in frappe.db.sql(
			"""select column_name as name, column_type as type from information_schema.columns
			where table_schema = %s and table_name = %s and is_nullable = 'NO'""",
			(frappe.conf.db_name, table),
			as_dict=True,
		)
	}
	changes = [
		f"modify `{field.fieldname}` {strict[field.fieldname]} null default 0"
		for field in frappe.get_meta(doctype, cached=False).fields
		if field.fieldtype in NUMBERS and field.default == "0" and field.fieldname in strict
	]
	if changes:
		frappe.db.sql_ddl(f"alter table `{table}` {', '.join(changes)}")
