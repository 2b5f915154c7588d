"""Paying with points on a Sales Invoice: totals, general ledger, schedule and outstanding, to the cent."""

import frappe
import pytest

from ccms_app.loyalty.store import balances
from tests.site import payments, world
from tests.site.books import check_books, due, points_row, round_to_whole_money
from tests.site.clock import at, day
from tests.site.factories import make_customer, make_program, make_return, make_sales_invoice
from tests.site.ledger_checks import (  # noqa: F401 (strict is a fixture)
	check,
	entries,
	membership_of,
	points_of,
	set_balance,
	strict,
)

USD = {"currency": "USD", "debit_to": "Debtors USD - CTC"}


def member(points: float = 10_000, **program):
	"""A new member of a new programme with that balance: (customer, membership)."""
	customer = make_customer(make_program(**program))
	membership = membership_of(customer)
	set_balance(membership, points)
	return customer, membership


def redeem(points: float, program: dict | None = None, **invoice):
	"""A submitted sale paid in part with points; books and ledger are checked."""
	prepare_site(invoice)
	customer, membership = member(**(program or {}))
	doc = make_sales_invoice(
		customer, ccms_redeem_points=points, **{"disable_rounded_total": 1, **invoice}
	).reload()
	check_books(doc)
	spent = next(entry for entry in entries(membership) if entry.entry_type == "Redeem")
	assert float(spent.points) == -points
	assert float(spent.monetary_value) == doc.ccms_redeem_amount
	check(membership)
	return doc


def prepare_site(invoice: dict) -> None:
	"""Settings under which ERPNext accepts the invoice, or rounds it."""
	if invoice.get("disable_rounded_total") == 0:
		round_to_whole_money()
	if invoice.get("currency") and not invoice.get("debit_to"):
		frappe.db.set_single_value(
			"Accounts Settings", "allow_multi_currency_invoices_against_single_party_account", 1
		)


