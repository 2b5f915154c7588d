"""Returns, in every order: what they restore and claw back sums to the full, to the point and the cent."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import permutations

import frappe
import pytest

from tests.site import world
from tests.site.books import check_books, points_row
from tests.site.factories import (
	item_row,
	make_customer,
	make_pos_invoice,
	make_program,
	make_return,
	make_sales_invoice,
	make_tiers,
	pay_back,
)
from tests.site.ledger_checks import (  # noqa: F401 (strict is a fixture)
	check,
	entries,
	membership_of,
	points_of,
	set_balance,
	snapshot,
	strict,
)

USD = {"currency": "USD", "debit_to": "Debtors USD - CTC"}


class Story:
	"""A sale that earned and spent, and its returns; after each step everything is compared with the share that is back."""

	def __init__(self, program: dict, points: float, balance: float = 5000, **invoice):
		invoice = {"disable_rounded_total": 1, "update_outstanding_for_self": 1, **invoice}
		self.customer = make_customer(make_program(**program))
		self.membership = membership_of(self.customer)
		if points:
			set_balance(self.membership, balance)
		self.balance = balance if points else 0
		self.sale = make_sales_invoice(self.customer, ccms_redeem_points=points, **invoice).reload()
		self.spent = Decimal(str(points))
		self.earned = Decimal(str(points_of(self.sale).get("Earn", 0)))
		self.paid = -Decimal(str(points_row(self.sale).tax_amount)) if points else Decimal(0)
		self.tier_value = check(self.membership).qualifying_value
		self.returns = []
		check_books(self.sale)

	def back(self, qty=None, **fields):
		"""One return, submitted and checked."""
		note = make_return(self.sale, qty, **fields).reload()
		self.returns.append(note)
		check_books(note)
		self.check()
		return note

	def cancel(self, number: int) -> None:
		self.returns[number].reload().cancel()
		self.returns[number].reload()
		self.check(exact=False)

	@property
	def share(self) -> Fraction:
		"""The part of the sale that stands returned: by quantity, weighted with net amounts."""
		net = sum(Fraction(str(row.net_amount)) for row in self.sale.items)
		back = Fraction(0)
		for row in self.sale.items:
			returned = sum(
				-Fraction(str(line.qty))
				for note in self.returns
				if note.docstatus == 1
				for line in note.items
				if line.sales_invoice_item == row.name
			)
			back += returned / Fraction(str(row.qty)) * Fraction(str(row.net_amount))
		return back / net

	def check(self, exact: bool = True) -> None:
		balance = check(self.membership)
		given = sum(
			Decimal(str(points_row(note).tax_amount))
			for note in self.returns
			if note.docstatus == 1 and points_row(note) is not None
		)
		stands = balance.active - balance.arrears
		if not exact:
			return
		share = self.share
		assert given == part(share, self.paid, 2), f"{given} given back of {self.paid}, share {share}"
		assert stands == (
			self.balance - self.spent + part(share, self.spent, 0) + self.earned - part(share, self.earned, 0)
		)
		assert abs(balance.qualifying_value - self.tier_value * (1 - Decimal(float(share)))) < Decimal(
			"0.011"
		)

	def as_if_never_sold(self) -> None:
		balance = check(self.membership)
		assert (balance.active, balance.arrears) == (self.balance, 0)
		assert balance.qualifying_value == 0


def part(share: Fraction, amount: Decimal, places: int) -> Decimal:
	exact = share * Fraction(str(amount))
	value = Decimal(exact.numerator) / Decimal(exact.denominator)
	return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


KINDS = {
	"net": {},
	"tax": {"taxes": world.VAT},
	"tax included": {"taxes": world.VAT_INCLUDED},
	"taxes on taxes": {"taxes": world.STACKED_TAXES},
	"percentage off the grand total": {
		"taxes": world.VAT,
		"apply_discount_on": "Grand Total",
		"additional_discount_percentage": 7,
	},
	"percentage off the net total": {
		"taxes": world.VAT,
		"apply_discount_on": "Net Total",
		"additional_discount_percentage": 7,
	},
	"amount off the grand total, tax included": {
		"taxes": world.VAT_INCLUDED,
		"apply_discount_on": "Grand Total",
		"discount_amount": 11.11,
	},
	"amount off the net total": {
		"taxes": world.VAT,
		"apply_discount_on": "Net Total",
		"discount_amount": 11.11,
	},
	"foreign currency": {"taxes": world.VAT, **USD},
}


@pytest.mark.parametrize(
	("kind", "order"),
	[
		*((kind, (1, 1, 1)) for kind in KINDS),
		("net", (3,)),
		("tax included", (2, 1)),
		("amount off the net total", (1, 2)),
		("percentage off the grand total", (3,)),
	],
	ids=str,
)
def test_one_line_in_parts(kind, order):
	story = Story({"points_precision": 0}, 377, qty=3, rate=33.33, **KINDS[kind])
	for qty in order:
		story.back(qty)
	assert story.share == 1
	story.as_if_never_sold()
	refunded(story)


def refunded(story) -> None:
	"""What the credit notes give back is what was paid, in points and in money."""
	given = sum(points_row(note).tax_amount for note in story.returns if points_row(note))
	assert round(given, 2) == float(story.paid)
	restored = [
		entry
		for entry in entries(story.membership)
		if entry.entry_type == "Restore" and entry.voucher_no in {note.name for note in story.returns}
	]
	assert sum(entry.points for entry in restored) == story.spent


LINES = {"items": [(world.TEA, 2, 61.17), (world.CUP, 5, 7.77), (world.BOXED_TEA, 1, 1000)]}


@pytest.mark.parametrize("order", list(permutations([world.TEA, world.CUP, world.BOXED_TEA]))[::2], ids=str)
def test_unequal_lines_in_every_order(order):
	story = Story({}, 999, taxes=world.VAT_INCLUDED, **LINES)
	whole = {row.item_code: row.qty for row in story.sale.items}
	for item in order:
		story.back({item: whole[item]})
	story.as_if_never_sold()
	refunded(story)


def test_lines_in_many_small_parts():
	story = Story({}, 4321, taxes=world.VAT, apply_discount_on="Net Total", discount_amount=99.99, **LINES)
	for part_back in (
		{world.CUP: 1},
		{world.TEA: 1, world.CUP: 2},
		{world.BOXED_TEA: 1, world.CUP: 1},
		{world.TEA: 1},
		{world.CUP: 1},
	):
		story.back(part_back)
	story.as_if_never_sold()
	refunded(story)


def test_a_sale_paid_wholly_with_points_gives_no_money_back():
	story = Story({}, 1000, qty=3, rate=33.33)
	assert story.sale.grand_total == 0
	for qty in (1, 1, 1):
		note = story.back(qty)
		assert abs(note.grand_total) <= 0.01
	story.as_if_never_sold()
	assert sum(round(note.grand_total, 2) for note in story.returns) == 0


@pytest.mark.parametrize("precision", [0, 1, 2])
def test_points_with_decimals(precision):
	story = Story(
		{"points_precision": precision, "amount_per_point": 3, "rounding": "Up"}, 100, qty=7, rate=13.13
	)
	for _ in range(7):
		story.returns.append(make_return(story.sale, 1).reload())
		check_books(story.returns[-1])
		check(story.membership)
	story.as_if_never_sold()


# --- credit notes that are not by quantity -----------------------------------------------------------------------


def credit(sale, **amounts: float):
	"""A credit note over amounts of lines, quantity 0: {item: amount}."""
	note = make_return(sale, submit=False)
	note.set("items", [row for row in note.items if row.item_code in amounts])
	for row in note.items:
		row.update({"qty": 0, "stock_qty": 0, "rate": amounts[row.item_code]})
	note.save()
	return note.submit().reload()


def test_a_credit_note_of_quantity_0_counts_its_amount():
	story = Story({}, 400, items=[(world.TEA, 1, 100), (world.CUP, 1, 100)])
	note = credit(story.sale, **{world.TEA: 30})
	assert note.items[0].amount == -30
	assert points_row(note).tax_amount == 6  # 15 % of 40.00
	check_books(note)
	balance = check(story.membership)
	assert balance.active == 5000 - 400 + 60 + 160 - 24
	assert balance.qualifying_value == 136

	story.returns.append(note)
	note = credit(story.sale, **{world.CUP: 100})
	check_books(note)
	assert points_row(note).tax_amount == 20
	note = credit(story.sale, **{world.TEA: 70})
	check_books(note)
	story.as_if_never_sold()


def test_a_return_at_a_reduced_rate_counts_its_amount():
	story = Story({}, 400, qty=4, rate=50)
	note = make_return(story.sale, 2, submit=False)
	note.items[0].rate = 30
	note.save()
	note.submit()
	assert note.net_total == -60
	assert points_row(note).tax_amount == 12
	check_books(note)
	assert check(story.membership).active == 5000 - 400 + 120 + 160 - 48

	rest = credit(story.sale, **{world.TEA: 40})
	assert points_row(rest).tax_amount == 8
	check(story.membership)
	last = make_return(story.sale, 2)  # at the full rate
	assert points_row(last).tax_amount == 20
	story.as_if_never_sold()


def test_a_line_typed_by_hand_counts_for_the_first_line_of_its_item():
	story = Story({}, 400, qty=4, rate=50)
	note = make_return(story.sale, 1, submit=False)
	note.items[0].sales_invoice_item = None
	note.save()
	note.submit()
	assert points_row(note).tax_amount == 10
	check(story.membership)


def typed_return(sale, *rows):
	"""A credit note against a sale whose lines name none of the sale's."""
	note = make_return(sale, submit=False)
	note.set("items", [])
	for row in rows:
		note.append("items", item_row(row, sale.company))
	if note.get("payments"):
		pay_back(note)
	note.save()
	return note.submit()


