"""What segments answer when customers are merged, renamed, exported or erased."""

from __future__ import annotations

from typing import Any

from ccms_app.customer_handler import Nothing
from ccms_app.customer_rows import delete, filled, readable

from . import changes, renames


class Handler(Nothing):
	"""Memberships of segments, and the customers that segments name."""

	doctypes = (renames.MEMBER, "CCMS Segment Customer")
	restored = ((renames.MEMBER, "customer"), ("CCMS Segment Customer", "customer"))

	def export(self, customer: str) -> dict[str, list[dict[str, Any]]]:
		return filled({renames.MEMBER: readable(renames.MEMBER, {"customer": customer})})

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
