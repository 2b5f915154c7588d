"""`POST /api/method/ccms_app.api.track.track` through Frappe's own application: keys, origins, limits, answers."""

import json
import sys
import time
from datetime import datetime, timedelta, timezone

import frappe
import pytest
from frappe.app import application
from werkzeug.test import Client

from ccms_app.identity import kinds
from ccms_app.identity.store import identities
from ccms_app.interactions import token
from ccms_app.interactions.store import sources
from tests.on_site import connect
from tests.site import world
from tests.site.events import ABROAD, ORIGIN, call, consent, forget, make_source, phone, row, rows, view
from tests.site.factories import make_customer
from tests.site.refusals import raises_refusal
from tests.site.rest import Browser

pytestmark = pytest.mark.commits
TRACK = "/api/method/ccms_app.api.track.track"


@pytest.fixture
def made():
	"""Makes sources, committed; they and their events are deleted in the end."""
	names = []

	def make(*arguments, **fields):
		doc, keys = make_source(*arguments, **fields)
		names.append(doc.name)
		frappe.db.commit()
		return doc, keys

	yield make
	frappe.db.rollback()
	forget(*names)


@pytest.fixture
def secret(made):
	return made()[1]["secret"]


def post(body, header: str = "", origin: str = "", kind: str = "text/plain", **more: str):
	"""(status, answer, headers) of a request by somebody who is not signed in."""
	site = frappe.local.site
	raw = body if isinstance(body, bytes) else json.dumps(body).encode()
	headers = {"X-Frappe-Site-Name": site, "Content-Type": kind}
	headers |= {"X-CCMS-Key": header} if header else {}
	headers |= {"Origin": origin} if origin else {}
	headers |= more
	response = Client(application).post(TRACK, data=raw, headers=headers)
	connect(site)
	return response.status_code, json.loads(response.get_data(as_text=True)), response.headers


def statuses(answer: dict) -> list[str]:
	return [one["status"] for one in answer["message"]]


# --- forms ----------------------------------------------------------------------------------------------------


def test_a_batch_a_list_and_a_single_event(made):
	doc, keys = made()
	secret = keys["secret"]
	status, answer, _headers = post({"key": secret, "events": [call("1"), call("2")]})
	assert (status, statuses(answer)) == (200, ["stored", "stored"])
	assert answer["message"][1] == {
		"index": 1,
		"event_id": "2",
		"status": "stored",
		"field": "",
		"message": "",
	}
	assert statuses(post([call("3")], header=secret)[1]) == ["stored"]
	assert statuses(post({"key": secret, **call("4")})[1]) == ["stored"]
	assert statuses(post({"events": [call("4")]}, header=secret, kind="application/json")[1]) == ["duplicate"]
	assert [one.event_id for one in rows(doc, "event_id")] == ["1", "2", "3", "4"]
	assert row(doc, "1").owner == "Guest"


@pytest.mark.parametrize("kind", ["text/plain", "application/json", "application/octet-stream"])
@pytest.mark.parametrize(
	"raw", [b"{", b"", b"\xff\xfe\x00", b"[" * 30_000, b'{"events": [}', b'"x"', b"null"]
)
def test_a_broken_body_is_a_plain_400(secret, raw, kind):
	status, answer, _headers = post(raw, header=secret, kind=kind)
	assert status == 400
	assert list(answer) == ["error"] and "Traceback" not in answer["error"]


@pytest.mark.parametrize("version", ["v1/", "v2/"])
def test_a_broken_body_is_a_plain_400_at_every_door(secret, version, monkeypatch):
	monkeypatch.setattr(sys.modules[__name__], "TRACK", TRACK.replace("/api/", f"/api/{version}"))
	for raw in (b"{", b'"x"', b"[" * 30_000):
		status, answer, _headers = post(raw, header=secret, kind="application/json")
		assert status == 400 and list(answer) == ["error"]


def test_too_much_is_413(secret):
	assert post(b'"' + b"x" * 1024 * 1024 + b'"', header=secret)[0] == 413
	assert post([call(str(number)) for number in range(1001)], header=secret)[0] == 413


def test_a_bottomless_event_is_answered_by_itself(made):
	doc, keys = made()
	deep = "[" * 20_000 + "]" * 20_000
	bad = json.dumps(call("bad", payload="X")).replace('"X"', deep)
	raw = (
		f'{{"key": "{keys["secret"]}", "events": [{json.dumps(call("1"))}, {bad}, {json.dumps(call("2"))}]}}'
	)
	status, answer, _headers = post(raw.encode())
	assert (status, statuses(answer)) == (200, ["stored", "invalid", "stored"])
	assert len(rows(doc, "name")) == 2


