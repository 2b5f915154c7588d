"""Real documents for tests, each call a new one. Names of accounts and masters come from `world`.

A factory takes the document's own field names as keywords and returns the saved (and submitted) document.
"""

from collections.abc import Mapping

import frappe
from frappe.utils import flt, nowdate

from . import world
from .payments import open_till
from .world import ABROAD, CASH, COMPANY, CUP, PRICES, TEA, TILL, account  # noqa: F401 (tests read them here)


def make_program(**fields):
	"""An enabled `CCMS Loyalty Program`: 1 point per 1 of net total, a point worth 0.1, never expiring."""
	company = fields.get("company", COMPANY)
	values = {
		"program_name": f"Programme {frappe.generate_hash(length=8)}",
		"company": company,
		"enabled": 1,
		"amount_per_point": 1,
		"earn_basis": "Net Total",
		"points_precision": 0,
		"rounding": "Down",
		"accrue_when": "On Submit",
		"expiry_model": "Never",
		"point_value": 0.1,
		"on_shortfall": "Arrears",
		"tier_basis": "Spend",
		"tier_window": "Rolling 12 Months",
		"downgrade": "Never",
		"expense_account": account(world.EXPENSE, company),
		"liability_account": account(world.LIABILITY, company),
		"cost_center": account("Main", company),
		"liability_mode": "None",
	}
	return frappe.get_doc({"doctype": "CCMS Loyalty Program", **values, **fields}).insert()


def make_tiers(**thresholds: float) -> list[dict]:
	"""Tier rows for `make_program(tiers=…)` from name=threshold or name=(threshold, multiplier)."""
	rows = []
	for name, given in thresholds.items():
		threshold, multiplier = given if isinstance(given, tuple) else (given, 1)
		rows.append({"tier_name": name, "threshold": threshold, "earn_multiplier": multiplier})
	return rows


def make_customer(program=None, **fields):
	"""A new customer; a member of the programme when one is given."""
	values = {
		"customer_name": f"Customer {frappe.generate_hash(length=8)}",
		"customer_type": "Individual",
		"customer_group": "Individual",
		"territory": "All Territories",
	}
	customer = frappe.get_doc({"doctype": "Customer", **values, **fields}).insert()
	if program:
		enrol(customer, program)
	return customer


def enrol(customer, program) -> str:
	"""Make the customer a member; returns the membership's name."""
	from ccms_app.api.loyalty import enrol as call

	return call(customer=name_of(customer), program=name_of(program))


def make_item(price: float = 100, **fields):
	"""A new item that is not kept in stock."""
	code = f"Item {frappe.generate_hash(length=8)}"
	values = {"item_code": code, "item_group": "Products", "stock_uom": "Nos", "is_stock_item": 0}
	item = frappe.get_doc({"doctype": "Item", **values, **fields}).insert()
	price_list = {"doctype": "Item Price", "price_list": "Standard Selling", "price_list_rate": price}
	frappe.get_doc({**price_list, "item_code": item.name}).insert()
	return item


def make_sales_invoice(customer=None, *, submit: bool = True, taxes: str | None = None, **fields):
	"""A Sales Invoice: one tea for 100 unless `items`, or `qty`, `rate`, `item_code`, say otherwise.

	`taxes` names a template of `world`; its rows are copied as the form would. `posting_date` may lie in the past.
	"""
	doc = new_invoice("Sales Invoice", customer, taxes, fields)
	doc.insert()
	return doc.submit() if submit else doc


def make_pos_invoice(customer=None, *, submit: bool = True, taxes: str | None = None, paid=None, **fields):
	"""A POS Invoice at the till, which is opened when it is closed.

	`paid`: {mode: amount}, or an amount in cash; by default exactly what is due is paid in cash.
	"""
	fields = {"is_pos": 1, "pos_profile": TILL, **fields}
	fields.setdefault("update_stock", 0)
	open_till(fields["pos_profile"])
	doc = new_invoice("POS Invoice", customer, taxes, fields)
	doc.set("payments", [{"mode_of_payment": CASH, "amount": 0}])
	doc.paid_amount = 0
	doc.insert()
	due = flt(doc.rounded_total) or flt(doc.grand_total)
	paid = due if paid is None else paid
	by_mode = paid if isinstance(paid, Mapping) else {CASH: paid}
	doc.set("payments", [{"mode_of_payment": mode, "amount": amount} for mode, amount in by_mode.items()])
	doc.paid_amount = sum(by_mode.values())
	doc.save()
	return doc.submit() if submit else doc


