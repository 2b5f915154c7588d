"""How customers can be reached, as documents say it: contacts and addresses for tests."""

import frappe

from tests.site.factories import name_of


def make_contact(*customers, phones=(), emails=(), **fields):
	"""A contact of customers with these phones and mail addresses; the first of each is the primary one."""
	contact = frappe.get_doc(
		{"doctype": "Contact", "first_name": f"Contact {frappe.generate_hash(length=8)}", **fields}
	)
	for number, phone in enumerate(phones):
		contact.append("phone_nos", {"phone": phone, "is_primary_mobile_no": int(not number)})
	for number, address in enumerate(emails):
		contact.append("email_ids", {"email_id": address, "is_primary": int(not number)})
	for customer in customers:
		contact.append("links", {"link_doctype": "Customer", "link_name": name_of(customer)})
	return contact.insert()


def make_address(*customers, **fields):
	"""An address of customers."""
	values = {
		"doctype": "Address",
		"address_title": frappe.generate_hash(length=8),
		"address_type": "Billing",
		"address_line1": "1 Tea Street",
		"city": "Hangzhou",
		"country": "China",
	}
	address = frappe.get_doc({**values, **fields})
	for customer in customers:
		address.append("links", {"link_doctype": "Customer", "link_name": name_of(customer)})
	return address.insert()


def random_phone() -> str:
	"""A valid Chinese mobile number that no other test uses."""
	return f"+86138{int(frappe.generate_hash(length=8), 16) % 10**8:08d}"


def add_identifier(customer, kind: str, value: str, **fields):
	"""Type an identifier into the customer's own table; returns the saved customer."""
	doc = frappe.get_doc("Customer", name_of(customer))
	doc.append("ccms_identifiers", {"kind": kind, "value": value, **fields})
	return doc.save()


def links_of(customer) -> dict[str, frappe._dict]:
	"""What a customer has now: masked value → link."""
	rows = frappe.get_all(
		"CCMS Identity Link",
		filters={"customer": name_of(customer), "ended_on": ["is", "not set"]},
		fields=["identity", "source", "verified", "since"],
	)
	return {frappe.db.get_value("CCMS Identity", row.identity, "shown_as"): row for row in rows}


def owner_of(kind: str, value: str) -> tuple[str | None, int]:
	"""The customer of an identity, and whether it is shared."""
	from ccms_app.identity.store import identities

	name = identities.find(kind, value)
	return frappe.db.get_value("CCMS Identity", name, ["customer", "is_shared"]) if name else (None, 0)