def test_sent_at_corrects_the_clock(made):
	doc, keys = made()
	slow = datetime.now(timezone.utc) - timedelta(days=2)
	body = {"key": keys["secret"], "sent_at": slow.isoformat()}
	body["events"] = [call("1", occurred_at=(slow - timedelta(seconds=90)).isoformat())]
	assert statuses(post(body)[1]) == ["stored"]
	assert 85 < (row(doc, "1").received_at - row(doc, "1").occurred_at).total_seconds() < 95


def test_replayed_at_another_time_it_is_the_same_event(secret):
	body = {"key": secret, "events": [call("1")]}
	assert statuses(post(body | {"sent_at": "2026-01-01T00:00:00Z"})[1]) != ["invalid"]
	now = datetime.now(timezone.utc).isoformat()
	first = statuses(post(body | {"sent_at": now})[1])
	assert statuses(post(body)[1]) == ["duplicate"] or first == ["stored"]


# --- keys -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
	"key",
	[
		"",
		"x",
		"ccms_secret_x",
		"ccms_public_x",
		"x" * 5000,
		"ccms_secret_\ud800",
		"ccms_public_\ud800",
		"ccms_public_é",
	],
)
def test_a_key_that_is_none_is_401(key):
	status, answer, headers = post([call()], header=key[:300])
	assert status == 401 and list(answer) == ["error"]
	assert post({"key": key, "events": [call()]})[0] == 401
	assert "Access-Control-Allow-Origin" not in headers


def test_the_secret_is_nowhere_in_the_database_and_no_login(made):
	doc, keys = made()
	stored = str(frappe.db.sql("select * from `tabCCMS Event Source` where name = %s", doc.name))
	assert keys["secret"] not in stored
	status, _body = Browser().get("frappe.client.get_list", doctype="Customer", key=keys["secret"])
	assert status == 403


def test_rotating_makes_the_old_key_worthless_and_revoking_all(made):
	doc, keys = made()
	fresh = sources.rotate(doc.name)
	frappe.db.commit()
	assert post([call("1")], header=keys["secret"])[0] == 401
	assert post([call("1")], header=fresh["secret"])[0] == 200
	sources.revoke(doc.name)
	frappe.db.commit()
	assert post([call("2")], header=fresh["secret"])[0] == 401
	assert frappe.db.get_value("CCMS Event Source", doc.name, "revoked_on")


def test_a_disabled_source_is_not_heard(made):
	doc, keys = made()
	doc.enabled = 0
	doc.save()
	frappe.db.commit()
	assert post([call()], header=keys["secret"])[0] == 401


def test_who_may_make_keys(made):
	doc, _keys = made()
	for user, expected in ((world.MANAGER, 200), (world.ANALYST, 403), (world.SELLER, 403)):
		status, body = Browser(user).post("ccms_app.api.track.rotate", source=doc.name)
		assert status == expected
		assert ("secret" in (body.get("message") or {})) == (expected == 200)
	assert Browser().post("ccms_app.api.track.revoke", source=doc.name)[0] == 403


def test_no_form_sets_a_key_and_no_reader_sees_its_hash(made):
	doc, keys = made()
	doc.secret_hash = "0" * 64
	doc.save()
	frappe.db.commit()
	assert post([call()], header=keys["secret"])[0] == 200
	_status, body = Browser(world.MANAGER).resource("GET", "CCMS Event Source", doc.name)
	assert body["data"]["name"] == doc.name
	assert not body["data"].get("secret_hash") and not body["data"].get("identify_salt")


def test_a_source_that_sent_something_is_not_deleted(made):
	doc, keys = made()
	post([call()], header=keys["secret"])
	with raises_refusal("revoke it instead"):
		frappe.delete_doc("CCMS Event Source", doc.name)


def test_the_quota_counts_events(made):
	_doc, keys = made(quota_per_day=3)
	assert post([call("1"), call("2")], header=keys["secret"])[0] == 200
	status, _answer, headers = post([call("3"), call("4")], header=keys["secret"])
	assert status == 429 and 0 < int(headers["Retry-After"]) <= 86_401
	assert post([call("3")], header=keys["secret"])[0] == 200
	frappe.clear_cache()
	assert post([call("4")], header=keys["secret"])[0] == 429


# --- browsers -------------------------------------------------------------------------------------------------


