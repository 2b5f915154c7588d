"""What is let in: every value of an event, checked before the database sees it."""

import json
import re
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ccms_app.interactions import answers
from ccms_app.interactions.answers import Answer
from ccms_app.interactions.check import MOST_BYTES, Checked, Rules, check, event_name
from ccms_app.interactions.sources import Source, Type, type_key
from ccms_app.interactions.texts import plain, told

NOW = datetime(2026, 5, 4, 12, tzinfo=timezone.utc)
TYPES = [
	Type("Call", "Phone"),
	Type("Page View", "Web", True, "Web Tracking"),
	Type("Identify", "Web", True, "Web Tracking"),
	Type("Consent", "Web", True),
]
BY_NAME = {kind.name: kind for kind in TYPES} | {type_key(kind.name): kind for kind in TYPES}
SERVER = Source("shop", "Our Company")
BROWSER = Source("pages", "Our Company", "Browser")


def rules(source=SERVER, **more) -> Rules:
	values = {
		"types": BY_NAME,
		"received": NOW,
		"oldest": NOW - timedelta(days=400),
		"zone": ZoneInfo("Asia/Shanghai"),
		"branches": frozenset(["North"]),
		"region": "CN",
	}
	return Rules(source=source, **values | more)


def call(**fields) -> dict:
	return {"event_id": "1", "type": "Call", "occurred_at": "2026-05-04T11:00:00Z", **fields}


def view(**fields) -> dict:
	return call(type="Page View", visitor="visitor-1", **fields)


def refusal(event, source=SERVER, **more) -> tuple[str, str]:
	"""(status, field) of a refused event."""
	found = check(event, 3, rules(source, **more))
	assert isinstance(found, Answer), found
	assert found.index == 3 and found.message
	return found.status, found.field


def right(event, source=SERVER, **more) -> Checked:
	found = check(event, 0, rules(source, **more))
	assert isinstance(found, Checked), found
	return found


def test_a_full_event_is_taken_as_it_is():
	found = right(
		call(
			identity={"kind": "Phone", "value": "138 0013 8000"},
			visitor="visitor-1",
			channel="WeChat",
			direction="In",
			branch="North",
			subject="مرحبا شكرا \u202eabc",
			content="line\nline\t2 👍",
			outcome="Answered",
			path="/a",
			previous_path="/b",
			dwell=1.5,
			duration=20,
			item="TEA",
			amount=-12.5,
			reference_doctype="Sales Order",
			reference_name="SO-1",
			company="Our Company",
			payload={"a": [1, {"b": None}]},
		)
	)
	assert found.person == ("Phone", "+8613800138000")
	assert found.visitor == ("Visitor", "visitor-1")
	assert found.values == {
		"channel": "WeChat",
		"direction": "In",
		"branch": "North",
		"subject": "مرحبا شكرا \u202eabc",
		"content": "line\nline\t2 👍",
		"outcome": "Answered",
		"path": "/a",
		"previous_path": "/b",
		"dwell": 1.5,
		"duration": 20.0,
		"item": "TEA",
		"amount": -12.5,
		"reference_doctype": "Sales Order",
		"reference_name": "SO-1",
		"payload": '{"a":[1,{"b":null}]}',
	}


