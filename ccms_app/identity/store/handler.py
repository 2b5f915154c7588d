"""What identity answers when customers are merged, renamed, exported or erased."""

from __future__ import annotations

from typing import Any

import frappe
from frappe.query_builder import DocType

from ccms_app.customer_handler import Nothing

from . import identities, merge_records

IDENTIFIER = "CCMS Customer Identifier"


class Handler(Nothing):
	"""The identity map, and the copies that merges keep."""

	doctypes = (identities.DOCTYPE, identities.LINK, merge_records.DOCTYPE)

	def merged(self, source: str, target: str) -> None:
		_take_identifiers(source, target)
		identities.settle_customer(target)

	def unmerge(self, source: str, target: str, kept: dict[str, Any]) -> list[str]:
		for customer in (source, target):
			identities.settle_customer(customer)
		return []

	def erase(self, customer: str, erased_as: str) -> dict[str, int]:
		return {merge_records.DOCTYPE: merge_records.forget(customer)}


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
