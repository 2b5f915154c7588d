"""Data quality for the desk."""

from typing import Any

import frappe

from ccms_app.desk import masking, permitted
from ccms_app.quality.store import findings, fixes, rules, runs, told


@frappe.whitelist(methods=["POST"])
def check_now(full: bool | int = False) -> bool:
	"""Run the rules in the background; False when a run is on its way."""
	frappe.has_permission(rules.DOCTYPE, "write", throw=True)
	return runs.enqueue(bool(frappe.utils.cint(full)))


@frappe.whitelist()
def of_customer(customer: str) -> dict:
	"""A customer's score with its reasons as sentences, and the last fixes."""
	frappe.has_permission(findings.DOCTYPE, "read", throw=True)
	permitted.check("Customer", customer)
	return told.of_customer(customer)


@frappe.whitelist()
def by_rule() -> dict[str, dict[str, int]]:
	"""Rule → status of findings → customers."""
	frappe.has_permission(findings.DOCTYPE, "read", throw=True)
	return told.by_rule()


@frappe.whitelist()
def kinds() -> dict[str, dict[str, Any]]:
	"""What rules can look for."""
	frappe.has_permission(rules.DOCTYPE, "write", throw=True)
	return told.kinds()


@frappe.whitelist()
def customers_to_mend(filters: dict | str | None = None) -> dict[str, Any]:
	"""Number card: customers with open findings."""
	if not frappe.has_permission(findings.DOCTYPE, "report"):
		return {"value": "–", "fieldtype": "Data"}
	value = masking.small(told.waiting())
	card = {"value": value, "fieldtype": "Int" if isinstance(value, int) else "Data"}
	if frappe.has_permission(findings.DOCTYPE, "read"):
		where = {"route": ["List", findings.DOCTYPE], "route_options": {"status": findings.OPEN}}
	else:
		where = {"route": ["query-report", "Data Quality"]}
	return card | where


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
