"""What people do with churn warnings: say that they spoke to the customer, hand over, put off, drop."""

import frappe

from ccms_app.scoring.store import warnings


@frappe.whitelist(methods=["POST"])
def contacted(warning: str, outcome: str, note: str | None = None) -> None:
	"""Somebody spoke to the customer, or tried to; with what came of it."""
	warnings.contacted(_writable(warning), outcome, note)


@frappe.whitelist(methods=["POST"])
def assign(warning: str, user: str, next_step: str, due_on: str | None = None) -> None:
	"""Give the warning an owner, with a task."""
	warnings.assign(_writable(warning), user, next_step, due_on)


@frappe.whitelist(methods=["POST"])
def snooze(warning: str, until: str) -> None:
	"""Take it off the list until a day."""
	warnings.snooze(_writable(warning), until)


@frappe.whitelist(methods=["POST"])
def dismiss(warning: str, note: str) -> None:
	"""Close it: nothing is to be done."""
	warnings.dismiss(_writable(warning), note)


@frappe.whitelist()
def reasons(warning: str) -> list[str]:
	"""Why the customer may leave, in words."""
	doc = frappe.get_doc(warnings.DOCTYPE, warning)
	doc.check_permission("read")
	return warnings.reasons(doc.churn_reasons)


def _writable(warning: str):
	doc = frappe.get_doc(warnings.DOCTYPE, warning)
	doc.check_permission("write")
	return doc
