"""Points Liability: what is owed on any day, tied to the ledger, as each reader may see it."""

import random
from datetime import date
from decimal import Decimal

import frappe
import pytest
from frappe.utils import add_days, add_months, getdate, nowdate

from ccms_app.loyalty.store import balances, ledger, members, programs
from ccms_app.loyalty.store.liability import Books
from tests.site.clock import at, day
from tests.site.factories import (
	make_customer,
	make_program,
	make_return,
	make_sales_invoice,
	make_tiers,
)
from tests.site.ledger_checks import membership_of
from tests.site.payments import pay
from tests.site.reports import Report
from tests.site.world import ABROAD, ANALYST, CASHIER, COMPANY, MANAGER, account
from tests.unit.histories import lived, rules_of

NAME = "Points Liability"


def liability(of=None, **filters) -> Report:
	if of is not None:
		filters["program"] = of.name
	return Report(NAME, **{"company": COMPANY, **filters})


def expired(program, customer, days_ago: int = 10) -> None:
	"""Points of a month ago that no job has written off."""
	with at(add_months(day(-days_ago), -program.expiry_months)):
		make_sales_invoice(customer, rate=40)


def test_points_by_age_with_what_is_owed():
	program = make_program(point_value=0.5, expected_redemption_percent=80, accrue_when="When Paid")
	customer = make_customer(program)
	for months, rate in ((0, 100), (4, 200), (13, 300)):
		with at(add_months(nowdate(), -months)):
			pay(make_sales_invoice(customer, rate=rate))
	make_sales_invoice(customer, rate=70)
	found = liability(program)
	assert [(row.label, row.active, row.pending) for row in found.rows] == [
		("0–3 months", 100, 70),
		("3–6 months", 200, 0),
		("12–24 months", 300, 0),
	]
	assert (found.total.points, found.total.value, found.total.liability) == (670, 335, 268)
	assert {row.currency for row in found.rows} == {"CNY"}
	assert "670 points" in found.message and "268.00 of it" in found.message
	assert "add up to 670 as well" in found.message and not found.warns
	assert found.figures["Of which pending"] == "70"


def test_debts_of_members_lower_it():
	program = make_program()
	customer = make_customer(program)
	sale = make_sales_invoice(customer, rate=100)
	make_sales_invoice(customer, rate=10, ccms_redeem_points=90)
	make_return(sale)
	found = liability(program)
	(owed,) = found.only(group="owed")
	assert balances.now(membership_of(customer)).arrears == -owed.points
	assert found.total.points == sum(row.points for row in found.rows) < 0
	assert "as well" in found.message


@pytest.mark.parametrize("model", ["Rolling", "Inactivity"])
def test_points_past_their_expiry_are_no_longer_owed(model):
	program = make_program(expiry_model=model, expiry_months=1)
	customer = make_customer(program)
	expired(program, customer)
	other = make_customer(program)
	make_sales_invoice(other, rate=5)
	found = liability(program)
	assert found.total.points == 5
	assert "add up to 45, of which 40 have expired but are not written off yet" in found.message
	before = liability(program, report_date=str(add_days(nowdate(), -12)))
	assert before.total.points == 40 and "as well" in before.message


def test_by_month_of_expiry():
	program = make_program(expiry_model="Rolling", expiry_months=2)
	customer = make_customer(program)
	make_sales_invoice(customer, rate=100)
	with at(add_months(nowdate(), -1)):
		make_sales_invoice(customer, rate=50)
	found = liability(program, group_by="Expiry Month")
	months = [f"{getdate(add_months(nowdate(), number)):%Y-%m}" for number in (1, 2)]
	assert [(row.group, row.points) for row in found.rows] == list(zip(months, (50, 100), strict=True))
	assert len(found.chart["data"]["labels"]) == 2


def test_inactivity_expires_in_the_month_that_the_last_purchase_says():
	program = make_program(expiry_model="Inactivity", expiry_months=6)
	customer = make_customer(program)
	with at(add_months(nowdate(), -4)):
		make_sales_invoice(customer, rate=80)
	(row,) = liability(program, group_by="Expiry Month").rows
	assert row.group == f"{getdate(add_months(nowdate(), 2)):%Y-%m}"


def test_never_and_far_away():
	program = make_program(expiry_model="Rolling", expiry_months=60)
	make_sales_invoice(make_customer(program), rate=80)
	assert liability(program, group_by="Expiry Month").column("group") == ["later"]
	program = make_program()
	make_sales_invoice(make_customer(program), rate=80)
	assert liability(program, group_by="Expiry Month").column("group") == [""]


def test_programs_side_by_side():
	one, two = make_program(point_value=1), make_program(point_value=0.01)
	for program in (one, two):
		make_sales_invoice(make_customer(program), rate=80)
	found = liability(group_by="Program")
	values = {row.program: row.value for row in found.rows}
	assert (values[one.name], values[two.name]) == (80, 0.8)
	assert not found.warns


def test_nothing_yet():
	found = liability(make_program())
	assert found.rows == [] and found.chart is None
	assert "no points" in found.message and "first invoice" in found.message


