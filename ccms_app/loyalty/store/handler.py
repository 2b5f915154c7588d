"""What loyalty answers when customers are merged, renamed, exported or erased."""

from __future__ import annotations

from typing import Any

from ccms_app.customer_handler import Nothing
from ccms_app.customer_rows import filled, readable

from . import leaving, merges


class Handler(Nothing):
	"""Memberships, their journal and lots, and vouchers of points."""

	doctypes = (
		"CCMS Membership",
		"CCMS Points Ledger Entry",
		"CCMS Points Allocation",
		"CCMS Points Lot",
		"CCMS Points Adjustment",
	)

	def export(self, customer: str) -> dict[str, list[dict[str, Any]]]:
		machine = (
			"chain_hash",
			"idempotency_key",
			"last_hash",
			"chain_mac",
			"active_key",
			"last_seq",
			"entry_seq",
			"sponsor",
		)
		told = ("CCMS Membership", "CCMS Points Ledger Entry", "CCMS Points Lot", "CCMS Points Adjustment")
		return filled({doctype: readable(doctype, {"customer": customer}, machine) for doctype in told})

	def erase(self, customer: str, erased_as: str) -> dict[str, int]:
		return leaving.erase(customer, erased_as)

	def refuse_merge(self, source: str, target: str) -> None:
		merges.refuse(source, target)

	def foresee_merge(self, source: str, target: str) -> list[str]:
		return merges.foresee(source, target)

	def before_merge(self, source: str, target: str) -> dict[str, Any]:
		return merges.before(source, target)

	def merged(self, source: str, target: str) -> None:
		merges.customer_renamed(source, target)

	def unmerge(self, source: str, target: str, kept: dict[str, Any]) -> list[str]:
		return merges.part(source, target, kept)

	def renamed(self, old: str, new: str) -> None:
		merges.customer_renamed(old, new)
