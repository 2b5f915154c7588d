"""Copies of rows before and after something was done to them, and taking back exactly what was done.

A row is a dictionary of all its columns as JSON keeps them. An image is {name: row}. What has changed since stays as it
is: a column goes back only while it still holds what was put there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import frappe
from frappe.query_builder import DocType

Row = dict[str, Any]
Image = dict[str, Row]
CHUNK = 1_000


def of_names(doctype: str, names: Iterable[str], lock: bool = True) -> Image:
	"""The rows of those names that there are."""
	table, found = DocType(doctype), {}
	wanted = sorted(set(names))
	for start in range(0, len(wanted), CHUNK):
		query = frappe.qb.from_(table).select("*").where(table.name.isin(wanted[start : start + CHUNK]))
		found |= _image((query.for_update() if lock else query).run(as_dict=True))
	return found


def where(doctype: str, lock: bool = True, **equal: str | list[str]) -> Image:
	"""The rows whose columns have these values, or one of these values."""
	table = DocType(doctype)
	query = frappe.qb.from_(table).select("*")
	for column, value in equal.items():
		query = query.where(table[column].isin(value if isinstance(value, list) else [value]))
	return _image((query.for_update() if lock else query).run(as_dict=True))


def _image(rows: list[dict]) -> Image:
	return {row["name"]: row for row in json.loads(frappe.as_json(rows, indent=None))}


def restore(
	doctype: str,
	before: Image,
	after: Image,
	called_now: Mapping[str, str] | None = None,
	insert: Callable[[str, Row], None] | None = None,
) -> list[str]:
	"""Take back what turned `before` into `after`.

	Args:
		called_now: names that have changed since: then → now. They stand in rows, and a row may be called so.
		insert: how a row that is gone is made again; by default as it was.

	Returns: names of rows that somebody has changed since in what would have gone back; that stays.
	"""
	called = dict(called_now or {})
	names = {called.get(name, name) for name in (*before, *after)}
	present = of_names(doctype, names)
	columns = set(frappe.db.get_table_columns(doctype))
	table, stays, missing = DocType(doctype), [], []
	for name in sorted({*before, *after}):
		was, made, now = before.get(name), after.get(name), present.get(called.get(name, name))
		if was and not made:
			if now is None:
				missing.append(was)
		elif made and not was:
			if now is not None and all(_same(now.get(key), value, called) for key, value in made.items()):
				frappe.qb.from_(table).delete().where(table.name == now["name"]).run()
			elif now is not None:
				stays.append(name)
		elif was and made and now is not None:
			touched = {key for key, value in was.items() if value != made.get(key) and key in columns}
			back = {key for key in touched if _same(now.get(key), made.get(key), called)}
			if back:
				query = frappe.qb.update(table).where(table.name == now["name"])
				for key in sorted(back):
					query = query.set(table[key], was[key])
				query.run()
			if any(now.get(key) != was[key] for key in touched - back - {"modified", "modified_by"}):
				stays.append(name)
	for row in missing:  # last: what must be unique is free again
		(insert or insert_row)(doctype, row)
	return stays


def insert_row(doctype: str, row: Row) -> None:
	"""Make a row as it was, every column; columns that the table no longer has are left out."""
	columns = [column for column in frappe.db.get_table_columns(doctype) if column in row]
	table = DocType(doctype)
	frappe.qb.into(table).columns(*columns).insert(*(row[column] for column in columns)).run()


def _same(now: Any, then: Any, called: Mapping[str, str]) -> bool:
	return now == then or (isinstance(then, str) and called.get(then) == now)
