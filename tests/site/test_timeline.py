"""The timeline of a customer: over all identities, by key, in filters, within the fence, and harmless to look at."""

from datetime import datetime, timedelta

import frappe
import pytest
from frappe.utils import now_datetime

from ccms_app.api import interactions as api
from ccms_app.desk import dealings
from ccms_app.identity.store import identities
from ccms_app.interactions.clock import UTC
from ccms_app.interactions.store import intake, sources, timeline
from tests.site.factories import ABROAD, COMPANY, make_customer
from tests.site.reach import random_phone
from tests.site.world import ANALYST, SELLER

HOSTILE = '"><img src=x onerror=window.pwned=1><script>window.pwned=1</script>'


@pytest.fixture
def customer():
	return make_customer().name


@pytest.fixture
def phone(customer):
	value = random_phone()
	identities.link(identities.ensure("Phone", value), customer, "Import", verified=True)
	return value


def write(*events: dict, company: str = COMPANY) -> list[str]:
	"""Write events, each an hour before the one before it unless it says when; returns their statuses."""
	now = datetime.now(UTC)
	made = [
		{
			"event_id": frappe.generate_hash(length=20),
			"type": "Chat",
			"occurred_at": (now - timedelta(hours=place + 1)).isoformat(),
			**event,
		}
		for place, event in enumerate(events)
	]
	return [answer.status for answer in intake.write(made, sources.of_site(company))]


def by(kind: str, value: str, **more) -> dict:
	return {"identity": {"kind": kind, "value": value}, **more}


def subjects(customer: str, **filters) -> list[str]:
	return [row.subject for row in timeline.page(customer, timeline.Filters.read(filters))["rows"]]


def test_all_identities_are_one_story_newest_first(customer, phone):
	email = f"{frappe.generate_hash(length=8)}@example.com"
	identities.link(identities.ensure("Email", email), customer, "Import")
	write(
		by("Phone", phone, subject="1"),
		by("Email", email, subject="2"),
		by("Customer", customer, subject="3"),
		by("Phone", phone, subject="4"),
	)
	assert subjects(customer) == ["1", "2", "3", "4"]
	assert subjects(make_customer().name) == []


def test_pages_by_key_show_each_row_once_also_where_times_are_equal(customer, phone):
	at = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
	write(*(by("Phone", phone, subject=str(number), occurred_at=at) for number in range(25)))
	write(*(by("Customer", customer, subject=str(number + 25)) for number in range(10)))
	seen, key = [], ""
	while True:
		found = timeline.page(customer, before_key=key, limit=4)
		seen += [row.subject for row in found["rows"]]
		key = found["next_key"]
		if not key:
			break
	assert len(seen) == 35 and set(seen) == {str(number) for number in range(35)}
	with pytest.raises(frappe.ValidationError):
		timeline.page(customer, before_key="nonsense")


def test_each_filter(customer, phone):
	write(
		by("Phone", phone, subject="call", type="Call", content="about green tea"),
		by("Phone", phone, subject="chat", channel="WeChat"),
		by("Phone", phone, subject="old", occurred_at=(datetime.now(UTC) - timedelta(days=40)).isoformat()),
	)
	write(by("Phone", phone, subject="abroad"), company=ABROAD)
	assert subjects(customer, interaction_type="Call") == ["call"]
	assert subjects(customer, category="Call") == ["call"]
	assert subjects(customer, channel="WeChat") == ["chat"]
	assert subjects(customer, company=ABROAD) == ["abroad"]
	assert set(subjects(customer, since=str(now_datetime().date() - timedelta(days=2)))) == {
		"call",
		"chat",
		"abroad",
	}
	assert subjects(customer, until=str(now_datetime().date() - timedelta(days=30))) == ["old"]
	assert subjects(customer, text="GREEN") == ["call"]
	assert subjects(customer, text="100%") == subjects(customer, text="' or 1=1 --") == []
	assert subjects(customer, category="Nothing of the sort") == []
	for wrong in ({"owner": "x"}, {"text": ["x"]}, {"since": "soon"}, {"channel": {"like": "%"}}):
		with pytest.raises(frappe.ValidationError):
			timeline.Filters.read(wrong)


