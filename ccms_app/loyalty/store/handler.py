"""What loyalty answers when customers are merged, renamed, exported or erased."""

from __future__ import annotations

from typing import Any

from ccms_app.customer_handler import Nothing

from . import merges


class Handler(Nothing):
	"""Memberships, their journal and lots, and vouchers of points."""

	doctypes = (
		"CCMS Membership",
		"CCMS Points Ledger Entry",
		"CCMS Points Allocation",
		"CCMS Points Lot",
		"CCMS Points Adjustment",
	)

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
