"""The newest dealings with a customer among the comments and changes of the form."""

from __future__ import annotations

from typing import Any

import frappe
from frappe import _
from frappe.utils import escape_html, get_link_to_form

from ccms_app.interactions.store import timeline

MOST = 20
"""Frappe asks on each load of the form, and knows no pages."""
ICONS = {
	"Call": "call",
	"E-mail": "mail",
	"Chat": "small-message",
	"Visit": "users",
	"Page View": "website",
	"Return": "return",
	"Complaint": "support",
	"Delivery": "stock",
	"Cart": "buying",
}
OWN = ("Communication", "Call Log", "Event")
"""Documents that the form shows by itself where they are linked."""


def on_form(doctype: str, docname: str) -> list[dict[str, Any]]:
	"""For the hook `additional_timeline_content`: at most `MOST` entries. A form is never harmed by them."""
	if doctype != "Customer" or not frappe.has_permission(timeline.EVENT, "read"):
		return []
	try:
		rows = timeline.newest(docname, MOST)
	except Exception:
		frappe.log_error("CCMS: the timeline of a customer could not be read")
		return []
	return [_entry(row) for row in rows if row.reference_doctype not in OWN]


def _entry(row: dict[str, Any]) -> dict[str, Any]:
	return {
		"icon": ICONS.get(row.category, "dot-horizontal"),
		"is_card": False,
		"creation": row.occurred_at,
		"content": sentence(row),
	}


def sentence(row: dict[str, Any]) -> str:
	"""One event in a line of HTML. All that came from outside is text."""
	parts = [f"<b>{escape_html(_(row.interaction_type))}</b>"]
	what = row.subject or row.path or row.item or row.outcome
	if what:
		parts.append(escape_html(what[:140]))
	if row.reference_doctype and row.reference_name:
		label = escape_html(f"{_(row.reference_doctype)} {row.reference_name}")
		parts.append(get_link_to_form(row.reference_doctype, row.reference_name, label))
	return " · ".join(parts)
