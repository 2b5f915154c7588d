"""What a merge fills in the one who stays, and that an undo takes it back."""

import frappe
import pytest

from ccms_app.identity.store import merge_records, merging, taking_over, undo
from tests.site.factories import make_customer
from tests.site.merged_customers import business_rows, differences, merge, undone
from tests.site.reach import make_address, make_contact, random_phone
from tests.site.world import MANAGER, ensure

FACTS = {
	"gender": "Female",
	"tax_id": "91330100MA27",
	"ccms_birth_date": "1984-03-09",
	"ccms_occupation": "Tea taster",
	"website": "https://tea.example.com",
}


def facts_of(customer, *fields: str) -> dict:
	return frappe.db.get_value("Customer", customer.name, fields or list(FACTS), as_dict=True)


def labels(source, target) -> dict[str, str]:
	return {one["label"]: one["value"] for one in merging.foresee(source.name, target.name)["takes"]}


def test_empty_fields_are_filled_and_known_ones_stay():
	source = make_customer(**FACTS)
	target = make_customer(gender="Male", ccms_occupation="  ", tax_id="")
	told = labels(source, target)
	assert told["Tax ID"] == "91330100MA27" and told["Occupation"] == "Tea taster"
	assert "1984" in told["Birth Date"] and "Gender" not in told
	merge(source, target)
	now = facts_of(target)
	assert {**now, "ccms_birth_date": str(now.ccms_birth_date)} == {**FACTS, "gender": "Male"}


def test_it_is_written_down_by_name_and_undone():
	source, target = make_customer(**FACTS), make_customer(gender="Male")
	before = business_rows()
	name = merge(source, target)
	taken = frappe.parse_json(frappe.db.get_value(merge_records.DOCTYPE, name, "taken"))
	assert set(taken) >= {"tax_id", "ccms_birth_date"} and "gender" not in taken
	undone(name)
	assert differences(before, business_rows()) == []


def test_what_was_changed_since_stays_through_the_undo():
	source, target = make_customer(**FACTS), make_customer()
	name = merge(source, target)
	doc = frappe.get_doc("Customer", target.name)
	assert doc.tax_id == FACTS["tax_id"]
	doc.tax_id = "another"
	doc.save()
	undone(name)
	now = facts_of(target)
	assert (now.tax_id, now.gender, now.ccms_occupation) == ("another", None, None)
	assert facts_of(source).tax_id == FACTS["tax_id"]


def test_where_a_fact_is_known_from_comes_along():
	source, target = make_customer(ccms_occupation="Painter", gender="Female"), make_customer(gender="Male")
	name = merge(source, target)
	noted = {row.fact: row.source for row in frappe.get_doc("Customer", target.name).ccms_fact_sources}
	# the language of new customers is the user's own
	assert noted == {"ccms_occupation": "Staff", "gender": "Staff", "language": "Staff"}
	undone(name)
	facts = {
		one.name: {row.fact for row in frappe.get_doc("Customer", one.name).ccms_fact_sources}
		for one in (source, target)
	}
	assert facts == {source.name: set(noted), target.name: {"gender", "language"}}


def reachable(customer, phone: str, email: str):
	"""The customer with a primary contact and an address."""
	contact = make_contact(customer, phones=[phone], emails=[email], first_name="Mei")
	address = make_address(customer)
	doc = frappe.get_doc("Customer", customer.name)
	doc.update({"customer_primary_contact": contact.name, "customer_primary_address": address.name})
	return doc.save()


def test_the_contact_and_the_address_come_with_what_they_show():
	source = reachable(make_customer(), phone := random_phone(), email := "mei@example.com")
	target = make_customer()
	told = labels(source, target)
	assert phone in told.values() and email in told.values()
	merge(source, target)
	fields = ("customer_primary_contact", "mobile_no", "email_id", "customer_primary_address")
	assert facts_of(target, *fields) == facts_of_doc(source, fields)
	frappe.get_doc("Customer", target.name).save()
	assert facts_of(target, *fields) == facts_of_doc(source, fields), "saving keeps it"


def facts_of_doc(doc, fields) -> dict:
	return {field: doc.get(field) for field in fields}


def test_a_contact_of_the_one_who_stays_is_not_mixed_with_the_other_s():
	source = reachable(make_customer(), random_phone(), "source@example.com")
	contact = make_contact(target := make_customer(), phones=[phone := random_phone()])
	doc = frappe.get_doc("Customer", target.name)
	doc.customer_primary_contact = contact.name
	doc.save()
	assert "source@example.com" not in labels(source, target).values()
	merge(source, target)
	now = facts_of(target, "customer_primary_contact", "mobile_no", "email_id")
	assert (now.customer_primary_contact, now.mobile_no, now.email_id or "") == (contact.name, phone, "")


def test_terms_of_trade_stay_the_target_s():
	prices = ensure("Price List", {"price_list_name": "Friends"}, selling=1, currency="CNY")
	source = make_customer(default_price_list=prices)
	target = make_customer()
	merge(source, target)
	assert not frappe.db.get_value("Customer", target.name, "default_price_list")


def test_who_signed_in_for_the_one_signs_in_for_the_other():
	user = ensure(
		"User",
		{"email": "mei.portal@example.com"},
		first_name="Mei",
		user_type="Website User",
		send_welcome_email=0,
	)
	source, target = make_customer(), make_customer()
	source.append("portal_users", {"user": user})
	source.save()
	assert user in labels(source, target)["Portal Users"]
	name = merge(source, target)
	assert [row.user for row in frappe.get_doc("Customer", target.name).portal_users] == [user]
	undone(name)
	assert not frappe.get_doc("Customer", target.name).portal_users
	assert [row.user for row in frappe.get_doc("Customer", source.name).portal_users] == [user]


@pytest.fixture
def club_number():
	"""A field that a site has added, which no two customers may share."""
	made = frappe.get_doc(
		{
			"doctype": "Custom Field",
			"dt": "Customer",
			"fieldname": "club_number",
			"label": "Club Number",
			"fieldtype": "Data",
			"unique": 1,
		}
	).insert()
	yield "club_number"
	made.delete()
	frappe.db.commit()
	frappe.clear_cache(doctype="Customer")


@pytest.mark.commits
def test_a_field_of_the_site_s_own_that_must_be_unique(club_number):
	source, target = make_customer(), make_customer()
	frappe.db.set_value("Customer", source.name, club_number, number := frappe.generate_hash(length=8))
	name = merging.run(source.name, target.name)
	assert frappe.db.get_value("Customer", target.name, club_number) == number
	undo.run(name)
	frappe.db.commit()
	assert frappe.db.get_value("Customer", source.name, club_number) == number
	assert not frappe.db.get_value("Customer", target.name, club_number)


def test_a_field_that_the_user_may_not_read_is_named_and_not_told(as_user):
	source, target = make_customer(**FACTS), make_customer()
	frappe.make_property_setter(
		{
			"doctype": "Customer",
			"fieldname": "tax_id",
			"property": "permlevel",
			"value": 7,
			"property_type": "Int",
		}
	)
	frappe.clear_cache(doctype="Customer")
	try:
		with as_user(MANAGER):
			told = {one["label"]: one["value"] for one in taking_over.foresee(source.name, target.name)}
	finally:
		frappe.db.delete("Property Setter", {"doc_type": "Customer", "property": "permlevel"})
		frappe.clear_cache(doctype="Customer")
	assert told["Tax ID"] == ""
	assert told["Occupation"] == "Tea taster"
