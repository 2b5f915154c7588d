"""Cancelling reverses whatever of a document still stands; amending keeps its points; calling a hook twice changes nothing."""

import frappe
import pytest

from ccms_app.loyalty.store import invoices
from ccms_app.loyalty.store import payments as paying
from tests.site import payments, world
from tests.site.books import check_books, points_row
from tests.site.clock import at, day
from tests.site.factories import (
	amend,
	make_customer,
	make_program,
	make_return,
	make_sales_invoice,
	make_tiers,
)
from tests.site.ledger_checks import (  # noqa: F401 (strict is a fixture)
	check,
	entries,
	lots_of,
	membership_of,
	points_of,
	set_balance,
	snapshot,
	strict,
)
from tests.site.refusals import raises_refusal


def member(points: float = 1000, **program):
	customer = make_customer(make_program(**program))
	membership = membership_of(customer)
	if points:
		set_balance(membership, points)
	return customer, membership


def test_a_cancelled_sale_leaves_nothing_but_its_history():
	customer, membership = member(tiers=make_tiers(Basic=0, Gold=10_000))
	sale = make_sales_invoice(customer, taxes=world.VAT, ccms_redeem_points=300)
	before = len(entries(membership))
	sale.cancel()
	balance = check(membership)
	assert (balance.active, balance.qualifying_value, balance.arrears) == (1000, 0, 0)
	assert [(entry.entry_type, entry.points) for entry in entries(membership)[before:]] == [
		("Cancel", 300),
		("Cancel", -int(100 * (1 - 30 / 113))),
	]
	assert not payments.ledger(sale)
	assert lots_of(membership)[0].remaining == 1000
	assert all(entry.voucher_no == sale.name for entry in entries(membership)[before:])


def test_what_was_spent_since_is_owed():
	customer, membership = member(0)
	first = make_sales_invoice(customer, rate=300)
	second = make_sales_invoice(customer, rate=100, ccms_redeem_points=300)  # 30 of 100; earns 70
	first.cancel()
	balance = check(membership)
	assert balance.active - balance.arrears == -300 + 70
	assert balance.spendable == 0
	second.cancel()
	balance = check(membership)
	assert balance.active - balance.arrears == 0


@pytest.mark.parametrize("order", ["oldest first", "newest first"])
def test_a_chain_of_sales_is_cancelled(order):
	customer, membership = member(0)
	sales = [
		make_sales_invoice(customer, rate=300),
		make_sales_invoice(customer, rate=200, ccms_redeem_points=250),
		make_sales_invoice(customer, rate=100, ccms_redeem_points=200),
	]
	for sale in sales if order == "oldest first" else reversed(sales):
		sale.cancel()
		check(membership)
	balance = check(membership)
	assert balance.active - balance.arrears == 0
	assert balance.qualifying_value == 0
	assert balance.spendable == 0


def test_a_tier_reached_by_a_cancelled_sale_is_kept_until_the_nightly_review():
	"""Going down is the job's, after `tier_until` and its grace; the value falls at once."""
	customer, membership = member(0, tiers=make_tiers(Basic=0, Gold=500))
	sale = make_sales_invoice(customer, rate=600)
	assert check(membership).tier == "Gold"
	sale.cancel()
	balance = check(membership)
	assert (balance.tier, balance.qualifying_value) == ("Gold", 0)


def test_cancelling_gives_expired_points_a_grace_period():
	customer, membership = member(0, expiry_model="Rolling", expiry_months=1, restore_grace_days=7)
	set_balance(membership, 100, expires_on=day(5))
	sale = make_sales_invoice(customer, ccms_redeem_points=100)
	later, until, after = day(10), day(17), day(18)
	with at(later):
		sale.reload().cancel()
		fresh = lots_of(membership)[-1]
		assert (fresh.original, str(fresh.expires_on)) == (100, until)
		assert check(membership).active == 100
	with at(after):
		assert check(membership).active == 0


