"""When Paid: points wait for the payment, whatever it is, and wait again when it is undone."""

import frappe
import pytest

from ccms_app.loyalty.store import balances
from tests.site import payments, world
from tests.site.books import check_books
from tests.site.clock import at, day
from tests.site.factories import make_customer, make_program, make_return, make_sales_invoice, make_tiers
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
	customer = make_customer(make_program(accrue_when="When Paid", **program))
	return customer, membership_of(customer)


def state(membership: str) -> tuple[float, float, float]:
	"""(active, pending, arrears), the membership checked."""
	balance = check(membership)
	return float(balance.active), float(balance.pending), float(balance.arrears)


# --- every way to pay, and to undo it ------------------------------------------------------------------------------


def undo(document):
	return lambda: document.reload().cancel()


def by_payment(sale):
	return undo(payments.pay(sale))


def by_two_payments(sale):
	payments.pay(sale, 60)
	return undo(payments.pay(sale.reload()))


def by_journal(sale):
	return undo(payments.pay_by_journal(sale))


def by_reconciliation(sale):
	payment = payments.pay_on_account(sale.customer, 100)
	payments.reconcile(sale.customer)
	return lambda: payments.unreconcile(payment, sale)


def by_credit_note(sale):
	"""A credit note against nothing, reconciled with the sale."""
	note = make_sales_invoice(sale.customer, is_return=1, qty=-1, update_outstanding_for_self=1)
	assert not points_of(note)
	payments.reconcile(sale.customer)
	assert sale.reload().outstanding_amount == 0
	return None


def by_write_off(sale):
	entry = frappe.new_doc("Journal Entry")
	entry.update(
		{"company": sale.company, "posting_date": frappe.utils.nowdate(), "voucher_type": "Write Off Entry"}
	)
	entry.append(
		"accounts",
		{
			"account": sale.debit_to,
			"party_type": "Customer",
			"party": sale.customer,
			"credit_in_account_currency": 100,
			"reference_type": "Sales Invoice",
			"reference_name": sale.name,
		},
	)
	entry.append("accounts", {"account": world.account("Write Off"), "debit_in_account_currency": 100})
	return undo(entry.insert().submit())


WAYS = [by_payment, by_two_payments, by_journal, by_reconciliation, by_write_off, by_credit_note]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_paid_and_unpaid(way):
	customer, membership = member()
	sale = make_sales_invoice(customer)
	assert state(membership) == (0, 100, 0)
	with pytest.raises(frappe.ValidationError, match="Only 0 points"):
		make_sales_invoice(customer, ccms_redeem_points=1)

	take_back = way(sale)
	assert sale.reload().outstanding_amount == 0
	assert state(membership) == (100, 0, 0)
	if take_back is None:
		return
	take_back()
	assert sale.reload().outstanding_amount > 0
	assert state(membership) == (0, 100, 0)
	payments.pay(sale)
	assert state(membership) == (100, 0, 0)


def test_a_part_payment_is_not_enough():
	customer, membership = member()
	sale = make_sales_invoice(customer)
	part = payments.pay(sale, 99.99)
	assert state(membership) == (0, 100, 0)
	rest = payments.pay(sale.reload())
	assert state(membership) == (100, 0, 0)
	part.reload().cancel()
	assert state(membership) == (0, 100, 0)
	rest.reload().cancel()
	assert state(membership) == (0, 100, 0)


def test_paid_before_it_is_submitted():
	customer, membership = member()
	payment = payments.pay_on_account(customer.name, 500)
	sale = make_sales_invoice(customer, allocate_advances_automatically=1)
	assert sale.reload().outstanding_amount == 0
	assert state(membership) == (100, 0, 0)
	payments.unreconcile(payment, sale)
	assert state(membership) == (0, 100, 0)


def test_points_and_a_payment_pay_together():
	customer, membership = member()
	set_balance(membership, 500)
	sale = make_sales_invoice(customer, ccms_redeem_points=400)
	assert state(membership) == (100, 60, 0)
	payments.pay(sale)
	assert state(membership) == (160, 0, 0)
	check_books(sale)


def test_a_cash_sale_is_paid_at_once():
	customer, membership = member()
	sale = make_sales_invoice(
		customer,
		is_pos=1,
		payments=[{"mode_of_payment": world.CASH, "amount": 100, "account": world.account("Cash")}],
	)
	assert sale.outstanding_amount == 0
	assert state(membership) == (100, 0, 0)
	assert [entry.entry_type for entry in entries(membership)][-2:] == ["Earn", "Activate"]


