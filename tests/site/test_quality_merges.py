"""Findings and fixes of customers who are merged, parted again, renamed and erased."""

import frappe
import pytest
from frappe.utils import add_days, nowdate

from ccms_app.identity.store import handlers, identities
from ccms_app.privacy.store import erasing
from ccms_app.quality.store import findings, fixes, runs
from tests.site.factories import make_customer
from tests.site.merged_customers import business_rows, differences, merge, undone

FINDING, FIX = findings.DOCTYPE, fixes.DOCTYPE
PHONE = "+8613912345678"


@pytest.fixture
def two(site):
	"""Two records: one born tomorrow, both with a mistyped mailbox and one phone, their names unlike."""
	source = make_customer(
		customer_name="Fang Wang", email_id="fang.wang@gmial.com", ccms_birth_date=add_days(nowdate(), 1)
	)
	target = make_customer(customer_name="Peter Smithson", email_id="p.smithson@gmial.com")
	for customer in (source, target):
		identities.link(identities.ensure("Phone", PHONE), customer.name, "Import")
	runs.look([source.name, target.name])
	return source, target


def rules_of(customer, status: str = "Open") -> list[str]:
	return sorted(frappe.get_all(FINDING, {"customer": customer.name, "status": status}, pluck="rule"))


def test_there_is_something_to_merge(two):
	source, target = two
	assert rules_of(source) == [
		"Birth Date Impossible",
		"Mail Domain Mistyped",
		"Same Identifier, Another Name",
	]
	assert rules_of(target) == ["Mail Domain Mistyped", "Same Identifier, Another Name"]


def test_after_a_merge_the_score_is_that_of_the_one_who_is_left(two):
	source, target = two
	merge(source, target)
	assert not frappe.db.exists(FINDING, {"customer": source.name})
	# both mailboxes are the target's now; nobody else has the phone any more
	assert "Same Identifier, Another Name" not in rules_of(target)
	places = frappe.get_all(
		FINDING, {"customer": target.name, "status": "Open"}, ["rule", *findings.PLACE], as_list=True
	)
	assert len(places) == len(set(places)), "the same finding twice"
	before = rules_of(target)
	written = runs.look([target.name])
	assert (written.found, written.resolved, rules_of(target)) == (0, 0, before)


def test_undone_every_finding_is_as_it_was(two):
	before = business_rows()
	undone(merge(*two))
	assert differences(before, business_rows()) == []


def test_what_was_ignored_and_put_right_moves_along_and_comes_back(two):
	source, target = two
	born = frappe.db.get_value(FINDING, {"customer": source.name, "rule": "Birth Date Impossible"})
	findings.ignore(born)
	mail = frappe.db.get_value(FINDING, {"customer": source.name, "rule": "Mail Domain Mistyped"})
	fix = fixes.apply(mail)
	before = business_rows()
	name = merge(source, target)
	assert frappe.db.get_value(FIX, fix, "customer") == target.name
	assert "Birth Date Impossible" not in rules_of(target)
	undone(name)
	assert differences(before, business_rows()) == []
	assert frappe.db.get_value(FINDING, born, ["customer", "status"]) == (source.name, "Ignored")
	fixes.undo(fix)
	assert "Mail Domain Mistyped" in rules_of(source)


def test_a_fix_is_undone_on_the_one_who_is_left(two):
	source, target = two
	mail = frappe.db.get_value(FINDING, {"customer": source.name, "rule": "Mail Domain Mistyped"})
	fix = fixes.apply(mail)
	merge(source, target)
	fixes.undo(fix)
	contact = frappe.get_doc("Contact", frappe.db.get_value(FIX, fix, "reference_name"))
	assert [row.email_id for row in contact.email_ids] == ["fang.wang@gmial.com"]
	assert rules_of(target).count("Mail Domain Mistyped") == 2


def test_a_target_that_is_not_looked_at_gets_no_findings(two):
	source, target = two
	frappe.db.set_value("Customer", target.name, "ccms_anonymous", 1)
	(handler,) = [one for one in handlers.all().values() if FINDING in one.doctypes]
	frappe.db.delete(FINDING, {"customer": target.name})
	handler.merged(source.name, target.name)
	assert not rules_of(target)


def test_what_was_ignored_stays_so_when_the_other_one_is_renamed(two):
	source, target = two
	rule = {"customer": target.name, "rule": "Same Identifier, Another Name"}
	ignored = frappe.db.get_value(FINDING, rule)
	findings.ignore(ignored)
	frappe.rename_doc("Customer", source.name, "Wang Fang of Hangzhou", force=True)
	runs.look([target.name])
	assert frappe.get_all(FINDING, rule, ["name", "status"]) == [{"name": ignored, "status": "Ignored"}]


def test_an_erasure_takes_findings_fixes_and_what_others_tell(two):
	source, target = two
	fixes.apply(frappe.db.get_value(FINDING, {"customer": source.name, "rule": "Mail Domain Mistyped"}))
	erased = erasing.new_name()
	erasing.now(source.name, erased)
	for doctype in (FINDING, FIX):
		assert not frappe.db.exists(doctype, {"customer": ["in", [source.name, erased]]})
	assert "Same Identifier, Another Name" not in rules_of(target)
	told = frappe.as_json(frappe.get_all(FINDING, fields=["*"]) + frappe.get_all(FIX, fields=["*"]))
	assert source.name not in told and "fang.wang" not in told
