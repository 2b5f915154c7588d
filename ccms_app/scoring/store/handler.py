"""What scoring answers when customers are merged, renamed, exported or erased."""

from __future__ import annotations

from typing import Any

from ccms_app.customer_handler import Nothing

from . import runs, scores


class Handler(Nothing):
	"""Scores of runs, and the warnings made of them."""

	doctypes = (runs.SCORE, "CCMS Churn Warning")
	restored = ((runs.SCORE, "customer"),)

	def merged(self, source: str, target: str) -> None:
		scores.customer_renamed(target)

	def unmerge(self, source: str, target: str, kept: dict[str, Any]) -> list[str]:
		scores.drop_without_run(source)
		return []

	def renamed(self, old: str, new: str) -> None:
		scores.customer_renamed(new)
