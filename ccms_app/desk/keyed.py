"""Lists of documents in pages by key: page 1,000 costs what page 1 costs, and nothing shows twice when rows arrive."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import frappe
from frappe import _
from frappe.query_builder import DocType
from frappe.query_builder.builder import QueryBuilder
from frappe.utils import get_datetime, getdate

Key = tuple[str, str, str]
MOST = 100


def page(rows: Iterable[dict[str, Any]], limit: int) -> dict[str, Any]:
	"""The newest rows of all that were found, and the key that the next page starts before; None: there is no more.

	Args:
		rows: each with `day`, `creation` and `name`, at least one more than `limit` where there are more.
	"""
	newest = sorted(rows, key=_sorting, reverse=True)
	shown = newest[:limit]
	last = shown[-1] if len(newest) > limit else None
	return {"rows": shown, "next": json.dumps([str(value) for value in _sorting(last)]) if last else None}


def _sorting(row: dict[str, Any]) -> tuple:
	return getdate(row["day"]), get_datetime(row["creation"]), row["name"]


def before(query: QueryBuilder, doctype: str, day: str, key: Key | None, limit: int) -> QueryBuilder:
	"""The newest rows of a DocType that come after a key, one more than asked.

	Args:
		day: its date field.
		key: what `page` gave, read by `parsed`.
	"""
	table = DocType(doctype)
	if key:
		then, made, name = getdate(key[0]), get_datetime(key[1]), key[2]
		same_time = (table.creation < made) | ((table.creation == made) & (table.name < name))
		query = query.where((table[day] < then) | ((table[day] == then) & same_time))
	descending = {"order": frappe.qb.desc}
	query = query.orderby(table[day], **descending).orderby(table.creation, **descending)
	return query.orderby(table.name, **descending).limit(limit + 1)


def parsed(key: str | None) -> Key | None:
	"""A key as a browser sends it back.

	Raises:
		frappe.ValidationError: it is none of ours.
	"""
	if not key:
		return None
	try:
		found: Sequence = json.loads(key)
		day, made, name = map(str, found)
		getdate(day), get_datetime(made)
	except Exception:
		frappe.throw(_("The list cannot go on from there. Load it again."))
	return day, made, name[:140]


def size(limit: int | str | None, usual: int) -> int:
	"""How many rows a page has: what was asked, within reason."""
	return max(1, min(frappe.utils.cint(limit) or usual, MOST))
