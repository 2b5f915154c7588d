"""Counts of pages and stays that can be added up."""

import random
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccms_app.interactions import dwell
from ccms_app.interactions.pages import DROPPED, PAGE, Cell, Key, rest, together

SECONDS = st.integers(0, 7 * 86_400)


@given(SECONDS)
def test_a_stay_is_counted_within_a_sixty_fourth_of_its_length(seconds):
	shown = dwell.middle(dwell.step(seconds))
	assert abs(shown - seconds) <= (0 if seconds < dwell.EXACT else seconds / 64)


@given(st.lists(SECONDS, min_size=1, max_size=60))
def test_the_median_is_that_of_the_stays_within_the_same(stays):
	found = dwell.usual(dwell.counted((one, 1) for one in stays))
	wanted = statistics.median(stays)
	assert abs(found - wanted) <= (0 if max(stays) < dwell.EXACT else max(stays) / 64)


def test_parts_of_a_second_count_as_the_second_before():
	assert dwell.counted([(9.9, 1), (9.0, 2)]) == {9: 3}
	assert dwell.usual({}) is None


@given(st.dictionaries(SECONDS.map(dwell.step), st.integers(1, 9)))
def test_counts_are_read_as_they_were_written(counts):
	assert dwell.read(dwell.write(counts)) == counts


def test_days_added_up_are_the_stays_of_all_days():
	draw = random.Random(1)
	days = [[draw.randrange(4000) for _stay in range(50)] for _day in range(7)]
	summed: dict[int, int] = {}
	for stays in days:
		dwell.add(summed, dwell.counted((one, 1) for one in stays))
	assert summed == dwell.counted((one, 1) for stays in days for one in stays)


def page(path: str, people: int, **more) -> Cell:
	return Cell(Key(PAGE, path=path), events=people, visitors=people, people=people, **more)


def test_a_month_stands_for_as_many_people_as_its_fullest_day_at_least():
	(found,) = together([page("/", 6, entries=2, stays={3: 1}), page("/", 7, followed=1, stays={3: 2, 9: 1})])
	assert (found.events, found.visitors, found.people) == (13, 13, 7)
	assert (found.entries, found.followed, found.stays) == (2, 1, {3: 3, 9: 1})


def test_one_person_on_thirty_days_is_no_group():
	(found,) = together([page("/order/1", 1) for _day in range(30)])
	assert found.visitors == 30 and not found.is_open


def test_a_rest_names_no_page_and_claims_no_people():
	cells = [page("/a", 9), page("/b", 3), page("/c", 10), Cell(Key(DROPPED, path="/d"), people=1)]
	found = rest(cells, PAGE)
	assert (found.key, found.events, found.people) == (Key(PAGE), 12, 0)


@pytest.mark.parametrize("people", [9, 10])
def test_ten_people_are_a_group(people):
	assert page("/", people).is_open == (people == 10)
