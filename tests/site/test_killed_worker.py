"""A worker is killed between any two statements: either the whole document with its points is there, or neither."""

import frappe
import pytest

from ccms_app.loyalty.store import audit
from tests.site.factories import (
	make_customer,
	make_pos_invoice,
	make_program,
	make_return,
	make_sales_invoice,
)
from tests.site.killing import die_at, points_of_death, writes
from tests.site.ledger_checks import check, membership_of, points_of, set_balance, snapshot

pytestmark = pytest.mark.commits


@pytest.fixture
def member():
	"""A member with 100 points."""
	customer = make_customer(make_program())
	set_balance(membership_of(customer), 100)
	return customer


def submit(doc):
	return lambda: frappe.get_doc(doc.doctype, doc.name).submit()


def cancel(doc):
	return lambda: frappe.get_doc(doc.doctype, doc.name).cancel()


def verify_killed_anywhere(action, before, after, memberships) -> None:
	"""Kill the process everywhere, see each time that nothing has happened; then let it live, and see that all has."""
	frappe.db.commit()
	ledger = snapshot()
	deaths = points_of_death(writes(action))
	assert len(deaths) > 5
	for write in deaths:
		die_at(action, write)
		_wait_for_the_rollback(memberships)
		assert snapshot() == ledger, f"killed before write {write} of {deaths[-1]}"
		before()
	action()
	frappe.db.commit()
	after()
	for membership in memberships:
		check(membership)
	assert not [str(finding) for finding in audit.run() if finding.membership in memberships]


def _wait_for_the_rollback(memberships) -> None:
	for membership in memberships:
		frappe.db.sql("select name from `tabCCMS Membership` where name = %s for update", membership)
	frappe.db.rollback()


def verify_document(doc, action, before: int, after: int, posted: dict, member) -> None:
	"""The same for one document, by its docstatus."""

	def stands_at(docstatus):
		assert frappe.db.get_value(doc.doctype, doc.name, "docstatus") == docstatus

	untouched = points_of(doc)
	membership = membership_of(member)

	def as_before():
		stands_at(before)
		assert points_of(doc) == untouched

	def as_after():
		stands_at(after)
		assert points_of(doc) == posted

	verify_killed_anywhere(action, as_before, as_after, [membership])


def test_submitting_a_sale(member):
	draft = make_sales_invoice(member, ccms_redeem_points=60, submit=False)
	verify_document(draft, submit(draft), 0, 1, {"Redeem": -60, "Earn": 94}, member)


def test_submitting_a_sale_at_the_till(member):
	draft = make_pos_invoice(member, ccms_redeem_points=60, submit=False)
	verify_document(draft, submit(draft), 0, 1, {"Redeem": -60, "Earn": 94}, member)


def test_submitting_a_return(member):
	sale = make_sales_invoice(member, qty=2, ccms_redeem_points=60)
	back = make_return(sale, 1, submit=False)
	verify_document(back, submit(back), 0, 1, {"Restore": 30, "Clawback": -97}, member)


def test_cancelling_a_sale(member):
	sale = make_sales_invoice(member, ccms_redeem_points=60)
	verify_document(sale, cancel(sale), 1, 2, {"Redeem": -60, "Earn": 94, "Cancel": -34}, member)


def test_the_first_sale_enrols_or_does_not():
	"""Enrolment and earning go together with the document that brings them."""
	group = frappe.get_doc(
		{
			"doctype": "Customer Group",
			"customer_group_name": f"Group {frappe.generate_hash(length=8)}",
			"parent_customer_group": "All Customer Groups",
		}
	).insert()
	make_program(auto_enroll=1, customer_group=group.name)
	customer = make_customer(customer_group=group.name)
	draft = make_sales_invoice(customer, submit=False)

	def before():
		assert not membership_of(customer)
		assert draft.reload().docstatus == 0

	def after():
		assert points_of(draft) == {"Earn": 100}

	verify_killed_anywhere(submit(draft), before, after, [])
	check(membership_of(customer))


def test_merging_two_customers(member):
	program = frappe.db.get_value("CCMS Membership", membership_of(member), "program")
	other = make_customer(program)
	set_balance(membership_of(other), 30)
	source, target = membership_of(member), membership_of(other)

	def before():
		assert frappe.db.exists("Customer", member.name)
		assert (check(source).active, check(target).active) == (100, 30)

	def after():
		assert not frappe.db.exists("Customer", member.name)
		assert (check(source).active, check(target).active) == (0, 130)

	def merge():
		frappe.rename_doc("Customer", member.name, other.name, merge=True)

	verify_killed_anywhere(merge, before, after, [source, target])


def test_transferring_points(member):
	program = frappe.db.get_value("CCMS Membership", membership_of(member), "program")
	other = membership_of(make_customer(program))
	voucher = frappe.get_doc(
		{
			"doctype": "CCMS Points Adjustment",
			"membership": membership_of(member),
			"to_membership": other,
			"adjustment_type": "Transfer",
			"points": 40,
			"reason_code": "Goodwill",
			"reason": "test",
		}
	).insert()

	def before():
		assert voucher.reload().docstatus == 0

	def after():
		assert (check(membership_of(member)).active, check(other).active) == (60, 40)

	verify_killed_anywhere(submit(voucher), before, after, [membership_of(member), other])
