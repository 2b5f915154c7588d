"""From ERPNext's selling documents to movements of points.

`before_validate` sets the points row, `validate` only checks, `before_submit` and `before_cancel` lock the
membership, `on_submit` and `on_cancel` post. Earning never blocks a document; redeeming refuses what is wrong.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import frappe
from frappe import _
from frappe.query_builder.functions import Max
from frappe.utils import cint, flt, fmt_money, getdate, nowdate

from ccms_app.loyalty import money, movements, redemption, returns
from ccms_app.loyalty.model import EARN, ZERO, Entry, Program, Sale
from ccms_app.loyalty.money import dec

from . import balances, ledger, members, points_row, programs
from .guard import guarded

DOCTYPES = ("Sales Invoice", "POS Invoice")
EARNING = ("Active", "Frozen")  # what a membership must be to earn; only Active spends
LINE_LINK = {"Sales Invoice": "sales_invoice_item", "POS Invoice": "pos_invoice_item"}


# --- which documents count -----------------------------------------------------------------------------------


def counts(doc) -> bool:
	"""Whether a document is one that points have anything to do with."""
	return doc.doctype in DOCTYPES and not doc.get("is_consolidated") and bool(doc.get("customer"))


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
		row = frappe.db.get_value(members.DOCTYPE, chosen, ["customer", "company", "merged_into"], as_dict=True)
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
	_read_typed_numbers(doc)
	if _stands_as_saved(doc):
		points_row.remember_discount(doc)
		return
	_forget_copied_points(doc)
	points_row.clean(doc)
	if not counts(doc):
		return
	doc.ccms_points_earned = 0  # known at submission, and never what a client sends
	if doc.get("is_return"):
		_prepare_return(doc)
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
		frappe.throw(explain(quote.refusal, doc), title=_("Loyalty Points"))
	points_row.keep_percentage(doc)
	amount = points_row.append(
		doc, program, points_row.in_currency(doc, quote.amount), _("Paid with {0} points").format(_plain(points))
	)
	_refuse_typed_amount(doc, amount)
	doc.ccms_redeem_amount = float(amount)
	points_row.remember_discount(doc)


def _read_typed_numbers(doc) -> None:
	"""What an API sends may be text, or no number at all; from here on it is a number."""
	for field in ("ccms_redeem_points", "ccms_redeem_amount"):
		value = doc.get(field)
		if not value or type(value) is int:
			continue
		try:
			number = float(value.replace(",", "") if isinstance(value, str) else value)
		except (TypeError, ValueError):
			number = math.nan
		if not math.isfinite(number):
			frappe.throw(
				_("{0} is not a number of points. Type the points to use, or leave “Use Points” empty.").format(
					frappe.bold(frappe.utils.escape_html(str(value)))
				),
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
			value = [{name: _plain_value(row[name]) for name in row if name not in UNSETTLED} for row in value]
		content[field] = _plain_value(value)
	return content


UNSETTLED = {"docstatus", "status", "creation", "modified", "modified_by", "posting_time", "__unsaved"}


def _plain_value(value: object) -> object:
	return str(value) if isinstance(value, date) else value


def posting_day(doc) -> date:
	"""The day on which ERPNext will post a draft: today, unless somebody has set the date.

	It moves an old draft to today only in its own validate, after points were checked.
	"""
	chosen = cint(doc.get("set_posting_time")) or frappe.flags.in_import or (doc.is_new() and doc.get("amended_from"))
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
		return redemption.Quote(points, ZERO, ZERO, redemption.Refusal("no_account", {"program": program.name})), program
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
		_("The amount paid with points is computed from the points. Type the points in “Use Points” and leave the amount empty."),
		title=_("Loyalty Points"),
	)


def explain(refusal: redemption.Refusal, doc) -> str:
	"""A refusal in words that say what to do."""
	values = refusal.values

	def points(name: str) -> str:
		return _plain(values.get(name, ZERO))

	match refusal.code:
		case "negative" | "zero":
			return _("Points to use must be more than zero.")
		case "precision":
			if not values["precision"]:
				return _("Only whole points can be used.")
			return _("Points can be used with at most {0} decimals.").format(values["precision"])
		case "company":
			return _("{0} is a loyalty program of {1}. Choose a membership of {2}.").format(
				values["program"], values["company"], doc.company
			)
		case "status":
			return _("This membership is {0}: its points cannot be used. Ask a manager to reactivate it.").format(
				_(values["status"])
			)
		case "future":
			return _("Points cannot be used on a future posting date. Set the posting date to today.")
		case "not_running":
			return _("{0} does not run on {1}. Points cannot be used on that date.").format(
				values["program"], frappe.format(values["date"], {"fieldtype": "Date"})
			)
		case "balance":
			return _("Only {0} points can be used.").format(points("spendable"))
		case "total":
			return _("{0} points pay this sale in full. Use at most that many.").format(points("most"))
		case "minimum":
			return _("Points are used from {0} on.").format(points("minimum"))
		case "max_percent":
			return _("At most {0}% of a sale can be paid with points: use at most {1} points.").format(
				_plain(values["percent"]), points("most")
			)
		case "max_amount":
			return _("At most {0} of a sale can be paid with points: use at most {1} points.").format(
				fmt_money(float(values["amount"]), currency=frappe.get_cached_value("Company", doc.company, "default_currency")),
				points("most"),
			)
		case "step":
			return _("Points are used in steps of {0}.").format(points("step"))
		case "no_member":
			return _("{0} is not a member. Enrol the customer before using points.").format(frappe.bold(doc.customer))
		case "no_account":
			return _("{0} has no points account yet. Set it in the loyalty program.").format(values["program"])
	return _("These points cannot be used.")


def _plain(number: Decimal) -> str:
	return format(dec(number).normalize(), "f")


# --- returns -----------------------------------------------------------------------------------------------------


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
		return members.current(entry.membership) if entry else None


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


def share_of(doc, lock: bool = False) -> Decimal:
	"""The part of the original that is back after this return and every submitted one before it."""
	link, item = LINE_LINK[doc.doctype], f"{doc.doctype} Item"
	sold_table, parent = frappe.qb.DocType(item), frappe.qb.DocType(doc.doctype)
	sold = {}
	by_item: dict[str, list[str]] = {}
	for name, code, qty, net, amount, rate in (
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
	):
		sold[name] = returns.SoldLine(name, dec(qty), dec(net), dec(amount), dec(rate))
		by_item.setdefault(code, []).append(name)
	query = (
		frappe.qb.from_(sold_table)
		.join(parent)
		.on(parent.name == sold_table.parent)
		.select(sold_table[link], sold_table.item_code, sold_table.qty, sold_table.amount, sold_table.rate)
		.where((parent.return_against == doc.return_against) & (parent.docstatus == 1) & (parent.name != (doc.name or "")))
	)
	back = list((query.for_update() if lock else query).run())
	back += [(row.get(link), row.item_code, row.qty, row.amount, row.rate) for row in doc.items]
	lines = []
	for name, code, qty, amount, rate in back:
		if name not in sold:  # typed by hand: counts for the first line of the same item
			name = next(iter(by_item.get(code, ())), "")
		lines.append(returns.ReturnedLine(name, abs(dec(qty)), abs(dec(amount)), abs(dec(rate))))
	return returns.share(sold, lines)


def _prepare_return(doc) -> None:
	if dec(doc.get("ccms_redeem_points")) or dec(doc.get("ccms_redeem_amount")):
		frappe.throw(
			_("Points of a return are computed from what comes back. Leave “Use Points” empty."),
			title=_("Loyalty Points"),
		)
	original = original_of(doc)
	doc.ccms_membership = original.membership if original else None
	if original is None or original.redemption is None:
		return
	program = programs.get(_program_of(original.redemption.membership))
	_set_return_row(doc, program, share_of(doc))


def _set_return_row(doc, program: Program, share: Decimal) -> None:
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
	due = min(_points_due(doc, paid, share), promised_limit(doc))
	if due > 0:
		points_row.append(doc, program, -due, _("Points given back"), original=paid)
		doc.calculate_taxes_and_totals()  # ERPNext compares the total with what the sale still owes before it computes it
	if cint(doc.get("is_pos")):
		_scale_payments(doc)


def _earlier_returns(doc, lock: bool = False) -> dict[str, Decimal]:
	"""Discount and points row that the submitted returns of the same document have given back (positive)."""
	parent, taxes = frappe.qb.DocType(doc.doctype), frappe.qb.DocType("Sales Taxes and Charges")
	others = (
		(parent.return_against == doc.return_against) & (parent.docstatus == 1) & (parent.name != (doc.name or ""))
	)
	discounts = frappe.qb.from_(parent).select(parent.discount_amount).where(others).run()
	query = (
		frappe.qb.from_(taxes)
		.join(parent)
		.on((parent.name == taxes.parent) & (taxes.parenttype == doc.doctype))
		.select(taxes.tax_amount)
		.where(others & (taxes[points_row.MARKER] == 1))
	)
	rows = (query.for_update() if lock else query).run()
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
	doc.base_paid_amount = flt(doc.paid_amount * flt(doc.conversion_rate or 1), doc.precision("base_paid_amount"))
	doc.change_amount = doc.base_change_amount = 0


def _program_of(membership: str) -> str:
	return frappe.db.get_value(members.DOCTYPE, members.current(membership), "program")


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
				_("The points of this document could not be set as promised. Remove them, save, and type them again."),
				title=_("Loyalty Points"),
			)
		_refuse_points_as_change(doc)
	if doc._action == "save":
		_set_figures(doc)


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
			program = programs.get(_program_of(doc.ccms_membership))
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
		_lock_return(doc)
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
			frappe.throw(
				explain(redemption.Refusal("status", {"status": book.member.status}), doc), title=_("Loyalty Points")
			)
		if sale.redeem_points > spendable:
			frappe.throw(explain(redemption.Refusal("balance", {"spendable": spendable}), doc), title=_("Loyalty Points"))
	doc.ccms_points_earned = float(expected_points(doc, program, book.member.tier, book.member.status))
	doc.ccms_points_expected = doc.ccms_points_earned


def _lock_return(doc) -> None:
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
		due = min(_points_due(doc, paid, share_of(doc, lock=True), lock=True), promised_limit(doc))
		row = points_row.of(doc)
		if (dec(row.tax_amount) if row else ZERO) != due:
			frappe.throw(
				_("Another return of {0} was submitted meanwhile. Save this one again: its points have changed.").format(
					doc.return_against
				),
				title=_("Loyalty Points"),
			)


def _points_due(doc, paid, share: Decimal, lock: bool = False) -> Decimal:
	"""What this return's points row owes: the share so far, less what earlier returns gave back."""
	due = money.part(share, -dec(paid.tax_amount), paid.precision("tax_amount"))
	return max(due - _earlier_returns(doc, lock)["points"], ZERO)


