"""The rows of CCMS Customer Merge: one a merge, with all that an undo needs."""

from __future__ import annotations

import json
import zlib
from base64 import b64decode, b64encode
from typing import Any

import frappe
from frappe.query_builder import DocType

DOCTYPE = "CCMS Customer Merge"
MERGED, UNDONE, ERASED = "Merged", "Undone", "Erased"
OWN, RENAMING = "Merge Into", "Rename Dialog"


def pack(record: dict[str, Any]) -> str:
	"""A record as text, compressed: thousands of row names are much alike."""
	return b64encode(zlib.compress(json.dumps(record).encode())).decode()


def unpack(text: str) -> dict[str, Any]:
	"""The reverse of `pack`."""
	return json.loads(zlib.decompress(b64decode(text)))


def hold(name: str) -> frappe._dict:
	"""A merge, held until the transaction ends.

	Raises:
		frappe.DoesNotExistError: there is no such merge.
	"""
	merge = DocType(DOCTYPE)
	rows = frappe.qb.from_(merge).select("*").where(merge.name == name).for_update().run(as_dict=True)
	if not rows:
		raise frappe.DoesNotExistError(f"{DOCTYPE} {name}")
	return rows[0]


def of(customers: list[str], locked: bool = False) -> list[frappe._dict]:
	"""(name, source, target, status, merged_on) of merges that customers took part in, oldest first."""
	merge = DocType(DOCTYPE)
	query = (
		frappe.qb.from_(merge)
		.select(merge.name, merge.source, merge.target, merge.status, merge.merged_on)
		.where(merge.source.isin(customers) | merge.target.isin(customers))
		.orderby(merge.merged_on, merge.creation)
	)
	return (query.for_update() if locked else query).run(as_dict=True)


def merged_into(source: str) -> str | None:
	"""The customer that a name which is no customer's any more was merged into, as that one is called now."""
	found = {"source": source, "status": MERGED}
	return frappe.db.get_value(DOCTYPE, found, "target", order_by="merged_on desc")


def later(merge: frappe._dict) -> frappe._dict | None:
	"""The newest merge that has to be undone before this one: of the same surviving customer, or of one that this one's
	source was rebuilt as."""
	others = [row for row in of([merge.target]) if row.status == MERGED and row.name != merge.name]
	newer = [row for row in others if (row.merged_on, row.name) > (merge.merged_on, merge.name)]
	return newer[-1] if newer else None


def into(customer: str) -> frappe._dict | None:
	"""The merge that a customer who is gone went into."""
	gone = [row for row in of([customer]) if row.source == customer and row.status == MERGED]
	return gone[-1] if gone else None


def undone_between(one: str, other: str) -> bool:
	"""Whether a merge of these two was undone, either way round: of themselves, or of who is part of them by now."""
	merge = DocType(DOCTYPE)
	both = merge.target.isin([one, other])
	query = frappe.qb.from_(merge).select(merge.source, merge.target).where(both)
	parts = {one: {one}, other: {other}}
	for source, target in query.where(merge.status == MERGED).run():
		parts[target].add(source)
	# a target is followed through later merges and renames, so it is one of the two
	apart = query.where(merge.status == UNDONE).run()
	return any(source in parts[other if target == one else one] for source, target in apart)


def renamed(old: str, new: str) -> None:
	"""A customer who is there again after an undo has another name."""
	merge = DocType(DOCTYPE)
	query = frappe.qb.update(merge).set(merge.source, new)
	query.where((merge.source == old) & (merge.status == UNDONE)).run()


def customer_deleted(customer: str) -> None:
	"""Empty the copies that hold a customer who is deleted.

	Frappe also deletes the source at the end of a merge: then the newest merge of that name says that they went into
	another, and nothing is emptied. So it is when somebody is deleted who only bears the name of one who was merged."""
	rows = of([customer])
	if rows and (rows[-1].source, rows[-1].status) == (customer, MERGED):
		return
	_empty([row for row in rows if row.target == customer or row.status == UNDONE])


def forget(customer: str) -> int:
	"""Empty every copy that holds a customer: these merges cannot be undone any more. Returns how many."""
	return _empty(of([customer]))


def _empty(rows: list[frappe._dict]) -> int:
	names = [row.name for row in rows if row.status != ERASED]
	for name in names:
		values = {
			"status": ERASED,
			"record": "",
			"source": "",
			"source_title": "",
			"target_title": "",
			"reason": "",
			"evidence": "",
			"undo_reason": "",
			"stayed": "",
		}
		frappe.db.set_value(DOCTYPE, name, values, update_modified=False)
	return len(names)
