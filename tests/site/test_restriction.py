"""Restricted processing: stored, and used for nothing but service, until somebody lifts it and says why."""

import frappe
import pytest

from ccms_app.behaviour.store.settings import not_profiled
from ccms_app.identity.store import identities, merging
from ccms_app.privacy.store import consent, erasing, exporting, restriction
from tests.site.events import send, server, view
from tests.site.factories import COMPANY, make_customer

WHY = "The address was corrected"


def restricted(customer):
	doc = frappe.get_doc(
		{"doctype": "CCMS Privacy Request", "request_type": "Restriction", "customer": customer.name, "company": COMPANY,
		"identity_checked": 1, "checked_how": "In Person"}
	).insert()  # fmt: skip
	doc.complete()
	return doc.reload()


@pytest.fixture
def customer():
	made = make_customer()
	phone = identities.ensure("Phone", f"+86136{abs(hash(made.name)) % 10**8:08d}")
	identities.link(phone, made.name, "Import", verified=True)
	made.phone = phone
	for purpose in ("Marketing", "Profiling", "Web Tracking"):
		consent.record(made.name, purpose, "Given", source="Desk", proof="signed")
	return made


def test_nothing_but_service_is_allowed_until_it_is_lifted(customer):
	assert consent.may(customer.name, "Marketing") and consent.may(customer.phone, "Marketing", "SMS")
	doc = restricted(customer)
	for person in (customer.name, customer.phone):
		for purpose in ("Marketing", "Profiling", "Web Tracking"):
			assert not consent.may(person, purpose)
		assert consent.may(person, "")

	with pytest.raises(frappe.ValidationError, match="few words"):
		doc.lift("ok")
	doc.lift(WHY)

	assert consent.may(customer.name, "Marketing") and consent.may(customer.phone, "Marketing", "SMS")
	doc.reload()
	assert (doc.lifted_by, doc.lift_reason) == (frappe.session.user, WHY)
	with pytest.raises(frappe.ValidationError, match="Nothing is restricted"):
		doc.lift(WHY)


def test_what_was_said_stays_as_it_was_said(customer):
	restricted(customer)
	words = frappe.get_all("CCMS Consent", {"customer": customer.name}, pluck="state")
	assert set(words) == {"Given"}, "a restriction is no objection"


def test_restricted_customers_are_in_no_figures(customer):
	profile = frappe.get_doc(
		{"doctype": "CCMS Customer Profile", "customer": customer.name, "company": COMPANY, "stage": "Repeat"}
	)
	profile.db_insert()
	doc = restricted(customer)
	assert not_profiled(customer.name) == {customer.name: "restricted"}
	assert customer.name in not_profiled()
	assert not frappe.db.exists("CCMS Customer Profile", {"customer": customer.name})
	doc.lift(WHY)
	assert not not_profiled(customer.name)


def test_events_that_need_consent_are_not_stored_meanwhile(customer):
	place = server()
	said = {"identity": {"kind": "Phone", "value": identities.reveal(customer.phone)}, "path": "/tea"}
	assert send(place, view("1", **said)) == ["stored"]
	doc = restricted(customer)
	assert send(place, view("2", **said)) == ["no_consent"]
	doc.lift(WHY)
	assert send(place, view("3", **said)) == ["stored"]


def test_nobody_is_erased_or_merged_meanwhile(customer):
	other = make_customer()
	doc = restricted(customer)
	assert any("restricted" in said for said in erasing.waits_for(customer.name))
	with pytest.raises(frappe.ValidationError, match="restricted"):
		erasing.now(customer.name, erasing.new_name())
	for pair in ((customer.name, other.name), (other.name, customer.name)):
		assert any("restricted" in said for said in merging.refusals(*pair))
	doc.lift(WHY)
	assert not erasing.waits_for(customer.name) and not merging.refusals(customer.name, other.name)


def test_one_of_two_restrictions_still_holds(customer):
	one, _other = restricted(customer), restricted(customer)
	one.lift(WHY)
	assert customer.name in restriction.since([customer.name])
	assert not consent.may(customer.name, "Marketing")


def test_the_export_shows_it(customer):
	restricted(customer).lift(WHY)
	(told,) = exporting.collect(customer.name)["CCMS Privacy Request"]
	assert told["restricted_on"] and told["lifted_on"] and told["lift_reason"] == WHY


def test_typed_restrictions_are_not_believed(customer):
	doc = frappe.get_doc(
		{"doctype": "CCMS Privacy Request", "request_type": "Restriction", "customer": customer.name,
		"restricted_on": "2020-01-01", "lifted_on": "2020-01-02"}
	).insert()  # fmt: skip
	assert not doc.restricted_on and not doc.lifted_on


def test_lifting_is_for_those_who_may_write_the_request(customer, as_user):
	doc = restricted(customer)
	with as_user("Guest"), pytest.raises(frappe.PermissionError):
		doc.lift(WHY)
