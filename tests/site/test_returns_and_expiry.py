"""Returns after points have expired: what is gone is not taken again, what was spent comes back for the grace period."""

import frappe
import pytest

from ccms_app.loyalty.store import balances
from tests.site.books import check_books, points_row
from tests.site.clock import at, day
from tests.site.factories import make_customer, make_program, make_return, make_sales_invoice
from tests.site.ledger_checks import (  # noqa: F401 (strict is a fixture)
	check,
	entries,
	lots_of,
	membership_of,
	points_of,
	set_balance,
	strict,
)


def member(**program):
	customer = make_customer(make_program(**program))
	return customer, membership_of(customer)


def standing(membership: str) -> tuple[float, float]:
	balance = check(membership)
	return float(balance.active), float(balance.arrears)


def test_restored_points_keep_their_old_expiry():
	customer, membership = member()
	set_balance(membership, 100, expires_on=day(20))
	sale = make_sales_invoice(customer, qty=2, ccms_redeem_points=100)
	with at(day(10)):
		make_return(sale, 2, posting_date=frappe.utils.nowdate())
		assert standing(membership) == (100, 0)
		assert [(lot.remaining, lot.state) for lot in lots_of(membership)] == [
			(100, "Active"),
			(0, "Cancelled"),
		]
	with at(day(21)):
		assert standing(membership) == (0, 0)


@pytest.mark.parametrize("days", [0, 14])
def test_restored_points_whose_expiry_has_passed_live_the_grace_days(days):
	customer, membership = member(expiry_model="Rolling", expiry_months=1, restore_grace_days=days)
	set_balance(membership, 100, expires_on=day(5))
	sale = make_sales_invoice(customer, qty=2, ccms_redeem_points=100)
	later, last, gone = day(10), day(10 + days), day(11 + days)
	with at(later):
		first = make_return(sale, 1, posting_date=later)
		check_books(first)
		assert points_of(first)["Restore"] == 50
		fresh = [lot for lot in lots_of(membership) if lot.entry_type == "Restore"]
		assert [(lot.original, str(lot.expires_on)) for lot in fresh] == [(50, last)]
	with at(last):
		assert standing(membership)[0] - 95 == 50
	with at(gone):
		second = make_return(sale, 1, posting_date=gone)
		assert points_of(second)["Restore"] == 50
		check_books(second)
		balance = check(membership)
		assert balance.active == 50  # the first half is gone again, of the earned nothing is left
	for note, then in ((second, gone), (first, gone)):
		with at(then):
			note.reload().cancel()
			check(membership)


def test_never_expiring_programmes_restore_for_good():
	customer, membership = member()
	set_balance(membership, 100, expires_on=day(5))
	sale = make_sales_invoice(customer, ccms_redeem_points=100)
	with at(day(10)):
		make_return(sale, posting_date=frappe.utils.nowdate())
		fresh = [lot for lot in lots_of(membership) if lot.entry_type == "Restore"]
		assert [(lot.original, lot.expires_on) for lot in fresh] == [(100, None)]
		assert standing(membership) == (100, 0)


def test_earned_points_that_expired_are_not_clawed_back_from_others():
	customer, membership = member(expiry_model="Rolling", expiry_months=1)
	sale = make_sales_invoice(customer, qty=2)
	with at(day(40)):
		make_sales_invoice(customer, rate=70)
		assert standing(membership) == (70, 0)
		note = make_return(sale, posting_date=frappe.utils.nowdate())
		assert not points_of(note).get("Clawback")
		assert standing(membership) == (70, 0)
		note.reload().cancel()
		assert standing(membership) == (70, 0)


def test_partly_spent_and_partly_expired():
	customer, membership = member(expiry_model="Rolling", expiry_months=1)
	sale = make_sales_invoice(customer, qty=2)
	make_sales_invoice(customer, rate=12, ccms_redeem_points=120)
	with at(day(40)):  # 80 have expired
		make_sales_invoice(customer, rate=300)
		make_return(sale, 1, posting_date=frappe.utils.nowdate())
		one = check(membership)
		assert one.active - one.arrears == 300 - 20  # due 100, of which 80 are gone already
		make_return(sale, 1, posting_date=frappe.utils.nowdate())
		two = check(membership)
		assert two.active - two.arrears == 300 - 120


def test_inactivity_runs_from_the_last_sale_that_stands():
	customer, membership = member(expiry_model="Inactivity", expiry_months=1)
	make_sales_invoice(customer, posting_date=day(-20), due_date=day(-20))
	later = make_sales_invoice(customer)
	with at(day(25)):
		assert standing(membership) == (200, 0)
		later.reload().cancel()
		assert standing(membership) == (0, 0), "the last sale that stands was 45 days ago"


def test_a_fixed_date():
	customer, membership = member(expiry_model="Fixed Date", expiry_months=1, expiry_day_month="02-29")
	make_sales_invoice(customer)
	expires = lots_of(membership)[0].expires_on
	assert (expires.month, expires.day) in ((2, 28), (2, 29))
	with at(str(expires)):
		assert standing(membership) == (100, 0)
	with at(str(frappe.utils.add_days(expires, 1))):
		assert standing(membership) == (0, 0)
		with pytest.raises(frappe.ValidationError, match="Only 0 points"):
			make_sales_invoice(customer, ccms_redeem_points=1)


@pytest.mark.parametrize("swept", [False, True])
def test_whether_the_nightly_job_has_run_changes_nothing(swept):
	"""The same story, once with the expiry written as soon as it is due and once never."""
	from ccms_app.loyalty import movements
	from ccms_app.loyalty.store import ledger

	def night() -> None:
		if swept:
			book = ledger.lock(membership)
			movements.expire(book, balances.now(membership).program, frappe.utils.getdate())
			ledger.write([book])

	customer, membership = member(expiry_model="Rolling", expiry_months=1, restore_grace_days=5)
	sale = make_sales_invoice(customer, qty=4)
	spent = make_sales_invoice(customer, rate=20, ccms_redeem_points=150)
	seen = []
	first, second, third = day(33), day(36), day(50)
	with at(first):
		night()
		seen.append(standing(membership))
		make_return(spent, posting_date=first)
		seen.append(standing(membership))
	with at(second):
		night()
		make_return(sale, 1, posting_date=second)
		seen.append(standing(membership))
	with at(third):
		night()
		make_return(sale, 3, posting_date=third)
		seen.append(standing(membership))
		make_sales_invoice(customer, rate=500, posting_date=third)
		night()
		seen.append(standing(membership))
	story = getattr(test_whether_the_nightly_job_has_run_changes_nothing, "seen", None)
	if story is None:
		test_whether_the_nightly_job_has_run_changes_nothing.seen = seen
	else:
		assert seen == story


def test_the_row_of_a_backdated_return():
	customer, membership = member(expiry_model="Rolling", expiry_months=2)
	make_sales_invoice(customer, rate=500, posting_date=day(-30), due_date=day(-30))
	sale = make_sales_invoice(
		customer, qty=2, posting_date=day(-20), due_date=day(-20), ccms_redeem_points=200
	)
	note = make_return(sale, 1, posting_date=day(-10))
	assert points_row(note).tax_amount == 10
	check_books(note)
	check(membership)
	on = frappe.utils.getdate
	assert balances.on_date(membership, on(day(-11))).active == 500 - 200 + 180
	assert balances.on_date(membership, on(day(-10))).active == 500 - 100 + 90
