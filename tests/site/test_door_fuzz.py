"""Anything may be posted at the door for events: it never answers 500, and one bad event never loses the others."""

import json
import random
from collections import Counter
from datetime import datetime, timedelta, timezone

import frappe
import pytest
from frappe.app import application
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import Client

from ccms_app.interactions import answers
from ccms_app.interactions.body import MOST_BYTES as MOST_BODY
from ccms_app.interactions.body import MOST_ROWS
from ccms_app.interactions.check import FIELDS, MOST_BYTES
from tests.on_site import connect
from tests.site.events import ABROAD, EVENT, NOON, call, forget, make_source, phone, rows, view

pytestmark = pytest.mark.commits
TRACK = "/api/method/ccms_app.api.track.track"
MANY = settings(
	max_examples=120,
	deadline=None,
	derandomize=True,
	suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def server():
	doc, keys = make_source()
	frappe.db.commit()
	yield doc, keys["secret"]
	frappe.db.rollback()
	forget(doc.name)


def post(raw: bytes, key: str, kind: str = "text/plain") -> tuple[int, dict]:
	site = frappe.local.site
	headers = {"X-Frappe-Site-Name": site, "Content-Type": kind, "X-CCMS-Key": key}
	response = Client(application).post(TRACK, data=raw, headers=headers)
	connect(site)
	return response.status_code, json.loads(response.get_data(as_text=True))


def told(raw: bytes, key: str) -> list[dict]:
	"""The answers to a batch that is one: a row an event, in order."""
	status, answer = post(raw, key)
	assert status == 200, answer
	rows_ = answer["message"]
	assert [one["index"] for one in rows_] == list(range(len(rows_)))
	assert {one["status"] for one in rows_} <= set(answers.STATUSES)
	assert all(one["message"] for one in rows_ if one["status"] not in ("stored", "duplicate"))
	return rows_


def new_id() -> str:
	return frappe.generate_hash(length=20)


# --- one bad event among good ones -----------------------------------------------------------------------------

NOW = datetime.now(timezone.utc)
# JSON texts that stand where an event or the value of a field should
EVIL = [
	"null",
	"true",
	"0",
	"-1",
	'""',
	'"x"',
	"[]",
	"{}",
	"NaN",
	"Infinity",
	"-Infinity",
	"1e999",
	str(2**63),
	str(2**64),
	str(-(10**30)),
	"9" * 5000,
	'"a\\u0000b"',
	'"\\ud800"',
	'"\\udfff\\ud800"',
	'"\\u202eevil\\u202c مرحبا"',
	'"<script>alert(1)</script><img src=x onerror=alert(1)>"',
	'"\'; drop table `tabCustomer`; --"',
	'"%s %(x)s {0} {x.__class__} \\\\"',
	"\"=cmd()|' /C calc'!A0\"",
	json.dumps("x" * 9000),
	json.dumps("👍" * 400),
	"[" * 50 + "]" * 50,
	"[" * 3000 + "]" * 3000,
	'{"a":' * 20 + "1" + "}" * 20,
	'{"$gt": ""}',
	'{"kind": "Phone", "value": NaN}',
	'{"kind": "Phone", "value": "\\ud800"}',
	'{"kind": "Customer", "value": "' + "x" * 3000 + '"}',
	json.dumps(ABROAD),
	json.dumps((NOW + timedelta(hours=2)).isoformat()),
	'"1969-12-31T23:59:59Z"',
	'"0001-01-01T00:00:00+14:00"',
	'"9999-12-31T23:59:59-14:00"',
	'"2026-02-30T00:00:00Z"',
	"253402300799999",
	"-1e30",
]
UNKNOWN = [
	"",
	"name",
	"docstatus",
	"__proto__",
	"customer",
	"\\u0000",
	"\\ud800",
	"x" * 200,
	"owner",
	"modified",
]
FIELD = st.sampled_from(sorted(FIELDS) + UNKNOWN)
CHANGES = st.lists(st.tuples(FIELD, st.sampled_from(EVIL)), min_size=1, max_size=3)


def bad(changes: list[tuple[str, str]]) -> str:
	"""A good event with some fields replaced, as JSON text; a field may stand in it twice."""
	good = {**call(new_id(), identity=phone(), subject="ok")}
	pairs = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in good.items()]
	return "{" + ", ".join([*pairs, *(f'"{name}": {value}' for name, value in changes)]) + "}"


@MANY
@given(events=st.lists(CHANGES.map(bad) | st.sampled_from(EVIL), min_size=1, max_size=8), where=st.randoms())
def test_bad_events_never_lose_the_good_ones(server, events, where):
	_doc, key = server
	good = {new_id() for _number in range(3)}
	texts = [(one, None) for one in events] + [(json.dumps(call(name)), name) for name in good]
	where.shuffle(texts)
	raw = ('{"events": [' + ", ".join(text for text, _name in texts) + "]}").encode(errors="surrogatepass")
	found = told(raw, key)
	assert len(found) == len(texts)
	for one, (_text, name) in zip(found, texts, strict=True):
		if name:
			assert (one["event_id"], one["status"]) == (name, "stored")
	# the same again: what is in is known, what was wrong is wrong
	again = told(raw, key)
	for first, second in zip(found, again, strict=True):
		known = {"stored": "duplicate"}.get(first["status"], first["status"])
		assert second["status"] == known, (first, second)