def test_a_search_goes_on_from_page_to_page(customer, phone, monkeypatch):
	monkeypatch.setattr(timeline, "SLICE", 5)
	monkeypatch.setattr(timeline, "SEARCH_SECONDS", 0)
	write(*(by("Phone", phone, subject="needle" if number in (3, 18) else "hay") for number in range(20)))
	found, key, pages = [], "", 0
	while True:
		page = timeline.page(customer, timeline.Filters(text="needle"), key, limit=1)
		found += page["rows"]
		key, pages = page["next_key"], pages + 1
		if not key:
			break
		assert page["read_until"]
	assert len(found) == 2 and 4 <= pages <= 6


def test_a_number_that_passed_on_splits_where_it_passed(customer, phone):
	identity = identities.find("Phone", phone)
	heir = make_customer().name
	then = now_datetime() - timedelta(days=5)
	frappe.db.set_value("CCMS Identity Link", {"identity": identity}, "since", then - timedelta(days=100))
	identities.unlink(identity, customer, ended_on=then)
	identities.link(identity, heir, "Import", since=then)
	write(
		by("Phone", phone, subject="hers"),
		by("Phone", phone, subject="his", occurred_at=(datetime.now(UTC) - timedelta(days=9)).isoformat()),
	)
	assert subjects(customer) == ["his"] and subjects(heir) == ["hers"]


def test_a_visitor_who_becomes_known_brings_the_past(customer):
	from ccms_app.privacy.store import consent

	visitor = frappe.generate_hash(length=20)
	name = identities.ensure("Visitor", visitor)
	consent.record(name, "Web Tracking", "Given", source="Web Site", proof="test")
	assert write({"visitor": visitor, "type": "Page View", "path": "/tea", "dwell": 3}) == ["stored"]
	assert timeline.page(customer)["rows"] == []
	assert identities.recognise(name, customer)
	assert [row.path for row in timeline.page(customer)["rows"]] == ["/tea"]


def test_what_names_somebody_else_in_her_browser_is_not_hers(customer, phone):
	visitor, other = frappe.generate_hash(length=20), make_customer().name
	assert identities.recognise(identities.ensure("Visitor", visitor), customer)
	theirs = random_phone()
	identities.link(identities.ensure("Phone", theirs), other, "Import", verified=True)
	write(
		by("Phone", theirs, subject="theirs", visitor=visitor),
		by("Phone", phone, subject="hers", visitor=visitor),
		{"subject": "nobody named", "visitor": visitor},
	)
	assert subjects(customer) == ["hers", "nobody named"]
	assert subjects(other) == ["theirs"]
	# a number that was hers once: what it did since is not hers, in her browser neither
	name = identities.find("Phone", phone)
	identities.unlink(name, customer, ended_on=now_datetime() - timedelta(hours=2))
	identities.link(name, other, "Import", verified=True, since=now_datetime() - timedelta(hours=2))
	write(by("Phone", phone, subject="passed on", visitor=visitor))
	assert "passed on" not in subjects(customer) and "passed on" in subjects(other)


def test_links_that_move_take_their_events_along(customer, phone):
	write(by("Phone", phone, subject="1"))
	target = make_customer().name
	identity = identities.find("Phone", phone)
	frappe.db.set_value("CCMS Identity Link", {"identity": identity}, "customer", target)
	identities.settle([identity])
	assert subjects(customer) == [] and subjects(target) == ["1"]


def test_who_may_read(customer, phone, as_user):
	write(by("Phone", phone, subject="secret subject"))
	with as_user(SELLER):
		assert [row.subject for row in api.page(customer)["rows"]] == ["secret subject"]
		assert "+86" in api.page(customer)["rows"][0].identity_shown
		assert phone not in frappe.as_json(api.page(customer))
	for user in (ANALYST, "Guest"):
		with as_user(user), pytest.raises(frappe.PermissionError):
			api.page(customer)
	with as_user(ANALYST):
		row = timeline.page(customer)["rows"][0]
		assert row.subject == "" and row.content == ""
		with pytest.raises(frappe.PermissionError):
			timeline.page(customer, timeline.Filters(text="secret"))