def test_a_cash_sale_in_part():
	customer, membership = member()
	sale = make_sales_invoice(
		customer,
		is_pos=1,
		payments=[{"mode_of_payment": world.CASH, "amount": 40, "account": world.account("Cash")}],
	)
	assert state(membership) == (0, 100, 0)
	payments.pay(sale)
	assert state(membership) == (100, 0, 0)


def test_a_foreign_invoice_is_paid():
	customer, membership = member()
	sale = make_sales_invoice(customer, currency="USD", debit_to=world.account("Debtors USD"))
	assert state(membership) == (0, 700, 0)
	entry = payments.pay_by_journal_in("USD", sale)
	assert sale.reload().outstanding_amount == 0
	assert state(membership) == (700, 0, 0)
	entry.reload().cancel()
	assert state(membership) == (0, 700, 0)


# --- pending days ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
	("sold", "paid", "available"),
	[(-5, 0, 5), (-20, 0, 0), (-20, -15, -10), (-20, -8, -8)],
	ids=["days after the sale", "day of payment", "days after an early payment", "a late payment"],
)
def test_available_on_the_later_of_payment_and_days(sold, paid, available):
	customer, membership = member(pending_days=10)
	sale = make_sales_invoice(customer, posting_date=day(sold), due_date=day(sold))
	payments.pay(sale, posting_date=day(paid))
	lot = lots_of(membership)[0]
	assert str(lot.available_from) == day(available)
	assert state(membership) == ((0, 100, 0) if available > 0 else (100, 0, 0))
	if available > 0:
		with at(day(available)):
			assert state(membership) == (100, 0, 0)
			make_sales_invoice(customer, rate=1000, ccms_redeem_points=100)


def test_pending_days_without_payment():
	customer = make_customer(make_program(pending_days=10))
	membership = membership_of(customer)
	make_sales_invoice(customer)
	assert state(membership) == (0, 100, 0)
	before, on_the_day = day(9), day(10)
	with at(before):
		assert state(membership) == (0, 100, 0)
	with at(on_the_day):
		assert state(membership) == (100, 0, 0)
		make_sales_invoice(customer, rate=1000, ccms_redeem_points=100, posting_date=on_the_day)
		check(membership)


# --- spent while it was paid ---------------------------------------------------------------------------------------


def test_spent_while_paid_then_unpaid_and_paid_again():
	customer, membership = member()
	sale = make_sales_invoice(customer)
	payment = payments.pay(sale)
	spent = make_sales_invoice(customer, rate=8, ccms_redeem_points=80)
	assert state(membership) == (20, 0, 0)

	payment.reload().cancel()
	assert state(membership) == (0, 100, 80)
	assert balances.now(membership).spendable == 0

	payments.pay(sale.reload())
	assert state(membership) == (20, 0, 0)
	spent.reload().cancel()
	assert state(membership) == (100, 0, 0)


def test_spent_then_unpaid_then_the_spending_is_cancelled():
	customer, membership = member()
	sale = make_sales_invoice(customer)
	payment = payments.pay(sale)
	spent = make_sales_invoice(customer, rate=8, ccms_redeem_points=80)
	payment.reload().cancel()
	spent.reload().cancel()
	assert state(membership) == (0, 100, 0)
	payments.pay(sale.reload())
	assert state(membership) == (100, 0, 0)


def test_arrears_of_an_unpaid_sale_are_paid_by_the_next():
	customer, membership = member()
	sale = make_sales_invoice(customer)
	payment = payments.pay(sale)
	make_sales_invoice(customer, rate=10, ccms_redeem_points=100)
	payment.reload().cancel()
	other = make_sales_invoice(customer, rate=150)
	payments.pay(other)
	assert state(membership) == (50, 100, 0)
	payments.pay(sale.reload())
	assert state(membership) == (150, 0, 0)


def test_the_unpaid_sale_is_cancelled():
	customer, membership = member()
	sale = make_sales_invoice(customer)
	sale.cancel()
	assert state(membership) == (0, 0, 0)
	paid = make_sales_invoice(customer)
	payment = payments.pay(paid)
	payment.cancel()
	paid.reload().cancel()
	assert state(membership) == (0, 0, 0)


def test_a_paid_sale_is_cancelled_with_its_payment_standing():
	"""ERPNext takes the payment off the invoice."""
	customer, membership = member()
	sale = make_sales_invoice(customer)
	payments.pay(sale)
	make_sales_invoice(customer, rate=3, ccms_redeem_points=30)
	sale.reload().cancel()
	assert state(membership) == (0, 0, 30)


