"""Names of two or three letters, as in Chinese: gone from all that is about the person, and nobody else's words changed."""

import json
import random

import frappe
import pytest
from frappe.utils import now_datetime

from ccms_app.privacy.store import consent, erasing, party_handler, party_texts
from tests.site.factories import make_customer
from tests.site.left_traces import attach


def name_of(letters: int) -> str:
	"""A name that nobody on the site has."""
	return "".join(chr(random.randint(0x4E00, 0x9000)) for _each in range(letters))


def escaped(name: str) -> str:
	return json.dumps(name)[1:-1]


@pytest.mark.parametrize("letters", [2, 3])
def test_a_short_name_goes_from_what_is_about_the_person(letters):
	name = name_of(letters)
	customer = make_customer(customer_name=name)
	contact = frappe.get_doc(
		{"doctype": "Contact", "first_name": name, "links": [{"link_doctype": "Customer", "link_name": customer.name}]}
	).insert()  # fmt: skip
	event = frappe.get_doc(
		{"doctype": "Event", "subject": f"和{name}喝茶", "description": f"<p>{name}来了</p>", "starts_on": now_datetime(),
		"event_participants": [{"reference_doctype": "Contact", "reference_docname": contact.name}]}
	).insert()  # fmt: skip
	note = frappe.get_doc({"doctype": "Note", "title": frappe.generate_hash(length=8)}).insert()
	frappe.delete_doc("Note", note.name)
	copy = frappe.get_last_doc("Deleted Document")
	frappe.db.set_value("Deleted Document", copy.name, "data", json.dumps({"customer": name}))
	assert escaped(name) in frappe.db.get_value("Deleted Document", copy.name, "data")
	report = frappe.get_doc(
		{"doctype": "Prepared Report", "report_name": "General Ledger", "status": "Completed"}
	)
	report.db_insert()
	made = attach("Prepared Report", report.name, "gl.json", json.dumps({"result": [[name]]}).encode())

	erasing.now(customer.name, erasing.new_name())

	left = frappe.db.get_value("Event", event.name, ["subject", "description"])
	assert left == ("和···喝茶", "<p>···来了</p>")
	assert not frappe.db.exists("Deleted Document", copy.name)
	assert not frappe.db.exists("Prepared Report", report.name) and not frappe.db.exists("File", made.name)


def test_a_short_name_within_another_or_of_somebody_else_is_left_alone():
	name = name_of(2)
	other = f"{name}明"
	make_customer(customer_name=other)
	customer = make_customer(customer_name=name)
	task = frappe.get_doc({"doctype": "ToDo", "description": f"{other}的茶，{name}的杯"}).insert()
	log = frappe.get_doc({"doctype": "Error Log", "error": json.dumps({"customer": other})}).insert()
	imported = frappe.get_doc(
		{"doctype": "Data Import", "reference_doctype": "Customer", "import_type": "Insert New Records"}
	).insert()
	file = attach("Data Import", imported.name, "customers.csv", f"name\n{other}\n".encode())

	erasing.now(customer.name, erasing.new_name())

	assert frappe.db.get_value("ToDo", task.name, "description") == f"{other}的茶，{name}的杯"
	assert other in json.loads(frappe.db.get_value("Error Log", log.name, "error")).values()
	assert frappe.db.exists("File", file.name)
	assert frappe.db.exists("Customer", other)


def test_a_long_name_is_found_as_json_escapes_it():
	name = name_of(6)
	customer = make_customer(customer_name=name)
	other = make_customer()
	other.customer_details = f"认识{name}"
	other.save()  # its Version tells the name as \uXXXX
	other.customer_details = ""
	other.save()
	versions = {"ref_doctype": "Customer", "docname": other.name, "data": ["like", f"%{name[:1]}%"]}
	told = "".join(frappe.get_all("Version", {**versions, "data": ["is", "set"]}, pluck="data"))
	assert escaped(name) in told and name not in told

	erasing.now(customer.name, erasing.new_name())

	told = "".join(frappe.get_all("Version", {**versions, "data": ["is", "set"]}, pluck="data"))
	assert told and escaped(name) not in told and "···" in told
	assert all(json.loads(one) for one in frappe.get_all("Version", {"docname": other.name}, pluck="data"))


