"""The identity map: whose an identifier is, what a second owner changes, and what renames, merges and deletions leave."""

import frappe
import pytest
from frappe.utils import add_days, now_datetime

from ccms_app.identity import normalise
from ccms_app.identity.store import identities, keys
from tests.site.factories import make_customer
from tests.site.reach import random_phone

KEPT = ("kind", "shown_as", "customer", "is_shared", "is_verified")


def state(identity: str) -> frappe._dict:
	return frappe.db.get_value("CCMS Identity", identity, KEPT, as_dict=True)


@pytest.fixture
def phone() -> str:
	return identities.ensure("Phone", random_phone())


@pytest.fixture
def two() -> list[str]:
	return [make_customer().name for _number in range(2)]


def test_an_identity_is_made_once_and_read_by_nobody():
	number = random_phone()
	name = identities.ensure("Phone", number)
	assert identities.ensure("Phone", number) == name == identities.find("Phone", number)
	assert frappe.db.count("CCMS Identity", {"name": name}) == 1
	row = frappe.db.get_value("CCMS Identity", name, "*", as_dict=True)
	assert number not in str(row) and number.lstrip("+") not in str(row)
	assert row.shown_as == f"+86 ··· ··· {number[-4:]}"
	assert identities.reveal(name) == number


def test_many_are_made_in_a_few_queries():
	wanted = [("Visitor", f"visitor-{frappe.generate_hash(length=10)}") for _number in range(1_200)]
	wanted += wanted[:10]
	before = frappe.db.sql("show session status like 'Questions'")[0][1]
	found = identities.ensure_many(wanted)
	assert int(frappe.db.sql("show session status like 'Questions'")[0][1]) - int(before) < 12
	assert len(set(found.values())) == 1_200 == len(found)
	assert identities.ensure_many(wanted) == found == identities.find_many(wanted)


@pytest.mark.parametrize(
	"pair",
	[
		("Phone", "138 0013 8000"),
		("Email", "Foo@x.com"),
		("Card", "86-00"),
		("Visitor", "<script>"),
		("Visitor", "x" * 200),
		("Nonsense", "x"),
		("Phone", None),
		("Email", "a\0b@x.com"),
	],
)
def test_only_normalised_values_get_in(pair):
	good = ("Visitor", f"visitor-{frappe.generate_hash(length=10)}")
	with pytest.raises(identities.NotNormal):
		identities.ensure_many([good, pair])
	assert identities.find(*good) is None


def test_one_customer_is_the_owner_and_two_share(phone, two):
	one, other = two
	identities.link(phone, one, "Customer")
	assert identities.owners([phone, "phone-nothing"]) == {phone: one}
	identities.link(phone, one, "Import", verified=True)
	assert state(phone).is_verified == 1
	identities.link(phone, other, "Customer")
	assert identities.owners([phone]) == {}
	assert state(phone) == {**state(phone), "customer": None, "is_shared": 1, "is_verified": 0}
	assert phone in identities.of_customer(one) and phone in identities.of_customer(other)
	assert identities.unlink(phone, other)
	assert not identities.unlink(phone, other)
	assert identities.owners([phone]) == {phone: one}
	assert state(phone).is_shared == 0


def test_a_recycled_number_leaves_the_past_behind(phone, two):
	one, other = two
	identities.link(phone, one, "Customer", since=add_days(now_datetime(), -100))
	identities.unlink(phone, one, ended_on=add_days(now_datetime(), -50))
	identities.link(phone, other, "Customer", since=add_days(now_datetime(), -10))
	assert identities.owners([phone]) == {phone: other}
	(before,), (after,) = identities.spans(one), identities.spans(other)
	for days, holder in ((-70, one), (-5, other)):
		then = add_days(now_datetime(), days)
		assert before.covers(then) == (holder == one)
		assert after.covers(then) == (holder == other)


