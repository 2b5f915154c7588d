"""Some thousand rows into one table within the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence

import frappe

BATCH = 1000


def insert(doctype: str, columns: Sequence[str], rows: Sequence[tuple], ignore: bool = False) -> None:
	"""As `frappe.db.bulk_insert`, which makes an object of every value, and takes several times as long.

	Args:
		ignore: a row that is there already stays as it is.
	"""
	fields = ", ".join(f"`{name}`" for name in columns)
	places = f"({', '.join(['%s'] * len(columns))})"
	into = f"insert {'ignore ' if ignore else ''}into `tab{doctype}` ({fields}) values "
	for start in range(0, len(rows), BATCH):
		part = rows[start : start + BATCH]
		frappe.db.sql(into + ", ".join([places] * len(part)), [value for row in part for value in row])
