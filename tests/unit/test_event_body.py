"""Bodies of requests with events: any bytes are answered."""

import json
import time
from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccms_app.interactions.body import MOST_BYTES, BadBody, read


def sent(anything) -> bytes:
	return json.dumps(anything).encode()


def test_the_three_forms():
	batch = read(sent({"key": "k", "sent_at": "2026-05-04T12:00:00Z", "events": [1, 2]}))
	assert (batch.key, batch.events) == ("k", [1, 2])
	assert batch.sent == datetime(2026, 5, 4, 12, tzinfo=timezone.utc)
	assert read(sent([{"a": 1}]), "header").events == [{"a": 1}]
	single = read(sent({"key": "k", "event_id": "1", "type": "Call"}))
	assert (single.key, single.events, single.sent) == ("k", [{"event_id": "1", "type": "Call"}], None)


def test_the_header_goes_before_the_body():
	assert read(sent({"key": "body", "events": []}), "header").key == "header"


@pytest.mark.parametrize(
	("raw", "status"),
	[
		(b"", 400),
		(b"{", 400),
		(b"\xff\xfe", 400),
		(b'"text"', 400),
		(b"12", 400),
		(b"null", 400),
		(sent({"events": "x"}), 400),
		(sent({"events": [], "user": "x"}), 400),
		(sent({"events": [], "sent_at": "soon"}), 400),
		(b"[" * 100_000, 400),
		(b"{" * 100_000, 400),
		(b" " * (MOST_BYTES + 1), 413),
		(sent([0] * 1001), 413),
	],
)
def test_what_is_no_batch_is_refused_whole(raw, status):
	with pytest.raises(BadBody) as refused:
		read(raw)
	assert refused.value.status == status


def test_a_bottomless_event_does_not_hide_the_others():
	deep = "[" * 50_000 + "]" * 50_000
	middle = f'{{"event_id": "2 ]\\"[", "payload": {deep}}}'
	raw = '{"events": [{"event_id": "1"}, ' + middle + ', {"event_id": "3"}]}'
	events = read(raw.encode()).events
	assert [event["event_id"] for event in events] == ["1", '2 ]"[', "3"]
	inner, levels = events[1]["payload"], 0
	while inner:
		inner, levels = inner[0], levels + 1
	assert levels > 4


def test_an_endless_number_does_not_hide_the_others():
	raw = '{"events": [{"amount": ' + "9" * 10_000 + '}, {"amount": 1}]}'
	events = read(raw.encode()).events
	assert events == [{"amount": float("inf")}, {"amount": 1}]


@given(st.binary(max_size=300) | st.text(alphabet='[]{}",:\\01a', max_size=60).map(str.encode))
def test_any_bytes_are_answered(raw):
	try:
		assert isinstance(read(raw).events, list)
	except BadBody as refused:
		assert refused.status in (400, 413)


@pytest.mark.parametrize(
	"text", [b'\\"' * 500_000, b'"' * 1_000_000, b"\\" * 1_000_001, b'\\"\n' * 330_000, b"[]" * 500_000]
)
def test_a_text_that_never_ends_keeps_nobody_waiting(text):
	started = time.process_time()
	with pytest.raises(BadBody):
		read(b"[" * 2_000 + b'"' + text)
	assert time.process_time() - started < 2


LEAVES = st.none() | st.booleans() | st.integers() | st.text(alphabet='ab"\\[]{}\n茶')
TREES = st.recursive(
	LEAVES,
	lambda inner: (
		st.lists(inner, max_size=4) | st.dictionaries(st.text(alphabet='a"\\[]{}'), inner, max_size=3)
	),
)


@given(st.lists(TREES, min_size=1, max_size=4), st.integers(0, 3))
def test_what_stands_beside_a_bottomless_event_is_read_as_it_came(events, place):
	deep = "[" * 50_000 + "]" * 50_000
	texts = [json.dumps(event, ensure_ascii=False) for event in events]
	texts.insert(place, deep)
	found = read(f"[{','.join(texts)}]".encode()).events
	found.pop(min(place, len(events)))
	assert found == events
