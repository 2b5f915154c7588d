"""What segments answer when customers are merged, renamed, exported or erased."""

from __future__ import annotations

from typing import Any

import frappe

from ccms_app.customer_handler import Nothing
from ccms_app.customer_rows import delete, filled, plain, readable

from . import changes, renames

LISTED = "CCMS Segment Customer"


class Handler(Nothing):
	"""Memberships of segments, and the customers that segments name."""

	doctypes = (renames.MEMBER, LISTED)
	restored = ((renames.MEMBER, "customer"), (LISTED, "customer"))

	def export(self, customer: str) -> dict[str, list[dict[str, Any]]]:
		named = frappe.get_all(LISTED, {"customer": customer}, ["parent as segment", "note", "creation"])
		listed = [{name: plain(value) for name, value in row.items() if value} for row in named]
		return filled({renames.MEMBER: readable(renames.MEMBER, {"customer": customer}), LISTED: listed})

	def erase(self, customer: str, erased_as: str) -> dict[str, int]:
		"""Memberships and lists go; a rule that named the customer names nobody any more."""
		done: dict[str, int] = {}
		for doctype in self.doctypes:
			done |= delete(doctype, customer=["in", [customer, erased_as]])
		renames.document_renamed("Customer", customer, erased_as)
		return done

	def before_merge(self, source: str, target: str) -> dict[str, Any]:
		return {"rules": renames.naming("Customer", source)}

	def merged(self, source: str, target: str) -> None:
		renames.customer_renamed(source, target, True)

	def unmerge(self, source: str, target: str, kept: dict[str, Any]) -> list[str]:
		renames.give_back("Customer", source, target, kept["rules"])
		changes.enqueue(None, [source, target], [changes.ALL])
		return []

	def renamed(self, old: str, new: str) -> None:
		renames.customer_renamed(old, new, False)
