"""A sale at the till: what it earns, what points pay, and that a till never pays points out as cash."""

import frappe
import pytest

from tests.site.books import check_books
from tests.site.factories import amend, make_customer, make_pos_invoice, make_program, make_tiers
from tests.site.ledger_checks import (  # noqa: F401
	check,
	check_customer,
	membership_of,
	points_of,
	set_balance,
	snapshot,
	strict,
)
from tests.site.world import CARD, CASH, CUP, STACKED_TAXES, TEA, TILL, VAT, VAT_INCLUDED, WALK_IN


@pytest.fixture
def program():
	return make_program()


@pytest.fixture
def member(program):
	"""A member with 1000 points, worth 100."""
	customer = make_customer(program)
	set_balance(membership_of(customer), 1000)
	return customer


def test_a_sale_earns(member):
	sale = make_pos_invoice(member, qty=2)
	assert points_of(sale) == {"Earn": 200}
	assert sale.ccms_points_earned == 200
	assert check(membership_of(member)).active == 1200


def test_a_member_without_points_is_no_obstacle_at_the_till():
	sale = make_pos_invoice(make_customer())
	assert points_of(sale) == {}
	assert sale.ccms_membership is None


def test_points_pay_part_of_a_sale_and_the_rest_earns(member):
	sale = make_pos_invoice(member, qty=2, ccms_redeem_points=50)
	assert (sale.grand_total, sale.paid_amount, sale.ccms_redeem_amount) == (195, 195, 5)
	assert points_of(sale) == {"Redeem": -50, "Earn": 195}
	check_books(sale)
	assert check(membership_of(member)).active == 1000 - 50 + 195


@pytest.mark.parametrize(
	("taxes", "before", "earns"), [(VAT, 226, 180), (VAT_INCLUDED, 200, 156), (STACKED_TAXES, 240.99, 181)]
)
def test_points_pay_after_tax(member, taxes, before, earns):
	sale = make_pos_invoice(member, qty=2, taxes=taxes, ccms_redeem_points=226, disable_rounded_total=1)
	assert sale.grand_total == pytest.approx(before - 22.6)
	assert points_of(sale) == {"Redeem": -226, "Earn": earns}
	check_books(sale)
	check(membership_of(member))


def test_points_pay_everything(member):
	sale = make_pos_invoice(member, qty=1, ccms_redeem_points=1000)
	assert (sale.grand_total, sale.paid_amount) == (0, 0)
	assert points_of(sale) == {"Redeem": -1000}, "what points paid earns nothing"
	assert sale.status == "Paid"
	assert check(membership_of(member)).active == 0


def test_points_with_cash_and_card(member):
	sale = make_pos_invoice(member, qty=2, ccms_redeem_points=500, paid={CASH: 50, CARD: 100})
	assert (sale.grand_total, sale.paid_amount) == (150, 150)
	assert not sale.change_amount
	assert points_of(sale) == {"Redeem": -500, "Earn": 150}
	check(membership_of(member))


def test_a_discount_on_the_total_comes_before_the_points(member):
	sale = make_pos_invoice(
		member,
		qty=2,
		apply_discount_on="Grand Total",
		additional_discount_percentage=10,
		ccms_redeem_points=100,
	)
	assert (sale.grand_total, sale.discount_amount) == (170, 20)
	assert points_of(sale)["Redeem"] == -100
	check_books(sale)


def test_a_tier_multiplies(program):
	program.extend("tiers", make_tiers(Blue=0, Gold=(100, 2)))
	program.save()
	customer = make_customer(program)
	first, second = make_pos_invoice(customer), make_pos_invoice(customer)
	assert (points_of(first)["Earn"], points_of(second)["Earn"]) == (100, 200)
	assert check(membership_of(customer)).tier == "Gold"


def test_a_customer_is_enrolled_at_the_first_sale():
	program = make_program(auto_enroll=1)
	sale = make_pos_invoice(make_customer())
	assert sale.ccms_membership == membership_of(sale.customer, program)
	assert points_of(sale) == {"Earn": 100}


def test_the_walk_in_customer_is_never_enrolled():
	make_program(auto_enroll=1)
	sale = make_pos_invoice(WALK_IN)
	assert not sale.ccms_membership
	assert not membership_of(WALK_IN)


# --- the till pays no points out ----------------------------------------------------------------------------


def test_change_that_would_pay_points_out_is_refused(member):
	before = snapshot()
	with pytest.raises(frappe.ValidationError, match=r"change.*5.*Enter.*195"):
		make_pos_invoice(member, qty=2, ccms_redeem_points=50, paid=200)
	assert snapshot() == before


def test_change_on_a_card_is_refused(member):
	with pytest.raises(frappe.ValidationError, match="pay points out"):
		make_pos_invoice(member, qty=2, ccms_redeem_points=50, paid={CASH: 0, CARD: 200})


def test_no_change_is_given_on_points_however_much_cash_is_handed_over(member):
	"""250 in cash for 200 of goods, of which points pay 5: change of 55 would be 5 of points in coins."""
	with pytest.raises(frappe.ValidationError, match=r"change.*55.*Enter.*195"):
		make_pos_invoice(member, qty=2, ccms_redeem_points=50, paid=250)


def test_a_client_that_hides_the_change_is_refused(member):
	sale = make_pos_invoice(member, qty=2, ccms_redeem_points=50, submit=False)
	sale.update({"paid_amount": 250, "change_amount": 40})
	sale.payments[0].amount = 250
	with pytest.raises(frappe.ValidationError, match="pay points out"):
		sale.submit()


