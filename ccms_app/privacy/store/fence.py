"""The fence between companies and branches: User Permissions on them, applied to rows that Frappe's own would miss.

Frappe holds back rows whose Link to Company is another company's. A branch is kept as text, because what a branch is
differs from site to site; and a customer belongs to no company, unless the settings say so.
"""

from __future__ import annotations

import frappe
from frappe.model.document import Document
from frappe.permissions import get_user_permissions
from frappe.query_builder import DocType
from pypika.terms import Criterion, Term

SETTINGS = "CCMS Settings"
# what the settings call a branch → its DocType
BRANCHES = {
	"Cost Center": "Cost Center",
	"POS Profile": "POS Profile",
	"Warehouse": "Warehouse",
	"Territory": "Territory",
}
FIELDS = {"company": ("company",), "branch": ("branch", "home_branch")}
# rows by which a customer belongs to a company
BELONGING = ("CCMS Membership", "CCMS Customer Profile", "Sales Invoice", "POS Invoice", "Sales Order")


def companies(user: str | None = None) -> list[str] | None:
	"""The companies that User Permissions leave to a user; None when they say nothing of companies."""
	return _permitted("Company", user)


def branches(user: str | None = None, of: str = "") -> list[str] | None:
	"""The branches that User Permissions leave to a user, in rows of a DocType; None when they say nothing of branches."""
	return _permitted(branch_doctype(), user, of)


def branch_doctype() -> str:
	"""What the settings call a branch."""
	settings = frappe.get_cached_doc(SETTINGS)
	if settings.branch_source == "Accounting Dimension" and settings.branch_dimension:
		return frappe.get_cached_value("Accounting Dimension", settings.branch_dimension, "document_type")
	return BRANCHES.get(settings.branch_source or "", "Cost Center")


def _permitted(doctype: str, user: str | None, of: str = "") -> list[str] | None:
	"""The documents of a DocType that are left to a user, in rows of the DocType `of` when some count only there."""
	given = get_user_permissions(user or frappe.session.user).get(doctype)
	names = [one.doc for one in given or () if not one.applicable_for or one.applicable_for == of]
	return names or None


def criterion(doctype: str, user: str | None = None, table=None) -> Criterion | None:
	"""The fence as a condition on a table with `company` and `branch`, for queries of ours; None when nothing is held back.

	A row without a company or a branch is nobody's in particular and stays visible, as in Frappe.
	"""
	table = table or DocType(doctype)
	meta = frappe.get_meta(doctype)
	found = None
	for field, names in _held(meta, user):
		inside = table[field].isnull() | (table[field] == "") | table[field].isin(names)
		found = inside if found is None else found & inside
	return found


def _held(meta, user: str | None) -> list[tuple[str, list[str]]]:
	"""The fields of a DocType that are held back, and to what."""
	found = []
	for fields in FIELDS.values():
		for field in filter(meta.has_field, fields):
			names = _permitted(_kind(meta.get_field(field)), user, meta.name)
			if names is not None:
				found.append((field, names))
	return found


def _kind(df) -> str:
	"""What stands in a field: the DocType that it links to; a branch that is kept as text is what the settings call so."""
	return df.options if df.fieldtype == "Link" else branch_doctype()


def conditions(user: str | None = None, doctype: str | None = None) -> str:
	"""For `permission_query_conditions` of every DocType with a company or a branch."""
	found = criterion(doctype, user) if doctype else None
	return _sql(found) if found is not None else ""


def _sql(found: Criterion) -> str:
	return f"({found.get_sql(quote_char='`', with_namespace=True)})"


def sees(doc: Document, ptype: str | None = None, user: str | None = None, debug: bool = False) -> bool:
	"""For `has_permission` of the same DocTypes."""
	return all(not doc.get(field) or doc.get(field) in names for field, names in _held(doc.meta, user))


# --- Customer ----------------------------------------------------------------------------------------------------


def is_customer_fenced() -> bool:
	"""Whether customers, too, are held back by company, as the settings say."""
	return bool(frappe.db.get_single_value(SETTINGS, "fence_customers"))


def customer_conditions(user: str | None = None, doctype: str | None = None) -> str:
	"""For `permission_query_conditions` of Customer: those of the user's companies, and those of none yet."""
	if not is_customer_fenced() or (names := companies(user)) is None:
		return ""
	customer = DocType("Customer")
	inside = _belongs(customer.name, names)
	for one in BELONGING[1:]:
		inside |= _belongs(customer.name, names, one)
	nowhere = _belongs(customer.name).negate()
	for one in BELONGING[1:]:
		nowhere &= _belongs(customer.name, doctype=one).negate()
	return _sql(inside | nowhere)


def _belongs(customer: Term, names: list[str] | None = None, doctype: str = BELONGING[0]) -> Criterion:
	"""Whether a customer has rows of a DocType, in these companies or in any."""
	table = DocType(doctype)
	query = frappe.qb.from_(table).select(table.customer).where(table.customer.isnotnull())
	return customer.isin(query.where(table.company.isin(names)) if names is not None else query)


