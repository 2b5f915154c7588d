"""What identity answers when customers are merged, renamed, exported or erased."""

from __future__ import annotations

from typing import Any

import frappe
from frappe.query_builder import DocType

from ccms_app.customer_handler import Nothing
from ccms_app.customer_rows import filled, plain

from . import identities, links, merge_records

IDENTIFIER, FACT_SOURCE = "CCMS Customer Identifier", "CCMS Fact Source"


class Handler(Nothing):
	"""The identity map, and the copies that merges keep."""

	doctypes = (identities.DOCTYPE, identities.LINK, merge_records.DOCTYPE, IDENTIFIER, FACT_SOURCE)

	def merged(self, source: str, target: str) -> None:
		_take_identifiers(source, target)
		identities.settle_customer(target)

	def renamed(self, old: str, new: str) -> None:
		merge_records.renamed(old, new)

	def unmerge(self, source: str, target: str, kept: dict[str, Any]) -> list[str]:
		for customer in (source, target):
			identities.settle_customer(customer)
		return []

	def export(self, customer: str) -> dict[str, list[dict[str, Any]]]:
		"""How the customer is recognised, in the clear; a number that others have, too, masked and said to be shared."""
		held = {row.identity: row for row in links.of_customer(customer)}
		shared = {
			row.identity for row in links.of_identities(held) if row.customer != customer and not row.ended_on
		}
		kinds_of = frappe.get_all(
			identities.DOCTYPE,
			filters={"name": ["in", list(held) or ["-"]]},
			fields=["name", "kind", "shown_as", "first_seen"],
		)
		rows = [
			{
				"kind": row.kind,
				"value": row.shown_as if row.name in shared else _value(row),
				**({"shared": True} if row.name in shared else {}),
				"since": plain(held[row.name].since or row.first_seen),
				"source": held[row.name].source,
				**({"until": plain(held[row.name].ended_on)} if held[row.name].ended_on else {}),
			}
			for row in kinds_of
		]
		merged = [
			{"merged_on": plain(row.merged_on), "status": row.status} for row in merge_records.of([customer])
		]
		return filled({identities.DOCTYPE: rows, merge_records.DOCTYPE: merged})

	def erase(self, customer: str, erased_as: str) -> dict[str, int]:
		merges = merge_records.forget(customer) + merge_records.forget(erased_as)
		forgotten = identities.forget(customer) + identities.forget(erased_as)
		for doctype in (IDENTIFIER, FACT_SOURCE):
			frappe.db.delete(doctype, {"parenttype": "Customer", "parent": ["in", [customer, erased_as]]})
		done = {merge_records.DOCTYPE: merges, identities.DOCTYPE: forgotten}
		return {doctype: count for doctype, count in done.items() if count}


def _value(row: dict[str, Any]) -> str:
	"""The value in the clear; as it is shown when the site's key is another than it was stored with."""
	try:
		return identities.reveal(row["name"])
	except frappe.ValidationError:
		frappe.clear_last_message()
		return row["shown_as"]


def _take_identifiers(source: str, target: str) -> None:
	"""The identifiers noted on the source are noted on the target, each once: what is noted nowhere would be taken for
	given up when the target is saved next."""
	row = DocType(IDENTIFIER)
	fields = (row.name, row.parent, row.identity, row.idx)
	query = frappe.qb.from_(row).select(*fields).where(row.parenttype == "Customer").orderby(row.idx)
	rows = query.where(row.parent.isin([source, target])).for_update().run(as_dict=True)
	known = {one.identity for one in rows if one.parent == target}
	last = max((one.idx for one in rows if one.parent == target), default=0)
	for one in rows:
		if one.parent == source and one.identity not in known:
			last += 1
			frappe.qb.update(row).set(row.parent, target).set(row.idx, last).where(row.name == one.name).run()