EXCLUSIVE = {"taxes": world.VAT}
INCLUSIVE = {"taxes": world.VAT_INCLUDED, "rate": 113}
STACKED = {"taxes": world.STACKED_TAXES}  # 125.54
BASIC = {"Sales": -100, "VAT": -13}
# points, invoice, {account: balance} of the general ledger
CASES = {
	"without tax": (300, {}, {"Debtors": 70, "Loyalty Expense": 30, "Sales": -100}),
	"tax on top": (500, EXCLUSIVE, {"Debtors": 63, "Loyalty Expense": 50, **BASIC}),
	"tax included": (500, INCLUSIVE, {"Debtors": 63, "Loyalty Expense": 50, **BASIC}),
	"tax included, with cents": (
		333,
		INCLUSIVE | {"rate": 99.99},
		{"Debtors": 66.69, "Loyalty Expense": 33.3, "Sales": -88.49, "VAT": -11.5},
	),
	"percentage off the net total": (
		500,
		EXCLUSIVE | {"apply_discount_on": "Net Total", "additional_discount_percentage": 10},
		{"Debtors": 51.7, "Loyalty Expense": 50, "Sales": -90, "VAT": -11.7},
	),
	"amount off the net total": (
		500,
		EXCLUSIVE | {"apply_discount_on": "Net Total", "discount_amount": 10},
		{"Debtors": 51.7, "Loyalty Expense": 50, "Sales": -90, "VAT": -11.7},
	),
	"percentage off the grand total": (
		500,
		EXCLUSIVE | {"apply_discount_on": "Grand Total", "additional_discount_percentage": 10},
		{"Debtors": 51.7, "Loyalty Expense": 50, "Sales": -90, "VAT": -11.7},
	),
	"amount off the grand total": (
		500,
		EXCLUSIVE | {"apply_discount_on": "Grand Total", "discount_amount": 22.6},
		{"Debtors": 40.4, "Loyalty Expense": 50, "Sales": -80, "VAT": -10.4},
	),
	"percentage off the grand total, tax included": (
		500,
		INCLUSIVE | {"apply_discount_on": "Grand Total", "additional_discount_percentage": 10},
		{"Debtors": 51.7, "Loyalty Expense": 50, "Sales": -90, "VAT": -11.7},
	),
	"amount off the net total, tax included": (
		500,
		INCLUSIVE | {"apply_discount_on": "Net Total", "discount_amount": 10},
		{"Debtors": 51.7, "Loyalty Expense": 50, "Sales": -90, "VAT": -11.7},
	),
	"freight and taxes on taxes": (
		500,
		STACKED,
		{
			"Debtors": 75.54,
			"Loyalty Expense": 50,
			"Sales": -100,
			"VAT": -15.54,
			"Freight and Forwarding Charges": -10,
		},
	),
	"freight and a discount on the grand total": (
		500,
		STACKED | {"apply_discount_on": "Grand Total", "additional_discount_percentage": 10},
		{
			"Debtors": 62.99,
			"Loyalty Expense": 50,
			"Freight and Forwarding Charges": -10,
		},
	),
	"rounded to whole money": (
		500,
		STACKED | {"disable_rounded_total": 0},
		{
			"Debtors": 76,
			"Loyalty Expense": 50,
			"Sales": -100,
			"VAT": -15.54,
			"Freight and Forwarding Charges": -10,
			"Round Off": -0.46,
		},
	),
	"foreign currency": (
		3500,
		USD,
		{"Debtors USD": 350, "Loyalty Expense": 350, "Sales": -700},
	),
	"foreign currency that does not divide": (
		33,  # 3.30 CNY = 0.47 USD = 3.29 CNY
		USD | EXCLUSIVE | {"rate": 10.55},
		{"Debtors USD": 80.15, "Loyalty Expense": 3.29, "Sales": -73.85, "VAT": -9.59},
	),
	"foreign currency on an account in company currency": (
		3500,
		{"currency": "USD"},
		{"Debtors": 350, "Loyalty Expense": 350, "Sales": -700},
	),
	"wholly, with cents": (
		1000,
		{"rate": 99.99},
		{"Loyalty Expense": 99.99, "Sales": -99.99},
	),
	"wholly, tax included, with cents": (
		1000,
		INCLUSIVE | {"rate": 99.99},
		{"Loyalty Expense": 99.99, "Sales": -88.49, "VAT": -11.5},
	),
	"wholly, where rounding is on": (
		1256,
		STACKED | {"disable_rounded_total": 0},
		{"Loyalty Expense": 125.54, "Sales": -100, "VAT": -15.54, "Freight and Forwarding Charges": -10},
	),
	"wholly, in foreign currency": (
		739,
		USD | {"rate": 10.55},
		{"Loyalty Expense": 73.85, "Sales": -73.85},
	),
	"wholly, with discount and tax included": (
		902,
		INCLUSIVE | {"rate": 99.99, "apply_discount_on": "Grand Total", "discount_amount": 9.8},
		{"Loyalty Expense": 90.19},
	),
	"lines of which one is free": (
		400,
		{"items": [(world.TEA, 1), (world.CUP, 2, 0)], **EXCLUSIVE},
		{"Debtors": 73, "Loyalty Expense": 40, **BASIC},
	),
}


@pytest.mark.parametrize(("points", "invoice", "ledger"), CASES.values(), ids=CASES)
def test_the_books(points, invoice, ledger):
	doc = redeem(points, **invoice)
	posted = payments.ledger(doc)
	assert {account: posted.get(account) for account in ledger} == ledger
	assert sum(posted.values()) == pytest.approx(0, abs=1e-6)
	if set(ledger) >= {"Sales"}:
		assert set(posted) == set(ledger)
	assert doc.outstanding_amount == pytest.approx(
		due(doc) if doc.party_account_currency == doc.currency else doc.base_grand_total
	)
	assert doc.status == ("Unpaid" if due(doc) else "Paid")


def test_saving_again_changes_nothing():
	customer, _membership = member()
	draft = make_sales_invoice(
		customer,
		submit=False,
		taxes=world.STACKED_TAXES,
		apply_discount_on="Grand Total",
		additional_discount_percentage=10,
		ccms_redeem_points=300,
		disable_rounded_total=1,
	)
	first = figures(draft)
	for _ in range(3):
		draft.save()
		assert figures(draft) == first
		draft = frappe.get_doc("Sales Invoice", draft.name)
		assert figures(draft) == first
	draft.submit()
	assert figures(draft) == first


