"""Who becomes a member with the first invoice, who never does, and that nothing of it blocks a sale."""

import frappe
import pytest

from ccms_app.loyalty.store import members
from tests.site import factories, world
from tests.site.clock import day
from tests.site.factories import make_customer, make_program, make_return, make_sales_invoice, make_tiers
from tests.site.ledger_checks import (  # noqa: F401 (strict is a fixture)
	check,
	check_customer,
	entries,
	membership_of,
	points_of,
	strict,
)


def test_the_first_invoice_enrols_and_earns():
	program = make_program(auto_enroll=1, tiers=make_tiers(Start=(0, 2), Gold=(1000, 3)))
	customer = make_customer()
	draft = make_sales_invoice(customer, submit=False, posting_date=day(-3))
	assert not membership_of(customer), "a draft takes nobody in"

	draft.submit()
	membership = membership_of(customer, program)
	assert draft.reload().ccms_membership == membership
	assert points_of(draft) == {"Earn": 200}
	assert draft.ccms_points_earned == 200
	assert check(membership).tier == "Start"
	assert str(frappe.db.get_value(members.DOCTYPE, membership, "joined_on")) == day(-3)
	assert [entry.entry_type for entry in entries(membership)] == ["Status", "Tier", "Earn"]

	make_sales_invoice(customer)
	assert len(check_customer(customer)) == 1


@pytest.fixture
def tree():
	"""Two branches of customer groups and of territories, each with a child: {name: document name}."""
	found = {}
	for doctype, root in (("Customer Group", "All Customer Groups"), ("Territory", "All Territories")):
		field, parent = frappe.scrub(doctype) + "_name", "parent_" + frappe.scrub(doctype)
		for branch in ("North", "South"):
			for name, above in ((branch, root), (f"{branch} Child", f"{doctype} {branch}")):
				doc = frappe.get_doc(
					{
						"doctype": doctype,
						field: f"{doctype} {name}",
						parent: above,
						"is_group": name == branch,
					}
				)
				found[doc.insert().name] = doc
	return found


@pytest.mark.parametrize(
	("rule", "who", "joins"),
	[
		({"customer_group": "Customer Group North"}, {"customer_group": "Customer Group North Child"}, True),
		({"customer_group": "Customer Group North"}, {"customer_group": "Customer Group South Child"}, False),
		(
			{"customer_group": "Customer Group North Child"},
			{"customer_group": "Customer Group North Child"},
			True,
		),
		({"customer_group": "Customer Group North Child"}, {"customer_group": "Individual"}, False),
		({"territory": "Territory North"}, {"territory": "Territory North Child"}, True),
		({"territory": "Territory North"}, {"territory": "Territory South Child"}, False),
		({"territory": "Territory North"}, {"territory": "All Territories"}, False),
		({"territory": "Territory North"}, {"territory": None}, False),
		(
			{"customer_group": "Customer Group North", "territory": "Territory North"},
			{"customer_group": "Customer Group North Child", "territory": "Territory South Child"},
			False,
		),
		(
			{"customer_group": "Customer Group North", "territory": "Territory North"},
			{"customer_group": "Customer Group North Child", "territory": "Territory North Child"},
			True,
		),
	],
)
def test_the_rule_covers_a_branch_of_each_tree(tree, rule, who, joins):
	make_program(auto_enroll=1, **rule)
	customer = make_customer(**who)
	if not who.get("territory", True):
		frappe.db.set_value("Customer", customer.name, "territory", None)
	doc = make_sales_invoice(customer)
	assert bool(membership_of(customer)) == joins
	assert points_of(doc) == ({"Earn": 100} if joins else {})


def test_who_left_is_never_taken_back_by_a_rule():
	program = make_program(auto_enroll=1)
	customer = make_customer(program)
	members.set_status(membership_of(customer), "Left")
	doc = make_sales_invoice(customer)
	assert not points_of(doc)
	assert check(membership_of(customer)).status == "Left"
	assert frappe.db.count(members.DOCTYPE, {"customer": customer.name}) == 1


def test_the_walk_in_customer_is_never_enrolled():
	make_program(auto_enroll=1)
	doc = make_sales_invoice(world.WALK_IN)
	assert not points_of(doc)
	assert not membership_of(world.WALK_IN)


def test_a_programme_that_does_not_run_enrols_nobody():
	make_program(auto_enroll=1, enabled=0)
	make_program(auto_enroll=1, from_date=day(1))
	make_program(auto_enroll=1, to_date=day(-1))
	make_program(
		auto_enroll=1,
		company=world.ABROAD,
		program_name=f"Abroad {frappe.generate_hash(length=6)}",
	)
	customer = make_customer()
	assert not points_of(make_sales_invoice(customer))
	assert not membership_of(customer)


