"""Erasing closes the log-ins that are the customer's alone, however they are tied to them, and what Frappe keeps for them."""

import frappe
import pytest

from ccms_app.privacy.store import erasing, frappe_requests, portal, requests
from tests.site.factories import make_customer, make_sales_invoice
from tests.site.reach import make_contact, random_phone

DOWNLOAD, DELETION = "Personal Data Download Request", "Personal Data Deletion Request"


@pytest.fixture(autouse=True)
def sender():
	frappe.conf.mail_server, frappe.conf.auto_email_id = "localhost", "shop@example.com"


def log_in(*customers, first_name: str = "Paulina Portalis") -> str:
	"""A log-in that is a portal user of these customers. Frappe makes a contact for each log-in, too."""
	user = frappe.get_doc(
		{"doctype": "User", "email": f"p{frappe.generate_hash(length=8)}@example.com", "first_name": first_name,
		"user_type": "Website User", "send_welcome_email": 0, "mobile_no": random_phone()}
	).insert()  # fmt: skip
	for customer in customers:
		customer.reload()
		customer.append("portal_users", {"user": user.name})
		customer.save()
	return user.name


def erase(customer) -> str:
	name = erasing.new_name()
	erasing.now(customer.name, name)
	return name


def is_open(user: str) -> bool:
	return bool(frappe.db.exists("User", {"name": user, "enabled": 1}))


def test_a_customer_with_two_log_ins_is_erased_and_both_are_closed():
	customer = make_customer()
	users = [log_in(customer), log_in(customer)]
	name = erase(customer)
	assert not any(frappe.db.exists("User", user) for user in users)
	closed = frappe.get_all("User", {"name": ["like", f"{name}%"]}, ["enabled", "full_name", "mobile_no"])
	assert len(closed) == 2
	assert all(not row.enabled and not row.mobile_no and "Paulina" not in row.full_name for row in closed)


def test_a_log_in_that_only_a_contact_names_is_closed():
	customer, user = make_customer(), log_in()
	contact = make_contact(customer, user=user, first_name="Paulina Portalis")
	name = erase(customer)
	assert not frappe.db.exists("User", user)
	assert not frappe.db.exists("Contact", contact.name)
	assert not frappe.db.exists("Contact", {"user": ["is", "set"], "name": ["like", f"{name}%"]})
	assert not frappe.db.exists("Contact", {"email_id": user}), (
		"nor is there the contact of the log-in itself"
	)
	assert portal.customers_of(user) == []


def test_a_log_in_that_stands_for_another_customer_stays_until_both_are_erased():
	one, other = make_customer(), make_customer()
	user = log_in(one)
	contact = make_contact(other, user=user)
	erase(one)
	assert is_open(user) and portal.customers_of(user) == [other.name]
	assert frappe.db.get_value("Contact", contact.name, "user") == user
	erase(other)
	assert not frappe.db.exists("User", user)


def test_staff_who_buy_keep_their_log_in():
	customer = make_customer()
	user = frappe.get_doc(
		{"doctype": "User", "email": f"s{frappe.generate_hash(length=8)}@example.com", "first_name": "Staff",
		"roles": [{"role": "Sales User"}], "send_welcome_email": 0}
	).insert()  # fmt: skip
	make_contact(customer, user=user.name)
	erase(customer)
	assert is_open(user.name)
	assert portal.customers_of(user.name) == []


def test_download_requests_go_with_their_files():
	customer = make_customer()
	user = log_in(customer)
	doc = frappe.get_doc({"doctype": DOWNLOAD, "user": user, "user_name": "Paulina Portalis"})
	doc.flags.name_set = True
	doc.name = frappe.generate_hash(length=10)
	doc.db_insert()
	file = frappe.get_doc(
		{"doctype": "File", "file_name": f"{doc.name}.json", "content": "{}", "is_private": 1,
		"attached_to_doctype": DOWNLOAD, "attached_to_name": doc.name}
	).insert()  # fmt: skip
	erase(customer)
	assert not frappe.db.exists(DOWNLOAD, doc.name)
	assert not frappe.db.exists("File", file.name)


def asked_of_frappe(user: str):
	doc = frappe.get_doc({"doctype": DELETION, "email": user}).insert(ignore_permissions=True)
	doc.db_set("status", "Pending Approval")
	doc.trigger_data_deletion()
	return doc


def test_a_deletion_request_on_hold_ends_with_the_erasure_it_waited_for():
	customer = make_customer()
	user, invoice = log_in(customer), make_sales_invoice(customer)
	doc = asked_of_frappe(user)
	doc.reload()
	assert doc.status == "On Hold"
	frappe.db.set_value("Sales Invoice", invoice.name, "outstanding_amount", 0)
	frappe.db.set_value("Payment Ledger Entry", {"party": customer.name}, "delinked", 1)
	erase(customer)
	doc.reload()
	assert doc.status == "Deleted" and doc.email == doc.name


@pytest.mark.commits
def test_the_night_finishes_a_deletion_request_whose_reason_is_gone():
	customer = make_customer()
	user = log_in(customer)
	kept = log_in(first_name="Held by staff")
	doc = asked_of_frappe(user)
	frappe_requests.finish(doc.name)  # the job came before the erasure
	assert frappe.db.get_value(DELETION, doc.name, "status") == "On Hold"
	by_hand = frappe.get_doc({"doctype": DELETION, "email": kept}).insert(ignore_permissions=True)
	by_hand.put_on_hold()
	customer.reload()
	customer.portal_users = []
	customer.save()

	requests.resume()

	assert frappe.db.get_value(DELETION, doc.name, ["status", "email"]) == ("Deleted", doc.name)
	assert not frappe.db.exists("User", user)
	assert not frappe.db.exists("Contact", {"email_id": user})
	assert frappe.db.get_value(DELETION, by_hand.name, "status") == "On Hold" and is_open(kept)
	(name,) = frappe.get_all("CCMS Privacy Request", {"customer": customer.name}, pluck="name")
	requests.erase_job(name)


def test_a_copy_sent_by_the_desk_does_not_say_whether_a_deletion_was_approved():
	user = log_in(make_customer())
	doc = frappe.get_doc({"doctype": DELETION, "email": user}).insert(ignore_permissions=True)
	sent = frappe.get_doc({**doc.as_dict(), "status": "Pending Approval"})
	with pytest.raises(frappe.ValidationError, match="not yet been approved"):
		sent.trigger_data_deletion()
	assert is_open(user)
