"""Finding a customer by a whole identifier: exactly, by whoever may read the customer, and written down."""

import frappe
import pytest

from ccms_app.api import identity as api
from tests.site.factories import make_customer, make_program
from tests.site.ledger_checks import membership_of
from tests.site.reach import add_identifier, make_contact, random_phone
from tests.site.world import ANALYST, make_user


@pytest.fixture(autouse=True)
def in_china():
	frappe.db.set_single_value("CCMS Settings", "phone_country", "China")


def names(text: str, kind: str = "") -> list[str]:
	return [row["customer"] for row in api.find(text, kind)]


def test_by_phone_mail_card_and_account():
	customer = make_customer(make_program())
	number, mail = random_phone(), f"{frappe.generate_hash(length=8)}@example.com"
	make_contact(customer, phones=[number], emails=[mail])
	card = frappe.db.get_value("CCMS Membership", membership_of(customer), "member_no")
	account = f"fang{frappe.generate_hash(length=8)}"
	add_identifier(customer, "Social", f"@{account}", network="Weibo")
	local = number.removeprefix("+86")
	for text in (number, local, f"{local[:3]}-{local[3:7]} {local[7:]}", mail.upper(), f" {card} ", account):
		assert names(text) == [customer.name], text
	assert names(number, "Email") == []
	assert names(local[:-1]) == names(mail.split("@")[0]) == names("%") == []


@pytest.mark.parametrize("text", ["", "x" * 100_000, "\0", "' or 1=1 --", "<script>", "%", "\u202e", "🙂"])
def test_bad_input_finds_nobody(text):
	assert api.find(text) == []


def test_a_shared_number_finds_all():
	number, both = random_phone(), [make_customer(), make_customer()]
	make_contact(*both, phones=[number])
	rows = api.find(number)
	assert {row["customer"] for row in rows} == {customer.name for customer in both}
	assert all(row["is_shared"] and number[-8:] not in str(row) for row in rows)


def test_only_who_reads_customers_finds_them(as_user):
	customer, number = make_customer(), random_phone()
	make_contact(customer, phones=[number])
	make_user("seller@search.test", "Sales User")
	for user in (ANALYST, "Guest"):
		with as_user(user), pytest.raises(frappe.PermissionError):
			api.find(number)
	with as_user("seller@search.test"):
		assert names(number) == [customer.name]
	other = make_customer()
	frappe.get_doc(
		{
			"doctype": "User Permission",
			"user": "seller@search.test",
			"allow": "Customer",
			"for_value": other.name,
		}
	).insert()
	with as_user("seller@search.test"):
		assert names(number) == []


def test_each_search_is_written_down_without_what_was_searched():
	customer, number = make_customer(), random_phone()
	make_contact(customer, phones=[number])
	before = set(frappe.get_all("CCMS Access Log", pluck="name"))
	api.find(number)
	api.find(random_phone())
	rows = [
		row
		for row in frappe.get_all("CCMS Access Log", fields=["name", "customer", "what", "action"])
		if row.name not in before
	]
	assert sorted(row.customer or "" for row in rows) == ["", customer.name]
	assert number[-8:] not in str(rows)


def test_ending_by_hand(as_user):
	from ccms_app.identity.store import identities

	customer, number = make_customer(), random_phone()
	make_contact(customer, phones=[number])
	identity = identities.find("Phone", number)
	(row,) = api.holders(identity)
	assert row.customer == customer.name and not row.ended_on
	with as_user(ANALYST), pytest.raises(frappe.PermissionError):
		api.end(identity, customer.name)
	assert api.end(identity, customer.name)
	assert names(number) == []
	assert api.holders(identity)[0].ended_on


def test_the_map_is_filled_by_who_may_write_the_settings(as_user):
	with as_user(ANALYST):
		for call in (api.standing, api.fill):
			with pytest.raises(frappe.PermissionError):
				call()
