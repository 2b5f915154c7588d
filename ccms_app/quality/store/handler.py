"""What data quality answers when customers are merged, renamed, exported or erased."""

from __future__ import annotations

import json
from typing import Any

import frappe

from ccms_app.customer_handler import Nothing
from ccms_app.customer_rows import delete, filled, readable
from ccms_app.identity.store import merge_records
from ccms_app.quality.rules import same

from . import records, runs
from .findings import DOCTYPE as FINDING
from .findings import MOST

FIX, RUN = "CCMS Quality Fix", "CCMS Quality Run"
TECHNICAL = ("finding", "row_doctype", "row_name", "weight", "decided_by", "applied_by", "undone_by")


def beside(customer: str) -> str:
	"""Where findings stand that name this customer beside their own."""
	return same(customer)[:MOST]


def deleted(customer: str) -> None:
	"""A customer is deleted: findings and the log of fixes go, and what others' findings say of the customer.

	A merge deletes, too, when the customer's rows have moved already. Others' findings stay as they are then, so that its
	undo finds them, and the next run puts them right.
	"""
	_forget(customer)
	if not merge_records.into(customer):
		_forget_beside(customer)


def _forget(customer: str) -> dict[str, int]:
	done: dict[str, int] = {}
	for doctype in (FINDING, FIX):
		for key, count in delete(doctype, customer=customer).items():
			done[key] = done.get(key, 0) + count
	return done


def _forget_beside(customer: str) -> None:
	"""Others' findings that name this customer; by their names, for a condition without an index would hold every row."""
	names = frappe.get_all(FINDING, {"fieldname": beside(customer)}, pluck="name")
	for start in range(0, len(names), 1_000):
		frappe.db.delete(FINDING, {"name": ["in", names[start : start + 1_000]]})


class Handler(Nothing):
	"""Findings and the log of fixes. Both move with a merge; what an undo takes back is what `merged` found anew."""

	doctypes = (FINDING, FIX)
	restored = ((FINDING, "customer"),)

	def merged(self, source: str, target: str) -> None:
		# two records' findings are not the one's: neither twice the same, nor one beside the other
		if records.is_looked_at(target):
			runs.look([target])

	def renamed(self, old: str, new: str) -> None:
		"""What somebody ignored stays so."""
		for row in frappe.get_all(FINDING, {"fieldname": beside(old)}, ["name", "reason_values"]):
			values = frappe.parse_json(row.reason_values) | {"other": new}
			changed = {
				"fieldname": beside(new),
				"reason_values": json.dumps(values, ensure_ascii=False, sort_keys=True),
			}
			frappe.db.set_value(FINDING, row.name, changed, update_modified=False)

	def export(self, customer: str) -> dict[str, list[dict[str, Any]]]:
		found = {doctype: readable(doctype, {"customer": customer}, TECHNICAL) for doctype in (FINDING, FIX)}
		for row in found[FINDING]:
			if row.get("kind") == "Same Identifier, Another Name":  # names somebody else
				row.pop("reason_values", None)
				row.pop("fieldname", None)
		return filled(found)

	def erase(self, customer: str, erased_as: str) -> dict[str, int]:
		done: dict[str, int] = {}
		for name in {customer, erased_as} - {""}:
			for key, count in _forget(name).items():
				done[key] = done.get(key, 0) + count
			_forget_beside(name)
			frappe.db.set_value(RUN, {"position": name}, "position", "", update_modified=False)
		return done
