"""Which Sales Invoices are the consolidated ones of a till's closing.

ERPNext's field says so, but it is an ordinary field that any request may fill, and points leave such an invoice alone:
it is believed only where the closing's own POS Invoices bear it out.
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import frappe
from frappe.utils import cint

from ccms_app.loyalty.model import ZERO
from ccms_app.loyalty.money import dec

from . import programs

# A cent for what each merged tax row may have been rounded by
ROUNDING = Decimal("0.01")


def is_consolidated(doc) -> bool:
	"""Whether a document is what a POS closing makes of its POS Invoices, sales or returns."""
	if doc.doctype != "Sales Invoice":
		return False
	before = doc.get_doc_before_save() if hasattr(doc, "get_doc_before_save") else None
	if before is not None and before.docstatus:
		return bool(cint(before.get("is_consolidated")))  # looked at when it was submitted
	return bool(cint(doc.get("is_consolidated"))) and _borne_out(doc)


def settle(doc) -> None:
	"""Take back a claim to be consolidated that nothing bears out; from here on the field tells the truth."""
	if doc.get("is_consolidated") and not is_consolidated(doc):
		doc.is_consolidated = 0


def _borne_out(doc) -> bool:
	"""Each line is a line of a submitted POS Invoice that went nowhere else, and so is what points paid."""
	lines = Counter(
		(row.get("pos_invoice"), row.get("pos_invoice_item"), row.get("item_code"), dec(row.get("qty")))
		for row in doc.get("items") or ()
	)
	sources = sorted({source for source, *_rest in lines if source})
	if not sources or not all(source for source, *_rest in lines):
		return False
	sold = Counter(
		(parent, name, item, dec(qty))
		for parent, name, item, qty in frappe.db.sql(
			"""select l.parent, l.name, l.item_code, l.qty from `tabPOS Invoice Item` l
			join `tabPOS Invoice` p on p.name = l.parent
			where p.name in %(sources)s and p.docstatus = 1 and p.company = %(company)s and p.is_return = %(back)s
				and coalesce(p.consolidated_invoice, '') in ('', %(name)s)""",
			{
				"sources": sources,
				"company": doc.get("company"),
				"back": cint(doc.get("is_return")),
				"name": doc.name or "",
			},
		)
	)
	against = doc.get("return_against")
	return (
		lines == sold
		and (not against or bool(frappe.db.get_value("Sales Invoice", against, "is_consolidated")))
		and _same_points(doc, sources)
	)


def _same_points(doc, sources: list[str]) -> bool:
	accounts = sorted(programs.points_accounts(doc.company))
	if not accounts:
		return True
	rows = frappe.db.sql(
		"""select tax_amount_after_discount_amount from `tabSales Taxes and Charges`
		where parenttype = 'POS Invoice' and parent in %(sources)s and account_head in %(accounts)s""",
		{"sources": sources, "accounts": accounts},
	)
	theirs = sum((dec(amount) for (amount,) in rows), ZERO)
	ours = sum((dec(row.tax_amount) for row in doc.get("taxes") or () if row.account_head in accounts), ZERO)
	return abs(theirs - ours) <= ROUNDING * max(len(rows), 1)
