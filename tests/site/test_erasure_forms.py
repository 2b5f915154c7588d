"""What erasure finds in forms beyond the standard ones: links to the person's own papers, prospects, fields of the site."""

import frappe
import pytest
from erpnext.crm.doctype.lead.lead import make_customer as customer_of_lead
from frappe.custom.doctype.custom_field.custom_field import create_custom_field
from frappe.utils import add_days, add_years, nowdate

from ccms_app.privacy.store import erasing, exporting
from tests.site.factories import COMPANY, TEA, account, make_customer, make_sales_invoice
from tests.site.reach import make_contact


def erase(customer: str) -> str:
	name = erasing.new_name()
	erasing.now(customer, name)
	return name


def test_a_contact_of_the_persons_own_opportunity_is_nobody_elses():
	customer, other = make_customer(), make_customer()
	mine, shared = (
		frappe.get_doc(
			{
				"doctype": "Opportunity",
				"opportunity_from": "Customer",
				"party_name": one.name,
				"company": COMPANY,
			}
		).insert()
		for one in (customer, other)
	)
	alone, kept = (
		make_contact(customer, emails=[f"{frappe.generate_hash(length=8)}@example.com"]) for _each in "ab"
	)
	for contact, opportunity in ((alone, mine), (kept, shared)):
		contact.append("links", {"link_doctype": "Opportunity", "link_name": opportunity.name})
		contact.save()
	erase(customer.name)
	assert not frappe.db.exists("Contact", alone.name)
	assert not frappe.db.exists("Contact", {"email_id": alone.email_id})
	assert frappe.db.get_value("Contact", kept.name, "email_id") == kept.email_id


def from_lead(name: str):
	"""A customer as ERPNext makes one: a lead, its prospect and contact, then the customer. Returns (customer, lead)."""
	lead = frappe.get_doc(
		{"doctype": "Lead", "first_name": "Pavla", "last_name": name, "email_id": f"{name.lower()}@example.com",
		"company_name": f"{name} & Co", "company": COMPANY}
	).insert()  # fmt: skip
	lead.create_prospect_and_contact(
		{"create_contact": 1, "create_prospect": 1, "prospect_name": f"{name} & Co", "first_name": "Pavla",
		"last_name": name, "email": f"{name.lower()}@example.com"}
	)  # fmt: skip
	customer = customer_of_lead(lead.name)
	customer.update(
		{"customer_type": "Individual", "customer_group": "Individual", "territory": "All Territories"}
	)
	return customer.insert(), lead


def test_the_prospect_of_the_persons_own_lead_goes_with_contact_and_notes():
	name = f"Prospectova{frappe.generate_hash(length=6)}"
	customer, lead = from_lead(name)
	assert frappe.db.exists("Contact", {"last_name": name}) and frappe.db.exists("Prospect", f"{name} & Co")
	assert exporting.collect(customer.name)["Prospect"]
	erase(customer.name)
	assert not frappe.db.exists("Contact", {"last_name": name})
	assert not frappe.db.exists("Contact Email", {"email_id": ["like", f"{name}%"]})
	assert not frappe.db.exists("Prospect", {"name": ["like", f"{name}%"]})
	row = frappe.db.get_value(
		"Prospect Lead", {"lead": lead.name}, ["parent", "lead_name", "email"], as_dict=True
	)
	assert name not in f"{row.parent} {row.lead_name} {row.email}"
	assert not frappe.db.exists("Dynamic Link", {"link_title": ["like", f"%{name}%"]})


def test_a_prospect_of_several_leads_stays():
	name = f"Prospectova{frappe.generate_hash(length=6)}"
	customer, _lead = from_lead(name)
	other = frappe.get_doc({"doctype": "Lead", "lead_name": "Somebody Else", "company": COMPANY}).insert()
	prospect = frappe.get_doc("Prospect", f"{name} & Co")
	prospect.append("leads", {"lead": other.name})
	prospect.save()
	erase(customer.name)
	assert frappe.db.exists("Prospect", f"{name} & Co")
	assert not frappe.db.exists("Prospect Lead", {"email": f"{name.lower()}@example.com"})


def test_a_delivery_that_is_not_billed_is_waited_for():
	customer = make_customer()
	note = frappe.get_doc(
		{"doctype": "Delivery Note", "customer": customer.name, "company": COMPANY,
		"items": [{"item_code": TEA, "qty": 1, "rate": 10, "cost_center": account("Main", COMPANY)}]}
	).insert().submit()  # fmt: skip
	assert frappe.db.get_value("Delivery Note", note.name, "status") == "To Bill"
	assert any(note.name in said for said in erasing.waits_for(customer.name))
	note.update_status("Closed")
	assert erasing.waits_for(customer.name) == []


ADDED = (
	("Customer", "passport_no", "Data"),
	("Customer", "passport_until", "Date"),
	("Contact", "diet", "Long Text"),
	("Sales Invoice", "engraving", "Small Text"),
	("Sales Invoice Item", "engraved", "Data"),
	("Quotation", "wish", "Text Editor"),
	("Quotation", "wished_on", "Datetime"),
)


@pytest.fixture
def added():
	"""Fields that a site adds itself."""
	fields = [
		create_custom_field(doctype, {"fieldname": f"site_{name}", "label": name, "fieldtype": kind})
		for doctype, name, kind in ADDED
	]
	frappe.db.commit()
	yield
	for field in filter(None, fields):
		field.delete()
	for doctype, name, _kind in ADDED:
		frappe.db.sql_ddl(f"alter table `tab{doctype}` drop column `site_{name}`")
		frappe.clear_cache(doctype=doctype)
	frappe.db.commit()


@pytest.mark.commits
def test_fields_that_a_site_added_are_exported_and_emptied(added):
	customer = make_customer(site_passport_no="X-123456", site_passport_until=add_days(nowdate(), 90))
	contact = make_contact(customer, site_diet="no nuts")
	invoice = make_sales_invoice(customer, site_engraving="For Ludmila")
	frappe.db.set_value("Sales Invoice Item", invoice.items[0].name, "site_engraved", "Ludmila")
	quotation = frappe.get_doc(
		{"doctype": "Quotation", "quotation_to": "Customer", "party_name": customer.name, "company": COMPANY,
		"site_wish": "by the window", "site_wished_on": f"{nowdate()} 12:00:00", "items": [{"item_code": TEA, "qty": 1}]}
	).insert()  # fmt: skip
	frappe.db.set_value("Sales Invoice", invoice.name, "outstanding_amount", 0)
	frappe.db.set_value("Payment Ledger Entry", {"party": customer.name}, "delinked", 1)
	found = exporting.collect(customer.name)
	assert found["Customer"][0]["site_passport_no"] == "X-123456"
	assert found["Sales Invoice"][0]["site_engraving"] == "For Ludmila"

	name = erase(customer.name)

	read = frappe.db.get_value
	assert not any(read("Customer", name, ["site_passport_no", "site_passport_until"]))
	assert not frappe.db.exists("Contact", contact.name)
	assert not frappe.db.exists("Contact", {"site_diet": "no nuts"})
	assert not any(read("Quotation", quotation.name, ["site_wish", "site_wished_on"]))
	assert read("Sales Invoice", invoice.name, "site_engraving") == "For Ludmila", "the books still know"
	erasing.books(name, add_years(nowdate(), erasing.YEARS + 2))
	assert not read("Sales Invoice", invoice.name, "site_engraving")
	assert not read("Sales Invoice Item", invoice.items[0].name, "site_engraved")
	frappe.db.commit()
