"""From ERPNext's selling documents to movements of points.

`before_validate` sets the points row, `validate` only checks, `before_submit` and `before_cancel` lock the
membership, `on_submit` and `on_cancel` post. Earning never blocks a document; redeeming refuses what is wrong.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import NoReturn

import frappe
from frappe import _
from frappe.utils import cint, flt, fmt_money, getdate, nowdate

from ccms_app.loyalty import money, movements, redemption
from ccms_app.loyalty.model import ZERO, NotEnoughPoints, Program, Sale
from ccms_app.loyalty.money import dec

from . import balances, consolidated, credit_notes, ledger, members, payments, points_row, programs, refusals
from .guard import guarded

DOCTYPES = ("Sales Invoice", "POS Invoice")
EARNING = ("Active", "Frozen")  # what a membership must be to earn; only Active spends


# --- which documents count -----------------------------------------------------------------------------------


def counts(doc) -> bool:
	"""Whether a document is one that points have anything to do with."""
	return doc.doctype in DOCTYPES and bool(doc.get("customer")) and not consolidated.is_consolidated(doc)


def earns(doc) -> bool:
	"""Whether a document may earn: no return, debit note, opening or internal invoice, nor one with own points."""
	return (
		not doc.get("is_return")
		and doc.get("is_opening") != "Yes"
		and not doc.get("is_debit_note")
		and not doc.get("is_internal_customer")
		and not cint(doc.get("loyalty_points"))
		and not doc.get("loyalty_program")
	)


def membership_of(doc) -> str | None:
	"""The membership a document counts for: the chosen one if it is the customer's, else the default."""
	chosen = doc.get("ccms_membership")
	if chosen:
		row = frappe.db.get_value(
			members.DOCTYPE, chosen, ["customer", "company", "merged_into"], as_dict=True
		)
		if row and row.customer == doc.customer:
			if row.company == doc.company or doc.get("ccms_redeem_points"):
				return members.current(chosen) if row.merged_into else chosen
	return members.default_for(doc.customer, doc.company)


def net_base(doc, program: Program) -> Decimal:
	"""Company amount of the programme's basis, without our row."""
	if program.earn_basis == "Grand Total":
		return dec(doc.base_grand_total) + points_row.worth(doc)
	return dec(doc.base_net_total)


def sale_of(doc, program: Program) -> Sale:
	"""A document as the ledger sees it; its totals must be final."""
	paid_with_points = points_row.worth(doc)
	before = dec(doc.base_grand_total) + paid_with_points
	base = money.earn_base(net_base(doc, program), paid_with_points, before) if earns(doc) else ZERO
	day = getdate(doc.posting_date)
	return Sale(
		doc.doctype,
		doc.name,
		day,
		earn_base=money.rounded(base, 9),
		redeem_points=dec(doc.get("ccms_redeem_points")) if not doc.get("is_return") else ZERO,
		redeem_value=paid_with_points,
	)


# --- before_validate: the points row ---------------------------------------------------------------------------


def prepare(doc) -> None:
	"""Set the points row of an invoice, or of a return, and the membership it counts for."""
	consolidated.settle(doc)
	read_typed_numbers(doc)
	if _stands_as_saved(doc):
		points_row.remember_discount(doc)
		return
	_forget_copied_points(doc)
	points_row.clean(doc)
	if not counts(doc):
		return
	doc.ccms_points_earned = 0  # known at submission, and never what a client sends
	if doc.get("is_return"):
		credit_notes.prepare(doc)
		return
	doc.ccms_membership = membership_of(doc)
	points = dec(doc.get("ccms_redeem_points"))
	if not points:
		_refuse_typed_amount(doc, ZERO)
		doc.ccms_redeem_amount = 0
		points_row.restore_percentage(doc)
		return
	points_row.settle_totals(doc)
	quote, program = quote_redemption(doc, points)
	if quote.refusal:
		refusals.refuse(quote.refusal, doc)
	points_row.keep_percentage(doc)
	amount = points_row.append(
		doc,
		program,
		points_row.in_currency(doc, quote.amount),
		_("Paid with {0} points").format(refusals.plain(points)),
	)
	_refuse_typed_amount(doc, amount)
	doc.ccms_redeem_amount = float(amount)
	points_row.remember_discount(doc)


