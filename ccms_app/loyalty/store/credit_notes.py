"""Credit notes: what part of a sale is back, and what that does to its points row and to its points.

Everything is cumulative over the submitted returns of a document, so that partial returns sum to the full one.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import frappe
from frappe import _
from frappe.utils import cint, flt, getdate, nowdate

from ccms_app.loyalty import money, movements, returns
from ccms_app.loyalty.model import EARN, ZERO, Entry, Program
from ccms_app.loyalty.money import dec

from . import ledger, members, points_row, programs, refusals

LINE_LINK = {"Sales Invoice": "sales_invoice_item", "POS Invoice": "pos_invoice_item"}


@dataclass
class Original:
	"""What a returned document had posted."""

	doctype: str
	name: str
	earning: Entry | None = None
	redemption: Entry | None = None

	@property
	def membership(self) -> str | None:
		entry = self.redemption or self.earning
		return members.carrying(entry.membership, entry.seq) if entry else None


def original_of(doc) -> Original | None:
	"""The entries of the document a return is against; None when that earned and spent nothing."""
	if not doc.get("return_against"):
		return None
	rows = frappe.db.sql(
		f"""select {ledger.ENTRY_FIELDS} from `tabCCMS Points Ledger Entry`
		where voucher_type = %s and voucher_no = %s and entry_type in ('Earn', 'Redeem') order by seq""",
		(doc.doctype, doc.return_against),
	)
	found = Original(doc.doctype, doc.return_against)
	for entry in map(ledger.entry_of, rows):
		if entry.entry_type == EARN:
			found.earning = entry
		else:
			found.redemption = entry
	return found if found.earning or found.redemption else None


def share_of(doc, locked: bool = False) -> Decimal:
	"""The part of the original that is back after this return and every submitted one before it."""
	link, item = LINE_LINK[doc.doctype], f"{doc.doctype} Item"
	sold_table, parent = frappe.qb.DocType(item), frappe.qb.DocType(doc.doctype)
	sold = {
		name: sold_line(name, item_code, qty, amount, rate, net)
		for name, item_code, qty, net, amount, rate in (
			frappe.qb.from_(sold_table)
			.select(
				sold_table.name,
				sold_table.item_code,
				sold_table.qty,
				sold_table.base_net_amount,
				sold_table.amount,
				sold_table.rate,
			)
			.where((sold_table.parent == doc.return_against) & (sold_table.parenttype == doc.doctype))
			.orderby(sold_table.idx)
			.run()
		)
	}
	fields = (link, "item_code", "qty", "amount", "rate", "base_net_amount")
	query = (
		frappe.qb.from_(sold_table)
		.join(parent)
		.on(parent.name == sold_table.parent)
		.select(*(sold_table[field] for field in fields))
		.where(
			(parent.return_against == doc.return_against)
			& (parent.docstatus == 1)
			& (parent.name != (doc.name or ""))
		)
		.orderby(parent.creation, parent.name, sold_table.idx)
	)
	back = list((query.for_update() if locked else query).run())
	back += [tuple(row.get(field) for field in fields) for row in doc.items]
	return returns.share(sold, (returned_line(*row) for row in back))


def sold_line(name, item_code, qty, amount, rate, base_net_amount) -> returns.SoldLine:
	"""A line of a sale as the share reads it."""
	return returns.SoldLine(name, dec(qty), dec(base_net_amount), dec(amount), dec(rate), item_code or "")


def returned_line(link, item_code, qty, amount, rate, base_net_amount) -> returns.ReturnedLine:
	"""A line of a credit note as the share reads it."""
	return returns.ReturnedLine(
		link or "",
		abs(dec(qty)),
		abs(dec(amount)),
		abs(dec(rate)),
		item_code or "",
		abs(dec(base_net_amount)),
	)


def prepare(doc) -> None:
	"""Set a return's points row and membership before ERPNext validates it."""
	if dec(doc.get("ccms_redeem_points")) or dec(doc.get("ccms_redeem_amount")):
		frappe.throw(
			_("Points of a return are computed from what comes back. Leave “Use Points” empty."),
			title=_("Loyalty Points"),
		)
	original = original_of(doc)
	doc.ccms_membership = original.membership if original else None
	if original is None or original.redemption is None:
		return
	program = programs.find(members.program_of(original.redemption.membership))
	_set_return_row(doc, program, share_of(doc))


