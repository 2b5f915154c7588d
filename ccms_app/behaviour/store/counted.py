"""Which documents count, and how each of their lines becomes one of LINES: one query for Sales Invoices, one for POS
Invoices, each a single join that leaves the database as one text a line.

The text is CSV, put together in the database and parsed by Arrow: a Python driver that makes an object of every field
takes several times as long.
"""

from __future__ import annotations

import frappe
from frappe.query_builder import Case, CustomFunction
from frappe.query_builder.functions import Abs, Cast_, Coalesce, Concat, NullIf
from pypika.queries import QueryBuilder
from pypika.terms import Term, ValueWrapper

from ccms_app.behaviour.private import PRIVATE

from . import stream

SALES, TILL = "Sales Invoice", "POS Invoice"
DOCTYPES = (SALES, TILL)
TEXT = frozenset((
	"invoice", "line", "customer", "item", "item_group", "brand", "return_against", "return_line",
	"branch", "channel", "customer_group", "territory", "sales_person", "coupon",
))  # fmt: skip

Timestamp = CustomFunction("TIMESTAMP", ["date", "time"])
DateFormat = CustomFunction("DATE_FORMAT", ["date", "form"])
Crc32 = CustomFunction("CRC32", ["text"])


def documents(doctype: str, company: str | Term, with_internal: bool = False):
	"""(table, condition) of the documents that count: submitted, of this company, not opening, not internal; of a
	closed till the POS Invoices, not the Sales Invoice that consolidates them.

	Args:
		with_internal: leave it to the caller that the customer is no company of the group.
	"""
	doc = frappe.qb.DocType(doctype)
	condition = (doc.docstatus == 1) & (doc.company == company) & (Coalesce(doc.is_opening, "") != "Yes")
	if doctype == SALES:
		return doc, condition & (doc.is_consolidated == 0) & (doc.is_internal_customer == 0)
	if with_internal:
		return doc, condition
	customer = frappe.qb.DocType("Customer")
	internal = frappe.qb.from_(customer).select(customer.name).where(customer.is_internal_customer == 1)
	return doc, condition & doc.customer.notin(internal)


def companies_of(customer: str) -> list[str]:
	"""The companies from which a customer has submitted documents."""
	found: set[str] = set()
	for doctype in DOCTYPES:
		filters = {"customer": customer, "docstatus": 1}
		found.update(frappe.get_all(doctype, filters=filters, pluck="company", distinct=True))
	return sorted(found)


def counts(doc) -> bool:
	"""The same question about a loaded document, its docstatus aside."""
	if doc.get("is_opening") == "Yes" or doc.get("is_consolidated"):
		return False
	if doc.doctype == SALES:
		return not doc.get("is_internal_customer")
	return not frappe.get_cached_value("Customer", doc.customer, "is_internal_customer")


def seen(doctype: str, company: str) -> QueryBuilder:
	"""One row a document, one text column: CSV of its month, its name, and a checksum over what a line takes from it."""
	doc, condition = documents(doctype, company)
	said = Concat(
		doc.name, "|", doc.customer, "|", Coalesce(doc.modified, ""), "|", doc.posting_date, "|", doc.base_net_total, "|",
		Coalesce(doc.customer_group, ""), "|", Coalesce(doc.territory, ""),
	)  # fmt: skip
	values = {
		"month": DateFormat(doc.posting_date, "%Y-%m"),
		"invoice": doc.name,
		"checksum": Crc32(Coalesce(said, doc.name)),
	}
	return frappe.qb.from_(doc).select(stream.row(values, TEXT)).where(condition)


def lines(
	doctype: str, company: str, first, last, branch: str, names: list[str] | None = None
) -> QueryBuilder:
	"""The lines posted from `first` to `last`, one text column: CSV in the order of `columns`.

	Args:
		names: only of these documents.
	"""
	doc, condition = documents(doctype, company)
	if names is not None:
		condition &= doc.name.isin(names)
	line = frappe.qb.DocType(f"{doctype} Item")
	query = frappe.qb.from_(doc).join(line).on((line.parent == doc.name) & (line.parenttype == doctype))
	if doctype == TILL:
		bins, item = frappe.qb.DocType("Bin"), frappe.qb.DocType("Item")
		query = query.left_join(bins).on(
			(bins.item_code == line.item_code) & (bins.warehouse == line.warehouse)
		)
		query = query.left_join(item).on(item.name == line.item_code)
		cost = Coalesce(NullIf(bins.valuation_rate, 0), NullIf(item.valuation_rate, 0))
	else:
		cost = NullIf(line.incoming_rate, 0)
	values = columns(doctype, doc, line, cost, branch)
	return query.select(stream.row(values, TEXT)).where(condition & doc.posting_date[first:last])


