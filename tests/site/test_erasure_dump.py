"""A marker in every text that real flows allow is, after erasure, nowhere but in the books; after their time nowhere."""

import json

import frappe
import pytest
from frappe.utils import add_years, nowdate

from ccms_app.behaviour.store import extract
from ccms_app.behaviour.store import files as lines
from ccms_app.identity.store import capture, merge_records, merging
from ccms_app.interactions.store import days
from ccms_app.privacy.store import consent, erasing, party_texts, requests
from tests.site import left_traces
from tests.site.dump import dumped, files, places
from tests.site.events import call, phone, send, server
from tests.site.factories import (
	COMPANY,
	TEA,
	account,
	make_customer,
	make_pos_invoice,
	make_program,
	make_sales_invoice,
)
from tests.site.ledger_checks import membership_of, set_balance
from tests.site.merged_customers import audited
from tests.site.payments import close_till, open_till

pytestmark = pytest.mark.commits
WRITTEN_INTO = {
	"Access Log", "Activity Log", "Address", "Appointment", "Bank Account", "Bank Transaction", "CCMS Consent", "CCMS Customer Interaction",
	"CCMS Customer Merge", "CCMS Quality Finding", "CRM Note", "Call Log", "Comment", "Communication", "Contact", "Contact Email",
	"Customer", "Data Import Log", "Deleted Document", "Email Group Member", "Email Queue Recipient", "Error Log", "Event", "File",
	"GL Entry", "Integration Request", "Issue", "Journal Entry", "Journal Entry Account", "Lead", "List Filter", "Note",
	"Notification Log", "Personal Data Deletion Request", "Personal Data Download Request", "POS Invoice", "Payment Entry", "Payment Ledger Entry", "Prepared Report", "Quotation", "Sales Invoice",
	"Sales Order", "Scheduled Job Log", "Series", "Tag", "ToDo", "User", "User Social Login", "Version", "__UserSettings",
}  # fmt: skip
"""Where the marker must have come to before, or the test shows little."""


def everything(marker: str) -> str:
	"""A customer who left the marker wherever documents have a place for it, all settled. Returns the name."""
	number = f"+86139{int(marker[2:], 36) % 10**8:08d}"
	program = make_program()
	twin = make_customer(customer_name=f"{marker} Twin")
	customer = make_customer(
		program,
		customer_name=f"{marker} Anna",
		customer_details=f"{marker} likes it hot",
		tax_id=f"{marker}-tax",
		website=f"https://{marker.lower()}.example",
	)
	link = {"link_doctype": "Customer", "link_name": customer.name}
	contact = frappe.get_doc(
		{"doctype": "Contact", "first_name": f"{marker} Anna", "last_name": f"{marker}", "department": marker,
		"email_ids": [{"email_id": f"{marker.lower()}@example.com", "is_primary": 1}],
		"phone_nos": [{"phone": number, "is_primary_mobile_no": 1}], "links": [link]}
	).insert()  # fmt: skip
	address = frappe.get_doc(
		{"doctype": "Address", "address_title": f"{marker} home", "address_line1": f"{marker} street", "city": marker,
		"country": "Germany", "email_id": f"{marker.lower()}@example.com", "links": [link]}
	).insert()  # fmt: skip
	customer.reload()
	customer.update({"customer_primary_contact": contact.name, "customer_primary_address": address.name})
	customer.update({"ccms_occupation": f"{marker} baker", "ccms_home_place": f"{marker}town"})
	customer.append("ccms_identifiers", {"kind": "WeChat", "value": f"{marker.lower()}_wx"})
	customer.save()
	capture.one(customer.name)
	customer.customer_details = f"{marker} likes it cold"
	customer.save()  # a Version
	customer.add_comment("Comment", f"{marker} said so")
	customer.add_tag(f"{marker} tag")
	membership = membership_of(customer, program)
	set_balance(membership, 100)
	frappe.get_doc("CCMS Membership", membership).add_comment("Comment", f"{marker} card")
	adjustment = {"doctype": "CCMS Points Adjustment", "adjustment_type": "Grant", "membership": membership, "points": 5,
		"reason_code": "Goodwill", "reason": f"{marker} was unhappy"}  # fmt: skip
	frappe.get_doc(adjustment).insert().submit()
	consent.record(customer.name, "Marketing", "Given", source="Desk", proof=f"{marker} letter")
	consent.record(customer.name, "Profiling", "Objected", source="Desk", proof=f"{marker} call")
	said = call("m1", identity=phone(number), subject=f"{marker} calls", content=f"{marker} talks")
	assert send(server(), said) == ["stored"]
	_around(customer, contact, marker)
	_sales(customer, contact, address, marker)
	left_traces.everywhere(customer, contact, marker)
	earlier = make_customer(customer_name=f"{marker} Earlier", tax_id=f"{marker}-old")
	merging.run(earlier.name, twin.name, reason=f"{marker} once")
	merging.run(twin.name, customer.name, reason=f"{marker} twice")
	return customer.name


