"""Everything on the site that points at a customer, row by row: what a merge moves, and an undo moves back.

Links of every DocType and child table, dynamic links (comments, assignments, tags, shares, addresses, ledger rows),
files, versions: the same places that Frappe's renaming rewrites, asked of the same tables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import frappe
from frappe.model.dynamic_links import get_dynamic_links
from frappe.model.rename_doc import get_link_fields
from frappe.query_builder import DocType

CUSTOMER = "Customer"
CHUNK = 1_000
# places without a field of type Dynamic Link that Frappe's renaming rewrites, too
_MORE = (
	("File", "attached_to_name", "attached_to_doctype"),
	("Version", "docname", "ref_doctype"),
	("Energy Point Log", "reference_name", "reference_doctype"),
)


@dataclass(frozen=True)
class Place:
	"""A column that may name a customer; `kind` is the column that says whether it does (a dynamic link)."""

	doctype: str
	field: str
	kind: str = ""


@dataclass
class Moved:
	"""The rows of one place that point at a customer. Of a Single the name is empty."""

	place: Place
	names: list[str]

	def as_list(self) -> list:
		return [self.place.doctype, self.place.field, self.place.kind, self.names]

	@classmethod
	def of_list(cls, stored: list) -> Moved:
		return cls(Place(*stored[:3]), stored[3])


def places() -> list[Place]:
	"""All columns that may name a customer."""
	found = [Place(row["parent"], row["fieldname"]) for row in get_link_fields(CUSTOMER)]
	found += [Place(row.parent, row.fieldname, row.options) for row in get_dynamic_links()]
	found += [Place(*place) for place in _MORE]
	return [place for place in dict.fromkeys(found) if place.doctype != CUSTOMER or not place.kind]


def pointing_at(
	customer: str, lock: bool = True, progress: Callable[[float], None] | None = None
) -> list[Moved]:
	"""Every row that points at a customer.

	Args:
		lock: hold the rows, and read what is committed by now: a merge has to move exactly these.
		progress: told the part that is done, 0 to 1.
	"""
	found, all_places, singles = [], places(), _kinds("issingle")
	for number, place in enumerate(all_places, 1):
		if names := _names(place, customer, lock, place.doctype in singles):
			found.append(Moved(place, names))
		if progress and number % 40 == 0:
			progress(number / len(all_places))
	return found


def _kinds(kind: str) -> set[str]:
	"""DocTypes of a kind ("issingle", "istable", "is_submittable"), asked at once: reading each one's fields takes longer."""
	return set(frappe.get_all("DocType", filters={kind: 1}, pluck="name"))


def _names(place: Place, customer: str, lock: bool, is_single: bool) -> list[str]:
	if is_single:
		values = frappe.db.get_singles_dict(place.doctype)
		matches = values.get(place.field) == customer
		return [""] if matches and (not place.kind or values.get(place.kind) == CUSTOMER) else []
	table = DocType(place.doctype)
	query = frappe.qb.from_(table).select(table.name).where(table[place.field] == customer)
	if place.kind:
		query = query.where(table[place.kind] == CUSTOMER)
	try:
		return [str(name) for name in (query.for_update() if lock else query).run(pluck=True)]
	except Exception as error:
		# a DocType whose app is gone has no table, a field that was never migrated no column
		if frappe.db.is_table_missing(error) or frappe.db.is_missing_column(error):
			return []
		raise


def point(moved: Moved, pointing: str, to: str) -> int:
	"""Let those rows that still point at one customer point at another. Returns how many; `modified` stays."""
	place, table = moved.place, DocType(moved.place.doctype)
	if frappe.get_meta(place.doctype).issingle:
		if frappe.db.get_singles_dict(place.doctype).get(place.field) != pointing:
			return 0
		single = DocType("Singles")
		query = frappe.qb.update(single).set(single.value, to)
		query.where((single.doctype == place.doctype) & (single.field == place.field)).run()
		return 1
	done = 0
	for start in range(0, len(moved.names), CHUNK):
		part = moved.names[start : start + CHUNK]
		query = frappe.qb.update(table).set(table[place.field], to)
		query = query.where(table.name.isin(part) & (table[place.field] == pointing))
		if place.kind:
			query = query.where(table[place.kind] == CUSTOMER)
		query.run()
		done += frappe.db._cursor.rowcount
	return done


@dataclass
class Count:
	"""How many documents of a DocType point at a customer, and how many of them are drafts."""

	doctype: str
	documents: int
	drafts: int = 0


def counted(found: list[Moved]) -> list[Count]:
	"""The documents behind the rows: a child row counts for its parent, a document once. Most first."""
	documents: dict[str, set[str]] = {}
	tables, submittable = _kinds("istable"), _kinds("is_submittable")
	for moved in found:
		for doctype, names in _parents(moved) if moved.place.doctype in tables else _itself(moved):
			documents.setdefault(doctype, set()).update(names)
	counts = [
		Count(doctype, len(names), _drafts(doctype, names) if doctype in submittable else 0)
		for doctype, names in documents.items()
	]
	return sorted(counts, key=lambda count: (-count.documents, count.doctype))


def _itself(moved: Moved) -> Iterator[tuple[str, set[str]]]:
	yield moved.place.doctype, set(moved.names)


def _parents(moved: Moved) -> Iterator[tuple[str, set[str]]]:
	table, parents = DocType(moved.place.doctype), {}
	for start in range(0, len(moved.names), CHUNK):
		query = frappe.qb.from_(table).select(table.parenttype, table.parent)
		for kind, parent in query.where(table.name.isin(moved.names[start : start + CHUNK])).run():
			parents.setdefault(kind, set()).add(parent)
	yield from parents.items()


def _drafts(doctype: str, names: set[str]) -> int:
	table, wanted, drafts = DocType(doctype), sorted(names), 0
	for start in range(0, len(wanted), CHUNK):
		query = frappe.qb.from_(table).select(table.name).where(table.docstatus == 0)
		drafts += len(query.where(table.name.isin(wanted[start : start + CHUNK])).run())
	return drafts
