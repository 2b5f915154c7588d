"""Orders, deliveries, invoices and tickets of one customer, in one list each: the newest first, a page at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import frappe
from frappe import _
from frappe.query_builder import DocType

from . import keyed, permitted

PAGE = 10
ORDERS, DELIVERIES, INVOICES, RETURNS = "Orders", "Deliveries", "Invoices", "Returns"
KINDS = (ORDERS, DELIVERIES, INVOICES, RETURNS)
DONE = ("Completed", "Closed", "Cancelled", "Paid", "Return", "Return Issued", "Credit Note Issued", "Lost", "Expired", "Ordered", "Consolidated", "Resolved")  # fmt: skip


@dataclass(frozen=True)
class Source:
	"""A DocType of the list: its date, its further columns, and which rows of it count."""

	doctype: str
	kind: str
	day: str
	columns: tuple[str, ...]
	party: str = "customer"
	only: Callable | None = None


def _cart(table):
	return (table.order_type == "Shopping Cart") & (table.quotation_to == "Customer")


SOURCES = (
	Source("Quotation", ORDERS, "transaction_date", ("valid_till",), "party_name", _cart),
	Source("Sales Order", ORDERS, "transaction_date", ("delivery_status", "delivery_date", "per_delivered")),
	Source(
		"Delivery Note",
		DELIVERIES,
		"posting_date",
		("is_return", "transporter_name", "lr_no", "per_returned"),
	),
	Source("Sales Invoice", INVOICES, "posting_date", ("is_return", "update_stock", "due_date")),
	Source(
		"POS Invoice",
		INVOICES,
		"posting_date",
		("is_return",),
		only=lambda table: table.consolidated_invoice.isnull() | (table.consolidated_invoice == ""),
	),
)


def orders(
	customer: str, kind: str = "", is_open: bool = False, before: str | None = None, limit: int = PAGE
) -> dict[str, Any]:
	"""A page of what the customer ordered, was delivered and was billed, of what the user may see.

	Args:
		kind: one of `KINDS`; empty: all.
		is_open: only what is not finished.
		before: the key that the page before gave as `next`.

	Returns: rows (doctype, name, day, status, delivery, amount, currency, company, …), next, hidden (what the user's roles
		keep from the list, in the reader's words).
	"""
	key, limit = keyed.parsed(before), keyed.size(limit, PAGE)
	rows: list[dict[str, Any]] = []
	for source in SOURCES:
		if _holds(source, kind) and frappe.has_permission(source.doctype, "read"):
			rows += _rows(source, customer, kind, is_open, key, limit)
	answer = keyed.page(rows, limit)
	for row in answer["rows"]:
		row["delivery"] = delivery(row)
	return answer | {"hidden": hidden(kind)}


def hidden(kind: str = "") -> list[str]:
	"""Documents of a kind that the user's roles show of no customer: an empty list does not mean that there are none."""
	return [
		_(source.doctype)
		for source in SOURCES
		if _holds(source, kind) and not frappe.has_permission(source.doctype, "read")
	]


def _holds(source: Source, kind: str) -> bool:
	return not kind or source.kind == kind or (kind == RETURNS and "is_return" in source.columns)


def _rows(source: Source, customer: str, kind: str, is_open: bool, key, limit: int) -> list[dict[str, Any]]:
	table = DocType(source.doctype)
	query = (
		frappe.qb.from_(table)
		.select(
			table.name,
			table.creation,
			table[source.day].as_("day"),
			table.status,
			table.docstatus,
			table.company,
			table.currency,
			table.grand_total.as_("amount"),
			*(table[column] for column in source.columns),
		)
		.where((table[source.party] == customer) & (table.docstatus < 2))
	)
	if source.only:
		query = query.where(source.only(table))
	if "is_return" in source.columns and kind:
		query = query.where(table.is_return == int(kind == RETURNS))
	if is_open:
		query = query.where(table.status.notin(DONE))
	query = permitted.restrict(query, source.doctype, source.party)
	rows = keyed.before(query, source.doctype, source.day, key, limit).run(as_dict=True)
	return [row | {"doctype": source.doctype} for row in rows]


def delivery(row: dict[str, Any]) -> str:
	"""How far the goods are, in the reader's words; "" where the document says nothing of it."""
	if row["docstatus"] == 0:
		return ""
	if row["doctype"] == "Sales Order":
		said = _(row["delivery_status"]) if row["delivery_status"] else ""
		if row["delivery_status"] == "Partly Delivered":
			said = f"{said} ({frappe.utils.flt(row['per_delivered'], 0):g} %)"
		if row["delivery_date"] and row["delivery_status"] in ("Not Delivered", "Partly Delivered"):
			return _("{0}, promised for {1}").format(said, frappe.utils.format_date(row["delivery_date"]))
		return said
	if row["doctype"] == "Delivery Note":
		if row["is_return"]:
			return _("Brought back")
		carried = [text for text in (row["transporter_name"], row["lr_no"]) if text]
		return _("Sent by {0}").format(" ".join(carried)) if carried else _("Delivered")
	if row.get("update_stock") or row["doctype"] == "POS Invoice":
		return _("Brought back") if row["is_return"] else _("Handed over")
	return ""


def tickets(
	customer: str, is_open: bool = False, before: str | None = None, limit: int = PAGE
) -> dict[str, Any]:
	"""A page of the customer's tickets that the user may see."""
	key, limit = keyed.parsed(before), keyed.size(limit, PAGE)
	issue = DocType("Issue")
	query = (
		frappe.qb.from_(issue)
		.select(
			issue.name,
			issue.creation,
			issue.opening_date.as_("day"),
			issue.subject,
			issue.status,
			issue.priority,
			issue.issue_type,
			issue.sla_resolution_date.as_("resolved_on"),
		)
		.where((issue.customer == customer) & issue.opening_date.isnotnull())
	)
	if is_open:
		query = query.where(issue.status.notin(("Resolved", "Closed")))
	query = permitted.restrict(query, "Issue")
	return keyed.page(keyed.before(query, "Issue", "opening_date", key, limit).run(as_dict=True), limit)


def may_see_tickets() -> bool:
	"""Whether the user's roles let them read tickets at all."""
	return bool(frappe.has_permission("Issue", "read"))