def browse(keys, *events, origin: str = ORIGIN, **more: str):
	return post({"key": keys["public_key"], "events": list(events)}, origin=origin, **more)


def test_pages_of_the_origins_alone_may_send_and_may_read_the_answer(made):
	_doc, keys = made("Browser", origins=f"{ORIGIN}/shop/\nhttp://localhost:3000")
	status, answer, headers = browse(keys, consent("1"), view("2"))
	assert (status, statuses(answer)) == (200, ["stored", "stored"])
	assert headers["Access-Control-Allow-Origin"] == ORIGIN and "Origin" in headers["Vary"]
	for origin in ("", "null", "https://evil.example.com", ORIGIN + ".evil.com", "http://shop.example.com"):
		status, _answer, headers = browse(keys, view("3"), origin=origin)
		assert status == 403 and "Access-Control-Allow-Origin" not in headers


def test_origins_are_compared_as_browsers_send_them(made):
	written = "https://商店.中国\nhttps://Shop.example.com:443/start\nhttp://straße.example:8080\nhttps://[::1]:9000"
	doc, keys = made("Browser", origins=written)
	sent = (
		"https://xn--czrs0t.xn--fiqs8s",
		"https://shop.example.com",
		"http://xn--strae-oqa.example:8080",
		"https://[::1]:9000",
	)
	assert doc.origins.splitlines() == list(sent)
	for origin in sent:
		assert browse(keys, consent("1"), origin=origin)[2]["Access-Control-Allow-Origin"] == origin
	for other in (
		"https://shop.example.com:444",
		"http://shop.example.com",
		"https://xn--czrs0t.xn--fiqs8s.evil.example",
	):
		assert browse(keys, consent("1"), origin=other)[0] == 403


def test_a_browser_sends_nothing_but_what_its_types_allow(made):
	_doc, keys = made("Browser", types=[{"interaction_type": "Click"}])
	browse(keys, consent("0"))
	found = browse(
		keys,
		view("1"),
		call("2", visitor="visitor-one"),
		{**view("3"), "type": "Click"},
		{**view("4", identity=phone()), "type": "Click"},
		{**view("5"), "type": "Click", "company": ABROAD},
	)
	assert statuses(found[1]) == ["forbidden", "forbidden", "stored", "forbidden", "forbidden"]


@pytest.mark.parametrize("header", ["Sec-GPC", "DNT"])
def test_a_browser_that_asks_to_be_left_alone_is(made, header):
	doc, keys = made("Browser")
	assert statuses(browse(keys, consent("1"), view("2"))[1]) == ["stored", "stored"]
	events = [consent("3"), view("4"), {**view("5"), "type": "Identify", "token": "x"}]
	told = browse(keys, *events, view("6", occurred_at="soon"), **{header: "1"})[1]
	assert statuses(told) == ["no_consent"] * 3 + ["invalid"]
	assert "asks not to be followed" in told["message"][0]["message"]
	assert [one.event_id for one in rows(doc, "event_id")] == ["1", "2"]
	# "0" asks for nothing, and a no is heard all the same
	assert statuses(browse(keys, view("7"), **{header: "0"})[1]) == ["stored"]
	assert statuses(browse(keys, consent("8", state="Withdrawn"), **{header: "1"})[1]) == ["stored"]
	assert statuses(browse(keys, view("9"))[1]) == ["no_consent"]


def test_a_server_is_no_browser_to_be_left_alone(made):
	_doc, keys = made()
	assert statuses(post([call()], header=keys["secret"], DNT="1")[1]) == ["stored"]


def test_what_is_wrong_is_said_in_the_language_of_the_source(made):
	_doc, keys = made(language="zh")
	frappe.get_doc(
		{
			"doctype": "Translation",
			"language": "zh",
			"source_text": "is longer than {0} characters",
			"translated_text": "超过 {0} 个字符",
		}
	).insert()
	frappe.db.commit()
	try:
		bad = [call("1", subject="x" * 301), call("2", type="Nonsense")]
		(long, unknown) = post(bad, header=keys["secret"])[1]["message"]
		assert (long["status"], long["field"], long["message"]) == ("invalid", "subject", "超过 300 个字符")
		assert unknown["status"] == "unknown_type"
		_other, english = made()
		assert "300 characters" in post(bad, header=english["secret"])[1]["message"][0]["message"]
	finally:
		for name in frappe.get_all(
			"Translation", {"source_text": "is longer than {0} characters"}, pluck="name"
		):
			frappe.delete_doc("Translation", name)
		frappe.db.commit()


# --- identify -------------------------------------------------------------------------------------------------