def private_groups() -> list[str]:
	"""Item groups with a privacy class, and those below them, sorted."""
	if not frappe.get_meta("Item Group").has_field("ccms_privacy_class"):
		return []  # a site that was not migrated yet
	group, above = frappe.qb.DocType("Item Group"), frappe.qb.DocType("Item Group").as_("above")
	query = frappe.qb.from_(group).join(above).on((group.lft >= above.lft) & (group.rgt <= above.rgt))
	query = query.where(Coalesce(above.ccms_privacy_class, "") != "")
	return sorted(query.select(group.name).distinct().run(pluck=True))


def _what(line) -> dict[str, Term]:
	"""The columns that say what was bought; nothing of it where the item group has a privacy class."""
	known = {
		"item": Coalesce(NullIf(line.item_code, ""), NullIf(line.item_name, ""), line.name),
		"item_group": line.item_group,
		"brand": line.brand,
	}
	groups = private_groups()
	if not groups:
		return known
	is_private = line.item_group.isin(groups)
	return {
		name: Case().when(is_private, PRIVATE if name == "item" else None).else_(column)
		for name, column in known.items()
	}


def columns(doctype: str, doc, line, cost: Term, branch: str) -> dict[str, Term]:
	"""The columns of LINES that a query brings (the others are the same for all lines of a document type)."""
	qty, stock_qty = _signed(doc, line.qty), _signed(doc, line.stock_qty)
	net = line.base_net_amount
	price = _double(NullIf(line.price_list_rate, 0))
	priced = (line.price_list_rate > 0) & (line.is_free_item == 0)
	discounted = 1 - Coalesce(_double(line.distributed_discount_amount) / NullIf(_double(line.amount), 0), 0)
	ratio = _double(line.rate) / price * discounted
	listed = Coalesce(_double(net) / NullIf(ratio, 0), qty * price * _double(doc.conversion_rate))
	team, of_doc = frappe.qb.DocType("Sales Team"), frappe.get_meta(doctype)
	person = ValueWrapper(None)
	if frappe.db.exists("Sales Team", {"parenttype": doctype}):
		person = (
			frappe.qb.from_(team)
			.select(team.sales_person)
			.where((team.parent == doc.name) & (team.parenttype == doctype))
			.orderby(team.allocated_percentage, order=frappe.qb.desc)
			.orderby(team.idx)
			.limit(1)
		)
	is_pos = ValueWrapper("POS") if doctype == TILL else Case().when(doc.is_pos == 1, "POS").else_("Invoice")
	returns = doc.is_return == 1
	return {
		"invoice": doc.name,
		"line": line.name,
		"posted_at": Timestamp(doc.posting_date, doc.posting_time),
		"day": doc.posting_date,
		"customer": doc.customer,
		**_what(line),
		"qty": qty,
		"stock_qty": stock_qty,
		"net_amount": net,
		"list_amount": Case().when(priced, listed),
		"paid_ratio": Case().when(priced, ratio),
		"margin": Case().when(cost > 0, net - cost * stock_qty),
		"is_return": doc.is_return,
		"is_debit_note": doc.is_debit_note if doctype == SALES else ValueWrapper(0),
		"return_against": Case().when(returns, doc.return_against),
		"return_line": Case().when(returns, line[RETURNED_LINE[doctype]]),
		"branch": _branch(doctype, doc, line, branch),
		"channel": is_pos,
		"customer_group": doc.customer_group,
		"territory": doc.territory,
		"sales_person": person,
		"coupon": doc.coupon_code if of_doc.has_field("coupon_code") else ValueWrapper(None),
		"is_free": line.is_free_item,
	}


# the field of a returning line that names the line it returns
RETURNED_LINE = {SALES: "sales_invoice_item", TILL: "pos_invoice_item"}


def _branch(doctype: str, doc, line, branch: str) -> Term:
	"""The setting's field: of the line, else of the document, else nothing."""
	found = [
		NullIf(table[branch], "")
		for table, of in ((line, f"{doctype} Item"), (doc, doctype))
		if frappe.get_meta(of).has_field(branch)
	]
	return Coalesce(*found) if found else ValueWrapper(None)


def _signed(doc, quantity: Term) -> Term:
	"""What comes back is negative, whichever sign it was written with."""
	return Case().when(doc.is_return == 1, -Abs(quantity)).else_(quantity)


def _double(term: Term) -> Term:
	"""Decimals of MariaDB lose digits in a division."""
	return Cast_(term, "DOUBLE")