def promised_limit(doc) -> Decimal:
	"""A credit note gives back no more than it is worth before its points row (document currency)."""
	row = points_row.of(doc)
	return -dec(doc.grand_total) + (dec(row.tax_amount) if row else ZERO)


def post(doc) -> None:
	"""Post what a submitted document does to points, in the document's own transaction."""
	if not counts(doc):
		return
	if doc.get("is_return"):
		_post_return(doc)
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
		except movements.NotEnoughPoints as error:
			frappe.throw(
				explain(redemption.Refusal("balance", {"spendable": error.spendable}), doc), title=_("Loyalty Points")
			)
		ledger.write([book])
	if book.member.status in EARNING and program.runs_on(sale.posting_date):
		with guarded("earning", doc):
			if program.accrue_when == "When Paid":
				sale.paid, sale.paid_on = payment_state(doc)
			movements.earn(book, program, sale, today)
			ledger.write([book])


def _post_return(doc) -> None:
	original = original_of(doc)
	if original is None:
		return
	today, day = getdate(nowdate()), getdate(doc.posting_date)
	book = ledger.lock(original.membership)
	program = programs.get(book.member.program)
	movements.give_back(
		book,
		program,
		voucher_type=doc.doctype,
		voucher_no=doc.name,
		posting_date=day,
		share=share_of(doc, lock=True),
		earning=book.entry(original.earning.name) if original.earning else None,
		redemption=book.entry(original.redemption.name) if original.redemption else None,
		restored_value=-points_row.worth(doc),
		today=today,
	)
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
		program = programs.get(book.member.program)
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
		"select distinct membership from `tabCCMS Points Ledger Entry` where voucher_type = %s and voucher_no = %s",
		(doc.doctype, doc.name),
	)
	return sorted({members.current(name) for (name,) in rows})


