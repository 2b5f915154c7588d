"""Consent and unmasking as screens ask for them. Permission first, then one call."""

from typing import Any

import frappe
from frappe import _

from ccms_app.desk import permitted
from ccms_app.privacy.store import overview, reading

MANAGERS = ("CCMS Manager", "Sales Manager")


@frappe.whitelist(methods=["POST"])
def unmask(doctype: str, name: str, field: str, reason: str) -> str:
	"""One value in the clear, with a row in the access log."""
	return reading.unmask(doctype, name, field, reason)


@frappe.whitelist()
def reader() -> dict[str, Any]:
	"""What the session's user may do with persons: {is_masked, may_unmask}."""
	return {"is_masked": reading.is_masked(), "may_unmask": reading.may_unmask()}


@frappe.whitelist()
def consent_of(customer: str) -> dict[str, Any]:
	"""What a customer allows, each purpose with its last words; for the Customer form."""
	_check(customer)
	return overview.of_customer(customer, _may_record(customer))


@frappe.whitelist(methods=["POST"])
def record_consent(
	customer: str,
	purpose: str,
	state: str,
	source: str,
	channel: str | None = None,
	wording: str | None = None,
	said_by: str | None = None,
	proof: str | None = None,
) -> dict[str, Any]:
	"""Write down what a customer said, and answer as `consent_of`."""
	_check(customer)
	if not _may_record(customer):
		frappe.throw(_("You may not record consent for this customer."), frappe.PermissionError)
	return overview.record(
		customer,
		purpose,
		state,
		source,
		channel=channel or "",
		wording=wording or "",
		said_by=said_by or "Customer",
		proof=proof or "",
	)


def _check(customer: str) -> None:
	"""Refuse, in the same words, customers who are not there, not for this user, or masked."""
	if reading.is_masked():
		frappe.throw(_("You may not see this customer."), frappe.PermissionError)
	permitted.check("Customer", customer)


def _may_record(customer: str) -> bool:
	"""Whoever may write a customer, and managers, who in ERPNext only read them."""
	if set(MANAGERS) & set(frappe.get_roles()):
		return True
	return bool(frappe.has_permission("Customer", "write", doc=customer))
