"""What behaviour answers when customers are merged, renamed, exported or erased."""

from __future__ import annotations

from typing import Any

import frappe
from frappe import _

from ccms_app.customer_handler import Nothing
from ccms_app.customer_rows import delete, filled, readable

from . import customers, events, live, profiles, renaming, stage_changes


class Handler(Nothing):
	"""Profiles, stages and events: figures that follow from documents."""

	doctypes = (profiles.DOCTYPE, stage_changes.DOCTYPE, events.DOCTYPE)
	restored = ((profiles.DOCTYPE, "customer"), (stage_changes.DOCTYPE, "customer"))

	def export(self, customer: str) -> dict[str, list[dict[str, Any]]]:
		return filled({doctype: readable(doctype, {"customer": customer}) for doctype in self.doctypes})

	def erase(self, customer: str, erased_as: str) -> dict[str, int]:
		done: dict[str, int] = {}
		for doctype in self.doctypes:
			done |= delete(doctype, customer=["in", [customer, erased_as]])
		return done

	def forget_files(self, names: set[str], erased_as: str) -> dict[str, int]:
		count = renaming.rename(names, erased_as)
		return {_("Files of Facts"): count} if count else {}

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
