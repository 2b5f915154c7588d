"""In which time an identity tells of whom: families, recycled numbers, visitors who become known."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ccms_app.identity.spans import Holding, Span, spans_of

START = datetime(2026, 1, 1)


def day(number: int) -> datetime:
	return START + timedelta(days=number)


def held(customer: str, since: int, until: int | None = None, identity: str = "p") -> Holding:
	return Holding(identity, customer, day(since), None if until is None else day(until))


def test_a_visitor_who_becomes_known_brings_the_past():
	assert spans_of("A", [held("A", 5)]) == [Span("p")]


def test_a_recycled_number_splits():
	holdings = [held("A", 0, 10), held("B", 20)]
	assert spans_of("A", holdings) == [Span("p", None, day(10))]
	assert spans_of("B", holdings) == [Span("p", day(20), None)]


def test_a_number_given_up_that_nobody_got_stays():
	assert spans_of("A", [held("A", 0, 10)]) == [Span("p")]


def test_a_family_shares_everything():
	holdings = [held("A", 0), held("B", 3)]
	assert spans_of("A", holdings) == spans_of("B", holdings) == [Span("p")]


def test_whoever_leaves_a_shared_number_keeps_what_was_until_then():
	holdings = [held("A", 0, 10), held("B", 3)]
	assert spans_of("A", holdings) == [Span("p", None, day(10))]
	assert spans_of("B", holdings) == [Span("p")]


def test_a_number_that_comes_back():
	holdings = [held("A", 0, 10), held("B", 10, 20), held("A", 20)]
	assert spans_of("A", holdings) == [Span("p", None, day(10)), Span("p", day(20), None)]
	assert spans_of("B", holdings) == [Span("p", day(10), day(20))]


def test_links_doubled_by_a_merge_count_once():
	assert spans_of("A", [held("A", 0), held("A", 5, 9), held("A", 7)]) == [Span("p")]


TIMES = st.tuples(st.sampled_from("ABC"), st.integers(0, 30), st.none() | st.integers(0, 30))


@given(st.lists(TIMES, max_size=6), st.integers(-5, 40))
def test_an_event_shows_once_on_whoever_held_the_identity_then(drawn, when):
	holdings = [held(who, since, since + long if long else None) for who, since, long in drawn]
	for customer in "ABC":
		spans = spans_of(customer, holdings)
		shows = sum(span.covers(day(when)) for span in spans)
		assert shows <= 1
		held_then = any(
			one.customer == customer
			and one.since <= day(when)
			and (one.ended_on is None or day(when) < one.ended_on)
			for one in holdings
		)
		if held_then:
			assert shows == 1
