"""What the other tests build on: ERPNext's own documents work on this site, before any points come in."""

import frappe
import pytest

from tests.site import factories, payments, world
from tests.site.processes import Workers


def test_setting_up_again_changes_nothing():
	world.set_up()


def test_an_invoice_is_paid_in_every_way():
	for settle in (payments.pay, payments.pay_by_journal):
		invoice = factories.make_sales_invoice(qty=2)
		assert invoice.outstanding_amount == 200
		settle(invoice)
		assert invoice.reload().outstanding_amount == 0


def test_a_payment_on_account_is_reconciled_and_taken_back():
	invoice = factories.make_sales_invoice(qty=1)
	payment = payments.pay_on_account(invoice.customer, 100)
	payments.reconcile(invoice.customer)
	assert invoice.reload().outstanding_amount == 0

	payments.unreconcile(payment, invoice)
	assert invoice.reload().outstanding_amount == 100


@pytest.mark.parametrize(
	("taxes", "total"), [(world.VAT, 113), (world.VAT_INCLUDED, 100), (world.STACKED_TAXES, 125.54)]
)
def test_taxes(taxes, total):
	invoice = factories.make_sales_invoice(taxes=taxes, disable_rounded_total=1)
	assert invoice.grand_total == total
	assert payments.ledger(invoice)["Debtors"] == total


def test_a_foreign_invoice_is_kept_in_company_currency():
	invoice = factories.make_sales_invoice(currency="USD", debit_to=world.account("Debtors USD"))
	assert (invoice.conversion_rate, invoice.base_grand_total) == (7, 700)


def test_a_company_abroad_keeps_its_own_currency():
	invoice = factories.make_sales_invoice(company=world.ABROAD)
	assert (invoice.currency, invoice.base_grand_total) == ("USD", 100)


def test_stock_leaves_and_comes_back():
	invoice = factories.make_sales_invoice(item_code=world.BOXED_TEA, qty=3, update_stock=1)
	back = factories.make_return(invoice, 1)
	assert back.grand_total == -50


def test_a_partial_return_names_its_lines():
	invoice = factories.make_sales_invoice(items=[(world.TEA, 2), (world.CUP, 3)])
	back = factories.make_return(invoice, {world.CUP: 1})
	assert [(row.item_code, row.qty) for row in back.items] == [(world.CUP, -1)]


def test_an_amended_invoice_replaces_the_first():
	invoice = factories.make_sales_invoice()
	amended = factories.amend(invoice, remarks="amended")
	assert amended.amended_from == invoice.name
	assert invoice.reload().docstatus == 2


@pytest.mark.commits
def test_the_till_sells_takes_back_and_closes():
	sale = factories.make_pos_invoice(items=[(world.TEA, 1), (world.CUP, 2)])
	assert sale.paid_amount == 160
	back = factories.make_return(sale, {world.CUP: 1})
	assert back.grand_total == -30

	closing = payments.close_till(payments.open_till())
	assert closing.docstatus == 1
	assert sale.reload().consolidated_invoice
	closing.cancel()
	assert not sale.reload().consolidated_invoice


def test_a_part_payment_at_the_till():
	frappe.db.set_value("POS Profile", world.TILL, "allow_partial_payment", 1)
	sale = factories.make_pos_invoice(qty=1, paid={world.CASH: 20, world.CARD: 30})
	assert sale.paid_amount == 50


def test_people_have_their_roles(as_user):
	roles = {email: set(frappe.get_roles(email)) for email in world.ROLES}
	assert all(set(world.ROLES[email]) <= roles[email] for email in roles)
	with as_user(world.SELLER):
		assert frappe.session.user == world.SELLER
	assert frappe.session.user == "Administrator"


def test_other_processes_answer_and_report_their_errors():
	with Workers(2) as workers:
		good, bad = workers.run("frappe.utils.flt", [{"s": "1.5"}, {"wrong": 1}])
	assert good == {"value": 1.5}
	assert bad["error"] == "TypeError"
