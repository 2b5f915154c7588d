"""Demo data about customers: each screen of theirs has something to show, and a second time adds nothing."""

import frappe
import pytest

from ccms_app.setup import demo, demo_customers
from tests.site.factories import make_customer
from tests.site.world import COMPANY

SHOWN = (
	"CCMS Identity", "CCMS Identity Link", "CCMS Consent", "CCMS Customer Interaction", "CCMS Event Source",
	"CCMS Privacy Request", "Sales Order", "Delivery Note", "Issue", "Contact", "Customer",
)  # fmt: skip


@pytest.fixture
def people() -> list[str]:
	"""Names of twelve customers, as `ccms-demo-data` makes them before."""
	for code, price in demo.ITEMS:
		demo._item(code, price)
	return [
		make_customer(customer_name=f"{name} {frappe.generate_hash(length=6)}").customer_name
		for name in demo.PEOPLE[:12]
	]


def counts() -> dict[str, int]:
	return {doctype: frappe.db.count(doctype) for doctype in SHOWN}


def test_every_screen_has_something_and_once_is_enough(people):
	before = counts()
	assert len(list(demo_customers.fill(COMPANY, people))) == 6
	after = counts()
	once = {"CCMS Event Source", "Customer"}  # on a site with demo data they are there
	assert not [doctype for doctype in SHOWN if after[doctype] <= before[doctype] and doctype not in once]
	assert frappe.db.count("CCMS Event Source", {"name": ["like", "CCMS Demo%"]}) == 2
	list(demo_customers.fill(COMPANY, people))
	assert counts() == after


def test_events_of_all_kinds_of_people_were_taken(people):
	list(demo_customers.fill(COMPANY, people))
	taken = frappe.get_all(
		"CCMS Customer Interaction",
		filters={"event_source": ["in", (demo_customers.SERVER, demo_customers.BROWSER)]},
		fields=["interaction_type", "identity", "visitor"],
	)
	assert {"Call", "Chat", "Visit", "Page View", "Cart Add"} <= {row.interaction_type for row in taken}
	assert any(row.identity for row in taken) and any(row.visitor for row in taken)


def test_phones_and_mails_pass_for_real():
	from ccms_app.identity.normalise import email, phone
	from ccms_app.quality.names import is_test_mail, is_test_phone

	for place, name in enumerate(demo.PEOPLE):
		number, address = demo_customers.phone_of(place), demo_customers.mail_of(name, place)
		assert phone(number, "") == number and not is_test_phone(number)
		assert email(address) == address and not is_test_mail(address)
	assert len({demo_customers.phone_of(place) for place in range(len(demo.PEOPLE))}) == len(demo.PEOPLE)
