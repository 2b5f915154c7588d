"""What becomes of events and counts when a customer is exported or erased."""

import frappe
import pytest

from ccms_app.identity import kinds
from ccms_app.identity.store import identities
from ccms_app.interactions.store import days
from ccms_app.interactions.store.handler import Handler
from tests.site.events import COMPANY, DAY, EVENT, call, phone, row, rows, send, server
from tests.site.factories import make_customer


@pytest.fixture
def source():
	return server()


@pytest.fixture
def customer(source):
	"""A customer with a phone and a browser of her own, and a phone shared with another."""
	name, other = make_customer().name, make_customer().name
	for kind, value in ((kinds.PHONE, "+8613800138000"), (kinds.VISITOR, "visitor-hers")):
		identities.link(identities.ensure(kind, value), name, "Test", verified=True)
	shared = identities.ensure(kinds.PHONE, "+8613900139000")
	identities.link(shared, name, "Test")
	identities.link(shared, other, "Test")
	send(
		source,
		call("by phone", identity=phone(), subject="her words", payload={"a": 1}),
		call("by browser", visitor="visitor-hers") | {"type": "Chat"},
		call("both", identity=phone(), visitor="visitor-hers"),
		call("shared", identity=phone("+8613900139000")),
		call("another in her browser", identity=phone("+8613700137000"), visitor="visitor-hers"),
		call("another", identity=phone("+8613700137000")),
	)
	days.compute(COMPANY, row(source, "both").occurred_at.date())
	return name


def test_an_export_holds_what_she_did(customer):
	found = Handler().export(customer)[EVENT]
	hers = [one for one in found if not one.get("shared")]
	assert sorted(one["interaction_type"] for one in hers) == ["Call", "Call", "Chat"]
	assert [one["subject"] for one in hers if one.get("subject")] == ["her words"]
	assert not any("identity" in one or "event_id" in one for one in found)


def test_an_export_holds_what_is_counted_by_day(customer):
	found = Handler().export(customer)[DAY]
	assert sum(one["events"] for one in found if not one.get("shared")) == 3
	(shared,) = [one for one in found if one.get("shared")]
	assert "events" not in shared and shared["day"]


def test_an_export_says_of_shared_times_only_that_something_happened(source, customer):
	frappe.db.set_value(EVENT, row(source, "shared").name, "subject", "perhaps her husband's words")
	frappe.db.set_value(EVENT, row(source, "another in her browser").name, "content", "a guest's words")
	found = Handler().export(customer)[EVENT]
	shared = [one for one in found if one.get("shared")]
	assert len(shared) == 2 and len(found) == 5
	assert {"occurred_at", "interaction_type", "shared"} <= shared[0].keys()
	assert "husband" not in str(found) and "guest" not in str(found)


def test_erasing_takes_hers_and_leaves_what_is_of_others(source, customer):
	counted = frappe.db.count(DAY, {"company": COMPANY, "day": row(source, "both").occurred_at.date()})
	assert Handler().erase(customer, "erased-1") == {EVENT: 3, DAY: 2}
	left = [one.event_id for one in rows(source, "event_id")]
	assert sorted(left) == ["another", "another in her browser", "shared"]
	assert not row(source, "another in her browser").visitor, "the browser was hers"
	assert row(source, "shared").identity == identities.find(kinds.PHONE, "+8613900139000")
	days_left = frappe.db.count(DAY, {"company": COMPANY, "day": row(source, "shared").occurred_at.date()})
	assert days_left == counted - 2
	assert not any(Handler().erase(customer, "erased-1").values())


def test_deleting_ahead_takes_the_same(source, customer):
	assert sum(Handler().ahead(customer)) == 3
	assert sorted(one.event_id for one in rows(source, "event_id")) == [
		"another",
		"another in her browser",
		"shared",
	]


def test_who_has_nothing_has_nothing(site):
	name = make_customer().name
	assert not any(Handler().export(name).values())
	assert not any(Handler().erase(name, "erased-2").values())


def test_the_handler_is_asked():
	assert "ccms_app.interactions.store.handler.Handler" in frappe.get_hooks("ccms_customer_handlers")
