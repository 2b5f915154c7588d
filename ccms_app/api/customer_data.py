"""What the Customer Data workspace asks. Permission first; each figure says where a click leads."""

from typing import Any

import frappe
from frappe import _

from ccms_app.desk import customer_data, home, masking

DAY, REQUEST, IDENTITY = "CCMS Interaction Day", "CCMS Privacy Request", "CCMS Identity"
UNKNOWN = "–"
"""What a card shows to whom the figure is not for."""


@frappe.whitelist()
def recognised(filters: dict | str | None = None) -> dict[str, Any] | str:
	"""Number card: customers with something they are recognised by."""
	share = customer_data.recognised() if frappe.has_permission(DAY, "report") else None
	if share is None:
		return UNKNOWN
	route = ["List", IDENTITY] if frappe.has_permission(IDENTITY, "read") else None
	return {"value": share, "fieldtype": "Percent", "precision": "0", "route": route, "route_options": {}}


@frappe.whitelist()
def interactions(filters: dict | str | None = None) -> dict[str, Any] | str:
	"""Number card: interactions of the last seven days."""
	if not frappe.has_permission(DAY, "report"):
		return UNKNOWN
	company = home.company(filters)
	value = masking.small(customer_data.interactions(company))
	return {
		"value": value,
		"fieldtype": "Data" if isinstance(value, str) else "Int",
		"route": ["query-report", "Interaction Volume"],
		"route_options": {"company": company},
	}


@frappe.whitelist()
def open_requests(filters: dict | str | None = None) -> dict[str, Any] | str:
	"""Number card: privacy requests that wait for an answer."""
	if not frappe.has_permission(REQUEST, "read"):
		return UNKNOWN
	number, late = customer_data.open_requests()
	route = {"route": ["List", REQUEST], "route_options": {"status": ["in", "Open,Waiting,Running"]}}
	if late:
		return {"value": _("{0}, {1} late").format(number, late), "fieldtype": "Data", **route}
	return {"value": number, "fieldtype": "Int", **route}


@frappe.whitelist()
def by_week(filters: dict | str | None = None, **chart: Any) -> dict[str, Any] | None:
	"""Chart: interactions by week and channel."""
	frappe.has_permission(DAY, "report", throw=True)
	labels, channels = customer_data.by_week(home.company(filters))
	if not channels:
		return None
	datasets = [{"name": name, "values": [*map(masking.drawn, events)]} for name, events in channels.items()]
	return {"labels": labels, "datasets": datasets}
