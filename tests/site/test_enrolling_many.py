"""Enrolling in bulk can be stopped and started again; enrolling at two tills at once makes one member."""

import frappe
import pytest

from ccms_app.api import loyalty as api
from ccms_app.loyalty.store import members, programs
from tests.site.factories import make_customer, make_program
from tests.site.ledger_checks import check, membership_of
from tests.site.processes import Workers, forget_jobs
from tests.site.world import MANAGER, SELLER

pytestmark = pytest.mark.commits


@pytest.fixture
def group() -> str:
	"""A customer group of this test's own, so that a programme's rule finds nobody else."""
	return (
		frappe.get_doc(
			{
				"doctype": "Customer Group",
				"customer_group_name": f"Group {frappe.generate_hash(length=8)}",
				"parent_customer_group": "All Customer Groups",
			}
		)
		.insert()
		.name
	)


@pytest.fixture
def program(group):
	return make_program(auto_enroll=1, customer_group=group)


@pytest.fixture
def customers(group):
	names = [make_customer(customer_group=group).name for _ in range(7)]
	frappe.db.commit()
	return names


def enrolled(customers, program) -> list[str]:
	return [name for name in customers if members.find(name, program.name)]


def test_everybody_the_rule_covers_and_nobody_twice(customers, program):
	early = api.enrol(customers[0], program.name)
	disabled, outside = make_customer(customer_group=program.customer_group, disabled=1), make_customer()
	assert members.enrol_existing(program.name, batch=3) == 6
	assert enrolled(customers, program) == customers
	assert members.find(customers[0], program.name) == early
	assert not members.find(disabled.name, program.name)
	assert not members.find(outside.name, program.name)
	assert members.enrol_existing(program.name) == 0
	for name in customers:
		check(membership_of(name, program))


def test_a_killed_run_goes_on_where_it_was(customers, program, monkeypatch):
	frappe.db.commit()
	real, done = members.enrol, []

	def enrol(customer, *arguments, **keywords):
		if len(done) == 5:
			raise KeyboardInterrupt
		done.append(customer)
		return real(customer, *arguments, **keywords)

	monkeypatch.setattr(members, "enrol", enrol)
	with pytest.raises(KeyboardInterrupt):
		members.enrol_existing(program.name, batch=2)
	frappe.db.rollback()
	assert enrolled(customers, program) == customers[:4], "two batches were kept"

	monkeypatch.setattr(members, "enrol", real)
	assert members.enrol_existing(program.name, batch=2) == 3
	assert enrolled(customers, program) == customers


def test_one_customer_who_cannot_be_enrolled_stops_nobody_else(customers, program, monkeypatch):
	real = members.enrol

	def enrol(customer, *arguments, **keywords):
		if customer == customers[1]:
			frappe.throw("not this one")
		return real(customer, *arguments, **keywords)

	monkeypatch.setattr(members, "enrol", enrol)
	members.enrol_existing(program.name, batch=2)
	assert enrolled(customers, program) == [customers[0], *customers[2:]]
	error = frappe.get_last_doc("Error Log")
	assert "not this one" in error.error
	error.delete()
	frappe.db.commit()


def test_only_who_manages_the_programme_starts_it(customers, program, as_user):
	with as_user(SELLER), pytest.raises(frappe.PermissionError):
		api.enrol_existing(program.name)
	with as_user(MANAGER):
		assert "7" in api.enrol_existing(program.name)
	frappe.db.rollback()
	forget_jobs()


# --- at once -------------------------------------------------------------------------------------------------------


def test_many_tills_enrol_one_customer_once(program):
	with Workers(4) as tills:
		for _ in range(10):
			customer = make_customer().name
			frappe.db.commit()
			asked = {"customer": customer, "program": program.name}
			replies = tills.run("ccms_app.api.loyalty.enrol", [asked] * 4)
			made = {reply.get("value") for reply in replies if not deadlocked(reply)}
			frappe.db.rollback()
			assert made == {membership_of(customer, program)}, replies
			assert frappe.db.count("CCMS Membership", {"customer": customer}) == 1
			check(membership_of(customer, program))


def test_many_tills_give_one_card_once(program):
	with Workers(4) as tills:
		for _ in range(5):
			card = frappe.generate_hash(length=12)
			people = [make_customer().name for _ in range(4)]
			frappe.db.commit()
			asked = [{"customer": name, "program": program.name, "card": card} for name in people]
			replies = tills.run(f"{__name__}.join_with_card", asked)
			frappe.db.rollback()
			assert frappe.db.count("CCMS Membership", {"member_no": card}) == 1
			assert len([reply for reply in replies if "value" in reply]) == 1, replies
			lost = {reply["error"] for reply in replies if "error" in reply}
			assert lost <= {"DuplicateEntryError", "UniqueValidationError", "QueryDeadlockError"}


def join_with_card(customer: str, program: str, card: str) -> str:
	values = {"customer": customer, "program": program, "member_no": card}
	return frappe.get_doc({"doctype": "CCMS Membership", **values}).insert().name


def deadlocked(reply: dict) -> bool:
	return reply.get("error") == "QueryDeadlockError"


def test_the_programmes_list_is_fresh_in_every_process(group):
	"""A programme made by another process is found at once: the list of them is cached."""
	with Workers(1) as till:
		(first,) = till.run(f"{__name__}.names_of_programmes", [{}])
		program = make_program(auto_enroll=1, customer_group=group)
		frappe.db.commit()
		(second,) = till.run(f"{__name__}.names_of_programmes", [{}])
	assert program.name not in first["value"]
	assert program.name in second["value"]


def names_of_programmes() -> list[str]:
	from tests.site.world import COMPANY

	return [program.name for program in programs.of_company(COMPANY)]
