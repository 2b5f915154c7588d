"""What behaviour answers when customers are merged, renamed, exported or erased."""

from __future__ import annotations

from typing import Any

import frappe

from ccms_app.customer_handler import Nothing

from . import customers, events, live, profiles, stage_changes


class Handler(Nothing):
	"""Profiles, stages and events: figures that follow from documents."""

	doctypes = (profiles.DOCTYPE, stage_changes.DOCTYPE, events.DOCTYPE)
	restored = ((profiles.DOCTYPE, "customer"), (stage_changes.DOCTYPE, "customer"))

	def merged(self, source: str, target: str) -> None:
		customers.renamed(target, True)

	def unmerge(self, source: str, target: str, kept: dict[str, Any]) -> list[str]:
		"""The rows are back as they were; what was bought since is counted by a job."""
		found = frappe.get_all(
			profiles.DOCTYPE, {"customer": ["in", [source, target]]}, ["customer", "company"]
		)
		for row in found:
			live.later(row.customer, row.company)
		return []

	def renamed(self, old: str, new: str) -> None:
		customers.renamed(new, False)
