"""Which pairs a user sees: those of whose customers they may see both."""

from __future__ import annotations

import frappe
from frappe.model.db_query import DatabaseQuery
from frappe.query_builder import DocType
from frappe.query_builder.functions import Count
from pypika.terms import LiteralValue

from ccms_app.identity.matching.model import POSSIBLE

from .duplicates import DOCTYPE, OPEN


def pair_conditions(user: str | None = None, doctype: str | None = None) -> str:
	"""For `permission_query_conditions`: whatever holds back customers holds back their pairs."""
	user = user or frappe.session.user
	if user == "Administrator":
		return ""
	if not any(frappe.has_permission("Customer", ptype, user=user) for ptype in ("read", "select")):
		return "1 = 0"
	sql = DatabaseQuery("Customer", user=user).build_match_conditions()
	if not sql:
		return ""
	allowed = f"(select `name` from `tabCustomer` where {sql})"
	return f"(`tab{DOCTYPE}`.`customer_a` in {allowed} and `tab{DOCTYPE}`.`customer_b` in {allowed})"


def sees_pair(doc, ptype: str | None = None, user: str | None = None, debug: bool = False) -> bool:
	"""For `has_permission`: both customers are the user's to read."""
	user = user or frappe.session.user
	return all(
		frappe.has_permission("Customer", "read", doc=frappe.get_doc("Customer", name), user=user)
		for name in {doc.customer_a, doc.customer_b}
		if name and frappe.db.exists("Customer", name)
	)


def count_open() -> int:
	"""How many open pairs the user in session sees, mere namesakes left out."""
	pair = DocType(DOCTYPE)
	query = (
		frappe.qb.from_(pair).select(Count("*")).where((pair.status == OPEN) & (pair.certainty != POSSIBLE))
	)
	if sql := pair_conditions():
		query = query.where(LiteralValue(f"({sql})".replace("%", "%%")))
	return query.run()[0][0]
