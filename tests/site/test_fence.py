"""The fence between companies and branches, in conditions, documents and queries."""

import frappe
import pytest

from ccms_app.privacy.store import fence
from tests.site import readers, world
from tests.site.factories import ABROAD, COMPANY, account, make_customer, make_program, make_sales_invoice

EVENT, SCORE = "CCMS Customer Interaction", "CCMS Customer Score"


@pytest.fixture
def kept(as_user):
	"""A user whom User Permissions keep to what a test says."""
	user = world.make_user("kept@ccms.test", "Sales Manager", "CCMS Manager")
	frappe.db.delete("User Permission", {"user": user})

	def to(allow: str, name: str) -> str:
		frappe.permissions.add_user_permission(allow, name, user)
		frappe.clear_cache(user=user)
		return user

	yield to
	frappe.db.delete("User Permission", {"user": user})
	frappe.clear_cache(user=user)


def rows(doctype: str, user: str) -> list[str]:
	frappe.set_user(user)
	try:
		return frappe.get_list(doctype, filters={"name": ["like", "RS-%"]}, pluck="name")
	finally:
		frappe.set_user("Administrator")


def test_nobody_is_held_back_without_user_permissions():
	assert fence.companies(world.MANAGER) is None
	assert fence.conditions(world.MANAGER, EVENT) == ""


def test_a_company_holds_back_events(kept):
	name = readers.mark(EVENT, make_customer().name)
	assert rows(EVENT, kept("Company", COMPANY)) == [name]
	frappe.db.set_value(EVENT, name, "company", ABROAD, update_modified=False)
	assert rows(EVENT, "kept@ccms.test") == []
	doc = frappe.get_doc(EVENT, name)
	assert not frappe.has_permission(EVENT, "read", doc=doc, user="kept@ccms.test")
	assert not fence.sees(doc, user="kept@ccms.test")


def test_a_branch_holds_back_events_and_queries(kept):
	branches = [world.ensure("Branch", {"branch": f"CCMS Branch {letter}"}) for letter in "AB"]
	name = readers.mark(EVENT, make_customer().name)
	user = kept("Branch", branches[0])
	for branch, seen in ((branches[0], True), (branches[1], False), (None, True)):
		frappe.db.set_value(EVENT, name, "branch", branch, update_modified=False)
		assert bool(rows(EVENT, user)) is seen, branch
		assert fence.sees(frappe.get_doc(EVENT, name), user=user) is seen
		table = frappe.qb.DocType(EVENT)
		query = frappe.qb.from_(table).select(table.name).where(table.name == name)
		assert bool(query.where(fence.criterion(EVENT, user, table)).run()) is seen


def test_a_branch_kept_as_text_is_what_the_settings_call_so(kept):
	readers.mark(SCORE, make_customer().name)
	user = kept("Cost Center", account("Main"))
	sql = fence.conditions(user, SCORE)
	assert "`home_branch`" in sql and account("Main") in sql
	other = frappe.get_doc({"doctype": SCORE, "company": COMPANY, "home_branch": "Elsewhere"})
	assert not fence.sees(other, user=user)
	other.home_branch = account("Main")
	assert fence.sees(other, user=user)


def test_customers_are_shared_until_the_settings_part_them(kept):
	ours, theirs, nobodys = make_customer(make_program()), make_customer(), make_customer()
	make_sales_invoice(theirs, company=ABROAD, currency="USD")
	user = kept("Company", COMPANY)
	names = {"name": ["in", [ours.name, theirs.name, nobodys.name]]}

	def seen() -> set[str]:
		frappe.set_user(user)
		try:
			listed = set(frappe.get_list("Customer", names, pluck="name"))
			opened = {
				one.name for one in (ours, theirs, nobodys) if frappe.has_permission("Customer", "read", one)
			}
		finally:
			frappe.set_user("Administrator")
		assert listed == opened
		return listed

	assert seen() == {ours.name, theirs.name, nobodys.name}
	frappe.db.set_single_value("CCMS Settings", "fence_customers", 1)
	assert seen() == {ours.name, nobodys.name}
