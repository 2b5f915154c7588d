"""Which memberships, and rows of theirs, User Permissions leave to a user."""

from __future__ import annotations

import frappe
from frappe.model.db_query import DatabaseQuery
from frappe.permissions import get_user_permissions, has_user_permission


def sees_membership(membership: str, user: str | None = None) -> bool:
	"""Whether User Permissions (companies, programmes, customers) leave a membership to a user.

	For who may see the customer anyway; roles are not asked.
	"""
	user = user or frappe.session.user
	if not get_user_permissions(user):
		return True
	return has_user_permission(frappe.get_doc("CCMS Membership", membership), user)


def allocation_conditions(user: str | None = None, doctype: str | None = None) -> str:
	"""Allocations name no customer: lists show those of the memberships that the user may see."""
	query = DatabaseQuery("CCMS Membership", user=user or frappe.session.user)
	sql = query.build_match_conditions() if get_user_permissions(query.user) else ""
	own = "`tabCCMS Points Allocation`.`membership` in (select `name` from `tabCCMS Membership` where {0})"
	return own.format(sql) if sql else ""


def sees_allocation(doc, ptype: str | None = None, user: str | None = None) -> bool:
	"""Whether an allocation belongs to a membership that the user may see."""
	return not doc.membership or sees_membership(doc.membership, user)
