"""A merge beside what else happens to customers: consent, erasure, another undo, periods of tiers, visitors."""

import frappe
import pytest
from frappe.utils import add_years, now_datetime

from ccms_app.identity.store import identities, merge_records, merging, undo
from ccms_app.interactions.store import timeline
from ccms_app.privacy import words
from ccms_app.privacy.store import consent, erasing
from tests.site.clock import day
from tests.site.factories import make_customer, make_program, make_return, make_sales_invoice, make_tiers
from tests.site.ledger_checks import check, membership_of, set_balance
from tests.site.merged_customers import audited, merge, total, undone
from tests.site.processes import Workers
from tests.site.refusals import raises_refusal
from tests.site.test_consent import give, take
from tests.site.test_merge_refused import merge_now  # noqa: F401

MARKETING = words.MARKETING


@pytest.fixture
def program():
	return make_program()


# --- consent -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [words.WITHDRAWN, words.OBJECTED])
def test_what_was_taken_back_since_holds_for_both_after_an_undo(state):
	source, target = make_customer(), make_customer()
	give(source.name)
	give(target.name)
	name = merge(source, target)
	assert consent.may(target.name, MARKETING)
	take(target.name, state=state)
	assert any("Marketing" in said for said in undone(name))
	assert not consent.may(source.name, MARKETING) and not consent.may(target.name, MARKETING)


def test_a_no_of_either_holds_while_they_are_one():
	source, target = make_customer(), make_customer()
	take(source.name)
	give(target.name, at=now_datetime())
	name = merge(source, target)
	assert not consent.may(target.name, MARKETING)
	undone(name)
	assert consent.may(target.name, MARKETING) and not consent.may(source.name, MARKETING)


# --- erasure -----------------------------------------------------------------------------------------------------


def test_who_was_erased_after_a_merge_does_not_come_back(program):
	source, target = make_customer(program), make_customer(program)
	set_balance(membership_of(source), 50)
	name = merge(source, target)
	erasing.now(target.name, erasing.new_name())
	row = frappe.get_doc(merge_records.DOCTYPE, name)
	with raises_refusal("erased"):
		undo.run(name)
	assert not row.record and source.name not in frappe.as_json(row.as_dict())
	audited()


def erase_now(customer: str, erased_as: str) -> str:
	"""Called in a worker."""
	frappe.db.rollback()
	erasing.now(customer, erased_as)
	return erased_as


@pytest.mark.commits
@pytest.mark.parametrize("who", ["source", "target"])
def test_an_erasure_and_a_merge_at_once(program, who):
	"""Both wait for the customers' locks: whoever is second finds what the first has left, and nothing is half done."""
	pair = {"source": make_customer(program), "target": make_customer(program)}
	for customer in pair.values():
		set_balance(membership_of(customer), 10)
	frappe.db.commit()
	names = {key: customer.name for key, customer in pair.items()}
	erased = erasing.new_name()
	with Workers(2) as workers:
		replies = workers.run_mixed(
			[
				("tests.site.test_merge_and_others.erase_now", {"customer": names[who], "erased_as": erased}),
				("tests.site.test_merge_refused.merge_now", names),
			]
		)
	frappe.db.rollback()
	for reply in replies:
		known = ("ValidationError", "DoesNotExistError", "Gone", "QueryDeadlockError", "QueryTimeoutError")
		assert "value" in reply or reply["error"] in known, reply
	assert any("value" in reply for reply in replies), replies
	if "value" in replies[0]:
		assert not frappe.db.exists("Customer", names[who])
		assert not frappe.db.count("CCMS Identity Link", {"customer": names[who]})
	audited()


# --- undone twice ------------------------------------------------------------------------------------------------


def undo_now(name: str) -> list[str]:
	"""Called in a worker."""
	frappe.db.rollback()
	return undo.run(name)


@pytest.mark.commits
def test_two_undos_of_one_merge_at_once(program):
	source, target = make_customer(program), make_customer(program)
	for customer in (source, target):
		set_balance(membership_of(customer), 10)
	name = merging.run(source.name, target.name)
	frappe.db.commit()
	before = total()
	with Workers(2) as workers:
		replies = workers.run("tests.site.test_merge_and_others.undo_now", [{"name": name}] * 2)
	frappe.db.rollback()
	assert sorted("value" in reply for reply in replies) == [False, True], replies
	assert total() == before
	for customer in (source, target):
		assert check(membership_of(customer)).active == 10
	audited()


@pytest.mark.commits
def test_an_undo_while_the_one_who_stays_is_merged_on(program):
	first, second, third = (make_customer(program) for _ in range(3))
	for customer in (first, second, third):
		set_balance(membership_of(customer), 10)
	name = merging.run(first.name, second.name)
	frappe.db.commit()
	before = total()
	with Workers(2) as workers:
		replies = workers.run_mixed(
			[
				("tests.site.test_merge_and_others.undo_now", {"name": name}),
				(
					"tests.site.test_merge_refused.merge_now",
					{"source": second.name, "target": third.name},
				),
			]
		)
	frappe.db.rollback()
	assert any("value" in reply for reply in replies), replies
	assert total() == before
	left = {one.name for one in (first, second, third) if frappe.db.exists("Customer", one.name)}
	undid, went_on = ("value" in reply for reply in replies)
	assert (first.name in left) is undid and (second.name in left) is not went_on
	audited()


# --- periods -----------------------------------------------------------------------------------------------------


def test_qualifying_values_add_up_in_their_own_periods():
	"""What both bought last year makes no tier of this year."""
	program = make_program(tiers=make_tiers(Blue=0, Gold=300), tier_window="Calendar Year")
	source, target = make_customer(), make_customer()
	for customer in (source, target):
		row = {"customer": customer.name, "program": program.name, "joined_on": add_years(day(0), -2)}
		frappe.get_doc({"doctype": "CCMS Membership", **row}).insert()
	last_year = f"{frappe.utils.getdate().year - 1}-06-01"
	old = make_sales_invoice(source, qty=2, posting_date=last_year)
	make_sales_invoice(target, qty=2)
	name = merge(source, target)
	assert check(membership_of(target, program)).qualifying_value == 200
	make_sales_invoice(target, qty=1)
	balance = check(membership_of(target, program))
	assert (balance.qualifying_value, balance.tier) == (300, "Gold")
	make_return(old.reload())
	assert check(membership_of(target, program)).qualifying_value == 300
	undone(name)
	assert check(membership_of(source, program)).qualifying_value == 0


# --- visitors ----------------------------------------------------------------------------------------------------


def test_the_past_of_a_visitor_moves_with_the_merge_and_back_with_the_undo():
	from tests.site.test_timeline import by, subjects, write

	source, target = make_customer(), make_customer()
	device = f"device-{frappe.generate_hash(length=12)}"
	write(by("Device", device, subject="before"))
	identities.recognise(identities.find("Device", device), source.name)
	assert subjects(source.name) == ["before"]
	name = merge(source, target)
	assert subjects(target.name) == ["before"]
	undone(name)
	assert subjects(source.name) == ["before"] and subjects(target.name) == []
	assert timeline.page(target.name)["rows"] == []
