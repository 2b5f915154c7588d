"""Data quality for the desk."""

from __future__ import annotations

import frappe

from ccms_app.quality.store import findings, fixes, rules, runs, words


@frappe.whitelist(methods=["POST"])
def check_now(full: bool | int = False) -> bool:
	"""Run the rules in the background; False when a run is on its way."""
	frappe.has_permission(rules.DOCTYPE, "write", throw=True)
	return runs.enqueue(bool(frappe.utils.cint(full)))


@frappe.whitelist()
def of_customer(customer: str) -> dict:
	"""A customer's score with its reasons, as sentences."""
	frappe.has_permission("Customer", "read", doc=customer, throw=True)
	frappe.has_permission(findings.DOCTYPE, "read", throw=True)
	score, rows = findings.score_of(customer)
	return {
		"score": score,
		"reasons": [row | {"reason": words.reason(row.kind, row.reason_values)} for row in rows],
	}


@frappe.whitelist()
def preview(finding: str, value: str | None = None) -> dict:
	"""What a fix would write."""
	return fixes.preview(finding, value)


@frappe.whitelist(methods=["POST"])
def apply(finding: str, value: str | None = None, seen: str | None = None) -> str:
	"""Write a fix; returns its name."""
	return fixes.apply(finding, value, seen)


@frappe.whitelist(methods=["POST"])
def undo(fix: str) -> None:
	"""Write the old value back."""
	fixes.undo(fix)


@frappe.whitelist(methods=["POST"])
def ignore(finding: str) -> None:
	"""Say that a finding is none."""
	findings.ignore(finding)


@frappe.whitelist(methods=["POST"])
def reopen(finding: str) -> None:
	"""Take `ignore` back."""
	findings.reopen(finding)
