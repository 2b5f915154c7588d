"""What happened with a customer, for the desk."""

from typing import Any

import frappe

from ccms_app.desk import reporting
from ccms_app.interactions.store import timeline


@frappe.whitelist()
def page(
	customer: str, filters: str | dict | None = None, before_key: str = "", limit: int = 30
) -> dict[str, Any]:
	"""A page of a customer's events, newest first (`timeline.page`).

	Raises:
		frappe.PermissionError: the user may not read this customer, or no events.
	"""
	_check(customer)
	return timeline.page(customer, timeline.Filters.read(reporting.read(filters)), before_key or "", limit)


@frappe.whitelist()
def choices() -> dict[str, list[str]]:
	"""What the filters of a timeline offer."""
	frappe.has_permission(timeline.EVENT, "read", throw=True)
	return timeline.choices()


def _check(customer: str) -> None:
	frappe.has_permission(timeline.EVENT, "read", throw=True)
	frappe.has_permission("Customer", "read", doc=customer, throw=True)