def test_change_without_points_is_nobodys_business(member):
	sale = make_pos_invoice(member, qty=2, paid=500)
	assert (sale.change_amount, points_of(sale)) == (300, {"Earn": 200})


def test_payments_kept_from_before_the_points_are_refused_on_submit(member):
	"""The cashier pays first and types points then: the draft's own payment makes the change."""
	sale = make_pos_invoice(member, qty=2, submit=False)
	sale.ccms_redeem_points = 50
	with pytest.raises(frappe.ValidationError, match="pay points out"):
		sale.submit()


# --- bad input ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
	("fields", "message"),
	[
		({"ccms_redeem_points": -5}, "more than zero"),
		({"ccms_redeem_points": 0.5}, "whole points"),
		({"ccms_redeem_points": 1001}, "Only 1000 points"),
		({"ccms_redeem_points": 10, "ccms_redeem_amount": 50}, "computed from the points"),
		({"ccms_redeem_amount": 50}, "computed from the points"),
		({"ccms_redeem_points": 10, "posting_date": "2099-01-01"}, "."),
	],
)
def test_bad_input_makes_no_document(member, fields, message):
	before = snapshot()
	with pytest.raises(frappe.ValidationError, match=message):
		make_pos_invoice(member, qty=2, **fields)
	assert snapshot() == before


def test_a_typed_row_on_the_points_account_is_refused(member, program):
	sale = make_pos_invoice(member, submit=False)
	sale.append("taxes", points_row(program))
	with pytest.raises(frappe.ValidationError, match="is a points account"):
		sale.save()


def test_a_typed_row_with_our_mark_is_taken_off(member, program):
	sale = make_pos_invoice(member, submit=False)
	sale.append("taxes", points_row(program, ccms_points_row=1))
	sale.save()
	assert (sale.taxes, sale.grand_total) == ([], 100)


def points_row(program, **fields):
	row = {"charge_type": "Actual", "account_head": program.expense_account, "tax_amount": -5}
	return {**row, "description": "typed", **fields}


# --- part payment -----------------------------------------------------------------------------------------------


def test_a_part_paid_sale_waits_for_its_money():
	frappe.db.set_value("POS Profile", TILL, "allow_partial_payment", 1)
	customer = make_customer(make_program(accrue_when="When Paid"))
	part, full = make_pos_invoice(customer, paid=40), make_pos_invoice(customer)
	assert not part.outstanding_amount, "ERPNext stores a part-paid sale as settled"
	assert points_of(part) == points_of(full) == {"Earn": 100}
	balance = check(membership_of(customer))
	assert (balance.active, balance.pending) == (100, 100)


def test_cents_in_several_payments_are_a_full_payment():
	"""0.1 + 0.7 is a little less than 0.8 to a computer."""
	frappe.db.set_value("POS Profile", TILL, "allow_partial_payment", 1)
	customer = make_customer(make_program(accrue_when="When Paid", amount_per_point=0.1))
	make_pos_invoice(customer, rate=0.8, paid={CASH: 0.1, CARD: 0.7}, disable_rounded_total=1)
	assert check(membership_of(customer)).active == 8


def test_change_does_not_count_as_payment():
	customer = make_customer(make_program(accrue_when="When Paid"))
	make_pos_invoice(customer, paid=130)
	assert check(membership_of(customer)).active == 100


# --- cancel and amend -------------------------------------------------------------------------------------------


def test_a_cancelled_sale_is_as_if_it_had_not_been(member):
	sale = make_pos_invoice(member, qty=2, ccms_redeem_points=50)
	sale.cancel()
	assert points_of(sale) == {"Redeem": -50, "Earn": 195, "Cancel": 50 - 195}
	balance = check(membership_of(member))
	assert (balance.active, balance.qualifying_value) == (1000, 0)


def test_a_cancelled_sale_whose_points_are_spent_leaves_arrears(program):
	customer = make_customer(program)
	first = make_pos_invoice(customer)
	make_pos_invoice(customer, item_code=CUP, ccms_redeem_points=100)
	first.reload().cancel()
	balance = check(membership_of(customer))
	assert (balance.active, balance.arrears, balance.spendable) == (0, 80, 0)


def test_an_amended_sale_spends_and_earns_once(member):
	sale = make_pos_invoice(member, qty=2, ccms_redeem_points=50)
	again = amend(sale)
	assert again.amended_from == sale.name
	assert points_of(again) == {"Redeem": -50, "Earn": 195}
	assert len([row for row in again.taxes if row.ccms_points_row]) == 1
	check_books(again)
	assert check(membership_of(member)).active == 1000 - 50 + 195


def test_an_amended_sale_may_spend_something_else(member):
	sale = make_pos_invoice(member, qty=2, ccms_redeem_points=50)
	paid = {"payments": [{"mode_of_payment": CASH, "amount": 190}], "paid_amount": 190}
	again = amend(sale, ccms_redeem_points=100, **paid)
	assert (again.grand_total, points_of(again)) == (190, {"Redeem": -100, "Earn": 190})
	check_customer(member)


def test_nothing_of_ours_changes_on_a_submitted_sale(member):
	sale = make_pos_invoice(member, items=[(TEA, 1), (CUP, 1)], ccms_redeem_points=50)
	before, modified = snapshot(), sale.modified
	sale.reload()
	sale.taxes[-1].tax_amount = -20
	with pytest.raises(frappe.ValidationError, match=r"cannot be changed|not allowed to change"):
		sale.save()
	assert snapshot() == before
	assert str(frappe.db.get_value("POS Invoice", sale.name, "modified")) == str(modified)