def test_a_lot_that_has_expired_is_not_taken_back_twice():
	customer, membership = member(0, expiry_model="Rolling", expiry_months=1)
	sale = make_sales_invoice(customer)
	with at(day(40)):
		sale.reload().cancel()
		balance = check(membership)
		assert (balance.active, balance.arrears) == (0, 0)
		kinds = [(entry.entry_type, entry.points) for entry in entries(membership)[-2:]]
		assert kinds == [("Expire", -100), ("Cancel", 0)]


# --- amending ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("as_the_desk", [True, False])
def test_amending_keeps_the_points(as_the_desk):
	customer, membership = member(300)
	sale = make_sales_invoice(customer, taxes=world.VAT, ccms_redeem_points=300, disable_rounded_total=1)
	sale.cancel()
	new = frappe.copy_doc(sale, ignore_no_copy=True)
	new.amended_from = sale.name
	if as_the_desk:  # the form sends the copied fields and rows as they are
		new = frappe.get_doc(new.as_dict())
	new.items[0].qty = 2
	new.insert()
	assert (new.ccms_redeem_points, new.ccms_redeem_amount, new.grand_total) == (300, 30, 196)
	assert len([row for row in new.taxes if row.ccms_points_row]) == 1
	new.submit()
	check_books(new)
	assert check(membership).active == int(200 * (1 - 30 / 226))


def test_amending_again_and_again():
	customer, membership = member(300)
	sale = make_sales_invoice(customer, ccms_redeem_points=300, disable_rounded_total=1)
	for _ in range(3):
		sale = amend(sale)
		check_books(sale)
		check(membership)
	assert check(membership).active == 70


def test_an_amended_percentage_discount():
	customer, _membership = member()
	sale = make_sales_invoice(
		customer,
		taxes=world.VAT,
		apply_discount_on="Grand Total",
		additional_discount_percentage=10,
		ccms_redeem_points=100,
		disable_rounded_total=1,
	)
	new = amend(sale, submit=False)
	assert (new.discount_amount, new.grand_total) == (11.3, 91.7)
	new.items[0].qty = 2
	new.save()
	assert (new.discount_amount, new.grand_total) == (22.6, 193.4)
	new.ccms_redeem_points = 0
	new.save()
	assert (new.additional_discount_percentage, new.grand_total) == (10, 203.4)
	check_books(new.submit())


def test_amending_without_the_points():
	customer, membership = member()
	sale = make_sales_invoice(customer, ccms_redeem_points=100, disable_rounded_total=1)
	new = amend(sale, submit=False)
	new.ccms_redeem_points = 0
	new.save()
	assert points_row(new) is None
	new.submit()
	assert check(membership).active == 1100


def test_amending_to_another_number_of_points():
	customer, membership = member()
	sale = make_sales_invoice(customer, ccms_redeem_points=100, disable_rounded_total=1)
	new = amend(sale, ccms_redeem_points=250)
	assert (new.ccms_redeem_amount, new.grand_total) == (25, 75)
	assert check(membership).active == 1000 - 250 + 75


def test_an_older_sale_is_amended_with_todays_date():
	"""Its cancelling is of today: on its own day the points are still gone, and the refusal says what to do."""
	customer = make_customer(make_program())
	membership = membership_of(customer)
	with at(day(-10)):
		set_balance(membership, 1000)
	sale = make_sales_invoice(customer, qty=2, ccms_redeem_points=800, posting_date=day(-5))
	with raises_refusal(
		r"Only 320 points can be used. That is what there was on .* Set the posting date to today"
	):
		amend(sale)
	sale = frappe.get_doc("Sales Invoice", sale.name)
	assert points_of(amend(sale, posting_date=day(0), due_date=day(0), payment_schedule=[]))["Redeem"] == -800
	check(membership)


