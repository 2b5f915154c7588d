"""Consent, unmasking and the access log, as screens ask for them. Permission first, then one call."""

from __future__ import annotations

from typing import Any

import frappe

from ccms_app.privacy.store import reading


@frappe.whitelist(methods=["POST"])
def unmask(doctype: str, name: str, field: str, reason: str) -> str:
	"""One value in the clear, with a row in the access log."""
	return reading.unmask(doctype, name, field, reason)


@frappe.whitelist()
def reader() -> dict[str, Any]:
	"""What the session's user may do with persons: {is_masked, may_unmask}."""
	return {"is_masked": reading.is_masked(), "may_unmask": reading.may_unmask()}
