"""Documents that say how a customer can be reached, and the map that follows them."""

import frappe
import pytest
from frappe.utils import getdate, now_datetime

from ccms_app.identity.store import capture, duplicates, gathering, identities
from ccms_app.identity.store.rows import insert
from tests.site.factories import make_customer, make_program
from tests.site.ledger_checks import membership_of
from tests.site.reach import add_identifier, links_of, make_address, make_contact, owner_of, random_phone
from tests.site.refusals import raises_refusal
from tests.site.world import SELLER


@pytest.fixture(autouse=True)
def in_china():
	frappe.db.set_single_value("CCMS Settings", "phone_country", "China")


@pytest.fixture
def customer():
	return make_customer()


def test_contacts_say_phones_and_mail(customer):
	number = random_phone()
	contact = make_contact(customer, phones=[number.removeprefix("+86"), "123"], emails=["A.B@Example.com"])
	assert owner_of("Phone", number) == (customer.name, 0)
	assert owner_of("Email", "a.b@example.com")[0] == customer.name
	assert {row.source for row in links_of(customer).values()} == {"Contact"}
	changed = random_phone()
	contact.reload()
	contact.phone_nos[0].phone = changed
	contact.save()
	assert owner_of("Phone", number) == (None, 0)
	assert owner_of("Phone", changed) == (customer.name, 0)
	contact.phone_nos = []
	contact.save()
	assert owner_of("Phone", changed) == (None, 0)
	frappe.delete_doc("Contact", contact.name)
	assert links_of(customer) == {}


def test_a_contact_moves_to_another_customer(customer):
	number, other = random_phone(), make_customer()
	contact = make_contact(customer, phones=[number])
	contact.reload()
	contact.links[0].link_name = other.name
	contact.save()
	assert owner_of("Phone", number) == (other.name, 0)
	assert links_of(customer) == {}


def test_a_family_s_contact_is_shared(customer):
	number, other = random_phone(), make_customer()
	make_contact(customer, other, phones=[number])
	assert owner_of("Phone", number) == (None, 1)
	frappe.delete_doc("Customer", other.name)
	assert owner_of("Phone", number) == (customer.name, 0)


def test_addresses_are_read_in_their_own_country(customer):
	make_address(customer, country="Germany", phone="030 901820", email_id="post@example.de")
	assert owner_of("Phone", "+4930901820")[0] == customer.name
	assert owner_of("Email", "post@example.de")[0] == customer.name


def test_the_card_of_a_membership_until_it_is_left():
	customer = make_customer(make_program())
	membership = frappe.get_doc("CCMS Membership", membership_of(customer))
	membership.member_no = card = f"86-{frappe.generate_hash(length=8)}"
	membership.save()
	value = card.replace("-", "").upper()
	assert owner_of("Card", value) == (customer.name, 0)
	(row,) = links_of(customer).values()
	assert (row.source, row.verified) == ("Card", 1)
	from ccms_app.loyalty.store import members

	members.set_status(membership.name, "Left")
	capture.one(customer.name)
	assert links_of(customer) == {}


def test_two_people_with_one_card(customer):
	other = make_customer()
	for each in (customer, other):
		add_identifier(each, "Card", "8600 1234 5678")
	assert owner_of("Card", "860012345678") == (None, 1)


def test_an_identifier_typed_into_the_customer_is_kept_masked(customer):
	number = random_phone()
	doc = add_identifier(customer, "Phone", number.removeprefix("+86"))
	(row,) = doc.ccms_identifiers
	assert row.value == f"+86 ··· ··· {number[-4:]}" and row.source == "Staff" and row.since
	assert owner_of("Phone", number)[0] == customer.name
	assert number[-8:] not in str(frappe.db.sql("select * from `tabCCMS Customer Identifier`"))
	assert number[-8:] not in str(frappe.get_all("Version", {"docname": customer.name}, pluck="data"))
	since = row.since
	doc.save()
	assert doc.ccms_identifiers[0].since == since and identities.reveal(row.identity) == number
	doc.ccms_identifiers[0].value = other = random_phone()
	doc.save()
	assert owner_of("Phone", number) == (None, 0)
	assert owner_of("Phone", other)[0] == customer.name
	doc.append("ccms_identifiers", {"kind": "Phone", "value": other})
	doc.save()
	assert len(doc.ccms_identifiers) == 1, "the same twice is once"
	doc.ccms_identifiers = []
	doc.save()
	assert links_of(doc) == {}