def test_a_visitor_becomes_known_and_a_second_person_does_not(two):
	one, other = two
	visitor = identities.ensure("Visitor", frappe.generate_hash(length=20))
	assert identities.recognise(visitor, one)
	assert identities.recognise(visitor, one)
	assert not identities.recognise(visitor, other)
	assert identities.owners([visitor]) == {visitor: one}
	assert identities.spans(one)[0].start is None
	assert identities.of_customer(other) == []


def test_the_identity_of_a_record_follows_it_through_renames():
	name = f"Renamed {frappe.generate_hash(length=6)}"
	customer = make_customer(customer_name=name).name
	own = identities.ensure("Customer", customer)
	assert identities.owners([own]) == {own: customer}
	assert customer not in str(state(own).shown_as)
	frappe.rename_doc("Customer", customer, f"{name} B")
	assert identities.find("Customer", f"{name} B") == own
	assert identities.find("Customer", customer) is None
	second = make_customer(customer_name=name).name
	assert second == customer, "the name is free again"
	seconds_own = identities.ensure("Customer", second)
	assert seconds_own != own
	assert identities.owners([own, seconds_own]) == {own: f"{name} B", seconds_own: second}
	assert identities.reveal(seconds_own) == second
	assert identities.ensure_many([("Customer", "Nobody at all")]) == {}
	with pytest.raises(frappe.DoesNotExistError):
		identities.ensure("Customer", "Nobody at all")


def test_a_merge_brings_identities_along(phone, two):
	one, other = two
	own = [identities.ensure("Customer", name) for name in two]
	for customer in two:
		identities.link(phone, customer, "Import")
	frappe.rename_doc("Customer", one, other, merge=True)
	identities.settle_customer(other)
	assert identities.owners([phone, *own]) == dict.fromkeys([phone, *own], other)
	assert identities.find("Customer", other) == own[1]
	assert set(identities.of_customer(other)) == {phone, *own}


def test_a_deleted_customer_leaves_nothing(phone, two):
	one, other = two
	identities.link(phone, one, "Customer")
	identities.link(phone, other, "Customer")
	alone = identities.ensure("Phone", random_phone())
	identities.link(alone, one, "Customer")
	own = identities.ensure("Customer", one)
	frappe.delete_doc("Customer", one)
	assert not frappe.db.exists("CCMS Identity Link", {"customer": one})
	assert not frappe.db.exists("CCMS Identity", alone)
	assert not frappe.db.exists("CCMS Identity", own)
	assert identities.owners([phone]) == {phone: other}
	assert identities.forget(one) == 0


def test_another_key_finds_and_reads_nothing(monkeypatch):
	from cryptography.fernet import Fernet

	number = random_phone()
	name = identities.ensure("Phone", number)
	monkeypatch.setitem(frappe.local.conf, "encryption_key", Fernet.generate_key().decode())
	assert identities.find("Phone", number) is None
	with pytest.raises(frappe.ValidationError):
		identities.reveal(name)
	monkeypatch.undo()
	assert identities.find("Phone", number) == name
	assert len(keys.site_key()) == 32


def test_nobody_writes_identities_by_hand(phone, two):
	for user_action in (
		lambda: frappe.get_doc("CCMS Identity", phone).save(),
		lambda: frappe.delete_doc("CCMS Identity", phone),
		lambda: frappe.get_doc({"doctype": "CCMS Identity", "kind": "Phone"}).insert(),
		lambda: frappe.get_doc(
			{"doctype": "CCMS Identity Link", "identity": phone, "customer": two[0]}
		).insert(),
	):
		with pytest.raises(frappe.PermissionError):
			user_action()


def test_a_customer_of_two_companies_is_one_person():
	from tests.site.factories import enrol, make_program
	from tests.site.world import ABROAD, COMPANY

	customer = make_customer()
	cards = []
	for company in (COMPANY, ABROAD):
		membership = enrol(customer, make_program(company=company))
		number = frappe.db.get_value("CCMS Membership", membership, "member_no")
		cards.append(identities.find("Card", normalise.card(number)))
	assert identities.owners(cards) == dict.fromkeys(cards, customer.name)
	assert len(set(cards)) == 2