def new_invoice(doctype: str, customer, taxes: str | None, fields: dict):
	"""The unsaved document that both kinds of invoice start from."""
	company = fields.setdefault("company", COMPANY)
	fields.setdefault("currency", frappe.get_cached_value("Company", company, "default_currency"))
	given = fields.pop("items", None)
	line = {
		key: fields.pop(key) for key in ("item_code", "qty", "rate", "discount_percentage") if key in fields
	}
	doc = frappe.new_doc(doctype)
	doc.update(
		{"customer": name_of(customer or make_customer()), "set_posting_time": 1, "posting_date": nowdate()}
	)
	doc.update(fields)
	doc.due_date = fields.get("due_date") or doc.posting_date
	for row in given or [line]:
		doc.append("items", item_row(row, company))
	if taxes:
		add_taxes(doc, taxes)
	return doc


def item_row(row, company: str) -> dict:
	"""An invoice line from a dictionary or an (item, quantity, rate) tuple."""
	if isinstance(row, tuple):
		row = dict(zip(("item_code", "qty", "rate"), row, strict=False))
	row = {"item_code": TEA, "qty": 1, "cost_center": account("Main", company), **row}
	row.setdefault("rate", PRICES.get(row["item_code"], 100))
	return {"price_list_rate": row["rate"], **row}


def add_taxes(doc, title: str) -> None:
	from erpnext.controllers.accounts_controller import get_taxes_and_charges

	doc.taxes_and_charges = account(title, doc.company)
	for row in get_taxes_and_charges("Sales Taxes and Charges Template", doc.taxes_and_charges):
		doc.append("taxes", row)


def make_return(
	invoice,
	qty: float | Mapping[str, float] | None = None,
	*,
	submit: bool = True,
	fit_payments: bool = True,
	**fields,
):
	"""A credit note as the *Return* button makes it: of everything, of `qty` of every line, or of {item: qty}.

	Lines that are not named do not come back. Quantities are given positive. On a document with payments these are made to fit
	the lines, as the cashier does; `fit_payments=False` leaves them as ERPNext mapped them, of the whole sale.
	"""
	doc = frappe.get_attr(f"{CONTROLLERS[invoice.doctype]}.make_sales_return")(invoice.name)
	if qty is not None:
		by_item = qty if isinstance(qty, Mapping) else {row.item_code: qty for row in doc.items}
		doc.set("items", [row for row in doc.items if by_item.get(row.item_code)])
		for row in doc.items:
			row.qty = -by_item[row.item_code]
			row.stock_qty = row.qty * flt(row.conversion_factor or 1)
	doc.update({"set_posting_time": 1, **fields})
	if fit_payments and doc.get("payments"):
		pay_back(doc)
	doc.insert()
	return doc.submit() if submit else doc


def pay_back(doc) -> None:
	"""Scale the payments of a return to what its lines come to."""
	doc.run_method("calculate_taxes_and_totals")
	total = flt(doc.rounded_total) or flt(doc.grand_total)
	paid = sum(row.amount for row in doc.payments)
	for row in doc.payments:
		row.amount = flt(row.amount * total / paid, row.precision("amount")) if paid else 0
	doc.paid_amount = sum(row.amount for row in doc.payments)


CONTROLLERS = {
	"Sales Invoice": "erpnext.accounts.doctype.sales_invoice.sales_invoice",
	"POS Invoice": "erpnext.accounts.doctype.pos_invoice.pos_invoice",
}


def amend(doc, *, submit: bool = True, **fields):
	"""Cancel (when that is still to do) and make the amended document."""
	if doc.docstatus == 1:
		doc.reload().cancel()
	new = frappe.copy_doc(doc)
	new.update({"amended_from": doc.name, "docstatus": 0, **fields})
	new.insert()
	return new.submit() if submit else new


def name_of(document) -> str:
	"""The name of a document given itself or by name."""
	return document if isinstance(document, str) else document.name
