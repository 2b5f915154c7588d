"""The door for events from outside: `POST /api/method/ccms_app.api.track.track` (docs/interactions.md)."""

import frappe
from werkzeug.wrappers import Response

from ccms_app.interactions.store import door


@frappe.whitelist(allow_guest=True, methods=["POST"])
def track(**_fields) -> Response:
	"""Take a batch of events, or one. The key of the source is the permission; the body is read as it came.

	Answers 200 with {"message": [one answer an event]}; else {"error": why} with 400, 401, 403, 413 or 429.
	"""
	request, headers = frappe.request, frappe.request.headers
	is_refused = "1" in (headers.get("Sec-GPC"), headers.get("DNT"))
	return door.answer(
		request.get_data(cache=True), headers.get("X-CCMS-Key", ""), headers.get("Origin", ""), is_refused
	)


@frappe.whitelist(methods=["POST"])
def identify_token(key: str, visitor: str) -> str:
	"""A token by which the web script makes this browser's visitor the customer who is signed in to the portal.

	Raises:
		frappe.PermissionError: who is signed in is no customer, or the key is none of a browser source.
	"""
	return door.portal_token(key, visitor)


@frappe.whitelist(methods=["POST"])
def rotate(source: str) -> dict[str, str]:
	"""New keys for an event source; they are told once."""
	frappe.has_permission("CCMS Event Source", "write", doc=source, throw=True)
	return door.rotate(source)


@frappe.whitelist(methods=["POST"])
def revoke(source: str) -> None:
	"""Take the keys of an event source back."""
	frappe.has_permission("CCMS Event Source", "write", doc=source, throw=True)
	door.revoke(source)
