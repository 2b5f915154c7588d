"""Unlinked Returns: credit notes of members that took no points back, and the adjustment that settles each."""

import frappe
import pytest
from frappe.utils import nowdate

from ccms_app.loyalty.store import balances
from tests.site.factories import (
	enrol,
	make_customer,
	make_program,
	make_return,
	make_sales_invoice,
	make_tiers,
)
from tests.site.ledger_checks import membership_of
from tests.site.reports import Report
from tests.site.world import ANALYST, CASHIER, COMPANY, MANAGER, VAT

NAME = "Unlinked Returns"


def unlinked(of, **filters) -> Report:
	return Report(NAME, **{"company": COMPANY, "program": of.name, **filters})


def credit_note(customer, rate: float = 100, **fields):
	"""A return that names no sale."""
	return make_sales_invoice(customer, is_return=1, items=[{"qty": -1, "rate": rate}], **fields)


def adjust(row, **fields):
	"""What the Adjust button fills in, saved."""
	return frappe.get_doc(
		{
			"doctype": "CCMS Points Adjustment",
			"adjustment_type": "Deduct",
			"membership": row.membership,
			"points": min(row.suggested, row.usable),
			"reason_code": "Correction",
			"reason": "Returned goods",
			"reference_type": row.doctype,
			"reference_name": row.name,
			**fields,
		}
	).insert()


@pytest.fixture
def program():
	return make_program(amount_per_point=2, tiers=make_tiers(Basic=0, Gold=(500, 2)))


@pytest.fixture
def customer(program):
	customer = make_customer(program)
	make_sales_invoice(customer, rate=600)
	return customer


def test_a_credit_note_without_a_sale(program, customer):
	note = credit_note(customer, rate=100, taxes=VAT)
	found = unlinked(program)
	(row,) = found.rows
	assert (row.name, row.doctype, row.customer) == (note.name, "Sales Invoice", customer.name)
	assert (row.amount, row.currency, row.tier, row.suggested) == (100, "CNY", "Gold", 100)
	assert (row.usable, row.why, row.action) == (300, "No sale is named", None)
	assert "took no points back: 1," in found.message and "100 points" in found.message
	assert found.figures["Points to adjust"] == "100"


def test_a_sale_that_moved_no_points(program):
	customer = make_customer()
	sale = make_sales_invoice(customer, rate=50)
	enrol(customer, program)
	note = make_return(sale)
	(row,) = unlinked(program).rows
	assert (row.name, row.return_against, row.why) == (note.name, sale.name, "The sale moved no points")


def test_what_took_its_points_back_is_not_listed(program, customer):
	make_return(make_sales_invoice(customer, rate=50))
	credit_note(make_customer())  # no member
	credit_note(customer, submit=False)
	found = unlinked(program)
	assert found.rows == [] and found.chart is None
	assert "every credit note of a member took its points back" in found.message


def test_the_basis_is_the_programs():
	program = make_program(earn_basis="Grand Total")
	customer = make_customer(program)
	credit_note(customer, rate=100, taxes=VAT)
	(row,) = unlinked(program).rows
	assert (row.amount, row.suggested) == (113, 113)


def test_adjusting_settles_it(program, customer):
	note = credit_note(customer, rate=100)
	(row,) = unlinked(program).rows
	made = adjust(row)
	assert unlinked(program).rows[0].action == made.name, "a draft stays on the list"
	made.submit()
	assert balances.now(membership_of(customer)).active == 200
	assert unlinked(program).rows == []
	(done,) = unlinked(program, show_adjusted=1).rows
	assert (done.name, done.action, done.adjusted) == (note.name, made.name, True)
	made.reload().cancel()
	assert unlinked(program).rows[0].action is None


def test_an_adjustment_is_about_the_members_own_document(program, customer):
	note = credit_note(make_customer(program))
	(row,) = [row for row in unlinked(program).rows if row.name == note.name]
	with pytest.raises(frappe.ValidationError, match="is not a document of"):
		adjust(row, membership=membership_of(customer), points=1)


def test_the_credit_note_is_not_cancelled_from_under_its_adjustment(program, customer):
	note = credit_note(customer, rate=100)
	made = adjust(unlinked(program).rows[0]).submit()
	frappe.db.savepoint("not_cancelled")
	with pytest.raises(frappe.LinkExistsError):
		note.reload().cancel()
	frappe.db.rollback(save_point="not_cancelled")
	made.reload().cancel()
	note.reload().cancel()
	assert unlinked(program).rows == []


def test_the_days_are_kept_to(program, customer):
	note = credit_note(customer)
	long_ago = frappe.utils.add_days(nowdate(), -200)
	frappe.db.set_value("Sales Invoice", note.name, "posting_date", long_ago)
	assert unlinked(program).rows == []
	assert len(unlinked(program, from_date=long_ago).rows) == 1


def test_a_reader_sees_the_customers_they_may_see(program, customer, as_user):
	other = make_customer(program)
	credit_note(customer)
	credit_note(other)
	frappe.permissions.add_user_permission("Customer", other.name, MANAGER)
	frappe.clear_cache(user=MANAGER)
	try:
		with as_user(MANAGER):
			found = unlinked(program)
			assert found.column("customer") == [other.name]
			assert found.figures["Credit notes"] == "1"
	finally:
		frappe.cache.hdel("user_permissions", MANAGER)


def test_roles(program, customer, as_user):
	credit_note(customer)
	with as_user(ANALYST):
		assert len(unlinked(program).rows) == 1
	with as_user(CASHIER), pytest.raises(frappe.PermissionError):
		unlinked(program)
