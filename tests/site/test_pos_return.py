"""Goods come back to the till: points and money both ways, to the point and the cent, in any number and order."""

import frappe
import pytest

from tests.site.books import check_books
from tests.site.factories import make_customer, make_pos_invoice, make_program, make_return, pay_back
from tests.site.ledger_checks import check, membership_of, points_of, set_balance, strict  # noqa: F401
from tests.site.refusals import raises_refusal
from tests.site.world import CARD, CASH, CUP, TEA, TILL, VAT


@pytest.fixture
def member():
	"""A member with 1000 points, worth 100."""
	customer = make_customer(make_program())
	set_balance(membership_of(customer), 1000)
	return customer


def returned(doc) -> tuple:
	"""(due, paid back, points row) of a return."""
	row = next((row.tax_amount for row in doc.taxes if row.ccms_points_row), 0)
	return doc.rounded_total or doc.grand_total, doc.paid_amount, row


def test_a_full_return_takes_the_sale_back(member):
	sale = make_pos_invoice(member, qty=2, ccms_redeem_points=50)
	back = make_return(sale)
	assert returned(back) == (-195, -195, 5)
	assert points_of(back) == {"Restore": 50, "Clawback": -195}
	balance = check(membership_of(member))
	assert (balance.active, balance.qualifying_value) == (1000, 0)


@pytest.mark.parametrize("fit", [True, False], ids=["cashier fits the payment", "as ERPNext maps it"])
def test_a_partial_return_pays_back_what_is_due_after_points(member, fit):
	sale = make_pos_invoice(member, qty=4, ccms_redeem_points=100)
	back = make_return(sale, 1, fit_payments=fit)
	assert returned(back) == (-97.5, -97.5, 2.5)
	assert [row.amount for row in back.payments if row.amount] == [-97.5]
	assert points_of(back) == {"Restore": 25, "Clawback": -98}
	check_books(back)
	assert check(membership_of(member)).active == 1000 - 100 + 390 + 25 - 98


@pytest.mark.parametrize("order", [(1, 2, 4), (4, 2, 1), (2, 4, 1)])
def test_partial_returns_sum_to_the_whole(member, order):
	sale = make_pos_invoice(member, qty=7, taxes=VAT, ccms_redeem_points=333, disable_rounded_total=1)
	parts = [make_return(sale, qty, fit_payments=False) for qty in order]
	assert sum(part.grand_total for part in parts) == pytest.approx(-sale.grand_total)
	assert sum(part.paid_amount for part in parts) == pytest.approx(-sale.paid_amount)
	assert sum(returned(part)[2] for part in parts) == pytest.approx(33.3)
	assert sum(points_of(part)["Restore"] for part in parts) == 333
	assert sum(points_of(part)["Clawback"] for part in parts) == -points_of(sale)["Earn"]
	for part in parts:
		check_books(part)
	balance = check(membership_of(member))
	assert (balance.active, balance.qualifying_value, balance.arrears) == (1000, 0, 0)


def test_lines_come_back_one_after_another(member):
	sale = make_pos_invoice(member, items=[(TEA, 1), (CUP, 3)], ccms_redeem_points=190)
	cups, tea = make_return(sale, {CUP: 3}), make_return(sale, {TEA: 1})
	assert (returned(cups), returned(tea)) == ((-81, -81, 9), (-90, -90, 10))
	assert (points_of(cups), points_of(tea)) == (
		{"Restore": 90, "Clawback": -81},
		{"Restore": 100, "Clawback": -90},
	)
	assert check(membership_of(member)).active == 1000


def test_cash_and_card_are_paid_back_in_proportion(member):
	sale = make_pos_invoice(member, qty=4, ccms_redeem_points=1000, paid={CASH: 100, CARD: 200})
	back = make_return(sale, 2, fit_payments=False)
	assert returned(back) == (-150, -150, 50)
	assert {row.mode_of_payment: row.amount for row in back.payments} == {CASH: -50, CARD: -100}
	check(membership_of(member))


def test_a_sale_paid_with_points_alone_pays_no_money_back(member):
	sale = make_pos_invoice(member, qty=1, ccms_redeem_points=1000)
	back = make_return(sale, fit_payments=False)
	assert returned(back) == (0, 0, 100)
	assert points_of(back) == {"Restore": 1000}
	assert check(membership_of(member)).active == 1000