def sees_customer(
	doc: Document, ptype: str | None = None, user: str | None = None, debug: bool = False
) -> bool:
	"""For `has_permission` of Customer."""
	return doc.is_new() or is_within(doc.name, user)


def is_within(customer: str | None, user: str | None = None) -> bool:
	"""Whether the fence leaves a customer to a user; roles and User Permissions are not asked. A customer who is gone, and
	of whom nobody knows any more where they belonged, is nobody's behind the fence."""
	if not customer or not is_customer_fenced() or (names := companies(user)) is None:
		return True
	if not frappe.db.exists("Customer", customer):
		return False
	belongs = belongs_to(customer)
	return not belongs or bool(belongs & set(names))


def belongs_to(customer: str) -> set[str | None]:
	"""The companies that a customer deals with; None among them where a row names no company."""
	return {
		company
		for one in BELONGING
		for company in frappe.get_all(one, filters={"customer": customer}, pluck="company", distinct=True)
	}


# --- what belongs to a customer ----------------------------------------------------------------------------------

IDENTITY, LINK = "CCMS Identity", "CCMS Identity Link"
# DocTypes whose customer is called otherwise: a merged customer is held back with the one who stays
CUSTOMER_FIELDS = {"CCMS Customer Merge": "target"}


def of_customer_conditions(user: str | None = None, doctype: str | None = None) -> str:
	"""For `permission_query_conditions` of rows that belong to a customer and to no company.

	A row without a customer is its identity's, and without that nobody's in particular: it stays visible.
	"""
	sql = customer_conditions(user)
	if not sql or not doctype:
		return ""
	field = f"`tab{doctype}`.`{CUSTOMER_FIELDS.get(doctype, 'customer')}`"
	nobodys = f"ifnull({field}, '') = ''"
	if frappe.get_meta(doctype).has_field("identity"):
		nobodys += f" and {_of_identity(doctype, sql)}"
	return f"({field} in {_allowed(sql)} or ({nobodys}))"


def sees_of_customer(
	doc: Document, ptype: str | None = None, user: str | None = None, debug: bool = False
) -> bool:
	"""For `has_permission` of the same."""
	customer = doc.get(CUSTOMER_FIELDS.get(doc.doctype, "customer"))
	return is_within(customer, user) if customer else _sees_identity(doc.get("identity"), user)


def identity_conditions(user: str | None = None, doctype: str | None = None) -> str:
	"""For `permission_query_conditions` of CCMS Identity: those of the user's customers; what several share is anybody's who
	may see one of them; what never was a customer's stays visible."""
	sql = customer_conditions(user)
	return _identity(f"`tab{IDENTITY}`", sql) if sql else ""


def sees_identity(
	doc: Document, ptype: str | None = None, user: str | None = None, debug: bool = False
) -> bool:
	"""For `has_permission` of CCMS Identity."""
	return is_within(doc.customer, user) if doc.customer else _sees_identity(doc.name, user)


def event_conditions(user: str | None = None, doctype: str | None = None) -> str:
	"""For `permission_query_conditions` of what happened: by company and branch, and without a company by the identity."""
	found, sql = conditions(user, doctype), customer_conditions(user)
	if not sql:
		return found
	by_customer = f"(ifnull(`tab{doctype}`.`company`, '') != '' or {_of_identity(doctype, sql)})"
	return f"({found} and {by_customer})" if found else by_customer


def sees_event(doc: Document, ptype: str | None = None, user: str | None = None, debug: bool = False) -> bool:
	"""For `has_permission` of the same."""
	return sees(doc, ptype, user) and (bool(doc.company) or _sees_identity(doc.identity, user))


def _allowed(sql: str) -> str:
	return f"(select `name` from `tabCustomer` where {sql})"


def _of_identity(doctype: str | None, sql: str) -> str:
	field = f"`tab{doctype}`.`identity`"
	inside = (
		f"select `name` from `tab{IDENTITY}` where `name` = {field} and {_identity(f'`tab{IDENTITY}`', sql)}"
	)
	return f"(ifnull({field}, '') = '' or exists ({inside}))"


def _identity(table: str, sql: str) -> str:
	linked = f"select 1 from `tab{LINK}` where `identity` = {table}.`name`"
	free = f"not exists ({linked}) or exists ({linked} and `customer` in {_allowed(sql)})"
	owned = f"{table}.`customer` in {_allowed(sql)}"
	return f"({owned} or (ifnull({table}.`customer`, '') = '' and ({free})))"


def _sees_identity(identity: str | None, user: str | None) -> bool:
	"""As `identity_conditions`, of one."""
	if not identity or not is_customer_fenced() or companies(user) is None:
		return True
	customer = frappe.db.get_value(IDENTITY, identity, "customer")
	holders = [customer] if customer else frappe.get_all(LINK, {"identity": identity}, pluck="customer")
	return not holders or any(is_within(one, user) for one in holders)
