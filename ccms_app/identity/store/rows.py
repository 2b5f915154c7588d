"""Many rows into a table in one statement: the query builder takes longer to write such a statement than the database
to run it."""

from __future__ import annotations

from collections.abc import Sequence

import frappe

CHUNK = 1_000


def insert(doctype: str, columns: Sequence[str], rows: Sequence[tuple], ignore: bool = False) -> None:
	"""Insert rows in the transaction.

	Args:
		columns: fields of ours, never what somebody typed.
		ignore: a row that is there already stays as it is. MariaDB then shortens values in silence: check them before.
	"""
	names = ", ".join(f"`{column}`" for column in columns)
	place = f"({', '.join(['%s'] * len(columns))})"
	into = f"insert {'ignore ' if ignore else ''}into `tab{doctype}` ({names}) values "
	for start in range(0, len(rows), CHUNK):
		part = rows[start : start + CHUNK]
		frappe.db.sql(into + ", ".join([place] * len(part)), [value for row in part for value in row])