@pytest.mark.parametrize("rows", [[(world.TEA, -1, 100)] * 2, [(world.TEA, -2, 100)]])
@pytest.mark.parametrize("make", [make_sales_invoice, make_pos_invoice])
def test_lines_typed_by_hand_fill_all_lines_of_their_item(make, rows):
	story = Story({}, 0)
	set_balance(story.membership, 1000)
	sale = make(story.customer, items=[(world.TEA, 1, 100)] * 2, ccms_redeem_points=1000)
	note = typed_return(sale, *rows)
	assert note.grand_total == -100
	assert points_of(note) == {"Restore": 1000, "Clawback": -100}
	check(story.membership)


def test_an_item_that_was_not_sold_counts_what_it_costs():
	"""ERPNext takes it; then a sale paid with points alone gives no money back for it either."""
	story = Story({}, 400, qty=4, rate=50)
	note = typed_return(story.sale, (world.CUP, -1, 50))
	assert points_row(note).tax_amount == 10
	set_balance(story.membership, 2000)
	sale = make_sales_invoice(story.customer, qty=2, ccms_redeem_points=2000)
	note = typed_return(sale, (world.CUP, -2, 100))
	assert (note.grand_total, points_of(note)) == (0, {"Restore": 2000})
	check(story.membership)


def test_the_price_of_points_changes_nothing_for_earlier_sales():
	"""Restored and clawed back is what was posted, whatever the programme says today."""
	story = Story({}, 400, qty=4, rate=50)
	program = frappe.get_doc(
		"CCMS Loyalty Program", frappe.db.get_value("CCMS Membership", story.membership, "program")
	)
	program.update({"point_value": 0.5, "amount_per_point": 10, "points_precision": 2, "rounding": "Up"})
	program.save()
	story.back(1)
	program.update({"enabled": 0})
	program.save()
	story.back(3)
	story.as_if_never_sold()