@pytest.mark.parametrize("door", ["new", "mine", "over a row", "row alone"])
def test_what_a_client_says_of_an_identity_is_not_believed(customer, as_user, door):
	"""Anybody in sales may read the name and the mask of an identity: they make it nobody's."""
	number = random_phone()
	make_contact(customer, phones=[number])
	identity = identities.find("Phone", number)
	theirs = {
		"kind": "Phone",
		"value": frappe.db.get_value("CCMS Identity", identity, "shown_as"),
		"identity": identity,
		"verified": 1,
		"since": "2000-01-01",
		"source": "Portal",
	}
	mine = add_identifier(make_customer(), "Phone", random_phone())
	with as_user(SELLER), raises(door):
		if door == "new":
			doc = frappe.copy_doc(mine)
			doc.customer_name = "Mine too"
			doc.append("ccms_identifiers", theirs)
			doc.insert()
		elif door == "mine":
			mine.append("ccms_identifiers", theirs)
			mine.save()
		elif door == "over a row":
			mine.ccms_identifiers[0].update(theirs)
			mine.save()
		else:
			row = frappe.get_doc("CCMS Customer Identifier", mine.ccms_identifiers[0].name)
			row.update(theirs)
			row.save()
	assert owner_of("Phone", number) == (customer.name, 0)


def raises(door: str):
	if door == "row alone":
		return pytest.raises(frappe.PermissionError, match="on the customer itself")
	return raises_refusal("is masked")


def test_since_and_source_are_as_they_were_and_a_copy_brings_nothing(customer):
	doc = add_identifier(customer, "Phone", random_phone(), since="2000-01-01", source="Portal")
	(row,) = doc.ccms_identifiers
	assert (getdate(row.since), row.source) == (getdate(), "Staff")
	row.update({"since": "2000-01-01", "source": "Portal"})
	doc.save()
	(row,) = doc.reload().ccms_identifiers
	assert (getdate(row.since), row.source) == (getdate(), "Staff")
	assert not frappe.copy_doc(doc, ignore_no_copy=False).ccms_identifiers


def test_proof_can_be_given_and_taken_back(customer):
	doc = add_identifier(customer, "WeChat", "WangFang_88", verified=1)
	identity = doc.ccms_identifiers[0].identity
	assert frappe.db.get_value("CCMS Identity", identity, "is_verified") == 1
	doc.ccms_identifiers[0].verified = 0
	doc.save()
	assert frappe.db.get_value("CCMS Identity", identity, ["is_verified", "customer"]) == (0, customer.name)


@pytest.mark.parametrize(
	("kind", "value"),
	[
		("Phone", "12345"),
		("Phone", "13800138000\x00"),
		("Phone", "<script>alert(1)</script>"),
		("Email", "no mail"),
		("Email", "x" * 290),
		("Social", "fang"),
	],
)
def test_what_is_no_identifier_is_refused_by_the_customer_s_table(customer, kind, value):
	with pytest.raises(frappe.ValidationError) as refused:
		add_identifier(customer, kind, value)
	assert "<script>" not in str(refused.value)


@pytest.mark.parametrize("number", ["123", "000-000", "(12) 34 * 5", "+1 2", "#"])
def test_saving_contacts_is_never_blocked(customer, number):
	make_address(customer, phone=number, email_id="")
	make_contact(customer, phones=[number], first_name="\u202eevil\u202c")
	assert links_of(customer) == {}


@pytest.mark.parametrize(
	"text", ["no phone", "\u202e\u202c", "x" * 140, "<img src=x onerror=alert(1)>", "１２３", "转", "a@b@c"]
)
def test_what_other_apps_left_in_the_tables_is_passed_over(customer, text):
	contact = make_contact(customer, phones=["123"], emails=["a@example.com"])
	frappe.db.set_value("Contact Phone", contact.phone_nos[0].name, "phone", text)
	frappe.db.set_value("Contact Email", contact.email_ids[0].name, "email_id", text)
	capture.one(customer.name)
	assert links_of(customer) == {}