def figures(doc) -> dict:
	head = (
		"grand_total",
		"base_grand_total",
		"net_total",
		"discount_amount",
		"rounded_total",
		"outstanding_amount",
	)
	rows = [(row.idx, row.charge_type, row.row_id, row.tax_amount, row.total) for row in doc.taxes]
	return {field: doc.get(field) for field in head} | {"taxes": rows, "points": doc.ccms_redeem_amount}


# --- a percentage discount on the grand total --------------------------------------------------------------------


def test_a_percentage_on_the_grand_total_keeps_its_value_and_comes_back():
	customer, _membership = member()
	discount = {"apply_discount_on": "Grand Total", "additional_discount_percentage": 10}
	draft = make_sales_invoice(
		customer, submit=False, taxes=world.VAT, ccms_redeem_points=500, disable_rounded_total=1, **discount
	)
	assert (draft.discount_amount, draft.grand_total) == (11.3, 51.7)
	assert (draft.additional_discount_percentage, draft.ccms_kept_discount_percentage) == (0, 10)

	draft.items[0].qty = 2  # the percentage is taken of the new total
	draft.save()
	assert (draft.discount_amount, draft.grand_total) == (22.6, 153.4)

	draft.ccms_redeem_points = 0
	draft.save()
	assert (draft.additional_discount_percentage, draft.ccms_kept_discount_percentage) == (10, 0)
	assert (draft.discount_amount, draft.grand_total) == (22.6, 203.4)
	assert not points_row(draft)

	draft.ccms_redeem_points = 100
	draft.save()
	assert (draft.discount_amount, draft.grand_total) == (22.6, 193.4)
	check_books(draft.submit())


@pytest.mark.parametrize(
	("typed", "grand_total"),
	[
		({"discount_amount": 20}, 43),  # an amount instead of the percentage
		({"additional_discount_percentage": 20}, 40.4),  # another percentage
		({"discount_amount": 0}, 63),  # none
		({"apply_discount_on": "Net Total", "additional_discount_percentage": 20}, 40.4),
	],
)
def test_a_discount_typed_while_points_are_set(typed, grand_total):
	customer, _membership = member()
	discount = {"apply_discount_on": "Grand Total", "additional_discount_percentage": 10}
	draft = make_sales_invoice(
		customer, submit=False, taxes=world.VAT, ccms_redeem_points=500, disable_rounded_total=1, **discount
	)
	draft = frappe.get_doc("Sales Invoice", draft.name)
	draft.update(typed)
	draft.save()
	assert draft.grand_total == grand_total
	check_books(draft.submit())


def test_a_percentage_on_the_net_total_stays_a_percentage():
	doc = redeem(500, apply_discount_on="Net Total", additional_discount_percentage=10, taxes=world.VAT)
	assert (doc.additional_discount_percentage, doc.ccms_kept_discount_percentage) == (10, 0)


# --- what is due ---------------------------------------------------------------------------------------------------


def instalments(*portions: float) -> str:
	terms = [
		frappe.get_doc(
			{
				"doctype": "Payment Term",
				"payment_term_name": f"Term {frappe.generate_hash(length=8)}",
				"invoice_portion": portion,
				"credit_days": 10 * number,
				"due_date_based_on": "Day(s) after invoice date",
			}
		).insert()
		for number, portion in enumerate(portions, 1)
	]
	rows = [
		{
			"payment_term": term.name,
			"invoice_portion": term.invoice_portion,
			"credit_days": term.credit_days,
			"due_date_based_on": term.due_date_based_on,
		}
		for term in terms
	]
	return (
		frappe.get_doc(
			{
				"doctype": "Payment Terms Template",
				"template_name": f"Terms {frappe.generate_hash(length=8)}",
				"terms": rows,
			}
		)
		.insert()
		.name
	)


@pytest.mark.parametrize(
	("invoice", "points", "amounts"),
	[
		({"taxes": world.VAT}, 500, [18.9, 44.1]),
		({"taxes": world.VAT, **USD, "rate": 10}, 350, [1.89, 4.41]),
		({"rate": 99.99, "disable_rounded_total": 0}, 333, [20.1, 46.9]),
	],
)
def test_instalments_are_of_what_is_due_after_points(invoice, points, amounts):
	doc = redeem(points, payment_terms_template=instalments(30, 70), due_date=None, **invoice)
	assert [row.payment_amount for row in doc.payment_schedule] == amounts
	payments.pay(doc)
	assert doc.reload().outstanding_amount == 0


