"""Several processes at once: each value is one identity, and two customers who get one number at once share it."""

import frappe
import pytest

from ccms_app.identity.store import identities
from tests.site.factories import make_customer
from tests.site.processes import Workers
from tests.site.reach import make_contact, random_phone

pytestmark = pytest.mark.commits
CREW = 4


def ensure(values: list[str]) -> dict:
	"""In a worker: the identities of visitors."""
	return {
		value: name
		for (_kind, value), name in identities.ensure_many([("Visitor", v) for v in values]).items()
	}


def link(identity: str, customer: str) -> None:
	"""In a worker: link, as somebody's saving would."""
	identities.link(identity, customer, "Import")


def recognise(identity: str, customer: str) -> bool:
	"""In a worker: a visitor identifies."""
	return identities.recognise(identity, customer)


def save_contact(customer: str, phone: str) -> str:
	"""In a worker: a contact is saved on a desk."""
	return make_contact(customer, phones=[phone]).name


@pytest.fixture
def crew():
	customers = [make_customer().name for _number in range(CREW)]
	frappe.db.commit()
	with Workers(CREW) as workers:
		yield workers, customers
	frappe.db.rollback()
	for customer in customers:
		for contact in frappe.get_all(
			"Dynamic Link", {"link_name": customer, "parenttype": "Contact"}, pluck="parent"
		):
			frappe.delete_doc("Contact", contact)
		frappe.delete_doc("Customer", customer)
	frappe.db.commit()


def test_the_same_values_at_once(crew):
	workers, _customers = crew
	values = [f"race-{frappe.generate_hash(length=12)}" for _number in range(300)]
	replies = workers.run(
		"tests.site.test_identity_races.ensure",
		[{"values": values[:: 1 if even else -1]} for even in (1, 0, 1, 0)],
	)
	assert all("value" in reply for reply in replies), replies
	assert all(reply["value"] == replies[0]["value"] for reply in replies)
	frappe.db.rollback()
	names = list(replies[0]["value"].values())
	assert frappe.db.count("CCMS Identity", {"name": ["in", names]}) == 300
	frappe.db.delete("CCMS Identity", {"name": ["in", names]})
	frappe.db.commit()


def test_one_number_for_all_at_once_is_shared(crew):
	workers, customers = crew
	phone = identities.ensure("Phone", random_phone())
	frappe.db.commit()
	replies = workers.run(
		"tests.site.test_identity_races.link", [{"identity": phone, "customer": name} for name in customers]
	)
	assert [reply.get("error") for reply in replies] == [None] * CREW
	frappe.db.rollback()
	assert frappe.db.get_value("CCMS Identity", phone, ["customer", "is_shared"]) == (None, 1)
	assert identities.owners([phone]) == {}


def test_contacts_saved_at_once(crew):
	workers, customers = crew
	number = random_phone()
	replies = workers.run(
		"tests.site.test_identity_races.save_contact",
		[{"customer": name, "phone": number} for name in customers],
	)
	assert [reply.get("error") for reply in replies] == [None] * CREW
	frappe.db.rollback()
	phone = identities.find("Phone", number)
	assert frappe.db.get_value("CCMS Identity", phone, ["customer", "is_shared"]) == (None, 1)
	assert frappe.db.count("CCMS Identity Link", {"identity": phone}) == CREW


def test_one_visitor_becomes_one_person(crew):
	workers, customers = crew
	visitor = identities.ensure("Visitor", frappe.generate_hash(length=20))
	frappe.db.commit()
	replies = workers.run(
		"tests.site.test_identity_races.recognise",
		[{"identity": visitor, "customer": name} for name in customers],
	)
	assert sorted(reply["value"] for reply in replies) == [False] * (CREW - 1) + [True]
	frappe.db.rollback()
	assert len(identities.owners([visitor])) == 1
