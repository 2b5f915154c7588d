"""Who merges customers and takes it back, through whichever door: a role that may write CCMS Customer Merge, and write
permission on each of the customers, as Frappe's own dialog asks it for renaming."""

from __future__ import annotations

import frappe

from . import merge_records

CUSTOMER = "Customer"


def check(*customers: str) -> None:
	"""Refuse whoever may not merge these, or undo a merge of them. Who is gone is told of by the refusal of the merge.

	Raises:
		frappe.PermissionError: the user in session may not.
	"""
	for ptype in ("create", "write"):
		frappe.has_permission(merge_records.DOCTYPE, ptype, throw=True)
	frappe.has_permission(CUSTOMER, "write", throw=True)
	for customer in customers:
		if customer and frappe.db.exists(CUSTOMER, customer):
			frappe.has_permission(CUSTOMER, "write", doc=customer, throw=True)


def may(*customers: str) -> bool:
	"""Whether `check` refuses nothing; it is not shown as a message."""
	before = len(frappe.local.message_log)
	try:
		check(*customers)
	except frappe.PermissionError:
		return False
	finally:
		del frappe.local.message_log[before:]
	return True
