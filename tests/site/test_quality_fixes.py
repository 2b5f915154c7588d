"""Fixes on a real site: previewed, saved through the document, logged, undone unless the value was changed since."""

import frappe
import pytest
from frappe.utils import add_days, add_to_date, now_datetime, nowdate

from ccms_app.api import quality as api
from ccms_app.quality.store import findings, fixes, handler, runs
from tests.site import readers
from tests.site.factories import make_customer
from tests.site.world import ANALYST, MANAGER, SELLER

FINDING, FIX = findings.DOCTYPE, fixes.DOCTYPE
BAD, GOOD = "fang.wang@gmial.com", "fang.wang@gmail.com"


@pytest.fixture
def mistyped(site) -> frappe._dict:
	"""A customer with a mistyped mail domain, and the finding."""
	customer = make_customer(email_id=BAD).name
	runs.look([customer])
	return frappe._dict(customer=customer, finding=finding_of(customer, "Mail Domain Mistyped"))


def finding_of(customer: str, rule: str) -> str:
	return frappe.db.get_value(FINDING, {"customer": customer, "rule": rule})


def mail_of(customer: str) -> str:
	return frappe.get_doc("Customer", customer).email_id


def test_a_preview_writes_nothing(mistyped):
	told = api.preview(mistyped.finding)
	assert (told["doctype"], told["old"], told["new"]) == ("Contact", BAD, GOOD)
	assert told["score_after"] == told["score"] + 10
	assert mail_of(mistyped.customer) == BAD and not frappe.db.exists(FIX, {"customer": mistyped.customer})


def test_a_fix_goes_through_the_document_and_is_logged(mistyped):
	fix = frappe.get_doc(FIX, api.apply(mistyped.finding, seen=BAD))
	assert mail_of(mistyped.customer) == GOOD  # by the contact's own save
	assert (fix.old_value, fix.new_value, fix.status, fix.applied_by) == (
		BAD,
		GOOD,
		"Applied",
		"Administrator",
	)
	assert frappe.db.get_value(FINDING, mistyped.finding, "status") == "Fixed"


def test_a_fix_is_undone_from_its_log(mistyped):
	fix = api.apply(mistyped.finding)
	api.undo(fix)
	assert mail_of(mistyped.customer) == BAD
	assert frappe.db.get_value(FIX, fix, ["status", "undone_by"]) == ("Undone", "Administrator")
	assert frappe.db.get_value(FINDING, mistyped.finding, "status") == "Open"
	with pytest.raises(frappe.ValidationError, match="undone already"):
		api.undo(fix)


def test_undo_is_refused_when_the_value_was_changed_since(mistyped):
	fix = api.apply(mistyped.finding)
	contact = frappe.get_doc("Contact", frappe.db.get_value(FIX, fix, "reference_name"))
	contact.email_ids[0].email_id = "other@163.com"
	contact.save()
	with pytest.raises(frappe.ValidationError, match=r"changed since to .*other@163\.com"):
		api.undo(fix)
	contact.reload()
	assert contact.email_ids[0].email_id == "other@163.com"
	assert frappe.db.get_value(FIX, fix, "status") == "Applied"


def test_a_value_of_ones_own(mistyped):
	api.apply(mistyped.finding, value="w.fang@qq.com")
	assert mail_of(mistyped.customer) == "w.fang@qq.com"


def test_an_old_preview_is_refused(mistyped):
	with pytest.raises(frappe.ValidationError, match="changed meanwhile"):
		api.apply(mistyped.finding, seen="somebody@else.com")
	assert mail_of(mistyped.customer) == BAD


@pytest.mark.parametrize("value", ["", "not an address", "a\0b@qq.com", "x" * 500, BAD])
def test_what_cannot_be_written_is_refused(mistyped, value):
	if value == "":
		frappe.db.set_value(FINDING, mistyped.finding, "suggestion", "")
		value = None
	with pytest.raises(frappe.ValidationError):
		api.apply(mistyped.finding, value=value)
	assert not frappe.db.exists(FIX, {"customer": mistyped.customer})


def test_a_date_is_fixed_and_put_back(site):
	born = add_days(nowdate(), 30)
	customer = make_customer(ccms_birth_date=born).name
	runs.look([customer])
	fix = api.apply(finding_of(customer, "Birth Date Impossible"), value="1990-02-03")
	assert str(frappe.db.get_value("Customer", customer, "ccms_birth_date")) == "1990-02-03"
	api.undo(fix)
	assert str(frappe.db.get_value("Customer", customer, "ccms_birth_date")) == born


def test_what_is_no_field_cannot_be_fixed_here(site):
	customer = make_customer().name
	runs.look([customer])
	with pytest.raises(frappe.ValidationError, match="cannot be put right here"):
		api.preview(finding_of(customer, "No Way to Reach"), value="x")


def test_a_finding_turned_towards_another_field_is_refused(mistyped):
	frappe.db.set_value(FINDING, mistyped.finding, {"row_doctype": "", "fieldname": "owner"})
	with pytest.raises(frappe.ValidationError, match="cannot be put right here"):
		api.apply(mistyped.finding, value="x")


