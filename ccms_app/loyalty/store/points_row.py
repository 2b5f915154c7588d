"""The one taxes row that pays with points.

It is an Actual row with a negative amount on the programme's account, appended last by the server in
`before_validate`, when ERPNext has filled and computed everything that stands before points. A row is recognised
by its marker; what carries the marker in a document that did not redeem came by copying and is removed.
"""

from __future__ import annotations

from decimal import Decimal

import frappe
from erpnext.accounts.doctype.pricing_rule.utils import apply_pricing_rule_on_transaction
from frappe import _
from frappe.utils import cint, flt

from ccms_app.loyalty.model import ZERO, Program
from ccms_app.loyalty.money import dec

from . import consolidated, programs

MARKER = "ccms_points_row"
PREVIOUS_ROW = ("On Previous Row Amount", "On Previous Row Total")


def of(doc):
	"""The document's points row, if it has one."""
	return next((row for row in doc.get("taxes") or () if row.get(MARKER)), None)


def clean(doc) -> None:
	"""Remove marked rows (ours, or copied), refuse rows typed on a points account."""
	rows = doc.get("taxes")
	if not rows or consolidated.is_consolidated(doc):
		return
	marked = [row for row in rows if row.get(MARKER)]
	if marked:
		_remove(doc, marked)
	accounts = programs.points_accounts(doc.company) if doc.get("company") else set()
	for row in doc.taxes if accounts else ():
		if row.charge_type == "Actual" and row.account_head in accounts and not _inherited(doc, row):
			frappe.throw(
				_(
					"Taxes row {0}: {1} is a points account. Delete the row and type the points to use in “Use Points”"
					" instead."
				).format(row.idx, frappe.bold(row.account_head)),
				title=_("Loyalty Points"),
			)


def _inherited(doc, row) -> bool:
	"""Whether the submitted document that this one returns or amends has such a row: it is older than the programme."""
	source = doc.get("return_against") or doc.get("amended_from")
	return bool(source) and bool(
		frappe.db.exists(
			"Sales Taxes and Charges",
			{
				"parenttype": doc.doctype,
				"parent": source,
				"account_head": row.account_head,
				"charge_type": "Actual",
				MARKER: 0,
			},
		)
	)


def leave_behind(table_maps: dict) -> None:
	"""Keep the points row out of a document that is mapped from another one: a return, a delivery note.

	ERPNext works out what it maps at once: with the row of the whole sale, a return of its last part would have a total of
	the wrong sign, and its discount would be refused.
	"""
	row = table_maps.setdefault("Sales Taxes and Charges", {"doctype": "Sales Taxes and Charges"})
	wanted = row.get("condition")
	row["condition"] = lambda tax: not tax.get(MARKER) and (wanted is None or wanted(tax))


def _remove(doc, marked: list) -> None:
	gone = {cint(row.idx) for row in marked}
	for row in doc.taxes:
		base = cint(row.row_id)
		if row in marked or row.charge_type not in PREVIOUS_ROW or not base:
			continue
		if base in gone:
			frappe.throw(
				_(
					"Taxes row {0} is computed on the points row {1}. Points are no tax: choose another row."
				).format(row.idx, base),
				title=_("Loyalty Points"),
			)
		row.row_id = str(base - sum(1 for idx in gone if idx < base))
	doc.taxes = [row for row in doc.taxes if row not in marked]
	for number, row in enumerate(doc.taxes, 1):
		row.idx = number


def settle_totals(doc) -> None:
	"""Let ERPNext fill and compute the document as it stands without points."""
	restore_percentage(doc)
	doc.set_missing_values(for_validate=True)
	if hasattr(doc, "set_taxes_and_charges"):
		doc.set_taxes_and_charges()
	doc.calculate_taxes_and_totals()
	if not doc.get("ignore_pricing_rule"):
		apply_pricing_rule_on_transaction(doc)  # ERPNext's validate does so last


