"""What Frappe's searches may show.

The global search asks whether a user may read a DocType, not a document. The search behind a link field leaves every
condition away when the browser says that the field ignores User Permissions, and believes it.
"""

from __future__ import annotations

from typing import Any

import frappe
from frappe.utils import cint

from . import books_fence, fence
from .exports import MODULE

CUSTOMER = "Customer"


def visible(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
	"""Those rows of the global search whose documents the user may read, where a fence of ours may hold them back."""
	guarded = set()
	if not books_fence.may_read() and books_fence.is_anybody_named():
		guarded.update(books_fence.DOCTYPES)
	if fence.is_customer_fenced():
		guarded.add(CUSTOMER)
	return [
		row
		for row in found
		if not (row["doctype"] in guarded or _is_ours(row["doctype"]))
		or frappe.has_permission(row["doctype"], "read", doc=row["name"])
	]


def may_ignore(doctype: str, asked: Any) -> bool:
	"""Whether a link field may search past User Permissions: not in what a fence of ours holds back."""
	if not cint(asked):
		return False
	return not (
		_is_ours(doctype)
		or doctype in books_fence.DOCTYPES
		or (doctype == CUSTOMER and fence.is_customer_fenced())
	)


def _is_ours(doctype: str) -> bool:
	return frappe.get_meta(doctype).module == MODULE