def _set_return_row(doc, program: Program | None, share: Decimal) -> None:
	source = frappe.get_doc(doc.doctype, doc.return_against)
	paid = points_row.of(source)
	if paid is None:
		return
	before = _earlier_returns(doc)
	if flt(source.discount_amount) and not flt(source.additional_discount_percentage):
		# a fixed discount is copied whole on every partial return
		whole = dec(source.discount_amount)
		doc.additional_discount_percentage = 0
		doc.discount_amount = float(
			-(money.part(share, whole, doc.precision("discount_amount")) - before["discount"])
		)
	points_row.settle_totals(doc)
	share = share_of(doc)  # amounts are final now
	due = min(_points_due(doc, paid, share), _most_due(doc))
	if due > 0:
		points_row.append(doc, program, -due, _("Points given back"), original=paid)
		doc.calculate_taxes_and_totals()  # ERPNext compares the total with what the sale still owes before it computes it
	if cint(doc.get("is_pos")):
		_scale_payments(doc)


def lock(doc) -> None:
	"""Lock the membership, and look again under the lock at what other returns have given back."""
	original = original_of(doc)
	if original is None:
		return
	doc.ccms_membership = original.membership
	ledger.lock(doc.ccms_membership)
	if original.redemption is not None:
		source = frappe.get_doc(doc.doctype, doc.return_against)
		paid = points_row.of(source)
		if paid is None:
			return
		due = min(_points_due(doc, paid, share_of(doc, locked=True), locked=True), _most_due(doc))
		row = points_row.of(doc)
		if (dec(row.tax_amount) if row else ZERO) != due:
			frappe.throw(
				_(
					"Another return of {0} was submitted meanwhile. Save this one again: its points have changed."
				).format(doc.return_against),
				title=_("Loyalty Points"),
			)


def post(doc) -> None:
	"""Post what a submitted return restores and claws back."""
	original = original_of(doc)
	if original is None:
		return
	today, day = getdate(nowdate()), getdate(doc.posting_date)
	book = ledger.lock(original.membership)
	program = programs.find(book.member.program)
	if program is None:
		refusals.note_missing_program(doc, book.member.program)
		return
	movements.give_back(
		book,
		program,
		voucher_type=doc.doctype,
		voucher_no=doc.name,
		posting_date=day,
		share=share_of(doc, locked=True),
		earning=book.entry(original.earning.name) if original.earning else None,
		redemption=book.entry(original.redemption.name) if original.redemption else None,
		restored_value=-points_row.worth(doc),
		today=today,
	)
	ledger.write([book])


def _points_due(doc, paid, share: Decimal, locked: bool = False) -> Decimal:
	"""What this return's points row owes: the share so far, less what earlier returns gave back."""
	due = money.part(share, -dec(paid.tax_amount), paid.precision("tax_amount"))
	return max(due - _earlier_returns(doc, locked)["points"], ZERO)


def _most_due(doc) -> Decimal:
	"""A credit note gives back no more than it is worth before its points row (document currency)."""
	row = points_row.of(doc)
	return -dec(doc.grand_total) + (dec(row.tax_amount) if row else ZERO)


def _earlier_returns(doc, locked: bool = False) -> dict[str, Decimal]:
	"""Discount and points row that the submitted returns of the same document have given back (positive)."""
	parent, taxes = frappe.qb.DocType(doc.doctype), frappe.qb.DocType("Sales Taxes and Charges")
	others = (
		(parent.return_against == doc.return_against)
		& (parent.docstatus == 1)
		& (parent.name != (doc.name or ""))
	)
	discounts = frappe.qb.from_(parent).select(parent.discount_amount).where(others).run()
	query = (
		frappe.qb.from_(taxes)
		.join(parent)
		.on((parent.name == taxes.parent) & (taxes.parenttype == doc.doctype))
		.select(taxes.tax_amount)
		.where(others & (taxes[points_row.MARKER] == 1))
	)
	rows = (query.for_update() if locked else query).run()
	return {
		"discount": sum((-dec(value) for (value,) in discounts), ZERO),
		"points": sum((dec(value) for (value,) in rows), ZERO),
	}


def _scale_payments(doc) -> None:
	"""A copied return pays back the whole sale: bring its payments to what is due after points."""
	total = dec(doc.get("rounded_total") or doc.grand_total)
	rows = doc.get("payments") or []
	paid = sum((dec(row.amount) for row in rows), ZERO)
	if paid == total or not rows:
		return
	left = total
	for number, row in enumerate(rows, 1):
		share = money.rounded(dec(row.amount) * total / paid, row.precision("amount")) if paid else ZERO
		amount = left if number == len(rows) and paid else share
		if not paid and number == 1:
			amount = left
		left -= amount
		row.amount = float(amount)
		row.base_amount = flt(row.amount * flt(doc.conversion_rate or 1), row.precision("base_amount"))
	doc.paid_amount = float(total)
	doc.base_paid_amount = flt(
		doc.paid_amount * flt(doc.conversion_rate or 1), doc.precision("base_paid_amount")
	)
	doc.change_amount = doc.base_change_amount = 0