def test_a_return_books_the_account_of_its_sale():
	story = Story({}, 400, qty=4, rate=50)
	program = frappe.get_doc(
		"CCMS Loyalty Program", frappe.db.get_value("CCMS Membership", story.membership, "program")
	)
	program.liability_mode = "Provision"
	program.save()
	story.back(1)
	frappe.db.set_value(program.doctype, program.name, {"expense_account": None, "liability_account": None})
	frappe.clear_document_cache(program.doctype, program.name)
	story.back(3)
	assert {points_row(note).account_head for note in story.returns} == {world.account(world.EXPENSE)}
	story.as_if_never_sold()


def test_each_programme_gets_back_its_own():
	first, second = make_program(), make_program(point_value=0.5)
	customer = make_customer(first)
	from tests.site.factories import enrol

	other = enrol(customer, second)
	set_balance(other, 100)
	sale = make_sales_invoice(customer, qty=2, ccms_membership=other, ccms_redeem_points=100)
	assert sale.grand_total == 150
	make_return(sale, 1)
	assert check(other).active == 100 - 50 + 150 - 75
	make_return(sale, 1)
	assert check(other).active == 100
	assert check(membership_of(customer, first)).active == 0


# --- cancelling returns ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)], ids=str)
def test_returns_are_cancelled_in_any_order(order):
	story = Story({}, 377, qty=3, rate=33.33, taxes=world.VAT)
	after_sale = check(story.membership)
	for _ in range(3):
		story.back(1)
	story.as_if_never_sold()
	for number in order:
		story.cancel(number)
	balance = check(story.membership)
	assert (balance.active, balance.qualifying_value) == (after_sale.active, after_sale.qualifying_value)
	story.back(2)  # and the next sets the sum right
	story.back(1)
	story.as_if_never_sold()


