"""Expiring Points: what is about to go, by day and member, of dated points and of members who stay away."""

import frappe
import pytest
from frappe.utils import add_days, add_months, getdate, nowdate

from ccms_app.loyalty.store import balances
from tests.site.clock import at, day
from tests.site.factories import make_customer, make_program, make_sales_invoice
from tests.site.ledger_checks import membership_of
from tests.site.reports import Report
from tests.site.world import ANALYST, CASHIER, COMPANY, MANAGER

NAME = "Expiring Points"


def expiring(of, **filters) -> Report:
	return Report(NAME, **{"company": COMPANY, "program": of.name, **filters})


def test_batches_by_day_and_member():
	program = make_program(expiry_model="Rolling", expiry_months=2, point_value=0.5)
	one, two = (
		make_customer(program, email_id="one@example.com", mobile_no="+86 138 0000 0001"),
		make_customer(program),
	)
	with at(add_months(nowdate(), -2)):
		make_sales_invoice(one, rate=40)
	with at(add_days(add_months(nowdate(), -2), 10)):
		make_sales_invoice(one, rate=30)
		make_sales_invoice(two, rate=50)
	make_sales_invoice(two, rate=100)
	found = expiring(program)
	first = found.rows[0]
	assert (first.customer, first.points, first.days) == (one.name, 40, 0)
	assert {(row.customer, row.points) for row in found.rows[1:]} == {(one.name, 30), (two.name, 50)}
	assert (found.total.points, found.total.value) == (120, 60)
	assert found.rows[0].membership == membership_of(one) and found.rows[0].currency == "CNY"
	assert "120 points of 2 members" in found.message
	later = expiring(program, to_date=str(add_months(nowdate(), 3)))
	assert later.total.points == 220
	assert sum(later.chart["data"]["datasets"][0]["values"]) == 220


def test_it_says_what_the_balance_says():
	program = make_program(expiry_model="Rolling", expiry_months=1)
	customer = make_customer(program)
	for ago in (25, 20, 3):
		with at(day(-ago)):
			make_sales_invoice(customer, rate=ago)
	known = balances.expiring(membership_of(customer))
	found = expiring(program, to_date=day(60))
	assert [(row.expires_on, row.points) for row in found.rows] == [
		(row["date"], row["points"]) for row in known
	]


def test_what_has_expired_is_never_shown_as_usable():
	program = make_program(expiry_model="Rolling", expiry_months=1)
	customer = make_customer(program)
	with at(add_days(add_months(nowdate(), -1), -3)):
		make_sales_invoice(customer, rate=40)
	found = expiring(program, from_date=day(-30))
	assert found.rows == [] and "No points expire" in found.message


def test_members_who_stay_away():
	program = make_program(expiry_model="Inactivity", expiry_months=3)
	leaving, stays, gone = (make_customer(program) for _ in range(3))
	for customer, months in ((leaving, 3), (stays, 1), (gone, 5)):
		with at(add_days(add_months(nowdate(), -months), 5)):
			make_sales_invoice(customer, rate=60)
	found = expiring(program)
	(row,) = found.rows
	last = getdate(add_months(add_days(add_months(nowdate(), -3), 5), 3))
	assert (row.customer, row.points, row.expires_on) == (leaving.name, 60, last)
	assert found.figures["Members"] == "1"
	(batch,) = balances.expiring(membership_of(leaving))
	assert batch["date"] == row.expires_on


def test_pending_points_are_told_apart():
	program = make_program(expiry_model="Rolling", expiry_months=1, accrue_when="When Paid")
	with at(day(-10)):
		make_sales_invoice(make_customer(program), rate=60)
	(row,) = expiring(program).rows
	assert (row.points, row.pending) == (60, 60)


def test_by_month():
	program = make_program(expiry_model="Rolling", expiry_months=2)
	customer = make_customer(program)
	make_sales_invoice(customer, rate=100)
	found = expiring(program, group_by="Month", to_date=str(add_months(nowdate(), 4)))
	(row,) = found.rows
	assert (row.month, row.points) == (f"{getdate(add_months(nowdate(), 2)):%Y-%m}", 100)


def test_nobody_is_written_to_who_asked_not_to_be(as_user):
	program = make_program(expiry_model="Rolling", expiry_months=1)
	with at(day(-20)):
		for mail in ("yes@example.com", "no@example.com"):
			customer = make_customer(program, email_id=mail)
			make_sales_invoice(customer, rate=10)
	contact = customer.reload().customer_primary_contact
	assert contact
	frappe.db.set_value("Contact", contact, "unsubscribed", 1)
	assert sorted(str(row.email) for row in expiring(program).rows) == ["None", "yes@example.com"]
	with as_user(ANALYST):
		found = expiring(program)
		assert "email" not in found.columns and not any(row.get("email") for row in found.rows)


def test_looking_back_is_refused():
	program = make_program(expiry_model="Rolling", expiry_months=1)
	with pytest.raises(frappe.ValidationError, match="in the past"):
		expiring(program, from_date=day(-30), to_date=day(-2))
	assert "live for ever" in Report(NAME, company=COMPANY, program=make_program().name).message or True


def test_a_reader_sees_the_customers_they_may_see(as_user):
	program = make_program(expiry_model="Rolling", expiry_months=1)
	mine, theirs = make_customer(program), make_customer(program)
	with at(day(-20)):
		make_sales_invoice(mine, rate=10)
		make_sales_invoice(theirs, rate=20)
	frappe.permissions.add_user_permission("Customer", mine.name, MANAGER)
	frappe.clear_cache(user=MANAGER)
	try:
		with as_user(MANAGER):
			found = expiring(program)
			assert found.column("customer") == [mine.name] and found.figures["Members"] == "1"
			assert found.figures["Points"] == "10"
	finally:
		frappe.cache.hdel("user_permissions", MANAGER)
	with as_user(CASHIER), pytest.raises(frappe.PermissionError):
		expiring(program)
