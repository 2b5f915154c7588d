"""What scoring answers when customers are merged, renamed, exported or erased."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from ccms_app.customer_handler import Nothing
from ccms_app.customer_rows import delete, filled, readable

from . import anomalies, lock, runs, scores, warnings

LEFT_OUT = "CCMS Left Out Customer"
WAIT = 10 * 60
"""Seconds that an erasure waits for a run to end."""


class Handler(Nothing):
	"""Scores of runs, and the warnings made of them."""

	doctypes = (runs.SCORE, warnings.DOCTYPE, anomalies.DOCTYPE, LEFT_OUT)
	restored = ((runs.SCORE, "customer"),)

	def export(self, customer: str) -> dict[str, list[dict[str, Any]]]:
		told = (runs.SCORE, warnings.DOCTYPE, anomalies.DOCTYPE)
		return filled({doctype: readable(doctype, {"customer": customer}) for doctype in told})

	def erase(self, customer: str, erased_as: str) -> dict[str, int]:
		done: dict[str, int] = {}
		for doctype in self.doctypes:
			done |= delete(doctype, customer=["in", [customer, erased_as]])
		return done

	def still(self) -> AbstractContextManager[None]:
		return lock.only_one(WAIT)

	def merged(self, source: str, target: str) -> None:
		scores.customer_renamed(target)

	def unmerge(self, source: str, target: str, kept: dict[str, Any]) -> list[str]:
		scores.drop_without_run(source)
		return []

	def renamed(self, old: str, new: str) -> None:
		scores.customer_renamed(new)