def test_a_return_between_cancelled_ones_sets_the_sum_right():
	story = Story({}, 377, qty=5, rate=33.33, taxes=world.VAT)
	story.back(1)
	story.back(1)
	story.cancel(0)
	story.back(1)
	story.back(2)
	story.cancel(1)
	story.back(2)
	assert story.share == 1
	story.as_if_never_sold()
	given = sum(points_row(note).tax_amount for note in story.returns if note.docstatus == 1)
	assert round(given, 2) == 37.7


def test_returned_and_cancelled_again_and_again():
	story = Story({}, 377, qty=2, rate=50)
	for _ in range(3):
		story.back()
		story.cancel(-1)
	assert check(story.membership).active == 5000 - 377 + story.earned


def test_a_sale_with_a_return_is_not_cancelled_before_it():
	story = Story({}, 100, qty=2, rate=50)
	story.back(1)
	before = snapshot()
	frappe.db.savepoint("attempt")
	with pytest.raises(frappe.LinkExistsError):
		story.sale.reload().cancel()
	frappe.db.rollback(save_point="attempt")
	assert snapshot() == before
	story.cancel(0)
	story.sale.reload().cancel()
	balance = check(story.membership)
	assert (balance.active, balance.qualifying_value) == (5000, 0)


# --- two drafts --------------------------------------------------------------------------------------------------


def test_drafts_of_several_returns_are_submitted_as_they_come():
	"""Three thirds of 10.00: each draft was saved as a first third, 3.33; submitting sets it right."""
	story = Story({}, 100, qty=3, rate=100)
	drafts = [make_return(story.sale, 1, submit=False) for _ in range(3)]
	assert [points_row(draft).tax_amount for draft in drafts] == [3.33] * 3
	given = []
	for draft in reversed(drafts):
		note = frappe.get_doc("Sales Invoice", draft.name).submit()
		given.append(points_row(note).tax_amount)
		check_books(note)
		check(story.membership)
	assert given == [3.33, 3.34, 3.33]
	story.as_if_never_sold()