def test_a_ledger_that_was_tampered_with_does_not_tie():
	program = make_program()
	customer = make_customer(program)
	make_sales_invoice(customer, rate=80)
	frappe.db.sql(
		"update `tabCCMS Points Lot` set remaining = 70 where membership = %s", membership_of(customer)
	)
	found = liability(program)
	assert found.warns and "difference of 10" in found.message


def test_a_future_document_does_not_count_yet():
	program = make_program()
	customer = make_customer(program)
	make_sales_invoice(customer, rate=80)
	make_sales_invoice(customer, rate=30, posting_date=day(5), due_date=day(5))
	found = liability(program)
	assert found.total.points == 80 and not found.warns


# --- every past day ------------------------------------------------------------------------------------------


def settle(world, rules) -> list[str]:
	"""Write what a history made, as if it had been posted; returns the memberships."""
	world.nightly()
	names = {}
	for name, book in world.books.items():
		names[name] = frappe.generate_hash(length=12)
		book.member.customer, book.member.company = f"C {names[name]}", rules.company
		frappe.db.sql(
			"""insert into `tabCCMS Membership` (name, program, customer, company, member_no, active_key, merged_into)
			values (%s, %s, %s, %s, %s, %s, '')""",
			(name, rules.name, book.member.customer, rules.company, names[name], names[name]),
		)
	for source, target in world.merged.items():
		frappe.db.set_value(members.DOCTYPE, source, "merged_into", target, update_modified=False)
	for book in world.books.values():
		for entry in book.new_entries:
			entry.reason = entry.reason or ("merge" if entry.entry_type.startswith("Transfer") else "")
		ledger.write([book])
	return list(world.books)


@pytest.mark.parametrize("seed", range(24))
def test_any_past_day_is_the_sum_of_its_members(seed):
	tiers = make_tiers(Basic=0, Gold=(200, 2)) if seed % 3 == 0 else []
	program = make_program(**rules_of(seed), tiers=tiers)
	rules = programs.get(program.name)
	world = lived(seed, rules)
	names = settle(world, rules)
	chance = random.Random(seed)
	days = sorted({entry.posting_date for name in names for entry in balances.journal(name)[0]})
	for on in [*chance.sample(days, min(6, len(days))), world.today, add_days(world.today, 45)]:
		compare(rules, names, on)


def compare(rules, names: list[str], on: date) -> None:
	books = Books(COMPANY, on, rules.name)
	each = [balances.on_date(name, on) for name in names]
	for by in ("", "age", "month"):
		open_ = books.open(by)
		assert sum(row.active for row in open_) == sum(balance.active for balance in each), (on, by)
		assert sum(row.pending for row in open_) == sum(balance.pending for balance in each), (on, by)
	arrears = sum(books.arrears().values(), Decimal(0))
	assert arrears == sum(balance.arrears for balance in each), on
	journal = sum(books.journal().values(), Decimal(0))
	assert sum(row.usable + row.lapsed for row in open_) - arrears == journal, on


# --- who sees what -------------------------------------------------------------------------------------------


def test_a_reader_sees_the_points_of_customers_they_may_see(as_user):
	program = make_program()
	mine, theirs = make_customer(program), make_customer(program)
	make_sales_invoice(mine, rate=100)
	make_sales_invoice(theirs, rate=30)
	frappe.permissions.add_user_permission("Customer", mine.name, MANAGER)
	frappe.clear_cache(user=MANAGER)
	try:
		with as_user(MANAGER):
			found = liability(program)
			assert found.total.points == 100 and not found.warns
			past = liability(program, report_date=add_days(nowdate(), -1))
			assert past.rows == []
	finally:
		frappe.cache.hdel("user_permissions", MANAGER)


def test_another_company_is_refused(as_user):
	frappe.permissions.add_user_permission("Company", ABROAD, MANAGER)
	frappe.clear_cache(user=MANAGER)
	try:
		with as_user(MANAGER), pytest.raises(frappe.PermissionError):
			liability()
	finally:
		frappe.cache.hdel("user_permissions", MANAGER)


def test_an_analyst_reads_it_and_a_cashier_does_not(as_user):
	program = make_program()
	make_sales_invoice(make_customer(program), rate=100)
	with as_user(ANALYST):
		assert liability(program).total.points == 100
	with as_user(CASHIER), pytest.raises(frappe.PermissionError):
		liability(program)


def test_filters_are_checked():
	elsewhere = make_program(
		company=ABROAD,
		expense_account=account("Loyalty Expense", ABROAD),
		liability_account=None,
		cost_center=account("Main", ABROAD),
	)
	for filters, words in (
		({"company": "Nobody & Sons"}, "may not see"),
		({"program": elsewhere.name}, "not of"),
		({"program": "No such"}, "may not see"),
		({"report_date": "tomorrow?"}, "is not a date"),
		({"group_by": "Colour"}, "must be one of"),
	):
		with pytest.raises((frappe.ValidationError, frappe.PermissionError), match=words):
			liability(**filters)


def test_abroad_in_its_own_currency():
	program = make_program(
		company=ABROAD,
		expense_account=account("Loyalty Expense", ABROAD),
		liability_account=None,
		cost_center=account("Main", ABROAD),
	)
	make_sales_invoice(make_customer(program), company=ABROAD, rate=100)
	(row,) = liability(program, company=ABROAD).rows
	assert row.currency == "USD"
