"""Consent and unmasking as screens ask for them. Permission first, then one call."""

from __future__ import annotations

from typing import Any

import frappe
from frappe import _

from ccms_app.desk import permitted
from ccms_app.privacy.store import overview, reading


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
	permitted.check("Customer", customer)
	return overview.of_customer(customer, frappe.has_permission("Customer", "write", doc=customer))


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
	permitted.check("Customer", customer)
	if not frappe.has_permission("Customer", "write", doc=customer):
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
