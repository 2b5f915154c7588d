"""Totals without people: no figure stands for fewer than ten of them, and nothing is lost."""

from collections import defaultdict
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccms_app.interactions.totals import DAY, FEWEST, MONTH, Cell, merge, together

FIRST, SECOND = date(2026, 5, 1), date(2026, 5, 2)


def people(count: int, start: int = 0) -> frozenset[str]:
	return frozenset(f"p{number}" for number in range(start, start + count))


def cell(day: date, kind: str, who: frozenset[str], events: float = 1.0) -> Cell:
	return Cell(day, "", kind, "Web", sums=(events,), people=who)


def told(cells) -> list[tuple]:
	return sorted((one.span, one.day, one.interaction_type, one.sums[0]) for one in cells)


def test_large_cells_stay_as_they_are():
	merged = merge([cell(FIRST, "A", people(10), 30), cell(SECOND, "A", people(12), 5)])
	assert told(merged.cells) == [(DAY, FIRST, "A", 30), (DAY, SECOND, "A", 5)]
	assert merged.rest is None


def test_small_cells_of_a_day_become_one_when_ten_stand_behind_them():
	merged = merge([cell(FIRST, "A", people(6), 7), cell(FIRST, "B", people(6, 4), 8)])
	assert told(merged.cells) == [(DAY, FIRST, "", 15)]


def test_the_same_people_are_not_counted_twice():
	merged = merge([cell(FIRST, "A", people(6), 7), cell(FIRST, "B", people(6), 8)])
	assert merged.cells == [] and merged.rest.people == people(6)


def test_a_small_rest_takes_the_smallest_large_cell_with_it():
	cells = [
		cell(FIRST, "A", people(20), 50),
		cell(FIRST, "B", people(10), 12),
		cell(FIRST, "C", people(1), 1),
	]
	assert told(merge(cells).cells) == [(DAY, FIRST, "", 13), (DAY, FIRST, "A", 50)]


def test_quiet_days_become_their_month():
	merged = merge([cell(FIRST, "A", people(6), 7), cell(SECOND, "A", people(6, 5), 8)])
	assert told(merged.cells) == [(MONTH, FIRST, "", 15)]


def test_a_quiet_month_is_left_over():
	merged = merge([cell(FIRST, "A", people(4), 7), cell(SECOND, "A", people(4), 8)])
	assert merged.cells == []
	assert (merged.rest.span, merged.rest.sums, merged.rest.people) == (MONTH, (15,), people(4))


def test_sums_are_added_column_by_column():
	one, other = Cell(FIRST, sums=(1, 2.5)), Cell(SECOND, sums=(3, 4))
	assert together([one, other], MONTH).sums == (4, 6.5)


CELLS = st.builds(
	lambda day, kind, count, start, events: cell(date(2026, 5, day), kind, people(count, start), events),
	st.integers(1, 4),
	st.sampled_from("ABC"),
	st.integers(0, 14),
	st.integers(0, 10),
	st.integers(1, 50),
)


@given(st.lists(CELLS, unique_by=lambda one: (one.day, one.interaction_type)))
def test_no_figure_for_fewer_than_ten_and_nothing_lost(cells):
	merged = merge(cells)
	assert all(len(one.people) >= FEWEST for one in merged.cells)
	rest = merged.rest.sums[0] if merged.rest else 0
	assert sum(one.sums[0] for one in merged.cells) + rest == pytest.approx(sum(one.sums[0] for one in cells))
	# nor can a small cell be told from what a day has in all: what is hidden there is of ten or nothing
	shown, all_ = defaultdict(float), defaultdict(set)
	for one in merged.cells:
		if one.span == DAY:
			shown[one.day] += one.sums[0]
	for one in cells:
		all_[one.day] |= one.people
	for day in shown:
		assert shown[day] == pytest.approx(sum(one.sums[0] for one in cells if one.day == day))