def identify(event_id: str, signed: str = "", visitor: str = "visitor-one", **fields) -> dict:
	fields |= {"token": signed} if signed else {}
	return {**view(event_id, visitor, **fields), "type": "Identify"}


def signed(keys, customer: str, visitor: str = "visitor-one", seconds: int = 60) -> str:
	return token.sign(keys["identify_secret"], customer, visitor, int(time.time()) + seconds)


@pytest.fixture
def pages(made):
	doc, keys = made("Browser")
	return doc, keys


@pytest.fixture
def person():
	"""Makes customers, committed; they are deleted in the end."""
	names = []

	def make() -> str:
		names.append(make_customer().name)
		frappe.db.commit()
		return names[-1]

	yield make
	frappe.db.rollback()
	for name in names:
		frappe.delete_doc("Customer", name, force=True)
	frappe.db.commit()


def owner(visitor: str) -> str | None:
	found = identities.find(kinds.VISITOR, visitor)
	return identities.owners([found]).get(found) if found else None


def test_a_signed_word_makes_a_visitor_known_with_its_past(pages, person):
	doc, keys = pages
	customer = person()
	assert statuses(browse(keys, consent("1"), view("2"))[1]) == ["stored", "stored"]
	answer = browse(keys, identify("3", signed(keys, customer)))[1]["message"][0]
	assert (answer["status"], answer["visitor"]) == ("stored", "visitor-one")
	assert owner("visitor-one") == customer
	assert row(doc, "2").visitor in identities.of_customer(customer)
	assert row(doc, "3").outcome == "Signed In"


def test_an_unsigned_word_is_a_claim_that_links_nothing(pages, person):
	doc, keys = pages
	customer = person()
	claim = identify("2", claim={"kind": "Customer", "value": customer})
	answer = browse(keys, consent("1"), claim)[1]["message"][1]
	assert answer["status"] == "stored" and "visitor" not in answer
	assert owner("visitor-one") is None
	assert row(doc, "2").outcome == "Claim"
	stored = frappe.db.sql("select * from `tabCCMS Customer Interaction` where name = %s", row(doc, "2").name)
	assert customer not in str(stored)


def test_forged_expired_and_stolen_tokens_are_forbidden(pages, made, person):
	doc, keys = pages
	customer = person()
	_other_doc, other_keys = made("Browser", ABROAD)
	bad = {
		"forged": signed({"identify_secret": "guess"}, customer),
		"of another company": signed(other_keys, customer),
		"expired": signed(keys, customer, seconds=-1),
		"endless": signed(keys, customer, seconds=10 * 86_400),
		"of another browser": signed(keys, customer, "visitor-two"),
		"cut": signed(keys, customer)[:-4],
		"noise": "a.b.c",
	}
	events = [identify(name, text) for name, text in bad.items()]
	answers = browse(keys, consent("1"), *events)[1]["message"][1:]
	assert [(one["status"], one["field"]) for one in answers] == [("forbidden", "token")] * len(bad)
	assert owner("visitor-one") is None
	assert len(rows(doc, "name")) == 1


def test_a_replayed_token_changes_nothing(pages, person):
	_doc, keys = pages
	customer = person()
	event = identify("2", signed(keys, customer))
	browse(keys, consent("1"), event)
	links = frappe.db.count("CCMS Identity Link")
	again = browse(keys, event, {**event, "event_id": "3"})[1]["message"]
	assert [(one["status"], one["visitor"]) for one in again] == [
		("duplicate", "visitor-one"),
		("stored", "visitor-one"),
	]
	assert frappe.db.count("CCMS Identity Link") == links


def test_a_second_person_in_the_browser_starts_a_new_visitor(pages, person):
	doc, keys = pages
	first, second = person(), person()
	browse(keys, consent("1"), view("2"), identify("3", signed(keys, first)))
	later = (datetime.now(timezone.utc) - timedelta(minutes=1)).isoformat()
	answer = browse(
		keys, identify("4", signed(keys, second), occurred_at=later), view("5", occurred_at=later), view("6")
	)[1]["message"]
	new = answer[0]["visitor"]
	assert new != "visitor-one" and [one["status"] for one in answer] == ["stored"] * 3
	assert owner("visitor-one") == first and owner(new) == second
	new_name = identities.find(kinds.VISITOR, new)
	assert row(doc, "5").visitor == new_name  # happened after the second person came
	assert row(doc, "6").visitor == identities.find(kinds.VISITOR, "visitor-one")
	assert row(doc, "5").visitor not in identities.of_customer(first)


