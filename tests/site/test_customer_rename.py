"""A customer or a programme gets another name: everything of theirs follows, and no point moves."""

import frappe
import pytest
from frappe.model.rename_doc import update_document_title

from ccms_app.loyalty.store import members
from tests.site.factories import (
	enrol,
	make_customer,
	make_pos_invoice,
	make_program,
	make_return,
	make_sales_invoice,
)
from tests.site.ledger_checks import check, membership_of, points_of, set_balance, strict  # noqa: F401
from tests.site.refusals import raises_refusal

TABLES = ("CCMS Membership", "CCMS Points Ledger Entry", "CCMS Points Lot")


def fresh(what: str) -> str:
	return f"{what} {frappe.generate_hash(length=8)}"


def rows_of(doctype: str, field: str, value: str) -> int:
	return frappe.db.count(doctype, {field: value})


@pytest.fixture
def member():
	customer = make_customer(make_program())
	set_balance(membership_of(customer), 100)
	return customer


def test_a_renamed_customer_keeps_everything(member):
	invoice = make_sales_invoice(member, ccms_redeem_points=50)
	membership, old, new = membership_of(member), member.name, fresh("Renamed")
	program = frappe.db.get_value("CCMS Membership", membership, "program")
	counted = {doctype: rows_of(doctype, "customer", old) for doctype in TABLES}
	before = check(membership)

	assert update_document_title(doctype="Customer", docname=old, name=new) == new

	assert membership_of(new) == membership
	assert members.find(new, program) == membership
	assert members.find(old, program) is None
	assert {doctype: rows_of(doctype, "customer", new) for doctype in TABLES} == counted
	assert not any(rows_of(doctype, "customer", old) for doctype in TABLES)
	assert check(membership) == before
	assert frappe.db.get_value("CCMS Membership", membership, "customer_name") == frappe.db.get_value(
		"Customer", new, "customer_name"
	)
	assert points_of(make_return(invoice.reload())) == {"Restore": 50, "Clawback": -95}
	assert check(membership).active == 100


def test_a_renamed_customer_goes_on_earning_and_cannot_be_enrolled_twice(member):
	membership, new = membership_of(member), fresh("Renamed")
	program = frappe.db.get_value("CCMS Membership", membership, "program")
	frappe.rename_doc("Customer", member.name, new)
	assert points_of(make_pos_invoice(new)) == {"Earn": 100}
	assert enrol(new, program) == membership


def test_the_old_name_is_free_again(member):
	old, program = member.name, frappe.db.get_value("CCMS Membership", membership_of(member), "program")
	frappe.rename_doc("Customer", old, fresh("Renamed"))
	namesake = make_customer(customer_name=old)
	assert namesake.name == old
	assert enrol(namesake, program) != membership_of(member.name + "x")
	assert check(membership_of(namesake)).active == 0


def test_a_name_that_differs_in_case_alone(member):
	old = member.name
	new = old.upper()
	frappe.rename_doc("Customer", old, new, force=True)
	membership = membership_of(new)
	assert frappe.db.get_value("CCMS Membership", membership, "active_key").endswith(new)
	assert check(membership).active == 100


def test_long_names_have_a_key_too():
	program = make_program(program_name="P" * 140)
	customer = make_customer(program, customer_name="C" * 140)
	assert members.find(customer.name, program.name) == membership_of(customer)


def test_a_renamed_programme_keeps_its_members(member):
	membership = membership_of(member)
	old, new = frappe.db.get_value("CCMS Membership", membership, "program"), fresh("Programme")
	frappe.rename_doc("CCMS Loyalty Program", old, new)
	assert members.find(member.name, new) == membership
	assert not members.find(member.name, old)
	for doctype in TABLES:
		assert not rows_of(doctype, "program", old)
	assert frappe.db.get_value("CCMS Loyalty Program", new, "program_name") == new
	assert points_of(make_sales_invoice(member)) == {"Earn": 100}
	assert enrol(member, new) == membership
	assert check(membership).active == 200


def test_programmes_are_never_merged(member):
	old = frappe.db.get_value("CCMS Membership", membership_of(member), "program")
	with raises_refusal("cannot be merged"):
		frappe.rename_doc("CCMS Loyalty Program", old, make_program().name, merge=True)


@pytest.mark.parametrize("doctype", ["CCMS Membership", *TABLES[1:], "CCMS Points Allocation"])
def test_nothing_of_the_ledger_is_renamed(member, doctype):
	make_sales_invoice(member, ccms_redeem_points=50)
	name = frappe.get_all(doctype, limit=1, pluck="name")[0]
	for force in (False, True):
		with raises_refusal(error=(frappe.PermissionError, frappe.ValidationError)):
			frappe.rename_doc(doctype, name, fresh("Other"), force=force)