def test_instalments_follow_each_change_of_the_points():
	customer, _membership = member()
	draft = make_sales_invoice(
		customer,
		submit=False,
		payment_terms_template=instalments(50, 50),
		ccms_redeem_points=400,
		disable_rounded_total=1,
	)
	assert [row.payment_amount for row in draft.payment_schedule] == [30, 30]
	draft.ccms_redeem_points = 100
	draft.save()
	assert [row.payment_amount for row in draft.payment_schedule] == [45, 45]
	draft.ccms_redeem_points = 0
	draft.save()
	assert [row.payment_amount for row in draft.payment_schedule] == [50, 50]
	check_books(draft.submit())


def test_nothing_is_left_to_pay_in_instalments():
	doc = redeem(1000, payment_terms_template=instalments(50, 50))
	assert (doc.grand_total, doc.outstanding_amount, doc.status) == (0, 0, "Paid")


def advance(customer, amount: float, **invoice):
	entry = payments.pay_on_account(customer.name, amount)
	return {
		"reference_type": "Payment Entry",
		"reference_name": entry.name,
		"advance_amount": amount,
		"allocated_amount": amount,
	}


def test_points_and_an_advance_pay_together():
	customer, membership = member()
	draft = make_sales_invoice(
		customer, submit=False, taxes=world.VAT, ccms_redeem_points=500, disable_rounded_total=1
	)
	draft.append("advances", advance(customer, 33))
	draft.save()
	assert draft.outstanding_amount == 30
	doc = draft.submit().reload()
	assert (doc.grand_total, doc.outstanding_amount, doc.status) == (63, 30, "Partly Paid")
	check_books(doc)
	check(membership)


def test_points_do_not_leave_an_advance_more_than_is_due():
	customer, _membership = member()
	draft = make_sales_invoice(customer, submit=False, taxes=world.VAT, disable_rounded_total=1)
	draft.append("advances", advance(customer, 100))
	draft.ccms_redeem_points = 500
	with pytest.raises(frappe.ValidationError, match="Advance amount cannot be greater"):
		draft.save()


def test_an_advance_is_allocated_by_itself():
	customer, membership = member()
	payments.pay_on_account(customer.name, 500)
	doc = make_sales_invoice(
		customer,
		taxes=world.VAT,
		ccms_redeem_points=500,
		disable_rounded_total=1,
		allocate_advances_automatically=1,
	).reload()
	assert (doc.total_advance, doc.outstanding_amount) == (63, 0)
	check_books(doc)
	check(membership)


# --- a Sales Invoice with payments -----------------------------------------------------------------------------------


def with_payments(customer, points: float, submit: bool = True, **amounts: float):
	rows = [
		{"mode_of_payment": mode, "amount": amount, "account": world.account(account)}
		for mode, amount, account in (
			(world.CASH, amounts.get("cash", 0), "Cash"),
			(world.CARD, amounts.get("card", 0), "CCMS Bank"),
		)
		if amount
	]
	return make_sales_invoice(
		customer,
		submit=submit,
		is_pos=1,
		payments=rows,
		taxes=world.VAT,
		ccms_redeem_points=points,
		disable_rounded_total=1,
		account_for_change_amount=world.account("Cash"),
		write_off_account=world.account("Write Off"),
		write_off_cost_center=world.account("Main"),
	)


@pytest.mark.parametrize(
	("points", "paid", "change", "outstanding"),
	[
		(500, {"cash": 63}, 0, 0),
		(500, {"cash": 20, "card": 43}, 0, 0),
		(500, {"cash": 120}, 57, None),  # a note of 120 on 63 due: change beyond what cash over 113 gives
		(500, {"cash": 60, "card": 53}, 50, None),
		(1, {"cash": 200}, 87.1, None),
		(0, {"cash": 120}, 7, 0),
		(500, {"card": 70}, 7, None),
	],
)
def test_a_till_never_pays_points_out_as_cash(points, paid, change, outstanding):
	customer, membership = member()
	if outstanding is None:
		before = check(membership).active
		with pytest.raises(frappe.ValidationError, match="would pay points out as cash"):
			with_payments(customer, points, **paid)
		assert check(membership).active == before
		return
	doc = with_payments(customer, points, **paid).reload()
	assert (doc.change_amount, doc.outstanding_amount) == (change, outstanding)
	check_books(doc)
	check(membership)