def test_after_a_refused_token_nothing_is_the_first_persons(pages, person):
	doc, keys = pages
	first, second = person(), person()
	browse(keys, consent("1"), view("2"), identify("3", signed(keys, first)))

	def at(minutes: int) -> str:
		return (datetime.now(timezone.utc) - timedelta(minutes=minutes)).isoformat()

	expired = identify("4", signed(keys, second, seconds=-5), occurred_at=at(40))
	again = identify("6", signed(keys, first), occurred_at=at(20))
	sent = (
		view("0", occurred_at=at(50)),
		expired,
		view("5", occurred_at=at(30)),
		again,
		view("7", occurred_at=at(10)),
	)
	answer = browse(keys, *sent)[1]["message"]
	assert [one["status"] for one in answer] == ["stored", "forbidden", "stored", "stored", "stored"]
	assert "visitor" not in answer[1]  # it would tell that the browser is somebody's
	one = identities.find(kinds.VISITOR, "visitor-one")
	assert row(doc, "0").visitor == row(doc, "7").visitor == one
	between = row(doc, "5").visitor
	assert between != one and identities.owners([between]) == {}
	assert between not in identities.of_customer(first)
	# in a browser that is nobody's yet, nothing is torn apart
	browse(keys, consent("8", "visitor-two"))
	bad = identify("9", "a.b.c", "visitor-two", occurred_at=at(40))
	browse(keys, bad, view("10", "visitor-two", occurred_at=at(30)))
	assert row(doc, "10").visitor == identities.find(kinds.VISITOR, "visitor-two")


def test_a_token_may_name_a_customer_as_before_a_merge(pages, person):
	_doc, keys = pages
	old, stays = person(), person()
	frappe.rename_doc("Customer", old, stays, merge=True, force=True)
	frappe.db.commit()
	browse(keys, consent("1"), identify("2", signed(keys, old)))
	assert owner("visitor-one") == stays
	frappe.db.delete("CCMS Customer Merge", {"source": old})


def test_answers_tell_nobody_whether_a_customer_exists(pages, person):
	_doc, keys = pages
	customer = person()
	browse(keys, consent("1"), consent("2", "visitor-two"))
	there = browse(keys, identify("3", signed(keys, customer)))[1]["message"][0]
	none = browse(keys, identify("4", signed(keys, "Nobody", "visitor-two"), "visitor-two"))[1]["message"][0]
	there.pop("visitor"), none.pop("visitor"), there.pop("event_id"), none.pop("event_id")
	assert there == none


def test_a_server_may_say_who_its_visitor_is(made, person):
	doc, keys = made()
	customer = person()
	event = identify("2", identity={"kind": "Customer", "value": customer})
	assert statuses(post([consent("1"), event], header=keys["secret"])[1]) == ["stored", "stored"]
	assert owner("visitor-one") == customer
	assert row(doc, "2").outcome == "Signed In"


def test_an_internal_customer_is_no_person(pages, person):
	_doc, keys = pages
	customer = person()
	frappe.db.set_value("Customer", customer, "is_internal_customer", 1)
	frappe.db.commit()
	told = browse(keys, consent("1"), identify("2", signed(keys, customer)))[1]
	assert statuses(told) == ["stored", "stored"]
	assert owner("visitor-one") is None


def test_the_portal_signs_for_the_customer_who_is_signed_in(pages, person):
	_doc, keys = pages
	customer = person()
	arguments = {"key": keys["public_key"], "visitor": "visitor-one"}
	assert Browser().post("ccms_app.api.track.identify_token", **arguments)[0] == 403
	assert Browser(world.SELLER).post("ccms_app.api.track.identify_token", **arguments)[0] == 403
	doc = frappe.get_doc("Customer", customer)
	doc.append("portal_users", {"user": world.SELLER})
	doc.save()
	frappe.db.commit()
	status, body = Browser(world.SELLER).post("ccms_app.api.track.identify_token", **arguments)
	assert status == 200
	browse(keys, consent("1"), identify("2", body["message"]))
	assert owner("visitor-one") == customer


def test_what_a_source_form_refuses(site):
	with raises_refusal("no address of a web page"):
		make_source("Browser", origins="shop.example.com")
	with raises_refusal("no address of a web page"):
		make_source("Browser", origins="https://-é.example")
	with raises_refusal("from which web pages"):
		make_source("Browser", origins=" ")
	with raises_refusal("not allowed from browsers"):
		make_source("Browser", types=[{"interaction_type": "Call"}])
	frappe.db.rollback()
