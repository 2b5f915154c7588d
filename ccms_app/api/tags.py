"""Frappe's removal of a tag, of which it tells nobody: segments that ask for tags are told."""

import frappe
from frappe.desk.doctype.tag import tag as tags

from ccms_app.segments.store import changes


@frappe.whitelist()
def remove_tag(tag: str, dt: str, dn: str) -> None:
	"""`frappe.desk.doctype.tag.tag.remove_tag`, which asks for permission to write the document."""
	tags.remove_tag(tag, dt, dn)
	if dt == "Customer":
		changes.enqueue(None, [dn], [changes.TAGS])