def test_a_sale_with_payments_may_stay_open():
	customer, membership = member()
	doc = with_payments(customer, 500, cash=60).reload()
	assert (doc.outstanding_amount, doc.status) == (3, "Partly Paid")
	check_books(doc)
	payments.pay(doc)
	assert doc.reload().outstanding_amount == 0
	check(membership)


def test_a_sale_with_payments_is_paid_wholly_with_points():
	customer, membership = member()
	doc = with_payments(customer, 1130).reload()
	assert (doc.grand_total, doc.paid_amount, doc.outstanding_amount, doc.status) == (0, 0, 0, "Paid")
	check_books(doc)
	check(membership)


# --- which account, which day ----------------------------------------------------------------------------------------


def test_provision_books_against_the_liability():
	doc = redeem(500, {"liability_mode": "Provision"}, taxes=world.VAT)
	assert payments.ledger(doc) == {"Debtors": 63, "Loyalty Liability": 50, **BASIC}


def test_the_programmes_cost_center_carries_the_cost():
	other = (
		frappe.get_doc(
			{
				"doctype": "Cost Center",
				"cost_center_name": f"Loyalty {frappe.generate_hash(length=5)}",
				"parent_cost_center": world.account(world.COMPANY),
				"company": world.COMPANY,
			}
		)
		.insert()
		.name
	)
	doc = redeem(500, {"cost_center": other})
	assert (
		frappe.db.get_value(
			"GL Entry",
			{"voucher_no": doc.name, "account": world.account(world.EXPENSE), "is_cancelled": 0},
			"cost_center",
		)
		== other
	)


def test_a_backdated_redemption_needs_the_points_on_both_days():
	customer = make_customer(make_program())
	membership = membership_of(customer)
	make_sales_invoice(customer, posting_date=day(-20))  # 100 points since then
	make_sales_invoice(customer, posting_date=day(-10))  # 100 more
	with pytest.raises(frappe.ValidationError, match="Only 100 points"):
		make_sales_invoice(customer, posting_date=day(-15), ccms_redeem_points=101)
	doc = make_sales_invoice(customer, posting_date=day(-15), ccms_redeem_points=100)
	check_books(doc)
	assert balances.on_date(membership, frappe.utils.getdate(day(-15))).active == 90
	assert check(membership).active == 190

	make_sales_invoice(customer, rate=1000, ccms_redeem_points=190)  # today's leave nothing of the old ones
	with pytest.raises(frappe.ValidationError, match="Only 0 points"):
		make_sales_invoice(customer, posting_date=day(-25), ccms_redeem_points=1)
	check(membership)


def test_points_that_have_expired_since_cannot_be_spent_in_the_past():
	customer = make_customer(make_program(expiry_model="Rolling", expiry_months=1))
	membership = membership_of(customer)
	make_sales_invoice(customer, posting_date=day(-60))
	with pytest.raises(frappe.ValidationError, match="Only 0 points"):
		make_sales_invoice(customer, posting_date=day(-50), ccms_redeem_points=10)
	assert check(membership).active == 0


def test_the_soonest_to_expire_is_drawn_first():
	customer = make_customer(make_program())
	membership = membership_of(customer)
	for points, expires in ((10, None), (20, day(30)), (30, day(10))):
		set_balance(membership, points, expires_on=expires)
	doc = make_sales_invoice(customer, ccms_redeem_points=45)
	assert points_of(doc)["Redeem"] == -45
	from tests.site.ledger_checks import lots_of

	assert [lot.remaining for lot in lots_of(membership)[:3]] == [10, 5, 0]
	make_return(doc)
	assert [lot.remaining for lot in lots_of(membership)[:3]] == [10, 20, 30]
	check(membership)


def test_points_with_decimals():
	customer, membership = member(points=100.55, points_precision=2)
	doc = make_sales_invoice(customer, ccms_redeem_points=100.55, disable_rounded_total=1)
	assert (doc.ccms_redeem_amount, doc.grand_total) == (10.06, 89.94)  # 10.055 up
	check_books(doc)
	check(membership)


