"""Score runs: which one everybody reads, and what goes with one that is deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import frappe
from frappe import _

if TYPE_CHECKING:
	from frappe.model.document import Document

DOCTYPE = "CCMS Score Run"
SCORE = "CCMS Customer Score"


def published(company: str) -> str | None:
	"""The run whose scores everybody reads; None before the first."""
	return frappe.db.get_value(DOCTYPE, {"company": company, "is_published": 1}, "name")


def forget(doc: Document) -> None:
	"""A run is deleted: its scores go too. The published one stays, and one that is at work.

	Raises:
		frappe.ValidationError: it is published or at work.
	"""
	if doc.is_published:
		frappe.throw(_("These scores are the ones everybody reads. Publish newer ones first."))
	if doc.status == "Running":
		frappe.throw(_("This run is at work."))
	frappe.db.delete(SCORE, {"score_run": doc.name})
