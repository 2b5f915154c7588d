"""What the user in session may see, for queries that Frappe does not filter by itself: the query builder and SQL.

Two rules together: the user's own permissions on the DocType that is read (as in its list), and on the customers
its rows belong to. Who has no role on Customer at all (an analyst) is held to User Permissions alone.
"""

from __future__ import annotations

import frappe
from frappe import _
from frappe.core.doctype.user_permission.user_permission import get_permitted_documents
from frappe.model.db_query import DatabaseQuery
from frappe.permissions import get_role_permissions, get_user_permissions, has_user_permission
from frappe.query_builder import DocType
from frappe.query_builder.builder import QueryBuilder
from frappe.utils import escape_html
from pypika.terms import LiteralValue

from ccms_app.privacy.store import branch_fence, fence


def restrict(query: QueryBuilder, doctype: str, customer_field: str = "customer") -> QueryBuilder:
	"""Narrow a query to the rows of a DocType that the user may see, and to customers the user may see.

	Args:
		query: selects from the DocType's table without an alias, and has a condition already.
		customer_field: the field of that table that links to Customer.
	"""
	query = own(query, doctype)
	if allowed := _conditions("Customer"):
		customer = DocType("Customer")
		names = frappe.qb.from_(customer).select(customer.name).where(LiteralValue(allowed))
		query = query.where(DocType(doctype)[customer_field].isin(names))
	return query


def own(query: QueryBuilder, doctype: str) -> QueryBuilder:
	"""The first half of `restrict`; whoever calls it holds back the customers themselves, by `customers`."""
	conditions = _conditions(doctype)
	return query.where(LiteralValue(conditions)) if conditions else query


def customers() -> list[str] | None:
	"""The customers the user may see; None when none are held back. For facts that lie outside the database."""
	allowed = _conditions("Customer")
	if not allowed:
		return None
	customer = DocType("Customer")
	return frappe.qb.from_(customer).select(customer.name).where(LiteralValue(allowed)).run(pluck=True)


def customers_of(query: QueryBuilder, company: str) -> QueryBuilder:
	"""Narrow a query on Customer to whom the user may see, and may see figures of in a company."""
	query = restrict(query, "Customer", "name")
	fenced = branch_fence.criterion(DocType("Customer").name, company)
	return query if fenced is None else query.where(fenced)


def _conditions(doctype: str) -> str:
	"""Frappe's own match conditions as SQL on the table of that name; empty when nothing is held back."""
	query = DatabaseQuery(doctype, user=frappe.session.user)
	if _by_role(doctype):
		sql = query.build_match_conditions()
	else:
		query.match_filters, query.match_conditions = [], []  # Frappe sets them only where roles decide
		query.add_user_permissions(get_user_permissions(frappe.session.user))
		sql = " or ".join(f"({condition})" for condition in query.match_conditions)
		if fenced := _of_own_branches(doctype):
			sql = f"({sql}) and {fenced}" if sql else fenced
	return f"({sql})".replace("%", "%%") if sql else ""


def _of_own_branches(doctype: str) -> str:
	"""The fence between branches, which Frappe heeds by itself only for those whose roles read the DocType."""
	if doctype == branch_fence.SCORE:
		return fence.conditions(doctype=doctype)
	return branch_fence.conditions(doctype=doctype)


def check(doctype: str, name: str) -> None:
	"""Refuse a document that the user may not see, in the same words whether it exists or not.

	Raises:
		frappe.PermissionError: it is not there, or not for this user.
	"""
	if not (frappe.db.exists(doctype, name) and _may_see(frappe.get_cached_doc(doctype, name))):
		frappe.throw(
			_("You may not see {0} {1}.").format(_(doctype), frappe.bold(escape_html(name))),
			frappe.PermissionError,
		)


def check_choice(doctype: str, name: str) -> None:
	"""Refuse a company, branch or group that is not there, or that User Permissions on its DocType keep from the user.

	Unlike `check` it does not ask what else the record links to: a company names its main cost center, and whoever is
	kept to the cost center of a branch may still choose the company.

	Raises:
		frappe.PermissionError: it is not there, or not for this user.
	"""
	allowed = get_permitted_documents(doctype)
	if not frappe.db.exists(doctype, name) or (allowed and name not in allowed):
		frappe.throw(
			_("You may not see {0} {1}.").format(_(doctype), frappe.bold(escape_html(name))),
			frappe.PermissionError,
		)


def _may_see(doc) -> bool:
	ptype = _by_role(doc.doctype)
	if not ptype:
		return has_user_permission(doc, frappe.session.user)
	return frappe.has_permission(doc.doctype, ptype, doc=doc)


def may_link(doctype: str) -> bool:
	"""Whether the user's roles let them read or choose documents of a DocType: else a link to one leads nowhere."""
	return bool(_by_role(doctype))


def _by_role(doctype: str) -> str:
	"""What the user's roles grant on a DocType: read, else select, else nothing (shares aside)."""
	granted = get_role_permissions(frappe.get_meta(doctype), user=frappe.session.user)
	return next((ptype for ptype in ("read", "select") if granted.get(ptype)), "")
