"""Moving out of ERPNext's own loyalty program: real points earned, spent and expired there, equal balances here."""

import frappe
import pytest
from erpnext.accounts.doctype.loyalty_program.loyalty_program import get_loyalty_details
from frappe.utils import add_days, getdate, nowdate

from ccms_app.api.loyalty import enrol, move_from_erpnext
from tests.site.factories import make_customer, make_program, make_sales_invoice
from tests.site.ledger_checks import check, lots_of, membership_of, points_of, snapshot, strict  # noqa: F401
from tests.site.refusals import raises_refusal
from tests.site.world import ABROAD, COMPANY, MANAGER, SELLER, account


@pytest.fixture
def own():
	"""ERPNext's own programme: a point per 1, worth 1, for 100 days."""
	name = f"Own {frappe.generate_hash(length=8)}"
	values = {"loyalty_program_name": name, "loyalty_program_type": "Single Tier Program", "company": COMPANY}
	values |= {"from_date": "2020-01-01", "conversion_factor": 1, "expiry_duration": 100}
	values |= {"expense_account": account("Loyalty Expense"), "cost_center": account("Main")}
	rules = [{"tier_name": "Own", "collection_factor": 1, "min_spent": 0}]
	return frappe.get_doc({"doctype": "Loyalty Program", **values, "collection_rules": rules}).insert()


@pytest.fixture
def customer(own):
	return make_customer(loyalty_program=own.name)


@pytest.fixture
def program():
	return make_program(point_value=1)


def sell(customer, own, **fields):
	return make_sales_invoice(customer, loyalty_program=own.name, **fields)


def balance_there(customer, own) -> float:
	return get_loyalty_details(customer.name, own.name, company=COMPANY).get("loyalty_points") or 0


def test_points_earned_spent_and_expired_there_are_the_same_here(customer, own, program):
	days = {ago: add_days(nowdate(), -ago) for ago in (150, 90, 30, 0)}
	for ago, qty in ((150, 5), (90, 2), (30, 3)):
		sell(customer, own, qty=qty, posting_date=days[ago])
	sell(customer, own, redeem_loyalty_points=1, loyalty_points=50)
	there = balance_there(customer, own)
	assert there == 200 + 300 - 50 + 50

	move_from_erpnext(customer.name, program.name)

	assert check(membership_of(customer)).active == there
	assert [(lot.entry_type, lot.remaining, lot.expires_on) for lot in lots_of(membership_of(customer))] == [
		("Opening", 150, getdate(add_days(days[90], 100))),
		("Opening", 300, getdate(add_days(days[30], 100))),
		("Opening", 50, getdate(add_days(days[0], 100))),
	]
	assert not frappe.db.get_value("Customer", customer.name, "loyalty_program")


def test_after_the_move_points_are_earned_here_alone(customer, own, program):
	sell(customer, own)
	move_from_erpnext(customer.name, program.name)
	invoice = make_sales_invoice(customer)
	assert points_of(invoice) == {"Earn": 100}
	assert not frappe.db.exists("Loyalty Point Entry", {"invoice": invoice.name})
	with raises_refusal("in no loyalty program of ERPNext"):
		move_from_erpnext(customer.name, program.name)
	assert check(membership_of(customer)).active == 200


def test_before_the_move_points_are_earned_there_alone(customer, own, program):
	enrol(customer.name, program.name)
	assert "still collects points" in frappe.message_log[-1].message
	invoice = sell(customer, own)
	assert points_of(invoice) == {}
	assert frappe.db.get_value("Loyalty Point Entry", {"invoice": invoice.name}, "loyalty_points") == 100


def test_nothing_to_move_still_moves_the_customer(customer, own, program):
	assert move_from_erpnext(customer.name, program.name) is None
	assert check(membership_of(customer)).active == 0
	assert not frappe.db.get_value("Customer", customer.name, "loyalty_program")


def test_who_was_a_member_already_keeps_those_points(customer, own, program):
	membership = enrol(customer.name, program.name)
	sell(customer, own)
	make_sales_invoice(customer, qty=2)
	move_from_erpnext(customer.name, program.name)
	assert check(membership).active == 300


def test_a_move_needs_no_second_pair_of_eyes(customer, own, program, as_user):
	"""The figure is ERPNext's own, not the manager's."""
	frappe.db.set_single_value("CCMS Settings", "approval_limit", 50)
	sell(customer, own)
	with as_user(MANAGER):
		move_from_erpnext(customer.name, program.name)
	assert check(membership_of(customer)).active == 100


def test_only_who_may_adjust_points_moves_them(customer, own, program, as_user):
	sell(customer, own)
	with as_user(SELLER), raises_refusal(error=frappe.PermissionError):
		move_from_erpnext(customer.name, program.name)


def test_points_are_not_moved_to_another_company(customer, own):
	"""ERPNext's points of one company would be worth nothing in the other, and gone from the first."""
	sell(customer, own)
	accounts = {
		f"{kind}_account": account(f"Loyalty {kind.title()}", ABROAD) for kind in ("expense", "liability")
	}
	abroad = make_program(company=ABROAD, **accounts)
	with raises_refusal(f"is a loyalty program of .*{COMPANY}"):
		move_from_erpnext(customer.name, abroad.name)
	assert frappe.db.get_value("Customer", customer.name, "loyalty_program") == own.name


def test_a_program_that_takes_customers_back_is_named(customer, own, program):
	"""ERPNext's "Auto Opt In" would enrol the customer there again at the next save."""
	own.auto_opt_in = 1
	own.save()
	move_from_erpnext(customer.name, program.name)
	assert "Auto Opt In" in frappe.message_log[-1].message
