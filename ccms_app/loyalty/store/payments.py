"""What the payment of a document does to points that wait for it (*When Paid*)."""

from __future__ import annotations

from datetime import date

import frappe
from frappe.query_builder.functions import Max
from frappe.utils import cint, flt, getdate, nowdate

from ccms_app.loyalty import movements

from . import ledger, members, programs
from .guard import guarded


def changed(doc) -> None:
	"""`on_change` of a Sales Invoice: act only when its outstanding has crossed zero."""
	if doc.doctype != "Sales Invoice" or doc.docstatus != 1 or doc.get("is_return"):
		return
	if doc.get("_action") == "submit" and not cint(doc.get("is_consolidated")):
		return  # posting the sale has just looked
	if cint(doc.get("is_consolidated")):
		names = frappe.get_all("POS Invoice", filters={"consolidated_invoice": doc.name}, pluck="name")
		documents = [("POS Invoice", name) for name in names]
	else:
		documents = [("Sales Invoice", doc.name)]
	for doctype, name in documents:
		if _awaits_payment(doctype, name):
			with guarded("payment", doc):
				sync(doctype, name)


def sync(doctype: str, name: str) -> bool:
	"""Bring a document's points in line with its payment; returns whether anything changed."""
	earning = _awaits_payment(doctype, name)
	if not earning:
		return False
	doc = (
		frappe.get_doc(doctype, name)
		if doctype == "POS Invoice"
		else frappe._dict(doctype=doctype, name=name)
	)
	paid, since = state(doc)
	book = ledger.lock(members.carrying(earning.membership, earning.seq))
	program = programs.get(book.member.program)
	entry = book.entry(earning.name)
	waiting = any(lot.available_from is None for lot in book.lineage(entry.name))
	if paid and waiting:
		posted = movements.activate(book, program, entry, since, getdate(nowdate()))
	elif not paid and not waiting:
		posted = movements.deactivate(book, entry, getdate(nowdate()), program)
	else:
		return False
	ledger.write([book])
	return bool(posted.entries)


def state(doc) -> tuple[bool, date | None]:
	"""(paid in full, since which day) of a document, whatever paid it."""
	if doc.doctype == "POS Invoice":
		total = flt(doc.rounded_total) or flt(doc.grand_total)
		own = flt(flt(doc.paid_amount) - flt(doc.change_amount), doc.precision("paid_amount"))
		if own >= flt(total, doc.precision("grand_total")):
			return True, getdate(doc.posting_date)
		if doc.get("consolidated_invoice"):
			return _settled("Sales Invoice", doc.consolidated_invoice)
		return False, None
	return _settled("Sales Invoice", doc.name)


def _settled(doctype: str, name: str) -> tuple[bool, date | None]:
	outstanding = frappe.db.get_value(doctype, name, "outstanding_amount", for_update=True)
	if outstanding is None or flt(outstanding) > 0:
		return False, None
	payment = frappe.qb.DocType("Payment Ledger Entry")
	((last,),) = (
		frappe.qb.from_(payment)
		.select(Max(payment.posting_date))
		.where(
			(payment.against_voucher_type == doctype)
			& (payment.against_voucher_no == name)
			& (payment.delinked == 0)
		)
		.run()
	)
	return True, last or getdate(nowdate())


def _awaits_payment(doctype: str, name: str):
	"""The earning of a document, if its points depend on the payment."""
	return frappe.db.get_value(
		"CCMS Points Ledger Entry",
		{"idempotency_key": f"earn:{doctype}:{name}", "available_from": ["is", "not set"]},
		["name", "membership"],
		as_dict=True,
	)