def read_typed_numbers(doc) -> None:
	"""What an API sends may be text, or no number at all; from here on it is a number."""
	for field in ("ccms_redeem_points", "ccms_redeem_amount"):
		value = doc.get(field)
		if not value or type(value) is int:
			continue
		number = refusals.typed_number(value)
		if number is None:
			frappe.throw(
				_(
					"{0} is not a number of points. Type the points to use, or leave “Use Points” empty."
				).format(frappe.bold(frappe.utils.escape_html(str(value)))),
				title=_("Loyalty Points"),
			)
		doc.set(field, number)


def _forget_copied_points(doc) -> None:
	"""A copy made in code brings the points along, row, amount and all: nobody has asked to spend them again."""
	if doc.is_new() and not doc.get("amended_from") and points_row.of(doc) and doc.get("ccms_redeem_amount"):
		doc.update(dict.fromkeys(("ccms_redeem_points", "ccms_redeem_amount", "ccms_points_earned"), 0))


def _stands_as_saved(doc) -> bool:
	"""Whether a draft that is now submitted still has the row we set when it was saved, with nothing changed since.

	Then the totals need not be worked out twice. What may have changed outside the document, the balance and the
	programme, is checked all the same.
	"""
	row = points_row.of(doc)
	before = doc.get_doc_before_save()
	points = dec(doc.get("ccms_redeem_points"))
	if doc._action != "submit" or before is None or row is None or not points or doc.get("is_return"):
		return False
	if not counts(doc) or _content(doc) != _content(before) or doc.ccms_membership != membership_of(doc):
		return False
	paid = -dec(row.tax_amount)
	total, base_total = dec(doc.grand_total) + paid, dec(doc.base_grand_total) - dec(row.base_tax_amount)
	quote, program = quote_redemption(doc, points, base_total)
	return (
		quote.refusal is None
		and row.account_head == program.points_account
		and points_row.in_currency(doc, quote.amount, total, base_total) == paid
	)


def _content(doc) -> dict:
	"""A document's content as comparable values, without what saving and submitting themselves change."""
	content = {}
	for field, value in doc.as_dict(no_nulls=True).items():
		if field in UNSETTLED:
			continue
		if isinstance(value, list):
			value = [
				{name: _plain_value(row[name]) for name in row if name not in UNSETTLED} for row in value
			]
		content[field] = _plain_value(value)
	return content


UNSETTLED = {"docstatus", "status", "creation", "modified", "modified_by", "posting_time", "__unsaved"}


def _plain_value(value: object) -> object:
	return str(value) if isinstance(value, date) else value


def posting_day(doc) -> date:
	"""The day on which ERPNext will post a draft: today, unless somebody has set the date.

	It moves an old draft to today only in its own validate, after points were checked.
	"""
	chosen = (
		cint(doc.get("set_posting_time"))
		or frappe.flags.in_import
		or (doc.is_new() and doc.get("amended_from"))
	)
	return getdate(doc.posting_date if chosen and doc.posting_date else nowdate())