def _around(customer, contact, marker: str) -> None:
	of_customer = {"reference_doctype": "Customer", "reference_name": customer.name}
	mail = frappe.get_doc(
		{"doctype": "Communication", "communication_medium": "Email", "sent_or_received": "Received",
		"sender": f"{marker.lower()}@example.com", "subject": f"{marker} asks", "content": f"{marker} text", **of_customer,
		"timeline_links": [{"link_doctype": "Contact", "link_name": contact.name}]}
	).insert()  # fmt: skip
	for doctype, name in (("Customer", customer.name), ("Communication", mail.name)):
		frappe.get_doc(
			{"doctype": "File", "file_name": f"{marker}-{doctype}.txt", "content": f"{marker} {doctype}", "is_private": 1,
			"attached_to_doctype": doctype, "attached_to_name": name}
		).insert()  # fmt: skip
	frappe.get_doc(
		{"doctype": "ToDo", "description": f"call {marker}", "reference_type": "Customer",
		"reference_name": customer.name, "allocated_to": "Administrator"}
	).insert()  # fmt: skip
	issue = frappe.get_doc(
		{"doctype": "Issue", "subject": f"{marker} broken", "description": f"{marker} cup", "customer": customer.name,
		"raised_by": f"{marker.lower()}@example.com"}
	).insert()  # fmt: skip
	issue.add_comment("Comment", f"{marker} again")
	frappe.get_doc(
		{"doctype": "Call Log", "id": frappe.generate_hash(length=10), "from": f"{marker}-1", "to": "2",
		"summary": f"{marker} rang", "customer": customer.name, "status": "Completed", "type": "Incoming"}
	).insert()  # fmt: skip
	frappe.log_error(f"failed for {customer.name}", f"{marker} trace")
	for company in {COMPANY}:
		days.compute(company, nowdate())


def _sales(customer, contact, address, marker: str) -> None:
	shown = {"contact_person": contact.name, "customer_address": address.name, "po_no": f"{marker}-po"}
	from erpnext.accounts.doctype.payment_entry.payment_entry import get_payment_entry

	invoice = make_sales_invoice(customer, remarks=f"{marker} wrapped", **shown)
	invoice.add_comment("Comment", f"{marker} paid late")
	payment = get_payment_entry("Sales Invoice", invoice.name)
	payment.update({"reference_no": f"{marker}-ref", "reference_date": nowdate()})
	payment.insert().submit()
	opening = open_till()
	make_pos_invoice(customer, remarks=f"{marker} at the till", po_no=f"{marker}-pos")
	close_till(opening)
	line = {
		"item_code": TEA,
		"qty": 1,
		"rate": 100,
		"delivery_date": nowdate(),
		"cost_center": account("Main", COMPANY),
	}
	quotation = {
		"doctype": "Quotation",
		"quotation_to": "Customer",
		"party_name": customer.name,
		"company": COMPANY,
	}
	frappe.get_doc({**quotation, "items": [line], "terms": f"{marker} terms"}).insert().submit()
	order = {
		"doctype": "Sales Order",
		"customer": customer.name,
		"company": COMPANY,
		"delivery_date": nowdate(),
	}
	order = frappe.get_doc({**order, **shown, "items": [line]}).insert().submit()
	order.update_status("Closed")


def requested(customer: str, request_type: str = "Erasure"):
	doc = frappe.get_doc(
		{"doctype": "CCMS Privacy Request", "request_type": request_type, "customer": customer, "company": COMPANY,
		"identity_checked": 1, "checked_how": "In Person", "details": f"{customer} asks"}
	)  # fmt: skip
	return doc.insert()


def test_a_marker_is_nowhere_but_in_the_books_and_then_nowhere():
	marker = f"Qz{frappe.generate_hash(length=8)}"
	customer = everything(marker)
	frappe.db.commit()  # facts are read over a connection of their own
	extract.extract(COMPANY)
	erasure = requested(customer).name
	requests.export_job(requested(customer, "Access").name)
	frappe.db.commit()
	before, written = places(marker), " ".join(files(marker))
	assert WRITTEN_INTO <= set(before), WRITTEN_INTO - set(before)
	assert all(kind in written for kind in (".json.gz", ".csv", ".parquet", ".zip", ".txt")), written
	assert set(before) <= dumped(marker)

	requests.start_erasure(frappe.get_doc("CCMS Privacy Request", erasure))
	frappe.db.commit()
	requests.erase_job(erasure)
	frappe.db.commit()

	doc = frappe.get_doc("CCMS Privacy Request", erasure)
	assert doc.status == "Completed", doc.waits_for
	allowed = party_texts.book_columns()
	left = {
		table: columns - set(allowed.get(table, ()))
		for table, columns in places(marker).items()
		if columns - set(allowed.get(table, ()))
	}
	assert not left, left
	assert dumped(marker) <= set(allowed)
	assert not files(marker)
	assert not in_merges(marker)
	assert places(marker)["Sales Invoice"] and places(marker)["GL Entry"], "the books still know"
	audited()

	requests.books_forget(add_years(nowdate(), erasing.YEARS - 1))
	assert places(marker)["Sales Invoice"]
	requests.books_forget(add_years(nowdate(), erasing.YEARS + 2))
	assert not places(marker)
	assert not dumped(marker)
	assert not files(marker)
	assert frappe.db.get_value("CCMS Privacy Request", erasure, "books_forgotten_on")
	audited()
	lines.forget(COMPANY)


def in_merges(marker: str) -> list[str]:
	"""Merges in whose packed copies a text stands."""
	kept = frappe.get_all(merge_records.DOCTYPE, {"record": ["is", "set"]}, ["name", "record"])
	return [row.name for row in kept if marker in json.dumps(merge_records.unpack(row.record))]