def test_the_words_of_a_document_are_for_whom_roles_let_read_it(customer, phone, as_user):
	about = {"reference_doctype": "Issue", "reference_name": "ISS-1", "content": "hospital needle"}
	ticket = by("Phone", phone, subject="allergy", outcome="Open", **about)
	order = {"reference_doctype": "Delivery Note", "reference_name": "DN-1"}
	write(ticket, by("Phone", phone, subject="on its way", **order), by("Phone", phone, subject="needle"))
	source, columns = sources.of_site(COMPANY).name, ["name", "subject", "content", "reference_doctype"]
	(name,) = frappe.get_all(
		timeline.EVENT,
		{"reference_name": "ISS-1", "subject": "allergy", "event_source": source},
		pluck="name",
	)
	with as_user(SELLER):
		assert not frappe.has_permission("Issue", "read")
		rows = api.page(customer)["rows"]
		assert [(row.subject, row.content) for row in rows] == [("", ""), ("on its way", ""), ("needle", "")]
		assert (rows[0].outcome, rows[0].reference_doctype) == ("Open", "Issue")
		assert subjects(customer, text="needle") == ["needle"] and subjects(customer, text="allergy") == []
		assert subjects(customer, text="Open") == [""]
		listed = frappe.get_list(
			timeline.EVENT, {"event_source": source, "reference_name": ["like", "%-1"]}, columns
		)
		assert [row.subject for row in listed if row.name in {one.name for one in rows}] == ["on its way"]
		assert not frappe.has_permission(timeline.EVENT, "read", doc=name)
		assert frappe.has_permission(timeline.EVENT, "read", doc=rows[1].name)
		assert frappe.get_list(timeline.EVENT, {"name": name}, columns) == []
	assert frappe.get_list(timeline.EVENT, {"name": name}, pluck="subject") == ["allergy"]
	assert subjects(customer, text="needle") == ["allergy", "needle"]


def test_another_company_is_beyond_the_fence(customer, phone, as_user):
	write(by("Phone", phone, subject="here"))
	write(by("Phone", phone, subject="abroad"), company=ABROAD)
	frappe.permissions.add_user_permission("Company", ABROAD, SELLER)
	with as_user(SELLER):
		assert [row.subject for row in api.page(customer)["rows"]] == ["abroad"]
		assert [row.subject for row in api.page(customer, {"company": COMPANY})["rows"]] == []


def test_the_form_shows_twenty_and_no_markup_of_others(customer, phone):
	write(*(by("Phone", phone, subject=f"{number} {HOSTILE}") for number in range(30)))
	found = dealings.on_form("Customer", customer)
	assert len(found) == 20
	for one in found:
		assert "<img" not in one["content"] and "<script" not in one["content"]
	# escaped once: what came as <img is read as <img
	assert "&lt;img src=x" in found[0]["content"] and "&amp;lt;" not in found[0]["content"]
	assert dealings.on_form("Supplier", customer) == []
	assert dealings.on_form("Customer", "nobody") == []


@pytest.mark.parametrize("text", ["<b>bold</b>", "&lt;b&gt;", "&amp;lt;", "a < b & c", "<3"])
def test_texts_are_read_as_they_came(customer, phone, text):
	write(by("Phone", phone, subject=text, content=text, path=text))
	row = timeline.page(customer)["rows"][0]
	assert (row.subject, row.content, row.path) == (text, text, text)
	stored = frappe.db.get_value(timeline.EVENT, row.name, "subject")
	assert "<b" not in stored
	assert subjects(customer, text=text) == [text]
	(entry,) = dealings.on_form("Customer", customer)
	assert frappe.utils.escape_html(text) in entry["content"]