# --- payment -------------------------------------------------------------------------------------------------------------


def payment_state(doc) -> tuple[bool, date | None]:
	"""(paid in full, since which day) of a document, whatever paid it."""
	if doc.doctype == "POS Invoice":
		total = flt(doc.rounded_total) or flt(doc.grand_total)
		own = flt(doc.paid_amount) - flt(doc.change_amount)
		if own >= total:
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


def payment_changed(doc) -> None:
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
				sync_payment(doctype, name)


def _awaits_payment(doctype: str, name: str):
	"""The earning of a document, if its points depend on the payment."""
	return frappe.db.get_value(
		"CCMS Points Ledger Entry",
		{"idempotency_key": f"earn:{doctype}:{name}", "available_from": ["is", "not set"]},
		["name", "membership"],
		as_dict=True,
	)


def sync_payment(doctype: str, name: str) -> bool:
	"""Bring a document's points in line with its payment; returns whether anything changed."""
	earning = _awaits_payment(doctype, name)
	if not earning:
		return False
	doc = frappe.get_doc(doctype, name) if doctype == "POS Invoice" else frappe._dict(doctype=doctype, name=name)
	paid, since = payment_state(doc)
	book = ledger.lock(members.current(earning.membership))
	program = programs.get(book.member.program)
	entry = book.entry(earning.name)
	waiting = any(lot.available_from is None for lot in book.lineage(entry.name))
	if paid and waiting:
		posted = movements.activate(book, program, entry, since, getdate(nowdate()))
	elif not paid and not waiting:
		posted = movements.deactivate(book, entry, getdate(nowdate()))
	else:
		return False
	ledger.write([book])
	return bool(posted.entries)