def quote_redemption(
	doc, points: Decimal, total: Decimal | None = None
) -> tuple[redemption.Quote, Program | None]:
	"""Check a redemption on a document whose totals stand without points, or whose total is given."""
	if not doc.ccms_membership:
		return redemption.Quote(points, ZERO, ZERO, redemption.Refusal("no_member", {})), None
	member = frappe.db.get_value(
		members.DOCTYPE, doc.ccms_membership, ["program", "status", "customer"], as_dict=True
	)
	program = programs.get(member.program)
	today, day = getdate(nowdate()), posting_day(doc)
	if program.points_account == "":
		return redemption.Quote(
			points, ZERO, ZERO, redemption.Refusal("no_account", {"program": program.name})
		), program
	return (
		redemption.quote(
			program,
			points,
			points_row.total_before_points(doc) if total is None else total,
			balances.spendable_on_both(doc.ccms_membership, day, today),
			status=member.status,
			company=doc.company,
			posting_date=day,
			today=today,
			precision=doc.precision("base_grand_total"),
		),
		program,
	)


def _refuse_typed_amount(doc, computed: Decimal) -> None:
	"""The money is the server's to compute: a client's own figure is refused, an old one of ours is not."""
	typed = dec(flt(doc.get("ccms_redeem_amount"), 9))
	if not typed or typed == computed:
		return
	before = doc.get_doc_before_save()
	if before is None and doc.get("amended_from"):
		before = frappe.get_doc(doc.doctype, doc.amended_from)
	if before is not None and typed == dec(flt(before.get("ccms_redeem_amount"), 9)):
		return
	frappe.throw(
		_(
			"The amount paid with points is computed from the points. Type the points in “Use Points” and leave the amount empty."
		),
		title=_("Loyalty Points"),
	)


# --- validate: only look -------------------------------------------------------------------------------------------


def check(doc) -> None:
	"""ERPNext has computed the document: is the points row still what was promised, and the change no pay-out?"""
	if not counts(doc):
		return
	if dec(doc.get("ccms_redeem_points")) and not doc.get("is_return"):
		points_row.hold_discount(doc)
		row = points_row.of(doc)
		if row is None or -dec(flt(row.base_tax_amount, 9)) != dec(flt(doc.ccms_redeem_amount, 9)):
			frappe.throw(
				_(
					"The points of this document could not be set as promised. Remove them, save, and type them again."
				),
				title=_("Loyalty Points"),
			)
		_refuse_points_as_change(doc)
	if doc._action == "save" or doc.is_new():
		_set_figures(doc)
	elif before := doc.get_doc_before_save():
		doc.ccms_points_balance = before.ccms_points_balance  # what a client sends is no figure


def _refuse_points_as_change(doc) -> None:
	if not cint(doc.get("is_pos")):
		return
	total = dec(doc.grand_total) - dec(points_row.of(doc).tax_amount)
	cash = sum(
		(dec(row.amount) for row in doc.get("payments") or () if row.get("type") == "Cash"),
		ZERO,
	)
	allowed = max(ZERO, cash - total)
	due = dec(doc.get("rounded_total") or doc.grand_total)
	paid = sum((dec(row.amount) for row in doc.get("payments") or ()), ZERO)
	# a POS Invoice takes the change from the client: what is paid too much counts as well
	change = max(dec(doc.get("change_amount")), dec(flt(paid - due, doc.precision("change_amount"))))
	if change > allowed:
		frappe.throw(
			_(
				"The change of {0} would pay points out as cash. Enter {1}, what is due after points, as the amount paid."
			).format(
				fmt_money(float(change), currency=doc.currency),
				frappe.bold(fmt_money(due, currency=doc.currency)),
			),
			title=_("Loyalty Points"),
		)


def _set_figures(doc) -> None:
	"""Balance and expected points on a draft, for lists and prints; the panel asks for its own."""
	if doc.ccms_membership and not doc.get("is_return"):
		with guarded("figures of a draft", doc):
			program = programs.get(members.program_of(doc.ccms_membership))
			balance = balances.now(doc.ccms_membership)
			doc.ccms_points_balance = float(balance.spendable)
			doc.ccms_points_expected = float(expected_points(doc, program, balance.tier, balance.status))
	else:
		doc.ccms_points_balance = doc.ccms_points_expected = 0