def test_a_part_of_a_sale_paid_with_points_alone_comes_back(member):
	sale = make_pos_invoice(member, item_code=CUP, qty=3, ccms_redeem_points=900)
	first, last = make_return(sale, 1, fit_payments=False), make_return(sale, 2, fit_payments=False)
	assert (returned(first), returned(last)) == ((0, 0, 30), (0, 0, 60))
	assert (points_of(first), points_of(last)) == ({"Restore": 300}, {"Restore": 600})
	assert check(membership_of(member)).active == 1000


def test_an_undone_return_drops_out_and_the_next_one_sets_the_sum_right(member):
	sale = make_pos_invoice(member, qty=3, ccms_redeem_points=100)
	first = make_return(sale, 1)
	held = check(membership_of(member)).active
	second = make_return(sale, 1)
	second.cancel()
	assert check(membership_of(member)).active == held
	rest = make_return(sale, 2)
	assert points_of(first)["Restore"] + points_of(rest)["Restore"] == 100
	balance = check(membership_of(member))
	assert (balance.active, balance.qualifying_value) == (1000, 0)


def test_a_return_is_never_refused_because_points_are_gone():
	customer = make_customer(make_program())
	sale = make_pos_invoice(customer)
	make_pos_invoice(customer, item_code=CUP, ccms_redeem_points=100)
	back = make_return(sale)
	assert points_of(back) == {"Clawback": -100}
	balance = check(membership_of(customer))
	assert (balance.active, balance.arrears, balance.spendable) == (0, 80, 0)
	make_pos_invoice(customer)
	assert check(membership_of(customer)).spendable == 20


def test_a_discount_is_taken_back_in_the_same_share(member):
	sale = make_pos_invoice(
		member, qty=4, apply_discount_on="Grand Total", discount_amount=40, ccms_redeem_points=90
	)
	assert sale.grand_total == 351
	parts = [make_return(sale, qty, fit_payments=False) for qty in (1, 3)]
	assert [returned(part)[:2] for part in parts] == [(-87.75, -87.75), (-263.25, -263.25)]
	assert check(membership_of(member)).active == 1000


def test_points_typed_on_a_return_are_refused(member):
	sale = make_pos_invoice(member, qty=2, ccms_redeem_points=50)
	with raises_refusal("computed from what comes back"):
		make_return(sale, ccms_redeem_points=50)


def test_a_return_of_what_earned_and_spent_nothing_has_no_points():
	customer = make_customer()
	sale = make_pos_invoice(customer)
	program = make_program(auto_enroll=1)
	back = make_return(sale)
	assert points_of(back) == {}
	assert not membership_of(customer, program)


def test_a_second_draft_sees_what_the_first_has_given_back(member):
	sale = make_pos_invoice(member, qty=3, ccms_redeem_points=100)
	one, other = make_return(sale, 1, submit=False), make_return(sale, 2, submit=False)
	assert (returned(one)[2], returned(other)[2]) == (3.33, 6.67)
	one.submit()
	other.submit()
	assert returned(other)[2] == 6.67
	assert check(membership_of(member)).active == 1000


def test_a_sale_with_a_return_cannot_be_cancelled_and_can_after_it(member):
	sale = make_pos_invoice(member, qty=2, ccms_redeem_points=50)
	back = make_return(sale, 1)
	with raises_refusal(error=frappe.LinkExistsError):
		sale.reload().cancel()
	back.reload().cancel()
	sale.reload().cancel()
	assert check(membership_of(member)).active == 1000


def test_the_pending_points_of_a_part_paid_sale_go_first():
	frappe.db.set_value("POS Profile", TILL, "allow_partial_payment", 1)
	customer = make_customer(make_program(accrue_when="When Paid"))
	sale = make_pos_invoice(customer, qty=2, paid=100)
	back = make_return(sale, 1)
	assert points_of(back) == {"Clawback": -100}
	balance = check(membership_of(customer))
	assert (balance.active, balance.pending, balance.arrears) == (0, 100, 0)


def test_a_customer_without_points_returns_as_erpnext_has_it():
	sale = make_pos_invoice(make_customer(), qty=2)
	back = make_return(sale, 1, submit=False)
	pay_back(back)
	assert returned(back.submit()) == (-100, -100, 0)
	assert [row.mode_of_payment for row in back.payments if row.amount] == [CASH]