def test_stock_is_sold_for_points():
	doc = redeem(500, item_code=world.BOXED_TEA, qty=2, update_stock=1)
	posted = payments.ledger(doc)
	assert (posted["Debtors"], posted["Loyalty Expense"], posted["Stock In Hand"]) == (50, 50, -40)


def test_a_shipping_rule_adds_its_row_before_the_points():
	rule = frappe.get_doc(
		{
			"doctype": "Shipping Rule",
			"label": f"Rule {frappe.generate_hash(length=5)}",
			"shipping_rule_type": "Selling",
			"company": world.COMPANY,
			"account": world.account("Freight and Forwarding Charges"),
			"cost_center": world.account("Main"),
			"calculate_based_on": "Fixed",
			"shipping_amount": 12,
		}
	).insert()
	doc = redeem(1120, shipping_rule=rule.name)
	assert doc.grand_total == 0
	assert payments.ledger(doc) == {
		"Loyalty Expense": 112,
		"Sales": -100,
		"Freight and Forwarding Charges": -12,
	}


def pricing_rule(**fields) -> None:
	frappe.get_doc(
		{
			"doctype": "Pricing Rule",
			"title": f"Rule {frappe.generate_hash(length=5)}",
			"apply_on": "Transaction",
			"price_or_product_discount": "Price",
			"selling": 1,
			"company": world.COMPANY,
			"currency": "CNY",
			"rate_or_discount": "Discount Percentage",
			**fields,
		}
	).insert()


@pytest.mark.parametrize("points", [500, 1017])
@pytest.mark.parametrize("on", ["Grand Total", "Net Total"])
def test_a_pricing_rule_on_the_whole_transaction(points, on):
	"""ERPNext sets its percentage again at the end of each validate, when the points row stands."""
	pricing_rule(apply_discount_on=on, discount_percentage=10)
	customer, membership = member()
	doc = make_sales_invoice(
		customer, taxes=world.VAT, ccms_redeem_points=points, disable_rounded_total=1, submit=False
	)
	for _ in range(2):
		assert (doc.discount_amount, doc.grand_total) == (
			11.3 if on == "Grand Total" else 10,
			101.7 - points / 10,
		)
		doc.save()
	doc.submit()
	doc.reload()
	assert (doc.grand_total, doc.outstanding_amount) == (101.7 - points / 10,) * 2
	assert doc.status == ("Unpaid" if points == 500 else "Paid")
	check_books(doc)
	check(membership)


def test_a_pricing_rule_on_an_item():
	pricing_rule(apply_on="Item Code", items=[{"item_code": world.TEA}], discount_percentage=20)
	customer, _membership = member()
	doc = make_sales_invoice(
		customer,
		items=[{"item_code": world.TEA, "qty": 2, "rate": 100}],
		taxes=world.VAT,
		ccms_redeem_points=500,
		disable_rounded_total=1,
	)
	assert (doc.net_total, doc.grand_total) == (160, 130.8)
	check_books(doc)


# --- a draft that lies until tomorrow ----------------------------------------------------------------------------


def test_an_old_draft_is_posted_today_and_may_spend_what_came_since():
	customer, membership = member(points=100)
	draft = make_sales_invoice(customer, submit=False, set_posting_time=0, due_date=day(9))
	draft.db_set("posting_date", day(-1))  # it was saved yesterday
	draft = frappe.get_doc("Sales Invoice", draft.name)
	draft.ccms_redeem_points = 100  # they are there since today
	draft.save()
	assert str(draft.posting_date) == day(0)
	draft.submit()
	check_books(draft)
	check(membership)


def test_a_programme_that_ended_overnight():
	customer = make_customer(make_program(to_date=day(0)))
	membership = membership_of(customer)
	set_balance(membership, 100)
	draft = make_sales_invoice(
		customer, submit=False, set_posting_time=0, due_date=None, ccms_redeem_points=50
	)
	tomorrow = day(1)
	with at(tomorrow), pytest.raises(frappe.ValidationError, match="does not run on"):
		frappe.get_doc("Sales Invoice", draft.name).submit()