def test_a_return_is_amended():
	customer, membership = member()
	sale = make_sales_invoice(customer, qty=3, rate=100, ccms_redeem_points=100, disable_rounded_total=1)
	note = make_return(sale, 2)
	note.cancel()
	new = frappe.copy_doc(note)
	new.update({"amended_from": note.name})
	new.items[0].qty = -1
	new.insert().submit()
	assert points_row(new).tax_amount == 3.33
	check_books(new)
	check(membership)
	make_return(sale, 2)
	assert check(membership).active == 1000


# --- twice -------------------------------------------------------------------------------------------------------


def check_hooks_again(doc, *hooks) -> None:
	before = snapshot()
	for hook in hooks:
		hook(frappe.get_doc(doc.doctype, doc.name))
		assert snapshot() == before, f"{hook.__name__} again changed something"


def test_every_hook_twice():
	"""Invariant 5: whatever is called again finds what it wanted."""
	customer, membership = member(1000, accrue_when="When Paid")
	sale = make_sales_invoice(customer, qty=2, ccms_redeem_points=300)
	check_hooks_again(sale, invoices.post, paying.changed)
	payments.pay(sale)
	check_hooks_again(sale, paying.changed, invoices.post)
	note = make_return(sale, 1)
	check_hooks_again(note, invoices.post, paying.changed)
	check_hooks_again(sale, invoices.post, paying.changed)
	note.reload().cancel()
	check_hooks_again(note, invoices.reverse)
	plain = make_sales_invoice(customer)
	plain.reload().cancel()
	check_hooks_again(plain, invoices.reverse, paying.changed)
	check(membership)


def test_a_cancelled_document_posts_nothing_again():
	customer, membership = member()
	sale = make_sales_invoice(customer, ccms_redeem_points=100)
	sale.cancel()
	check_hooks_again(sale, invoices.reverse)
	assert check(membership).active == 1000


# --- what stands beside it ---------------------------------------------------------------------------------------


def test_a_cancelled_sale_that_points_paid_is_not_deleted():
	"""Its entries name it: history is kept, so the document is."""
	customer, _membership = member()
	sale = make_sales_invoice(customer, ccms_redeem_points=100)
	sale.cancel()
	with pytest.raises(frappe.LinkExistsError):
		frappe.delete_doc("Sales Invoice", sale.name)


def test_a_draft_is_deleted():
	customer, membership = member()
	draft = make_sales_invoice(customer, submit=False, ccms_redeem_points=100)
	frappe.delete_doc("Sales Invoice", draft.name)
	assert check(membership).active == 1000


def test_cancelling_after_the_member_left_or_the_programme_ended():
	from ccms_app.loyalty.store import members

	customer, membership = member()
	sale = make_sales_invoice(customer, ccms_redeem_points=100)
	program = frappe.get_doc(
		"CCMS Loyalty Program", frappe.db.get_value("CCMS Membership", membership, "program")
	)
	program.enabled = 0
	program.save()
	members.set_status(membership, "Left")
	sale.cancel()
	assert check(membership).active == 1000


def test_a_future_sale_is_cancelled_before_its_day():
	customer, membership = member(0)
	sale = make_sales_invoice(customer, posting_date=day(5), due_date=day(5))
	sale.cancel()
	from ccms_app.loyalty.store import balances

	assert balances.now(membership).spendable == 0
	with at(day(5)):
		assert check(membership).active == 0


def test_a_programme_that_is_gone_blocks_neither_return_nor_cancel():
	"""Somebody has removed it from the database: the money goes back all the same, and the Error Log says why no points."""
	customer, membership = member()
	program = frappe.db.get_value("CCMS Membership", membership, "program")
	paid = make_sales_invoice(customer, qty=2, ccms_redeem_points=500)
	sale = make_sales_invoice(customer)
	frappe.db.delete("CCMS Loyalty Program", program)
	frappe.clear_document_cache("CCMS Loyalty Program", program)
	note = make_return(paid, 1)
	assert (note.grand_total, points_of(note)) == (-75, {})
	sale.reload().cancel()
	assert frappe.db.count("Error Log", {"method": "CCMS: a loyalty program is gone"}) >= 2