def test_the_oldest_rule_that_matches_enrols_in_one_programme():
	make_program(auto_enroll=1, customer_group="Commercial")
	second = make_program(auto_enroll=1)
	make_program(auto_enroll=1)
	customer = make_customer()
	make_sales_invoice(customer)
	make_sales_invoice(customer)
	assert frappe.get_all(members.DOCTYPE, {"customer": customer.name}, pluck="program") == [second.name]


def test_a_member_of_one_programme_is_not_enrolled_in_another():
	customer = make_customer(make_program())
	make_program(auto_enroll=1)
	make_sales_invoice(customer)
	assert len(check_customer(customer)) == 1


def test_who_left_one_programme_may_join_another():
	first, second = make_program(auto_enroll=1), make_program(auto_enroll=1)
	customer = make_customer(first)
	members.set_status(membership_of(customer), "Left")
	doc = make_sales_invoice(customer)
	assert doc.ccms_membership == membership_of(customer, second)


@pytest.mark.parametrize("invoice", [{"is_debit_note": 1}, {"rate": 0}], ids=["debit note", "free"])
def test_documents_that_earn_nothing(invoice):
	"""A debit note enrols nobody; a free sale may, and then earns nothing."""
	make_program(auto_enroll=1)
	customer = make_customer()
	assert not points_of(make_sales_invoice(customer, **invoice))
	assert bool(membership_of(customer)) == (not invoice.get("is_debit_note"))


def test_a_credit_note_of_a_sale_before_the_programme_enrols_nobody():
	customer = make_customer()
	doc = make_sales_invoice(customer)
	make_program(auto_enroll=1)
	assert not points_of(make_return(doc))
	assert not membership_of(customer)


def test_a_seller_without_our_roles_enrols_by_selling(as_user):
	make_program(auto_enroll=1)
	customer = make_customer()
	with as_user(world.SELLER):
		doc = make_sales_invoice(customer)
	assert points_of(doc) == {"Earn": 100}
	check(membership_of(customer))


# --- nothing of it throws ----------------------------------------------------------------------------------------


@pytest.fixture
def enrolment_fails():
	"""Somebody has made a field of the membership mandatory that the rule cannot fill."""
	frappe.flags.ccms_raise_errors = False
	frappe.make_property_setter(
		{
			"doctype": members.DOCTYPE,
			"fieldname": "sponsor",
			"property": "reqd",
			"value": 1,
			"property_type": "Check",
		},
		validate_fields_for_doctype=False,
	)
	frappe.clear_cache(doctype=members.DOCTYPE)
	yield
	frappe.db.rollback()
	frappe.clear_cache(doctype=members.DOCTYPE)


@pytest.mark.parametrize("flags", [{}, {"in_import": True}, {"in_migrate": True}, {"mute_messages": True}])
def test_an_enrolment_that_fails_is_logged_and_the_sale_goes_on(enrolment_fails, flags):
	make_program(auto_enroll=1)
	customer = make_customer()
	logged = frappe.db.count("Error Log")
	before = {key: frappe.flags.get(key) for key in flags}
	frappe.flags.update(flags)
	try:
		doc = make_sales_invoice(customer)
	finally:
		frappe.flags.update(before)
	assert doc.docstatus == 1
	assert not points_of(doc)
	assert not membership_of(customer)
	assert frappe.db.count("Error Log") == logged + 1
	assert not [line for line in frappe.local.message_log if "sponsor" in str(line).lower()]


def test_enrolling_a_customer_of_erpnexts_own_programme_warns_and_goes_on():
	program = make_program()
	customer = make_customer()
	frappe.db.set_value("Customer", customer.name, "loyalty_program", "Some Program")
	membership = factories.enrol(customer, program)
	assert membership
	assert any("Some Program" in str(line) for line in frappe.local.message_log)
	check(membership)


def test_a_programme_that_was_rolled_back_is_forgotten():
	from ccms_app.loyalty.store import programs

	frappe.db.savepoint("program_gone")
	gone = make_program(auto_enroll=1).name
	assert gone in [program.name for program in programs.of_company(world.COMPANY)]
	frappe.db.rollback(save_point="program_gone")
	frappe.clear_document_cache("CCMS Loyalty Program", gone)
	customer = make_customer()
	assert make_sales_invoice(customer).docstatus == 1  # the list in the cache still names it
	frappe.db.rollback()
	assert frappe.cache.hget("ccms_programs", world.COMPANY) is None


def test_spending_as_no_member_is_refused_even_where_the_rule_would_enrol():
	make_program(auto_enroll=1)
	customer = make_customer()
	with pytest.raises(frappe.ValidationError, match="not a member"):
		make_sales_invoice(customer, ccms_redeem_points=10)
	assert not membership_of(customer)