@MANY
@given(
	raw=st.binary(max_size=400)
	| st.recursive(
		st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
		lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
		max_leaves=20,
	).map(lambda anything: json.dumps(anything).encode()),
	kind=st.sampled_from(["text/plain", "application/json", "application/x-www-form-urlencoded", "", "x"]),
)
def test_any_body_is_answered(server, raw, kind):
	_doc, key = server
	status, answer = post(raw, key, kind)
	assert status in (200, 400, 413), (status, answer)
	assert "Traceback" not in str(answer) and "exc" not in answer


@MANY
@given(cut=st.floats(0, 1), change=st.integers(0, 255), place=st.floats(0, 1))
def test_a_batch_that_was_damaged_on_its_way_is_answered(server, cut, change, place):
	_doc, key = server
	raw = json.dumps(
		{"events": [call(new_id()), call(new_id(), subject="مرحبا 茶")]}, ensure_ascii=False
	).encode()
	damaged = bytearray(raw[: max(int(len(raw) * cut), 1)] if cut < 0.5 else raw)
	damaged[int((len(damaged) - 1) * place)] = change
	status, answer = post(bytes(damaged), key)
	assert status in (200, 400), answer
	assert status == 400 or len(answer["message"]) <= 2


# --- edges ------------------------------------------------------------------------------------------------------


def test_a_thousand_events_and_not_one_more(server):
	doc, key = server
	full = [call(f"{number}") for number in range(MOST_ROWS)]
	assert Counter(one["status"] for one in told(json.dumps(full).encode(), key)) == {"stored": MOST_ROWS}
	status, answer = post(json.dumps([*full, call("more")]).encode(), key)
	assert status == 413 and str(MOST_ROWS) in answer["error"]
	assert frappe.db.count(EVENT, {"event_source": doc.name}) == MOST_ROWS


def test_a_megabyte_and_not_a_byte_more(server):
	_doc, key = server
	raw = json.dumps([call("1")]).encode()
	assert [one["status"] for one in told(raw + b" " * (MOST_BODY - len(raw)), key)] == ["stored"]
	assert post(raw + b" " * (MOST_BODY - len(raw) + 1), key)[0] == 413


@pytest.mark.parametrize("sign", ["x", "é", "茶", "👍", "<", '"', "\\"])
def test_eight_kilobytes_an_event_and_not_a_byte_more(server, sign):
	_doc, key = server

	def sized(event_id: str, size: int) -> dict:
		made = call(event_id, payload={"a": "", "b": ""})
		measure = lambda: len(json.dumps(made, ensure_ascii=False, separators=(",", ":")).encode())  # noqa: E731
		step = len(json.dumps(sign, ensure_ascii=False).encode()) - 2
		made["payload"]["a"] = sign * ((size - measure()) // step)
		made["payload"]["b"] = "x" * (size - measure())
		assert measure() == size
		return made

	batch = [sized("fits", MOST_BYTES), sized("over", MOST_BYTES + 1), call("small")]
	found = told(json.dumps(batch).encode(), key)
	assert [one["status"] for one in found] == ["stored", "invalid", "stored"]


def test_a_batch_of_the_same_event_stores_one(server):
	doc, key = server
	batch = [call("same", amount=1)] * 5 + [call("same", amount=2)] * 2 + [call(" same", amount=1)]
	found = told(json.dumps(batch).encode(), key)
	assert [one["status"] for one in found] == ["stored", *["duplicate"] * 4, *["conflict"] * 2, "stored"]
	assert len(rows(doc, "name")) == 2


def test_a_field_that_stands_twice_counts_as_its_last(server):
	doc, key = server
	raw = json.dumps(call("1")).replace("{", '{"amount": 1, "amount": 2, ', 1).encode()
	assert [one["status"] for one in told(raw, key)] == ["stored"]
	assert rows(doc, "amount")[0].amount == 2


def test_replayed_reordered_and_split_the_events_are_the_same(server):
	doc, key = server
	events = [call(str(number), amount=number, identity=phone()) for number in range(60)]
	draw = random.Random(9)
	counted: Counter = Counter()
	for _time in range(3):
		draw.shuffle(events)
		start = 0
		while start < len(events):
			step = draw.randrange(1, 25)
			found = told(json.dumps(events[start : start + step]).encode(), key)
			counted.update(one["status"] for one in found)
			start += step
	assert counted == {"stored": 60, "duplicate": 120}
	assert [int(one.amount) for one in sorted(rows(doc, "amount"), key=lambda one: one.amount)] == list(
		range(60)
	)


def test_what_needs_consent_is_answered_beside_what_does_not(server):
	_doc, key = server
	batch = [view("1"), call("2"), call("3", occurred_at=(NOW + timedelta(days=1)).isoformat())]
	batch += [call("4", occurred_at=(NOON - timedelta(days=500)).isoformat()), call("5", type="Telepathy")]
	batch += [call("6", company=ABROAD)]
	found = [one["status"] for one in told(json.dumps(batch).encode(), key)]
	assert found == ["no_consent", "stored", "future", "too_old", "unknown_type", "forbidden"]
