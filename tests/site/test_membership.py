"""A membership's life: joining, freezing, leaving, coming back; and what a form may write of it."""

import frappe
import pytest
from frappe.utils import add_days, getdate, nowdate

from ccms_app.api import loyalty as api
from ccms_app.loyalty.store import members
from tests.site.factories import (
	enrol,
	make_customer,
	make_pos_invoice,
	make_program,
	make_return,
	make_sales_invoice,
	make_tiers,
)
from tests.site.ledger_checks import (  # noqa: F401
	check,
	entries,
	membership_of,
	points_of,
	set_balance,
	snapshot,
	strict,
)
from tests.site.refusals import raises_refusal
from tests.site.world import MANAGER


@pytest.fixture
def program():
	return make_program()


@pytest.fixture
def member(program):
	customer = make_customer(program)
	set_balance(membership_of(customer), 100)
	return customer


def by_form(customer, program, **fields):
	"""What the desk's form sends when a membership is made."""
	values = {"customer": customer.name, "program": program.name}
	return frappe.get_doc({"doctype": "CCMS Membership", **values, **fields}).insert()


# --- joining -----------------------------------------------------------------------------------------------------


def test_joining_by_form_is_in_the_journal(as_user):
	program = make_program(tiers=make_tiers(Blue=0, Gold=100))
	customer = make_customer()
	with as_user(MANAGER):
		doc = by_form(customer, program)
	assert [(entry.entry_type, entry.new_value, entry.reason) for entry in entries(doc.name)] == [
		("Status", "Active", "joined"),
		("Tier", "Blue", "start"),
	]
	assert (doc.status, doc.tier, doc.company) == ("Active", "Blue", program.company)
	check(doc.name)


def test_a_form_cannot_bring_points_along(program):
	brought = {"points_active": 1000, "points_pending": 5, "points_arrears": -3, "qualifying_value": 1e6}
	brought |= {"tier": "Gold", "status": "Frozen", "last_seq": 7, "last_hash": "x", "chain_mac": "y"}
	doc = by_form(make_customer(), program, **brought, active_key="stolen", company="_Test")
	balance = check(doc.name)
	assert (balance.active, balance.status, balance.tier) == (0, "Active", "")
	assert doc.active_key == members.active_key(program.name, doc.customer)


def test_joining_twice_by_api_is_the_same_membership(program):
	customer = make_customer()
	assert enrol(customer, program) == enrol(customer, program)
	assert frappe.db.count("CCMS Membership", {"customer": customer.name}) == 1


def test_joining_twice_by_form_is_refused_with_the_way_to_the_first(member, program):
	with raises_refusal("already a member", frappe.DuplicateEntryError):
		by_form(member, program)


def test_one_customer_in_two_programmes(member):
	first, second = membership_of(member), enrol(member, make_program())
	assert second != first
	assert check(second).active == 0


def test_joining_in_the_past(program):
	doc = by_form(make_customer(), program, joined_on="2024-05-01")
	assert {entry.posting_date for entry in entries(doc.name)} == {getdate("2024-05-01")}
	check(doc.name)


def test_nobody_joins_in_the_future(program):
	with raises_refusal("future"):
		by_form(make_customer(), program, joined_on=add_days(nowdate(), 1))


def test_a_first_invoice_of_tomorrow_enrols_today():
	program, tomorrow = make_program(auto_enroll=1), add_days(nowdate(), 1)
	invoice = make_sales_invoice(posting_date=tomorrow, due_date=tomorrow)
	assert points_of(invoice) == {"Earn": 100}
	joined = frappe.db.get_value("CCMS Membership", membership_of(invoice.customer, program), "joined_on")
	assert joined == getdate(nowdate())


def test_a_draft_enrols_nobody():
	program = make_program(auto_enroll=1)
	draft = make_sales_invoice(submit=False)
	assert not membership_of(draft.customer, program)


# --- cards -------------------------------------------------------------------------------------------------------


def test_cards_are_numbers_with_a_check_digit(program):
	number = by_form(make_customer(), program).member_no
	assert len(number) == 12
	assert members.luhn(number[:-1]) == number[-1]


def test_two_members_never_share_a_card(program):
	card = frappe.generate_hash(length=10)
	first = by_form(make_customer(), program, member_no=card)
	with raises_refusal(f"Card number.*{card}", frappe.DuplicateEntryError):
		by_form(make_customer(), program, member_no=f" {card} ")
	second = by_form(make_customer(), make_program())
	with raises_refusal(f"Card number.*{card}", frappe.DuplicateEntryError):
		second.update({"member_no": card}).save()
	first.member_no = ""
	assert len(first.save().member_no) == 12, "an emptied card number is made anew"


