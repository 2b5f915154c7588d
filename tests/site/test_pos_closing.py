"""The till is closed: sales become consolidated invoices, points stay as they are, and later payments find them."""

import frappe
import pytest
from frappe.utils import getdate, nowdate

from ccms_app.loyalty.store import payments, sweeps
from tests.site.factories import make_customer, make_pos_invoice, make_program, make_return
from tests.site.ledger_checks import check, membership_of, points_of, set_balance, snapshot, strict  # noqa: F401
from tests.site.payments import close_till, ledger, open_till, pay
from tests.site.refusals import raises_refusal
from tests.site.world import CARD, CASH, CUP, EXPENSE, TEA, TILL

pytestmark = pytest.mark.commits


@pytest.fixture
def till():
	"""A till that has just been opened, and is closed when the test is over."""
	close_till(open_till())
	yield open_till()
	frappe.db.rollback()
	frappe.db.set_value("POS Profile", TILL, "allow_partial_payment", 0)
	close_till(open_till())


@pytest.fixture
def member():
	"""A member with 1000 points, worth 100."""
	customer = make_customer(make_program())
	set_balance(membership_of(customer), 1000)
	return customer


def content(doc) -> dict:
	"""A POS Invoice without what ERPNext's closing writes on it."""
	doc = frappe.get_doc(doc.doctype, doc.name).as_dict(no_nulls=True)
	for field in ("consolidated_invoice", "status", "modified", "modified_by"):
		doc.pop(field, None)
	for rows in doc.values():
		for row in rows if isinstance(rows, list) else ():
			row.pop("modified", None)
			row.pop("modified_by", None)
	return doc


def consolidated(sale):
	"""The Sales Invoice that a closed sale went into."""
	return frappe.get_doc(
		"Sales Invoice", frappe.db.get_value("POS Invoice", sale.name, "consolidated_invoice")
	)


def test_closing_cancelling_it_and_closing_again_change_no_points(till, member):
	plain = make_pos_invoice(member, items=[(TEA, 1), (CUP, 1)])
	paid = make_pos_invoice(member, qty=2, ccms_redeem_points=50, paid={CASH: 95, CARD: 100})
	free = make_pos_invoice(member, item_code=CUP, ccms_redeem_points=300)
	back = make_return(paid, 1)
	stranger = make_pos_invoice(make_customer())
	sales = (plain, paid, free, back, stranger)
	before, documents = snapshot(), [content(sale) for sale in sales]

	closing = close_till(till)
	assert closing.status == "Submitted"
	assert {frappe.db.get_value("POS Invoice", sale.name, "status") for sale in sales} == {"Consolidated"}
	assert [content(sale) for sale in sales] == documents
	assert snapshot() == before
	with raises_refusal("POS Closing Entry"):
		plain.reload().cancel()

	closing.cancel()
	assert not frappe.db.get_value("POS Invoice", paid.name, "consolidated_invoice")
	assert [content(sale) for sale in sales] == documents
	assert snapshot() == before

	close_till(open_till())
	assert [content(sale) for sale in sales] == documents
	assert snapshot() == before
	check(membership_of(member))


def test_a_consolidated_invoice_books_the_points_and_posts_none(till, member):
	paid = make_pos_invoice(member, qty=2, ccms_redeem_points=50)
	free = make_pos_invoice(member, item_code=CUP, ccms_redeem_points=300)
	back = make_return(paid, 1)
	close_till(till)
	invoice, note = consolidated(paid), consolidated(back)
	assert invoice.name == consolidated(free).name != note.name
	assert (invoice.is_consolidated, invoice.grand_total, invoice.outstanding_amount) == (1, 195, 0)
	assert (note.grand_total, note.outstanding_amount) == (-97.5, 0)
	assert ledger(invoice)[EXPENSE] == 35
	assert ledger(note)[EXPENSE] == -2.5
	for document in (invoice, note):
		assert points_of(document) == {}
		assert not document.ccms_membership
		assert not document.ccms_redeem_points


def test_what_was_closed_can_still_come_back(till, member):
	sale = make_pos_invoice(member, qty=2, ccms_redeem_points=50)
	close_till(till)
	open_till()
	back = make_return(sale.reload(), 1)
	assert points_of(back) == {"Restore": 25, "Clawback": -98}
	before = snapshot()
	closing = close_till(open_till())
	assert consolidated(back).return_against == consolidated(sale).name
	closing.cancel()
	back.reload().cancel()
	assert snapshot() != before
	assert check(membership_of(member)).active == 1000 - 50 + 195


def test_after_a_closing_was_cancelled_its_sales_can_be_cancelled(till, member):
	sale = make_pos_invoice(member, qty=2, ccms_redeem_points=50)
	close_till(till).cancel()
	sale.reload().cancel()
	assert check(membership_of(member)).active == 1000


# --- part payment, settled later through the consolidated invoice ------------------------------------------------


@pytest.fixture
def on_credit(till):
	"""A part-paid and a paid sale of a member whose points wait for the money, both closed."""
	frappe.db.set_value("POS Profile", TILL, "allow_partial_payment", 1)
	customer = make_customer(make_program(accrue_when="When Paid"))
	part, full = make_pos_invoice(customer, qty=2, paid=50), make_pos_invoice(customer)
	closing = close_till(till)
	return frappe._dict(customer=customer, part=part, full=full, closing=closing)


def pending(customer) -> tuple[float, float]:
	balance = check(membership_of(customer))
	return balance.active, balance.pending


def test_points_become_active_when_the_consolidated_invoice_is_paid(on_credit):
	invoice = consolidated(on_credit.part)
	assert invoice.outstanding_amount == 150
	assert pending(on_credit.customer) == (100, 200)
	some = pay(invoice, 100)
	assert pending(on_credit.customer) == (100, 200)
	rest = pay(invoice.reload())
	assert pending(on_credit.customer) == (300, 0)
	rest.cancel()
	assert pending(on_credit.customer) == (100, 200)
	some.cancel()
	assert pending(on_credit.customer) == (100, 200)


def test_spent_points_become_arrears_when_the_payment_is_undone(on_credit):
	payment = pay(consolidated(on_credit.part))
	open_till()
	make_pos_invoice(on_credit.customer, item_code=CUP, ccms_redeem_points=290, paid=1)
	payment.cancel()
	balance = check(membership_of(on_credit.customer))
	assert balance.spendable == 0
	assert balance.arrears > 0


def test_a_cancelled_closing_leaves_the_repair_to_find_that_the_payment_is_gone(on_credit):
	"""ERPNext unlinks the payment without a word to the sale: the nightly repair compares."""
	pay(consolidated(on_credit.part))
	assert pending(on_credit.customer) == (300, 0)
	on_credit.closing.reload().cancel()
	sweeps.repair(getdate(nowdate()))
	assert pending(on_credit.customer) == (100, 200)
	assert on_credit.part.name not in {name for _doctype, name in sweeps._out_of_step()}
	assert not payments.sync("POS Invoice", on_credit.part.name), "a second time there is nothing to do"
	assert not payments.sync("POS Invoice", on_credit.full.name)


def test_a_return_of_a_part_paid_sale_after_its_closing(on_credit):
	open_till()
	back = make_return(on_credit.part.reload(), 1)
	assert points_of(back) == {"Clawback": -100}
	assert pending(on_credit.customer) == (100, 100)