@pytest.mark.parametrize(
	("event", "field"),
	[
		("text", ""),
		(None, ""),
		([], ""),
		(12, ""),
		({}, "event_id"),
		(call(event_id=7), "event_id"),
		(call(event_id=" "), "event_id"),
		(call(event_id="x" * 141), "event_id"),
		(call(type=None), "type"),
		(call(type=["Call"]), "type"),
		(call(occurred_at=None), "occurred_at"),
		(call(occurred_at="yesterday"), "occurred_at"),
		(call(occurred_at="2026-05-04 11:00:00"), "occurred_at"),
		(call(occurred_at=True), "occurred_at"),
		(call(occurred_at=1e300), "occurred_at"),
		(call(occurred_at="0001-01-01T00:00:00+14:00"), "occurred_at"),
		(call(occurred_at="9999-12-31T23:59:59-14:00"), "occurred_at"),
		(call(identity="+8613800138000"), "identity"),
		(call(identity={"kind": "Phone", "value": "12"}), "identity"),
		(call(identity={"kind": "Phone", "value": {"$ne": ""}}), "identity"),
		(call(identity={"kind": "Password", "value": "x"}), "identity"),
		(call(identity={"kind": ["Phone"], "value": "x"}), "identity"),
		(call(identity={"kind": "Phone", "value": "x", "customer": "y"}), "identity"),
		(call(visitor="short"), "visitor"),
		(call(visitor=["visitor-1"]), "visitor"),
		(call(channel="Telepathy"), "channel"),
		(call(channel=["Web"]), "channel"),
		(call(direction="Up"), "direction"),
		(call(branch="South"), "branch"),
		(call(branch=["North"]), "branch"),
		(call(subject="x" * 301), "subject"),
		(call(subject=5), "subject"),
		(call(path="/" + "x" * 500), "path"),
		(call(item=["TEA"]), "item"),
		(call(dwell=-1), "dwell"),
		(call(dwell="12"), "dwell"),
		(call(dwell=float("nan")), "dwell"),
		(call(amount=float("inf")), "amount"),
		(call(amount=10**400), "amount"),
		(call(amount=True), "amount"),
		(call(duration=86_400 * 31), "duration"),
		(call(payload="text"), "payload"),
		(call(payload={"a": float("nan")}), "payload"),
		(call(reference_doctype="User", reference_name="Administrator"), "reference_doctype"),
		(call(reference_doctype="Sales Order"), "reference_name"),
		(call(reference_name="SO-1"), "reference_doctype"),
		(call(customer="CUST-1"), "customer"),
		(call(name="x"), "name"),
		(call(received_at="2026-01-01"), "received_at"),
	],
)
def test_what_is_wrong_is_said_with_its_field(event, field):
	assert refusal(event) == (answers.INVALID, field)


@pytest.mark.parametrize(
	("event", "field"),
	[
		(call(subject="a\0b"), "subject"),
		(call(content="\x1b[2J"), "content"),
		(call(event_id="a\0"), "event_id"),
		(call(payload={"a": {"b\0": 1}}), "payload"),
		(call(payload={"a": ["\x07"]}), "payload"),
		(call(subject="\ud800"), ""),
	],
)
def test_control_characters_and_half_characters_are_no_text(event, field):
	assert refusal(event) == (answers.INVALID, field)


def test_a_backslash_is_no_control_character():
	assert right(call(subject="\\u0000 C:\\u00ad")).values["subject"] == "\\u0000 C:\\u00ad"


def nested(depth: int):
	return {} if depth == 1 else {"a": nested(depth - 1)}


def test_four_levels_and_no_more():
	assert right(call(payload=nested(3)))
	assert refusal(call(payload=nested(4))) == (answers.INVALID, "")
	deep = []
	for _level in range(100_000):
		deep = [deep]
	assert refusal(call(payload=deep)) == (answers.INVALID, "")


def test_eight_kilobytes_and_no_more():
	empty = len(json.dumps(call(content=""), separators=(",", ":")).encode())
	fits = MOST_BYTES - empty
	assert right(call(content="c" * 5000, payload={}))
	assert refusal(call(payload={"a": "x" * fits})) == (answers.INVALID, "")
	assert refusal(call(content="茶" * 2800)) == (answers.INVALID, "")  # three bytes each


def test_unknown_types_and_types_by_other_spellings():
	assert refusal(call(type="Nonsense")) == (answers.UNKNOWN_TYPE, "type")
	assert right(call(type="page_view")).type.name == "Page View"
	assert right(call(type="PAGE-VIEW")).type.name == "Page View"


def test_another_company_is_forbidden():
	assert refusal(call(company="Their Company")) == (answers.FORBIDDEN, "company")
	assert refusal(call(company=["Our Company"])) == (answers.FORBIDDEN, "company")


def test_browsers_send_visitors_alone():
	assert right(view(), BROWSER)
	assert refusal(call(visitor="visitor-1"), BROWSER) == (answers.FORBIDDEN, "type")
	assert refusal(view(identity={"kind": "Phone", "value": "13800138000"}), BROWSER) == (
		answers.FORBIDDEN,
		"identity",
	)
	assert refusal(call(type="Page View"), BROWSER) == (answers.INVALID, "visitor")
	about = {"reference_doctype": "Sales Order", "reference_name": "SO-1"}
	assert refusal(view(**about), BROWSER) == (answers.FORBIDDEN, "reference_name")
	only_calls = Source("pages", "Our Company", "Browser", types=frozenset(["Identify"]))
	assert refusal(view(), only_calls) == (answers.FORBIDDEN, "type")
	consent = view(state="Given", purpose="Marketing") | {"type": "Consent"}
	assert refusal(consent, BROWSER) == (answers.FORBIDDEN, "purpose")


