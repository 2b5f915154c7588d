"""The part of a profile that changes with the invoice."""

import frappe
from frappe.utils import add_days, getdate, nowdate

from ccms_app.behaviour.store import live
from tests.site.factories import (
	ABROAD,
	COMPANY,
	TEA,
	account,
	make_customer,
	make_item,
	make_pos_invoice,
	make_return,
	make_sales_invoice,
)
from tests.site.world import CUP, WALK_IN

PROFILE = "CCMS Customer Profile"


def profile(customer, company=COMPANY):
	fields = ["orders", "revenue", "first_order", "last_order", "stage", "live_seq", "currency"]
	return frappe.db.get_value(
		PROFILE, {"customer": getattr(customer, "name", customer), "company": company}, fields, as_dict=True
	)


def ago(days: int):
	return getdate(add_days(nowdate(), -days))


def test_a_sale_makes_a_profile_and_the_next_one_changes_it():
	customer = make_customer()
	assert profile(customer) is None
	make_sales_invoice(customer, rate=100, posting_date=ago(10))
	found = profile(customer)
	assert (found.orders, found.revenue, found.stage) == (1, 100, "First Purchase")
	assert found.first_order == found.last_order == ago(10)
	assert found.currency == "CNY"
	make_pos_invoice(customer, rate=50)
	found = profile(customer)
	assert (found.orders, found.revenue, found.stage) == (2, 150, "Repeat")
	assert (found.first_order, found.last_order) == (ago(10), ago(0))


def test_two_sales_of_one_day_are_one_order():
	customer = make_customer()
	make_sales_invoice(customer, rate=100)
	make_sales_invoice(customer, rate=70)
	found = profile(customer)
	assert (found.orders, found.revenue) == (1, 170)


def test_a_full_return_takes_the_order_away_and_a_partial_one_its_revenue():
	customer = make_customer()
	make_sales_invoice(customer, rate=100, posting_date=ago(20))
	sale = make_sales_invoice(customer, rate=100, qty=2, posting_date=ago(5))
	make_return(sale, 1, posting_date=ago(2))
	found = profile(customer)
	assert (found.orders, found.revenue, found.last_order) == (2, 200, ago(5))
	make_return(sale, 1)
	found = profile(customer)
	assert (found.orders, found.revenue, found.last_order) == (1, 100, ago(20))


def test_a_day_is_back_only_when_all_of_its_lines_are():
	customer = make_customer()
	sale = make_sales_invoice(customer, items=[(TEA, 2, 100), (CUP, 1, 30)])
	make_sales_invoice(customer, items=[(CUP, 1, 30)])
	make_return(sale)
	assert profile(customer).orders == 1
	other = make_customer()
	sale = make_sales_invoice(other, items=[(TEA, 2, 100), (CUP, 1, 30)])
	make_return(sale)
	found = profile(other)
	assert (found.orders, found.revenue, found.last_order, found.stage) == (0, 0, None, "Prospect")


def test_cancelling_undoes_it():
	customer = make_customer()
	make_sales_invoice(customer, rate=100, posting_date=ago(3))
	sale = make_sales_invoice(customer, rate=40)
	sale.reload().cancel()
	found = profile(customer)
	assert (found.orders, found.revenue, found.last_order) == (1, 100, ago(3))
	assert found.live_seq == 3


def test_a_backdated_sale_finds_its_place():
	customer = make_customer()
	make_sales_invoice(customer, posting_date=ago(3))
	make_sales_invoice(customer, posting_date=ago(40))
	found = profile(customer)
	assert (found.orders, found.first_order, found.last_order) == (2, ago(40), ago(3))


def test_a_sale_of_tomorrow_does_not_count_yet():
	customer = make_customer()
	make_sales_invoice(customer, posting_date=ago(3))
	make_sales_invoice(customer, posting_date=add_days(nowdate(), 2))
	assert profile(customer).orders == 1


def test_companies_stand_apart_in_their_own_currency():
	customer = make_customer()
	make_sales_invoice(customer, rate=100)
	make_sales_invoice(customer, rate=20, company=ABROAD, currency="USD")
	assert profile(customer).revenue == 100
	abroad = profile(customer, ABROAD)
	assert (abroad.revenue, abroad.currency) == (20, "USD")


def test_a_walk_in_customer_has_none():
	make_pos_invoice(WALK_IN)
	assert profile(WALK_IN) is None
	customer = make_customer(ccms_anonymous=1)
	make_sales_invoice(customer)
	assert profile(customer) is None


def test_an_opening_invoice_is_no_order():
	customer = make_customer()
	# an item of its own: ERPNext remembers the account of an item that has none
	opening = {"item_code": make_item().name, "income_account": account("Temporary Opening")}
	make_sales_invoice(customer, is_opening="Yes", items=[opening])
	assert profile(customer) is None


def test_a_failure_never_blocks_an_invoice(monkeypatch):
	def fail(*_args, **_keywords):
		frappe.db.sql("update `tabCCMS Customer Profile` set orders = 77")
		raise RuntimeError("a bug")

	customer = make_customer()
	make_sales_invoice(customer, posting_date=ago(3))
	errors = frappe.db.count("Error Log")
	monkeypatch.setattr(live, "_standing", fail)
	sale = make_sales_invoice(customer)
	assert sale.reload().docstatus == 1
	assert profile(customer).orders == 1
	assert frappe.db.count("Error Log") == errors + 1
