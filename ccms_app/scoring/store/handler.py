"""What scoring answers when customers are merged, renamed, exported or erased."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from frappe import _

from ccms_app.customer_handler import Nothing
from ccms_app.customer_rows import delete, filled, readable

from . import anomalies, lock, runs, scores, warnings

LEFT_OUT = "CCMS Left Out Customer"
WAIT = 10 * 60
"""Seconds that an erasure waits for a run to end."""


class Handler(Nothing):
	"""Scores of runs, and the warnings made of them."""

	doctypes = (runs.SCORE, warnings.DOCTYPE, anomalies.DOCTYPE, LEFT_OUT)
	restored = ((runs.SCORE, "customer"), (anomalies.DOCTYPE, "customer"))

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

	def foresee_merge(self, source: str, target: str) -> list[str]:
		ended = warnings.second_ones(source, target)
		return [_("Both have a running churn warning: the older one goes on.")] if ended else []

	def before_merge(self, source: str, target: str) -> dict[str, Any]:
		return {"warnings": warnings.second_ones(source, target)}

	def merged(self, source: str, target: str) -> None:
		scores.customer_renamed(target)
		warnings.keep_one(target)
		anomalies.customers_merged(target)

	def unmerge(self, source: str, target: str, kept: dict[str, Any]) -> list[str]:
		scores.drop_without_run(source)
		warnings.customers_parted(source, target, kept.get("warnings") or {})
		return []

	def renamed(self, old: str, new: str) -> None:
		scores.customer_renamed(new)
		warnings.keep_one(new)