def test_nobody_is_their_own_sponsor(member, program):
	other = by_form(make_customer(), program, sponsor=membership_of(member))
	assert other.sponsor == membership_of(member)
	doc = frappe.get_doc("CCMS Membership", membership_of(member))
	with raises_refusal("own sponsor"):
		doc.update({"sponsor": doc.name}).save()


# --- what a form writes ----------------------------------------------------------------------------------------------


def test_an_old_form_does_not_overwrite_what_has_happened_since(member, program):
	open_form = frappe.get_doc("CCMS Membership", membership_of(member))
	make_sales_invoice(member, qty=2, ccms_redeem_points=50)
	api.set_status(open_form.name, "Frozen")
	before = check(open_form.name)
	open_form.sponsor = membership_of(make_customer(program))
	open_form.update(
		{"points_active": 5000, "status": "Left", "tier": "Gold", "last_seq": 1, "chain_mac": ""}
	)
	open_form.save()
	assert check(open_form.name) == before
	assert (open_form.points_active, open_form.status) == (before.active, "Frozen")


@pytest.mark.parametrize("field", ["customer", "program", "joined_on"])
def test_what_a_membership_is_of_never_changes(member, field):
	doc = frappe.get_doc("CCMS Membership", membership_of(member))
	before = doc.get(field)
	other = {
		"customer": make_customer().name,
		"program": make_program().name,
		"joined_on": getdate("2020-01-01"),
	}
	doc.set(field, other[field])
	try:
		doc.save()
	except frappe.CannotChangeConstantError:
		frappe.clear_messages()
	assert frappe.db.get_value("CCMS Membership", doc.name, field) == before
	check(doc.name)


def test_a_membership_with_a_history_is_not_deleted(member):
	for force in (False, True):
		with raises_refusal("never deleted", frappe.LinkExistsError):
			frappe.delete_doc("CCMS Membership", membership_of(member), force=force)
	with raises_refusal(error=frappe.LinkExistsError):
		member.delete()
	with raises_refusal(error=(frappe.LinkExistsError, frappe.ValidationError)):
		frappe.delete_doc(
			"CCMS Loyalty Program", frappe.db.get_value("CCMS Membership", membership_of(member), "program")
		)


# --- frozen, left, back ------------------------------------------------------------------------------------------------


def test_a_frozen_member_earns_but_cannot_spend(member):
	api.set_status(membership_of(member), "Frozen", "card reported lost")
	sale = make_sales_invoice(member)
	assert points_of(sale) == {"Earn": 100}
	with raises_refusal("Frozen"):
		make_sales_invoice(member, ccms_redeem_points=10)
	api.set_status(membership_of(member), "Active")
	assert points_of(make_sales_invoice(member, ccms_redeem_points=10))["Redeem"] == -10
	check(membership_of(member))


def test_a_draft_is_refused_when_its_member_was_frozen_meanwhile(member):
	draft = make_pos_invoice(member, ccms_redeem_points=10, submit=False)
	api.set_status(membership_of(member), "Frozen")
	with raises_refusal("Frozen"):
		draft.reload().submit()


def test_who_has_left_neither_earns_nor_spends_and_keeps_the_history(member):
	sale = make_sales_invoice(member)
	api.set_status(membership_of(member), "Left")
	assert points_of(make_sales_invoice(member)) == {}
	with raises_refusal("not a member"):
		make_sales_invoice(member, ccms_redeem_points=10)
	assert points_of(make_return(sale)) == {"Clawback": -100}, "returns go on"
	balance = check(membership_of(member))
	assert (balance.status, balance.active) == ("Left", 100)


def test_coming_back_reopens_the_same_membership(member, program):
	membership = membership_of(member)
	api.set_status(membership, "Left")
	assert enrol(member, program) == membership
	balance = check(membership)
	assert (balance.status, balance.active) == ("Active", 100)
	assert [entry.reason for entry in entries(membership) if entry.entry_type == "Status"] == [
		"joined",
		"left",
		"rejoined",
	]


def test_a_status_set_twice_is_written_once(member):
	for _ in range(2):
		api.set_status(membership_of(member), "Frozen")
	assert len([entry for entry in entries(membership_of(member)) if entry.new_value == "Frozen"]) == 1


def test_no_other_status(member):
	with raises_refusal("Status must be one of"):
		api.set_status(membership_of(member), "Gold")


def test_documents_count_for_the_oldest_active_membership(program):
	customer = make_customer()
	old = by_form(customer, program, joined_on="2024-01-01")
	young = by_form(customer, make_program(), joined_on="2025-01-01")
	assert make_sales_invoice(customer).ccms_membership == old.name
	api.set_status(old.name, "Frozen")
	assert make_sales_invoice(customer).ccms_membership == young.name
	api.set_status(young.name, "Frozen")
	assert make_sales_invoice(customer).ccms_membership == old.name
	assert make_sales_invoice(customer, ccms_membership=young.name).ccms_membership == young.name
	for membership in (old.name, young.name):
		check(membership)