def expected_points(doc, program: Program, tier: str, status: str) -> Decimal:
	"""What a document will earn when it is submitted. A frozen membership earns, one that has ended does not."""
	if status not in EARNING or not program.runs_on(getdate(doc.posting_date)):
		return ZERO
	return movements.quote_points(program, tier, sale_of(doc, program).earn_base)


# --- submit ----------------------------------------------------------------------------------------------------------


def lock_for_submit(doc) -> None:
	"""Lock the membership, and decide under the lock what was decided on a draft."""
	if not counts(doc):
		return
	if doc.get("is_return"):
		credit_notes.lock(doc)
		return
	if not doc.ccms_membership and earns(doc):
		with guarded("enrolment at the first invoice", doc):
			doc.ccms_membership = members.enrol_by_rule(doc.customer, doc.company, getdate(doc.posting_date))
	if not doc.ccms_membership:
		return
	book = ledger.lock_for(doc, doc.ccms_membership)
	program = programs.find(book.member.program)
	if program is None:
		return
	sale = sale_of(doc, program)
	if sale.redeem_points:
		today = getdate(nowdate())
		spendable = movements.spendable(book, program, today)
		if sale.posting_date < today:
			spendable = min(spendable, balances.on_date(book.member.name, sale.posting_date).spendable)
		if book.member.status != "Active":
			refusals.refuse(redemption.Refusal("status", {"status": book.member.status}), doc)
		if sale.redeem_points > spendable:
			_refuse_too_many(doc, sale, spendable)
	doc.ccms_points_earned = float(expected_points(doc, program, book.member.tier, book.member.status))
	doc.ccms_points_expected = doc.ccms_points_earned


def _refuse_too_many(doc, sale: Sale, spendable: Decimal) -> NoReturn:
	refusals.refuse(redemption.too_many(spendable, sale.posting_date, getdate(nowdate())), doc)


def post(doc) -> None:
	"""Post what a submitted document does to points, in the document's own transaction."""
	if not counts(doc):
		return
	if doc.get("is_return"):
		credit_notes.post(doc)
	elif doc.ccms_membership:
		_post_sale(doc)


def _post_sale(doc) -> None:
	book = ledger.lock_for(doc, doc.ccms_membership)
	doc.flags.ccms_book = None
	program = programs.find(book.member.program)
	if program is None:
		return
	sale = sale_of(doc, program)
	today = getdate(nowdate())
	if sale.redeem_points:
		try:
			movements.redeem(book, program, sale, today)
		except NotEnoughPoints as error:
			_refuse_too_many(doc, sale, error.spendable)
		ledger.write([book])
	if book.member.status in EARNING and program.runs_on(sale.posting_date):
		with guarded("earning", doc):
			if program.accrue_when == "When Paid":
				sale.paid, sale.paid_on = payments.state(doc)
			movements.earn(book, program, sale, today)
			ledger.write([book])


# --- cancel ------------------------------------------------------------------------------------------------------------


def lock_for_cancel(doc) -> None:
	"""Lock the membership before ERPNext takes the document back."""
	if counts(doc):
		for membership in _memberships_of(doc):
			ledger.lock(membership)


def reverse(doc) -> None:
	"""Reverse whatever of a cancelled document still stands."""
	if not counts(doc):
		return
	for membership in _memberships_of(doc):
		book = ledger.lock(membership)
		program = programs.find(book.member.program)
		if program is None:
			refusals.note_missing_program(doc, book.member.program)
			continue
		today = getdate(nowdate())
		movements.cancel(
			book,
			program,
			book.entries_of(doc.doctype, doc.name),
			max(today, getdate(doc.posting_date)),
			today,
		)
		ledger.write([book])


def _memberships_of(doc) -> list[str]:
	rows = frappe.db.sql(
		"select membership, seq from `tabCCMS Points Ledger Entry` where voucher_type = %s and voucher_no = %s",
		(doc.doctype, doc.name),
	)
	return sorted({members.carrying(name, seq) for name, seq in rows})
