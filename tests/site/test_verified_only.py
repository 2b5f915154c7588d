"""The setting that events tell of a customer only through identifiers that the customer has proved."""

import frappe
import pytest
from frappe.utils import add_to_date, now_datetime

from ccms_app.identity.store import capture, identities
from ccms_app.interactions.store import documents, intake
from ccms_app.interactions.store.handler import Handler
from tests.site.events import EVENT
from tests.site.factories import make_customer
from tests.site.reach import make_contact, random_phone
from tests.site.test_timeline import by, subjects, write

SETTING = "resolve_verified_only"


@pytest.fixture
def customer():
	return make_customer().name


@pytest.fixture(autouse=True)
def forgotten():
	"""The settings are kept in a cache that knows nothing of what is rolled back."""
	yield
	frappe.db.rollback()
	frappe.clear_document_cache("CCMS Settings", "CCMS Settings")


def strictly(on: int = 1) -> None:
	frappe.db.set_single_value("CCMS Settings", SETTING, on)


def known(customer: str, verified: bool) -> str:
	"""A phone of the customer's."""
	value = random_phone()
	identities.link(identities.ensure("Phone", value), customer, "Import", verified=verified)
	return value


def test_it_is_off_by_default(customer):
	assert not frappe.db.get_single_value("CCMS Settings", SETTING)
	write(by("Phone", known(customer, verified=False), subject="1"))
	assert subjects(customer) == ["1"]


def test_events_of_what_is_not_proved_show_once_it_is(customer):
	proved, told = known(customer, verified=True), known(customer, verified=False)
	strictly()
	write(
		by("Phone", proved, subject="proved"),
		by("Phone", told, subject="told"),
		by("Customer", customer, subject="own"),
	)
	assert subjects(customer) == ["proved", "own"]
	name = identities.find("Phone", told)
	assert identities.owners([name]) == {}
	assert identities.of_customer(customer) == sorted(
		{identities.find("Phone", proved), identities.find("Customer", customer)}
	)
	identities.link(name, customer, "Portal", verified=True)
	assert subjects(customer) == ["proved", "told", "own"]
	assert identities.owners([name]) == {name: customer}
	identities.unverify(name, customer)
	assert "told" not in subjects(customer)


def test_of_two_who_share_only_who_has_proved_it_sees_the_events(customer):
	other, phone = make_customer().name, known(customer, verified=True)
	identities.link(identities.find("Phone", phone), other, "Import")
	write(by("Phone", phone, subject="1"))
	assert subjects(customer) == subjects(other) == ["1"]
	strictly()
	assert subjects(customer) == ["1"] and subjects(other) == []


@pytest.mark.parametrize("strict", [0, 1])
def test_a_call_about_somebody_goes_by_the_document_where_the_number_proves_nothing(customer, strict):
	phone = random_phone()
	make_contact(customer, phones=[phone])
	capture.one(customer)
	strictly(strict)
	call = frappe.get_doc(
		{
			"doctype": "Communication",
			"subject": "Late",
			"communication_medium": "Phone",
			"phone_no": phone,
			"sent_or_received": "Received",
			"communication_date": add_to_date(now_datetime(), hours=-1),
			"reference_doctype": "Customer",
			"reference_name": customer,
		}
	).insert()
	documents.tell([(call.doctype, call.name)], put=intake.write)
	event = frappe.get_doc(EVENT, {"reference_name": call.name})
	assert frappe.db.get_value("CCMS Identity", event.identity, "kind") == ("Customer" if strict else "Phone")
	assert subjects(customer) == ["Late"]


def test_an_export_leaves_out_what_may_be_another_s_and_an_erasure_nothing(customer):
	phone = known(customer, verified=False)
	write(by("Phone", phone, subject="1"))
	strictly()
	assert Handler().export(customer) == {}
	assert Handler().erase(customer, "")[EVENT] == 1