def test_a_return_that_another_one_overtakes_while_it_is_submitted():
	"""The other is submitted after this one's row was set, and before the membership is locked."""
	from ccms_app.loyalty.store import invoices

	story = Story({}, 100, qty=3, rate=100)
	late, first = (make_return(story.sale, qty, submit=False) for qty in (1, 1))
	first.submit()
	before = snapshot()
	with pytest.raises(frappe.ValidationError, match="Save this one again: its points have changed"):
		invoices.lock_for_submit(frappe.get_doc("Sales Invoice", late.name))
	assert snapshot() == before


# --- points that are gone ----------------------------------------------------------------------------------------


def spend_all(customer, membership) -> None:
	points = float(check(membership).spendable)
	make_sales_invoice(customer, rate=10_000, ccms_redeem_points=points, ccms_membership=membership)


@pytest.mark.parametrize("shortfall", ["Arrears", "Forgive"])
def test_a_return_is_never_blocked_because_points_are_gone(shortfall):
	customer = make_customer(make_program(on_shortfall=shortfall, amount_per_point=1, point_value=0.01))
	membership = membership_of(customer)
	sale = make_sales_invoice(customer, qty=3, rate=100)
	spent = make_sales_invoice(customer, rate=3, ccms_redeem_points=300)
	assert check(membership).active == 0

	first = make_return(sale, 1)
	balance = check(membership)
	assert balance.arrears == (100 if shortfall == "Arrears" else 0)
	make_return(sale, 2)
	balance = check(membership)
	assert balance.arrears == (300 if shortfall == "Arrears" else 0)
	assert balance.qualifying_value == 0

	later = make_sales_invoice(customer, rate=250)
	balance = check(membership)
	assert (balance.active, balance.arrears) == ((0, 50) if shortfall == "Arrears" else (250, 0))

	first.reload().cancel()
	balance = check(membership)
	if shortfall == "Arrears":
		assert balance.active - balance.arrears == 50
	else:
		assert balance.active == 250, "what was forgiven is not given again"
	later.cancel()
	check(membership)
	make_return(spent)
	check(membership)


def test_restored_points_make_up_for_what_is_owed():
	customer = make_customer(make_program())
	membership = membership_of(customer)
	sale = make_sales_invoice(customer, rate=100)
	spent = make_sales_invoice(customer, rate=10, ccms_redeem_points=100)
	make_return(sale)
	assert check(membership).arrears == 100
	make_return(spent)
	balance = check(membership)
	assert balance.active - balance.arrears == 0
	assert balance.spendable == 0


# --- tiers, credit notes without points --------------------------------------------------------------------------


def test_the_tier_value_falls_in_the_period_in_which_it_was_earned():
	from ccms_app.loyalty.store import balances
	from tests.site.clock import day

	customer = make_customer(
		make_program(tiers=make_tiers(Basic=0, Gold=100), tier_window="Rolling 12 Months", downgrade="Never")
	)
	membership = membership_of(customer)
	old = make_sales_invoice(customer, qty=2, rate=100, posting_date=day(-400))
	make_sales_invoice(customer, rate=50)
	assert check(membership).tier == "Gold"
	make_return(old, 1)  # today, against a sale of an earlier period
	today = frappe.utils.getdate()
	assert balances.qualifying_between(membership, frappe.utils.getdate(day(-30)), today) == 50
	assert balances.qualifying_between(membership, frappe.utils.getdate(day(-401)), today) == 150
	assert check(membership).tier == "Gold"


def test_an_order_counts_until_all_of_it_is_back():
	customer = make_customer(make_program(tier_basis="Orders", tiers=make_tiers(New=0, Known=2)))
	membership = membership_of(customer)
	sale = make_sales_invoice(customer, qty=2)
	make_return(sale, 1)
	assert check(membership).qualifying_value == 1
	note = make_return(sale, 1)
	assert check(membership).qualifying_value == 0
	note.cancel()
	assert check(membership).qualifying_value == 1