def test_a_contact_that_is_gone(mistyped):
	frappe.db.set_value(FINDING, mistyped.finding, "reference_name", "Nobody at all")
	with pytest.raises(frappe.ValidationError, match="no longer there"):
		api.preview(mistyped.finding)


@pytest.mark.parametrize("user", [ANALYST, SELLER, "Guest"])
def test_who_may_not_fix(mistyped, as_user, user):
	fix = api.apply(mistyped.finding)
	frappe.db.set_value(FINDING, mistyped.finding, "status", "Open")
	with as_user(user):
		for call in (api.preview, api.apply, api.ignore):
			with pytest.raises(frappe.PermissionError):
				call(mistyped.finding)
		with pytest.raises(frappe.PermissionError):
			api.undo(fix)
		with pytest.raises(frappe.PermissionError):
			api.check_now()


def test_the_customer_changes_while_somebody_looks_at_the_preview(mistyped):
	told = api.preview(mistyped.finding)
	contact = frappe.get_doc("Contact", frappe.db.get_value(FINDING, mistyped.finding, "reference_name"))
	contact.email_ids[0].email_id = "somebody@else.com"
	contact.save()
	with pytest.raises(frappe.ValidationError, match="changed meanwhile"):
		api.apply(mistyped.finding, value=told["new"], seen=told["old"])
	contact.reload()
	assert contact.email_ids[0].email_id == "somebody@else.com"
	assert not frappe.db.exists(FIX, {"customer": mistyped.customer})


def test_another_field_that_changes_meanwhile_is_not_lost(mistyped):
	told = api.preview(mistyped.finding)
	contact = frappe.get_doc("Contact", frappe.db.get_value(FINDING, mistyped.finding, "reference_name"))
	contact.designation = "Buyer"
	contact.save()
	api.apply(mistyped.finding, seen=told["old"])
	contact.reload()
	assert (contact.designation, contact.email_ids[0].email_id) == ("Buyer", GOOD)


def test_undo_when_the_row_is_gone(mistyped):
	fix = api.apply(mistyped.finding)
	contact = frappe.get_doc("Contact", frappe.db.get_value(FIX, fix, "reference_name"))
	contact.email_ids = []
	contact.save()
	with pytest.raises(frappe.ValidationError, match="no longer there"):
		api.undo(fix)
	assert frappe.db.get_value(FIX, fix, "status") == "Applied"


def test_a_fix_that_the_document_refuses_leaves_no_trace(mistyped):
	frappe.db.set_value("Contact", {"email_id": BAD}, "gender", "No such gender", update_modified=False)
	with pytest.raises(frappe.LinkValidationError):
		api.apply(mistyped.finding)
	assert not frappe.db.exists(FIX, {"customer": mistyped.customer})
	assert frappe.db.get_value(FINDING, mistyped.finding, "status") == "Open"


def test_what_the_form_shows_of_a_customer(mistyped, as_user):
	told = api.of_customer(mistyped.customer)
	(reason,) = [row for row in told["reasons"] if row["rule"] == "Mail Domain Mistyped"]
	assert (reason["can_fix"], reason["suggestion"], told["fixes"]) == (True, GOOD, [])
	assert told["may_decide"]
	fix = api.apply(mistyped.finding)
	told = api.of_customer(mistyped.customer)
	assert [(row["name"], row["old_value"], row["new_value"]) for row in told["fixes"]] == [(fix, BAD, GOOD)]
	with as_user(SELLER):
		assert not api.of_customer(mistyped.customer)["may_decide"]
	for user in (ANALYST, "Guest"):
		with as_user(user), pytest.raises(frappe.PermissionError):
			api.of_customer(mistyped.customer)


def test_a_customer_who_is_not_there_is_told_like_one_who_may_not_be_seen(mistyped, as_user):
	with as_user(SELLER), pytest.raises(frappe.PermissionError):
		api.of_customer("Nobody at all")


def test_whether_a_run_has_looked_at_the_customer(mistyped):
	frappe.db.delete(runs.DOCTYPE)
	assert api.of_customer(mistyped.customer)["looked_on"] is None
	run = frappe.new_doc(runs.DOCTYPE)
	run.update({"status": "Completed", "started_on": add_to_date(now_datetime(), hours=-1)})
	run.flags.from_quality = True
	run.insert(ignore_permissions=True)
	assert api.of_customer(mistyped.customer)["looked_on"] is None, "the customer is newer"
	frappe.db.set_value(runs.DOCTYPE, run.name, "started_on", add_to_date(now_datetime(), hours=1))
	assert api.of_customer(mistyped.customer)["looked_on"]


def test_what_each_rule_finds_and_how_many_customers_wait(mistyped, as_user):
	frappe.db.delete(FINDING, {"customer": ["!=", mistyped.customer]})
	assert api.by_rule()["Mail Domain Mistyped"] == {"Open": 1}
	card = api.customers_to_mend()
	assert (card["value"], card["route_options"]) == (1, {"status": "Open"})
	api.ignore(mistyped.finding)
	assert api.by_rule()["Mail Domain Mistyped"] == {"Ignored": 1}
	with as_user(ANALYST):
		with pytest.raises(frappe.PermissionError):
			api.by_rule()
		card = api.customers_to_mend()
		assert (card["value"], card["route"]) == (0, ["query-report", "Data Quality"])
	with as_user("Guest"):
		assert api.customers_to_mend()["value"] == "–"


