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
		ignore: a row that is there already stays as it is. (INSERT IGNORE would shorten values in silence, and hold such
			rows by shared locks, over which two writers fall when they go on to change them.)
	"""
	names = ", ".join(f"`{column}`" for column in columns)
	place = f"({', '.join(['%s'] * len(columns))})"
	into = f"insert into `tab{doctype}` ({names}) values "
	kept = f" on duplicate key update `{columns[0]}` = `{columns[0]}`" if ignore else ""
	for start in range(0, len(rows), CHUNK):
		part = rows[start : start + CHUNK]
		frappe.db.sql(into + ", ".join([place] * len(part)) + kept, [value for row in part for value in row])