# --- returns -------------------------------------------------------------------------------------------------------


def test_a_return_of_an_unpaid_sale_takes_the_pending_points():
	customer, membership = member()
	sale = make_sales_invoice(customer, qty=4)
	make_return(sale, 1, update_outstanding_for_self=0)
	assert sale.reload().outstanding_amount == 300
	assert state(membership) == (0, 300, 0)
	payments.pay(sale)
	assert state(membership) == (300, 0, 0)
	make_return(sale, 3)
	assert state(membership) == (0, 0, 0)


def test_a_return_that_settles_what_was_open_pays_the_sale():
	"""100 of 400 paid, three of four come back: the rest of the sale is settled, its points are no longer pending."""
	customer, membership = member()
	sale = make_sales_invoice(customer, qty=4)
	payments.pay(sale, 100)
	note = make_return(sale.reload(), 3, submit=False)
	note.update_outstanding_for_self = 0
	note.save()
	note.submit()
	assert sale.reload().outstanding_amount == 0
	assert state(membership) == (100, 0, 0)
	note.reload().cancel()
	assert sale.reload().outstanding_amount == 300
	assert state(membership) == (0, 400, 0)


def test_a_return_after_payment_and_the_payment_undone():
	customer, membership = member()
	sale = make_sales_invoice(customer, qty=2)
	payment = payments.pay(sale)
	make_return(sale.reload(), 1)
	assert state(membership) == (100, 0, 0)
	payment.reload().cancel()
	assert state(membership) == (0, 100, 0)
	payments.pay(sale.reload())
	assert state(membership) == (100, 0, 0)


def test_the_tier_counts_before_payment():
	customer, membership = member(tiers=make_tiers(Basic=0, Gold=(100, 2)))
	make_sales_invoice(customer)
	assert check(membership).tier == "Gold"
	sale = make_sales_invoice(customer)
	assert state(membership) == (0, 300, 0)
	sale.cancel()
	assert state(membership) == (0, 100, 0)


# --- expiry while it waits -----------------------------------------------------------------------------------------


def test_pending_points_expire_by_the_posting_date():
	customer, membership = member(expiry_model="Rolling", expiry_months=1)
	sale = make_sales_invoice(customer, posting_date=day(-60), due_date=day(-60))
	assert state(membership) == (0, 0, 0)
	payments.pay(sale)
	assert state(membership) == (0, 0, 0)


def test_paid_in_time_and_undone_after_the_expiry():
	customer, membership = member(expiry_model="Rolling", expiry_months=1)
	sale = make_sales_invoice(customer)
	payment = payments.pay(sale)
	later = day(45)
	with at(later):
		assert state(membership) == (0, 0, 0)
		payment.reload().cancel()
		assert state(membership) == (0, 0, 0)


# --- the past is as it was (invariant 9) -----------------------------------------------------------------------------


def test_any_past_day_is_reproduced_also_as_it_was_known_then():
	customer, membership = member()
	set_balance(membership, 500)
	sale = make_sales_invoice(customer, qty=2, ccms_redeem_points=100)  # 10 of 200; earns 190
	days = {0: state(membership)}
	known = {}

	def on(number: int, act) -> None:
		with at(start[number]):
			act()
			days[number] = state(membership)
			known[number] = frappe.utils.get_datetime(frappe.utils.now())

	start = {number: day(number) for number in range(8)}
	on(1, lambda: payments.pay(sale.reload()))
	on(2, lambda: make_sales_invoice(customer, rate=100, ccms_redeem_points=590))
	on(3, lambda: payments_of(sale)[0].cancel())
	on(4, lambda: make_return(sale.reload(), 1, posting_date=start[4]))
	on(5, lambda: payments.pay(sale.reload()))
	with at(start[6]):
		backdated = make_sales_invoice(customer, rate=77, posting_date=start[2], due_date=start[2])
		payments.pay(backdated, posting_date=start[2])
		check(membership)
		for number, then in known.items():
			past = balances.on_date(membership, frappe.utils.getdate(start[number]), then)
			assert (past.active, past.pending, past.arrears) == days[number], f"day {number} as known then"
		now = balances.on_date(membership, frappe.utils.getdate(start[2]))
		assert now.active + now.pending - now.arrears == sum(days[2][:2]) - days[2][2] + 77


def payments_of(sale) -> list:
	names = frappe.get_all(
		"Payment Entry Reference", {"reference_name": sale.name, "docstatus": 1}, pluck="parent"
	)
	return [frappe.get_doc("Payment Entry", name) for name in names]
