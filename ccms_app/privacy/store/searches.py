"""What Frappe's searches may show.

The global search asks whether a user may read a DocType, not a document. The search behind a link field leaves every
condition away when the browser says that the field ignores User Permissions, and believes it; checking a link tells whether a document exists.
"""

from __future__ import annotations

from typing import Any

import frappe
from frappe.permissions import get_role_permissions
from frappe.utils import cint

from . import books_fence, fence
from .exports import MODULE

CUSTOMER = "Customer"
PEOPLE = (CUSTOMER, "Contact", "Address", "Lead")


def visible(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
	"""Those rows of the global search whose documents the user may read, where a fence of ours may hold them back."""
	fenced: dict[str, bool] = {}
	for row in found:
		if (doctype := row["doctype"]) not in fenced:
			fenced[doctype] = _is_fenced(doctype)
	return [
		row
		for row in found
		if not fenced[row["doctype"]] or frappe.has_permission(row["doctype"], "read", doc=row["name"])
	]


def may_ignore(doctype: str, asked: Any) -> bool:
	"""Whether a link field may search past User Permissions: not in what a fence of ours holds back, nor where the user
	reads only what is their own (everybody reads the contacts they have made)."""
	return bool(cint(asked)) and not _is_fenced(doctype) and not _reads_only_own(doctype)


def may_know(doctype: str, name: str) -> bool:
	"""Whether the user may be told that a document is there, where a fence of ours may hold it back."""
	if not (_is_fenced(doctype) or _reads_only_own(doctype)) or not frappe.db.exists(doctype, name):
		return True
	return _may_see(doctype, name)


def may_know_title(doctype: str, name: str) -> bool:
	"""Whether the user may be told what a document is called: who somebody is, only to those who may see them."""
	if doctype in PEOPLE or frappe.get_meta(doctype).module == MODULE:
		return _may_see(doctype, name)
	return may_know(doctype, name)


def _may_see(doctype: str, name: str) -> bool:
	return any(bool(frappe.has_permission(doctype, right, doc=name)) for right in ("select", "read"))


def _is_fenced(doctype: str) -> bool:
	if doctype in books_fence.DOCTYPES:
		return not books_fence.may_read() and books_fence.is_anybody_named()
	if doctype == CUSTOMER:
		return fence.is_customer_fenced()
	return bool(frappe.db.exists("DocType", doctype)) and frappe.get_meta(doctype).module == MODULE


def _reads_only_own(doctype: str) -> bool:
	if not frappe.db.exists("DocType", doctype):
		return False
	allowed = get_role_permissions(frappe.get_meta(doctype))
	return bool(allowed.get("has_if_owner_enabled")) and "read" in allowed["if_owner"]