def test_the_clients_clock_is_corrected_by_when_it_sent():
	"""Its clock runs two days ahead; between happening and sending passed one minute by that clock."""
	sent = NOW + timedelta(days=2)
	found = right(call(occurred_at=(sent - timedelta(minutes=1)).isoformat()), sent=sent)
	assert found.occurred == NOW - timedelta(minutes=1)
	assert found.claimed == sent - timedelta(minutes=1)


def test_future_and_too_old_are_judged_by_our_clock():
	assert right(call(occurred_at=(NOW + timedelta(minutes=5)).isoformat()))
	ahead = (NOW + timedelta(minutes=5, seconds=1)).isoformat()
	assert refusal(call(occurred_at=ahead)) == (answers.FUTURE, "occurred_at")
	assert refusal(call(occurred_at=NOW.isoformat()), sent=NOW - timedelta(minutes=6)) == (
		answers.FUTURE,
		"occurred_at",
	)
	assert right(call(occurred_at=(NOW - timedelta(days=400)).isoformat()))
	old = (NOW - timedelta(days=400, seconds=1)).isoformat()
	assert refusal(call(occurred_at=old)) == (answers.TOO_OLD, "occurred_at")
	assert right(call(occurred_at="2023-01-01T00:00:00Z"), sent=datetime(2023, 1, 1, 1, tzinfo=timezone.utc))


def test_milliseconds_and_offsets_are_times():
	assert right(call(occurred_at=NOW.timestamp() * 1000)).occurred == NOW
	assert right(call(occurred_at="2026-05-04T20:00:00+08:00")).occurred == NOW
	plain = call(occurred_at="2026-05-04 20:00:00")
	assert right(plain, naive_zone=ZoneInfo("Asia/Shanghai")).occurred == NOW


def test_the_start_of_every_tag_is_made_harmless():
	found = right(
		call(subject="<script>alert(1)</script>", content="<img src=x onerror=alert(1)", outcome="a < b <3")
	)
	assert found.values["subject"] == "&lt;script>alert(1)&lt;/script>"
	assert found.values["content"] == "&lt;img src=x onerror=alert(1)"
	assert found.values["outcome"] == "a < b <3"
	inside = right(call(payload={"<b>": ["<svg/onload=x>"]}))
	assert inside.values["payload"] == '{"&lt;b>":["&lt;svg/onload=x>"]}'


def test_equal_events_have_equal_hashes_and_names():
	one, other = right(call(amount=1, item="A")), right(dict(reversed(call(amount=1, item="A").items())))
	assert (one.name, one.content_hash) == (other.name, other.content_hash)
	assert right(call(amount=2, item="A")).content_hash != one.content_hash
	assert event_name("a", "1") != event_name("b", "1")


def test_an_answer_never_repeats_what_it_could_not_read():
	assert check(call(event_id="x" * 1000), 0, rules()).event_id == ""
	assert check(call(event_id="\ud800"), 0, rules()).event_id == "?"


TEXT = st.text(max_size=20)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | TEXT | st.datetimes()
ANYTHING = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner), max_leaves=12)
FIELDS = st.sampled_from(
	[
		"event_id",
		"type",
		"occurred_at",
		"identity",
		"visitor",
		"channel",
		"payload",
		"amount",
		"subject",
		"token",
		"state",
	]
)


@example({"payload": [datetime(2026, 5, 4)]}, TYPES[0])  # as Parquet files have them
@given(ANYTHING | st.dictionaries(FIELDS, ANYTHING), st.sampled_from(TYPES))
def test_nothing_breaks_the_check(anything, kind):
	if isinstance(anything, dict):
		anything = {**call(type=kind.name, visitor="visitor-1"), **anything}
	found = check(anything, 0, rules())
	assert isinstance(found, Checked) or found.status in answers.STATUSES


@given(st.text(alphabet="<&;lgtamp b/!3", max_size=30))
def test_texts_are_kept_without_tags_and_read_as_they_came(text):
	kept = plain(text)
	assert told(kept) == text
	assert not re.search("<[A-Za-z/!?]", kept)
