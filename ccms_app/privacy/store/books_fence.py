"""Documents that still name an erased customer: until the books may forget, only Accounts roles read them.

The law keeps the name on invoices and in the ledger; it does not keep it for everybody. A document is closed while a
completed erasure of its customer waits for the books (`CCMS Privacy Request.books_forgotten_on` is empty). On a site where
nobody was erased each question costs one look into an index.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import frappe
from frappe.model.document import Document
from frappe.query_builder import DocType
from pypika.queries import QueryBuilder
from pypika.terms import Criterion

from ccms_app.privacy import requests as of

READERS = frozenset(("Accounts User", "Accounts Manager", "Auditor", "System Manager"))
"""Who may read such documents, as far as ERPNext lets them read any."""
REQUEST, CUSTOMER = "CCMS Privacy Request", "Customer"
# DocType → (the column that names the customer, the column that says whether it does)
PARTIES = {
	"Sales Invoice": ("customer", ""),
	"POS Invoice": ("customer", ""),
	"Sales Order": ("customer", ""),
	"Delivery Note": ("customer", ""),
	"Dunning": ("customer", ""),
	"Quotation": ("party_name", "quotation_to"),
	"Payment Entry": ("party", "party_type"),
	"Payment Request": ("party", "party_type"),
	"Bank Transaction": ("party", "party_type"),
}
# DocType → the DocType of its rows, each of which may name a customer
IN_ROWS = {"Journal Entry": "Journal Entry Account"}
# of a voucher some rows name the party, and the others repeat it as text
LEDGERS = ("GL Entry", "Payment Ledger Entry")
DOCTYPES = (*PARTIES, *IN_ROWS, *IN_ROWS.values(), *LEDGERS)
NAMED = {
	"Sales Invoice": "customer_name",
	"POS Invoice": "customer_name",
	"Dunning": "customer_name",
	"Payment Entry": "party_name",
}


def may_read(user: str | None = None) -> bool:
	"""Whether a user reads documents of erased customers."""
	user = user or frappe.session.user
	return user == "Administrator" or not READERS.isdisjoint(frappe.get_roles(user))


def _named() -> QueryBuilder:
	"""The erased customers whom the books still name. The request is renamed with its customer, so nothing is lost when an
	erased customer is called something else."""
	row = DocType(REQUEST)
	waiting = (row.erased_as > "") & (row.status == of.COMPLETED) & row.books_forgotten_on.isnull()
	return frappe.qb.from_(row).select(row.customer).where(waiting & row.customer.isnotnull())


def is_anybody_named() -> bool:
	"""Whether the books name any erased customer at all."""
	return bool(_named().limit(1).run())


def _is_named(customer: str | None) -> bool:
	return bool(customer and _named().where(DocType(REQUEST).customer == customer).limit(1).run())


# --- lists: permission_query_conditions --------------------------------------------------------------------------


def conditions(user: str | None = None, doctype: str | None = None) -> str:
	"""For `permission_query_conditions` of every DocType in `DOCTYPES`."""
	if may_read(user) or not is_anybody_named():
		return ""
	return f"({_open(doctype).get_sql(quote_char='`', with_namespace=True)})"


def _open(doctype: str) -> Criterion:
	"""Which rows of a DocType are open to everybody who may read it."""
	table = DocType(doctype)
	if doctype in PARTIES:
		party, kind = PARTIES[doctype]
		nobody = table[party].isnull() | table[party].notin(_named())
		return nobody | (table[kind] != CUSTOMER) if kind else nobody
	if doctype in LEDGERS:
		return table.voucher_no.notin(_vouchers(DocType(doctype).as_("theirs")))
	row = DocType(IN_ROWS.get(doctype, doctype)).as_("theirs")
	key = table.name if doctype in IN_ROWS else table.parent
	theirs = frappe.qb.from_(row).select(row.parent).where(row.party_type == CUSTOMER)
	return key.notin(theirs.where(row.party.isin(_named())))


def _vouchers(row) -> QueryBuilder:
	query = frappe.qb.from_(row).select(row.voucher_no).where(row.party_type == CUSTOMER)
	return query.where(row.party.isin(_named()) & row.voucher_no.isnotnull())


# --- one document: has_permission --------------------------------------------------------------------------------


def sees(
	doc: Document, ptype: str | None = None, user: str | None = None, debug: bool = False
) -> bool | None:
	"""For `has_permission` of the same; None where this has nothing to say."""
	if doc.is_new() or may_read(user):
		return None
	return False if any(map(_is_named, _customers(doc))) else None


def _customers(doc: Document) -> set[str]:
	"""The customers that a document names."""
	if doc.doctype in PARTIES:
		party, kind = PARTIES[doc.doctype]
		return {doc.get(party)} if not kind or doc.get(kind) == CUSTOMER else set()
	if doc.doctype in LEDGERS:
		of_voucher = {"voucher_type": doc.voucher_type, "voucher_no": doc.voucher_no, "party_type": CUSTOMER}
		return set(frappe.get_all(doc.doctype, of_voucher, pluck="party", distinct=True))
	if doc.doctype in IN_ROWS:
		rows: Iterable[Any] = doc.get("accounts") or ()
	else:
		rows = frappe.get_all(doc.doctype, {"parent": doc.parent}, ["party_type", "party"])
	return {row.party for row in rows if row.party_type == CUSTOMER}


# --- what asks no permission of a document -----------------------------------------------------------------------


def without_names(found: Any) -> Any:
	"""What a report of ERPNext answers, without the names of erased customers for whom they are closed. Reports query
	tables by themselves: in a row that is about such a customer, a cell that repeats the name becomes the erased name.

	Args:
		found: (columns, rows, …), as a report's `execute` returns it; changed in place.
	"""
	if not isinstance(found, list | tuple) or len(found) < 2 or not found[1]:
		return found
	if may_read() or not (named := set(_named().run(pluck=True))):
		return found
	names: dict[str, set[str]] = {}
	for row in found[1]:
		cells = list(
			row.items() if isinstance(row, dict) else enumerate(row) if isinstance(row, list) else ()
		)
		for customer in {value for _key, value in cells if isinstance(value, str) and value in named}:
			if customer not in names:
				names[customer] = _names_of(customer)
			for key, value in cells:
				if isinstance(value, str) and value in names[customer]:
					row[key] = customer
	erased = {name: customer for customer, its in names.items() for name in its}
	if erased and len(found) > 3 and isinstance(found[3], dict):
		_rename(found[3], erased)
	return found


def _rename(chart: Any, erased: dict[str, str]) -> None:
	"""The same in a chart, which names no customer beside: each text that is such a name."""
	for key, value in list(chart.items() if isinstance(chart, dict) else enumerate(chart)):
		if isinstance(value, dict | list):
			_rename(value, erased)
		elif isinstance(value, str) and value in erased:
			chart[key] = erased[value]


def _names_of(customer: str) -> set[str]:
	"""How the books call an erased customer."""
	found = set()
	for doctype, field in NAMED.items():
		filters = {PARTIES[doctype][0]: customer}
		found.update(frappe.get_all(doctype, filters, pluck=field, distinct=True))
	return {name for name in found if name}