def test_a_mail_to_others_too_loses_the_person_alone():
	name = name_of(2)
	mail = {
		"doctype": "Communication",
		"communication_medium": "Email",
		"sent_or_received": "Sent",
		"subject": "茶",
	}
	shared = frappe.get_doc(
		{**mail, "recipients": "W <w@short.example>, bo@example.com", "content": f"{name}和Bo，你好"}
	).insert()
	alone = frappe.get_doc({**mail, "recipients": "w@short.example", "content": "你好"}).insert()
	# from before there was a contact, so that nothing links them
	customer = make_customer(customer_name=name, email_id="w@short.example")
	queued = {"doctype": "Email Queue", "sender": "shop@example.com", "message": "Subject: x\n\nhello"}
	to_both = [{"recipient": "w@short.example"}, {"recipient": "bo@example.com"}]
	waiting = frappe.get_doc({**queued, "status": "Not Sent", "recipients": to_both}).insert()
	sent = frappe.get_doc({**queued, "status": "Sent", "recipients": to_both}).insert()

	erasing.now(customer.name, erasing.new_name())

	left = frappe.db.get_value("Communication", shared.name, ["recipients", "content"])
	assert left == ("W <···>, bo@example.com", "···和Bo，你好")
	assert not frappe.db.exists("Communication", alone.name)
	still_to = frappe.get_all("Email Queue Recipient", {"parent": waiting.name}, pluck="recipient")
	assert still_to == ["bo@example.com"]
	assert not frappe.db.exists("Email Queue", sent.name)


def test_who_wanted_no_mails_is_remembered_without_the_address():
	customer = make_customer(email_id="nomails@short.example")
	frappe.get_doc(
		{"doctype": "Email Unsubscribe", "email": "nomails@short.example", "global_unsubscribe": 1}
	).insert()

	erasing.now(customer.name, erasing.new_name())

	assert not frappe.db.exists("Email Unsubscribe", {"email": "nomails@short.example"})
	again = make_customer(email_id="nomails@short.example")
	consent.record(again.name, "Marketing", "Given", source="Import", proof="a list", at="2020-01-01")
	assert not consent.may(again.name, "Marketing", "E-mail")


def test_drafts_of_payments_and_journals_are_waited_for():
	customer = make_customer()
	entry = frappe.new_doc("Journal Entry")
	from tests.site.world import COMPANY, account

	debtor = {"account": account("Debtors"), "party_type": "Customer", "party": customer.name}
	entry.update({"company": COMPANY, "posting_date": frappe.utils.nowdate()})
	entry.append("accounts", {**debtor, "debit_in_account_currency": 5})
	entry.append("accounts", {"account": account("Cash"), "credit_in_account_currency": 5})
	entry.insert()
	assert any(entry.name in said for said in erasing.waits_for(customer.name))


@pytest.mark.parametrize("listed", [True, False])
def test_what_another_form_copies_of_the_customer_goes(listed, monkeypatch):
	statement = "Process Statement Of Accounts Customer"
	if not listed:  # as a form of another app, of which only its own `fetch_from` tells
		others = tuple(texts for texts in party_texts.NOW if texts.doctype != statement)
		monkeypatch.setattr(party_texts, "NOW", others)
		monkeypatch.setattr(party_handler, "NOW", others)
	customer = make_customer()
	row = frappe.get_doc(
		{"doctype": statement, "parent": "x", "parenttype": "Process Statement Of Accounts", "parentfield": "customers",
		"customer": customer.name, "customer_name": customer.customer_name, "billing_email": "w@short.example"}
	)  # fmt: skip
	row.db_insert()
	name = erasing.new_name()
	erasing.now(customer.name, name)
	left = frappe.db.get_value(statement, row.name, ["customer", "customer_name", "billing_email"])
	assert left[:2] == (name, name)
	assert not listed or not left[2]


@pytest.mark.parametrize("name", ["欧阳明日香", "Zuzana Węgrzynowska", "Aurelia Quittenbaum"])
def test_queued_mails_to_staff_that_name_the_person_go_however_they_are_encoded(name):
	frappe.flags.mute_emails = False
	frappe.conf.mail_server, frappe.conf.auto_email_id = "localhost", "shop@example.com"
	customer = make_customer(customer_name=name)
	queued = []
	for subject, text in (
		(f"关于 {name} 的新闻，很长很长的一行字，要分开写的", "你好"),
		("News", f"{'word ' * 9}今天 {name} said hello"),
		("News", "今天没有事"),
	):
		frappe.sendmail(
			recipients=["boss@staff.example"],
			sender="shop@example.com",
			subject=subject,
			message=f"<p>{text}</p>",
			delayed=True,
		)
		queued.append(frappe.get_last_doc("Email Queue").name)
	erasing.now(customer.name, erasing.new_name())
	assert [bool(frappe.db.exists("Email Queue", mail)) for mail in queued] == [False, False, True]
