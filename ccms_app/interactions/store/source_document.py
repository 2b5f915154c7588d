"""What the form of an event source refuses."""

from __future__ import annotations

import frappe
from frappe import _

from ccms_app.interactions.sources import BROWSER, origin_key

KEYS = ("secret_hash", "secret_hint", "public_key", "identify_salt", "rotated_on", "revoked_on")


def check(doc) -> None:
	"""Keys are made by their buttons alone; origins are written as browsers send them."""
	if not doc.flags.from_store:
		before = doc.get_doc_before_save()
		for field in KEYS:
			doc.set(field, before.get(field) if before else None)
	if doc.kind == BROWSER:
		_origins(doc)
		_types(doc)
	else:
		doc.origins, doc.types = "", []


def refuse_deleting(doc) -> None:
	"""Events keep the name of their source, and are told apart by it: a source that sent anything is revoked instead."""
	if frappe.db.exists("CCMS Customer Interaction", {"company": doc.company, "event_source": doc.name}):
		frappe.throw(_("Events came from {0}: revoke it instead.").format(frappe.bold(doc.name)))


def _origins(doc) -> None:
	found = []
	for line in filter(None, map(str.strip, (doc.origins or "").splitlines())):
		origin = origin_key(line)
		if not origin.startswith(("https://", "http://")) or origin.endswith("//"):
			frappe.throw(
				_("{0} is no address of a web page, such as https://shop.example.com").format(
					frappe.bold(frappe.utils.escape_html(line))
				)
			)
		found.append(origin)
	if not found:
		frappe.throw(_("Say from which web pages events may come."))
	doc.origins = "\n".join(dict.fromkeys(found))


def _types(doc) -> None:
	for row in doc.types:
		if not frappe.db.get_value("CCMS Interaction Type", row.interaction_type, "is_browser_allowed"):
			frappe.throw(_("{0} is not allowed from browsers.").format(frappe.bold(_(row.interaction_type))))