def test_a_credit_note_against_nothing_moves_no_points():
	customer = make_customer(make_program())
	membership = membership_of(customer)
	make_sales_invoice(customer)
	note = make_sales_invoice(customer, is_return=1, qty=-1, update_outstanding_for_self=1)
	assert not points_of(note)
	assert check(membership).active == 100


def test_a_credit_note_against_a_sale_that_moved_no_points():
	program = make_program(to_date=frappe.utils.add_days(frappe.utils.nowdate(), -1))
	customer = make_customer(program)
	sale = make_sales_invoice(customer, taxes=world.VAT)
	note = make_return(sale)
	assert not points_of(note)
	check(membership_of(customer))


@pytest.mark.parametrize("status", ["Frozen", "Left"])
def test_returns_go_on_for_who_is_frozen_or_has_left(status):
	from ccms_app.loyalty.store import members

	story = Story({}, 377, qty=2, rate=50)
	members.set_status(story.membership, status)
	story.back(1)
	story.back(1)
	story.as_if_never_sold()


def test_the_original_decides_whatever_the_form_says():
	program = make_program()
	story = Story({}, 377, qty=2, rate=50)
	other = make_customer(program)
	note = make_return(story.sale, 1, submit=False)
	note.ccms_membership = membership_of(other)
	note.save()
	note.submit()
	assert note.ccms_membership == story.membership
	story.returns.append(note)
	story.check()
	assert check(membership_of(other)).active == 0


def test_a_typed_discount_on_a_return_is_put_right():
	story = Story({}, 100, qty=2, rate=50, apply_discount_on="Grand Total", discount_amount=10)
	note = story.back(1, discount_amount=-10)
	assert note.discount_amount == -5
	note = story.back(1)
	assert note.discount_amount == -5
	story.as_if_never_sold()


# --- what the customer gets --------------------------------------------------------------------------------------


def test_a_return_of_an_unpaid_sale():
	story = Story({}, 200, qty=2, rate=50)
	assert story.sale.outstanding_amount == 80
	note = make_return(story.sale, 1, update_outstanding_for_self=0).reload()
	check_books(note)
	assert note.grand_total == -40
	assert story.sale.reload().outstanding_amount == 40
	note = make_return(story.sale, 1, update_outstanding_for_self=0).reload()
	check_books(note)
	assert story.sale.reload().outstanding_amount == 0
	story.as_if_never_sold()


def test_a_return_of_a_paid_sale_is_owed_to_the_customer():
	from tests.site import payments

	story = Story({}, 200, qty=2, rate=50)
	payments.pay(story.sale)
	note = story.back()
	assert (note.grand_total, note.outstanding_amount) == (-80, -80)
	assert payments.ledger(note) == {"Debtors": -80, "Loyalty Expense": -20, "Sales": 100}
	story.as_if_never_sold()


def test_a_return_of_a_sale_with_payments():
	"""The payments of a copied return are brought to what is due after points."""
	customer = make_customer(make_program())
	membership = membership_of(customer)
	set_balance(membership, 1000)
	sale = make_sales_invoice(
		customer,
		qty=3,
		rate=33.33,
		is_pos=1,
		payments=[
			{"mode_of_payment": world.CASH, "amount": 40, "account": world.account("Cash")},
			{"mode_of_payment": world.CARD, "amount": 22.29, "account": world.account("CCMS Bank")},
		],
		ccms_redeem_points=377,
		disable_rounded_total=1,
		account_for_change_amount=world.account("Cash"),
	)
	assert (sale.grand_total, sale.outstanding_amount) == (62.29, 0)
	total = 0
	for qty in (1, 2):
		note = make_return(sale, qty, fit_payments=False).reload()
		check_books(note)
		assert note.outstanding_amount == 0
		assert round(sum(row.amount for row in note.payments), 2) == note.grand_total
		total += note.grand_total
	assert round(total, 2) == -62.29
	assert check(membership).active == 1000