def total_before_points(doc) -> Decimal:
	"""Company currency due without points: grand total with tax, before rounding."""
	return dec(doc.base_grand_total)


def restore_percentage(doc) -> None:
	"""Put a kept percentage discount back, unless somebody has typed another discount since."""
	kept = flt(doc.get("ccms_kept_discount_percentage"))
	if not kept:
		return
	doc.ccms_kept_discount_percentage = 0
	before = doc.get_doc_before_save()
	typed = before is not None and flt(doc.discount_amount) != flt(before.discount_amount)
	if not flt(doc.additional_discount_percentage) and not typed and doc.apply_discount_on == "Grand Total":
		doc.additional_discount_percentage = kept


def keep_percentage(doc) -> None:
	"""A percentage on Grand Total would be taken again after points: keep its amount, put the percentage aside."""
	if doc.apply_discount_on == "Grand Total" and flt(doc.additional_discount_percentage):
		doc.ccms_kept_discount_percentage = doc.additional_discount_percentage
		doc.additional_discount_percentage = 0


def remember_discount(doc) -> None:
	"""Note the discount of a document whose points row is set, for `hold_discount`."""
	doc.flags.ccms_discount = {
		field: doc.get(field)
		for field in ("apply_discount_on", "additional_discount_percentage", "discount_amount")
	}


def hold_discount(doc) -> None:
	"""After ERPNext's validate, where a pricing rule on the whole transaction sets its percentage once more."""
	held = doc.flags.ccms_discount
	if not held or flt(doc.additional_discount_percentage) == flt(held["additional_discount_percentage"]):
		return
	doc.update(held)
	doc.calculate_taxes_and_totals()
	doc.set_total_in_words()
	doc.set_status()


def in_currency(
	doc, amount: Decimal, total: Decimal | None = None, base_total: Decimal | None = None
) -> Decimal:
	"""Company currency in the document's currency; what pays the whole document pays exactly its total.

	Args:
		total, base_total: of the document without points, if it does not stand so itself.
	"""
	if amount >= (total_before_points(doc) if base_total is None else base_total):
		return dec(doc.grand_total) if total is None else total
	return dec(flt(float(amount) / flt(doc.conversion_rate or 1), doc.precision("grand_total")))


def append(doc, program: Program | None, amount: Decimal, label: str, original=None) -> Decimal:
	"""Append the points row to a document whose totals stand without points.

	Args:
		amount: in the document's currency; positive pays, negative is given back (on a credit note).
		original: the row of the sale that a credit note gives back; the same account is booked, whatever the
			programme says by now, or if it is gone.

	Returns:
		the same in company currency, as ERPNext will round it.
	"""
	row = doc.append(
		"taxes",
		{
			"charge_type": "Actual",
			"account_head": original.account_head if original else program.points_account,
			"description": label,
			"tax_amount": float(-amount),
			"cost_center": (original.cost_center if original else program.cost_center)
			or doc.get("cost_center")
			or frappe.get_cached_value("Company", doc.company, "cost_center"),
			MARKER: 1,
		},
	)
	return -dec(flt(row.tax_amount * flt(doc.conversion_rate or 1), row.precision("base_tax_amount")))


def worth(doc) -> Decimal:
	"""Company currency that the points row takes off the document (negative on a credit note)."""
	row = of(doc)
	return -dec(row.base_tax_amount) if row else ZERO


def refuse_changes(doc) -> None:
	"""After submit: the points row and the points stay as they were posted."""
	before = doc.get_doc_before_save()
	if before is None:
		return
	if _fingerprint(doc) != _fingerprint(before):
		frappe.throw(
			_("The points row of a submitted document cannot be changed. Cancel and amend it instead."),
			title=_("Loyalty Points"),
		)


def _fingerprint(doc) -> list[tuple]:
	return [
		(
			row.name,
			row.account_head,
			row.charge_type,
			flt(row.tax_amount),
			flt(row.base_tax_amount),
			row.cost_center,
		)
		for row in doc.get("taxes") or ()
		if row.get(MARKER)
	]
