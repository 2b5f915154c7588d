"""Values at rest: found by a keyed index alone, stored encrypted, and what a lost encryption key does to each screen."""

import re

import frappe
import pytest
from cryptography.fernet import Fernet
from frappe.utils.password import decrypt

from ccms_app.api import customer_360, identity, privacy
from ccms_app.identity.store import handlers, identities, search
from ccms_app.privacy.store import consent, withdrawal
from tests.site.factories import make_customer, make_program, make_sales_invoice
from tests.site.reach import add_identifier, make_contact, random_phone
from tests.site.test_timeline import by, write

IDENTITY = "CCMS Identity"


@pytest.fixture
def known():
	"""(customer, phone) with a contact, a WeChat id, events and a consent."""
	customer = make_customer(make_program())
	make_contact(
		customer, phones=[phone := random_phone()], emails=[f"{frappe.generate_hash(length=9)}@mail.cn"]
	)
	add_identifier(customer, "WeChat", f"wx{frappe.generate_hash(length=8)}", verified=1)
	write(by("Phone", phone, subject="Before"))
	consent.record(customer.name, "Marketing", "Given", source="Desk", proof="form")
	return customer, phone


@pytest.fixture
def lost(known, monkeypatch):
	"""The same on a site that was restored without its key."""
	monkeypatch.setitem(frappe.local.conf, "encryption_key", Fernet.generate_key().decode())
	return known


# --- at rest -------------------------------------------------------------------------------------------------
def test_the_value_stands_in_no_column(known):
	_customer, phone = known
	row = frappe.db.get_value(IDENTITY, identities.find("Phone", phone), "*", as_dict=True)
	digits = phone.lstrip("+")
	for column, value in row.items():
		assert digits not in str(value) and digits[2:] not in str(value), column
	assert re.fullmatch("[0-9a-f]{64}", row.value_index)
	assert decrypt(row.value_encrypted) == phone


def test_the_same_value_is_never_encrypted_the_same(known):
	"""Who reads the table cannot tell that two rows hold the same: only the keyed index can."""
	_customer, phone = known
	from ccms_app.identity.store.keys import encrypt

	assert encrypt(phone) != encrypt(phone)


def test_exact_search_asks_the_index_alone(known):
	"""The statement that looks for a number names the index, not the number, and reads one row."""
	customer, phone = known
	asked = []
	before = frappe.db.sql

	def listen(query, values=(), *args, **keywords):
		asked.append(f"{query} {values}")
		return before(query, values, *args, **keywords)

	frappe.db.sql = listen
	try:
		(found,) = search.customers(phone, "Phone")
	finally:
		frappe.db.sql = before
	assert found["customer"] == customer.name
	assert any(IDENTITY in one for one in asked)
	assert not [one for one in asked if phone in one or phone[3:] in one]


def test_part_of_a_number_finds_nobody(known):
	_customer, phone = known
	assert search.customers(phone[:-1], "Phone") == []
	assert search.customers(phone[-4:], "") == []


# --- another key ---------------------------------------------------------------------------------------------
def test_the_settings_say_that_the_key_is_another(known, monkeypatch):
	assert identity.standing()["is_readable"] is True
	monkeypatch.setitem(frappe.local.conf, "encryption_key", Fernet.generate_key().decode())
	assert identity.standing()["is_readable"] is False
	assert not frappe.local.message_log


def test_the_screens_still_open(lost):
	customer, phone = lost
	opened = customer_360.opened(customer.name)
	assert next(row["shown_as"] for row in opened["who"]["identifiers"]).endswith(phone[-4:])
	assert opened["interactions"]["first"]["rows"][0]["subject"] == "Before"
	assert search.customers(phone, "Phone") == []
	frappe.get_doc("Customer", customer.name).save()
	assert not frappe.local.message_log


def test_unmasking_says_what_is_wrong(lost):
	customer, _phone = lost
	link = frappe.get_all("CCMS Identity Link", {"customer": customer.name}, pluck="identity")[0]
	with pytest.raises(frappe.ValidationError, match="Encryption key is invalid"):
		privacy.unmask(IDENTITY, link, "value", "A customer asks for it")


def test_links_made_before_are_refused_not_broken(known, monkeypatch):
	customer, _phone = known
	address = withdrawal.link(customer.name, "Marketing")
	token = address.partition("t=")[2]
	assert withdrawal.asked(token)
	monkeypatch.setitem(frappe.local.conf, "encryption_key", Fernet.generate_key().decode())
	assert not withdrawal.asked(token)


def test_new_events_and_contacts_are_taken(lost):
	customer, phone = lost
	assert write(by("Phone", phone, subject="After")) == ["stored"]
	make_contact(customer, phones=[number := random_phone()])
	assert search.customers(number, "Phone")[0]["customer"] == customer.name


def test_export_and_erasure_go_on(lost):
	"""A customer's right does not end with the shop's key: what can be read is told, what is there is deleted."""
	customer, _phone = lost
	told = [handler.export(customer.name) for handler in handlers.all().values()]
	assert any(IDENTITY in part for part in told)
	for handler in handlers.all().values():
		handler.erase(customer.name, "erased-test")
	assert not frappe.db.exists("CCMS Identity Link", {"customer": customer.name})


def test_sales_go_on(lost):
	customer, _phone = lost
	invoice = make_sales_invoice(customer)
	assert frappe.db.exists("CCMS Points Ledger Entry", {"voucher_no": invoice.name})