def test_an_analyst_is_not_told_a_number_under_five(mistyped, as_user):
	frappe.db.delete(FINDING, {"customer": ["!=", mistyped.customer]})
	with as_user(ANALYST):
		assert api.customers_to_mend()["value"] == "< 5"


def test_a_user_of_few_customers_counts_only_those(mistyped, as_user):
	frappe.permissions.add_user_permission("Customer", make_customer().name, SELLER)
	frappe.clear_cache(user=SELLER)
	with as_user(SELLER):
		assert api.customers_to_mend()["value"] == 0
		assert "Mail Domain Mistyped" not in api.by_rule()
		with pytest.raises(frappe.PermissionError):
			api.of_customer(mistyped.customer)


def test_who_may_ask_what_kinds_there_are(as_user):
	with as_user(MANAGER):
		told = api.kinds()
	assert "1 to 1200" in told["Not Confirmed"]["help"] and told["Not Confirmed"]["parameters"] == {
		"months": 24
	}
	for user in (ANALYST, SELLER, "Guest"):
		with as_user(user), pytest.raises(frappe.PermissionError):
			api.kinds()


def test_the_score_with_its_reasons(mistyped, as_user):
	told = api.of_customer(mistyped.customer)
	assert told["score"] <= 90
	assert any("gmail.com" in row["reason"] for row in told["reasons"])
	with as_user(ANALYST), pytest.raises(frappe.PermissionError):
		api.of_customer(mistyped.customer)
	assert MANAGER


def test_what_was_ignored_stays_so_while_its_rule_is_off(mistyped):
	api.ignore(mistyped.finding)
	rule = frappe.get_doc("CCMS Quality Rule", "Mail Domain Mistyped")
	for enabled in (0, 1):
		rule.enabled = enabled
		rule.save()
		runs.look([mistyped.customer])
		assert frappe.db.get_value(FINDING, mistyped.finding, "status") == "Ignored"


# --- deleting what was put right, and who may put right ----------------------------------------------------------


def free_contact(customer: str) -> str:
	"""A contact that is not the primary one, with a phone that is none."""
	contact = frappe.get_doc({"doctype": "Contact", "first_name": "Fang"})
	contact.append("links", {"link_doctype": "Customer", "link_name": customer})
	contact.append("phone_nos", {"phone": "12", "is_primary_phone": 1})
	return contact.insert().name


def test_a_fix_holds_neither_contact_nor_customer(mistyped):
	contact = free_contact(mistyped.customer)
	runs.look([mistyped.customer])
	api.apply(finding_of(mistyped.customer, "Phone Invalid"), value="+49 30 901820")
	api.apply(mistyped.finding)
	frappe.delete_doc("Contact", contact)
	frappe.delete_doc("Customer", mistyped.customer)
	for doctype in (FINDING, FIX):
		assert not frappe.db.exists(doctype, {"customer": mistyped.customer})


def test_a_deleted_customer_takes_what_was_found_along(mistyped):
	other = make_customer(customer_name="Peter Smithson").name
	named = handler.beside(mistyped.customer)
	frappe.db.set_value(FINDING, readers.mark(FINDING, other), "fieldname", named)
	frappe.delete_doc("Customer", mistyped.customer)
	assert not frappe.db.exists(FINDING, {"customer": mistyped.customer})
	assert not frappe.db.exists(FINDING, {"fieldname": named})


def test_a_manager_puts_a_contact_right_and_is_offered_nothing_else(mistyped, as_user):
	"""ERPNext lets a Sales Manager write contacts and no customers."""
	frappe.db.set_value("Customer", mistyped.customer, "ccms_birth_date", add_days(nowdate(), 30))
	runs.look([mistyped.customer])
	birth = finding_of(mistyped.customer, "Birth Date Impossible")
	with as_user(MANAGER):
		assert not frappe.has_permission("Customer", "write", doc=mistyped.customer)
		told = api.of_customer(mistyped.customer)
		offered = {row["rule"]: row["can_fix"] for row in told["reasons"]}
		assert (offered["Mail Domain Mistyped"], offered["Birth Date Impossible"]) == (True, False)
		for finding, expected in ((mistyped.finding, True), (birth, False)):
			doc = frappe.get_doc(FINDING, finding)
			doc.run_method("onload")
			assert doc.get_onload("can_fix") is expected
		fix = api.apply(mistyped.finding)
		assert mail_of(mistyped.customer) == GOOD
		assert [row["can_undo"] for row in api.of_customer(mistyped.customer)["fixes"]] == [True]
		doc = frappe.get_doc(FIX, fix)
		doc.run_method("onload")
		assert doc.get_onload("can_undo") is True
		api.undo(fix)
		assert mail_of(mistyped.customer) == BAD
		with pytest.raises(frappe.PermissionError):
			api.apply(birth, value="1980-01-01")
