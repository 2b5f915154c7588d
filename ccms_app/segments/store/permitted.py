"""Which members of segments a list shows: customers that the user may see."""

from __future__ import annotations

import frappe
from frappe.model.db_query import DatabaseQuery
from frappe.permissions import get_user_permissions, has_user_permission

MEMBER = "CCMS Segment Member"


def member_conditions(user: str | None = None, doctype: str | None = None) -> str:
	"""For `permission_query_conditions`: User Permissions on customers hold for their memberships too."""
	query = DatabaseQuery("Customer", user=user or frappe.session.user)
	permissions = get_user_permissions(query.user)
	if not permissions:
		return ""
	query.match_filters, query.match_conditions = [], []
	query.add_user_permissions(permissions)
	sql = " or ".join(f"({condition})" for condition in query.match_conditions)
	return f"`tab{MEMBER}`.`customer` in (select `name` from `tabCustomer` where {sql})" if sql else ""


def sees_member(doc, ptype: str | None = None, user: str | None = None) -> bool | None:
	"""False when User Permissions keep the customer of a membership from the user; else the next hook is asked."""
	user = user or frappe.session.user
	if not doc.customer or not get_user_permissions(user):
		return None
	return None if has_user_permission(frappe.get_cached_doc("Customer", doc.customer), user) else False