def test_a_failing_map_does_not_stop_saving(customer, monkeypatch):
	def broken(_customers):
		frappe.db.sql("insert into `tabNo Such Table` values (1)")

	monkeypatch.setattr(gathering, "said", broken)
	number = random_phone()
	contact = make_contact(customer, phones=[number])
	assert frappe.db.exists("Contact", contact.name)
	monkeypatch.undo()
	assert capture.one(customer.name)
	assert owner_of("Phone", number)[0] == customer.name


def test_nothing_new_writes_nothing(customer):
	make_contact(customer, phones=[random_phone()])
	before = frappe.db.sql("select max(modified), count(*) from `tabCCMS Identity`")
	assert not capture.one(customer.name)
	assert frappe.db.sql("select max(modified), count(*) from `tabCCMS Identity`") == before


def test_what_somebody_ended_by_hand_stays_ended(customer):
	number = random_phone()
	make_contact(customer, phones=[number])
	identity = identities.find("Phone", number)
	identities.unlink(identity, customer.name, by_hand=True)
	frappe.get_doc("Customer", customer.name).save()
	assert owner_of("Phone", number) == (None, 0)
	identities.link(identity, customer.name, "Staff")
	assert owner_of("Phone", number) == (customer.name, 0)


def test_links_of_other_sources_stay(customer):
	visitor = identities.ensure("Visitor", frappe.generate_hash(length=20))
	identities.recognise(visitor, customer.name)
	frappe.get_doc("Customer", customer.name).save()
	assert identities.owners([visitor]) == {visitor: customer.name}


def test_facts_say_where_they_are_known_from(customer):
	doc = frappe.get_doc("Customer", customer.name)
	doc.update({"ccms_birth_date": "1990-05-01", "ccms_occupation": "Tea master"})
	doc.save()
	rows = {row.fact: row for row in doc.ccms_fact_sources}
	assert rows["ccms_birth_date"].source == "Staff" and rows["ccms_birth_date"].noted_on
	noted = rows["ccms_birth_date"].noted_on
	frappe.flags.ccms_fact_source = "Survey"
	doc.ccms_occupation = ""
	doc.ccms_home_place = "杭州"
	doc.save()
	frappe.flags.ccms_fact_source = None
	doc.reload()
	rows = {row.fact: row for row in doc.ccms_fact_sources}
	assert "ccms_occupation" not in rows
	assert rows["ccms_home_place"].source == "Survey"
	assert abs((rows["ccms_birth_date"].noted_on - frappe.utils.get_datetime(noted)).total_seconds()) < 1


def test_another_kind_for_a_masked_value_is_refused(customer):
	doc = add_identifier(customer, "Phone", random_phone())
	doc.ccms_identifiers[0].kind = "Card"
	with pytest.raises(frappe.ValidationError):
		doc.save()


@pytest.mark.parametrize("make", [make_contact, make_address])
@pytest.mark.parametrize("how", ["deleted", "given to another"])
def test_who_loses_a_contact_or_address_is_looked_at_again(customer, monkeypatch, make, how):
	"""The link is gone, so no nightly run finds them by it."""
	other, jobs = make_customer(), []
	document, now = make(customer), now_datetime()
	row = ("lost", now, now, "Administrator", "Administrator", *sorted([customer.name, other.name]))
	figures = (80.0, "Likely", 0, 0, '{"swapped": false, "fields": []}', "Open", now, now)
	insert(duplicates.DOCTYPE, duplicates.COLUMNS, [(*row, *figures)])
	monkeypatch.setattr(
		frappe, "enqueue", lambda method, **more: jobs.append((method, more.get("customers")))
	)
	document.save()
	assert (jobs, frappe.db.get_value(duplicates.DOCTYPE, "lost", "is_stale")) == ([], 0)
	if how == "deleted":
		document.delete()
	else:
		document.links[0].link_name = make_customer().name
		document.save()
	assert ("ccms_app.quality.store.runs.look", [customer.name]) in jobs
	assert frappe.db.get_value(duplicates.DOCTYPE, "lost", "is_stale")
