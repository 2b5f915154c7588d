"""What sells together, counted by hand."""

from datetime import date
from itertools import permutations

import pandas as pd
import pytest

from ccms_app.behaviour import pairs
from ccms_app.behaviour.private import PRIVATE
from tests.unit.shop_lines import line, returned, table

AS_OF = date(2024, 12, 1)
COLUMNS = ["first", "second", "orders_first", "orders_second", "support", "confidence", "lift"]


def basket(number: int, *items: str) -> list[dict]:
	return [line(f"c{number}", number % 100, item) for item in items]


def rows():
	"""30 orders: tea in 24, milk in 20 (12 with tea), jam in 4 (all with tea)."""
	found = []
	for number in range(12):
		found += basket(number, "tea", "milk")
	for number in range(12, 20):
		found += basket(number, "milk")
	for number in range(20, 24):
		found += basket(number, "tea", "jam")
	for number in range(24, 32):
		found += basket(number, "tea")
	return found


def found(lines=None, **more):
	return pairs.pairs(table(rows() if lines is None else lines), AS_OF, **more)


def test_by_hand():
	result = found()
	assert list(result.columns) == COLUMNS
	# milk in 20 orders, tea in 24, both in 12 of 32; jam is in too few orders
	assert result[["first", "second", "support"]].to_numpy().tolist() == [
		["milk", "tea", 12],
		["tea", "milk", 12],
	]
	milk, tea = result.itertuples(index=False)
	assert (milk.confidence, tea.confidence) == (12 / 20, 12 / 24)
	assert milk.lift == tea.lift == pytest.approx(12 * 32 / (20 * 24))


def test_what_came_back_as_a_whole_was_never_bought_together():
	"""A part that came back leaves the order, and both things in it."""
	kept = rows()
	whole = [line(f"d{number}", number, item) for number in range(25) for item in ("tea", "milk")]
	part = [returned(kept[0], 90)]
	pd.testing.assert_frame_equal(
		found(kept + whole + [returned(each, 90) for each in whole] + part), found()
	)


def test_what_is_private_pairs_with_nothing():
	lines = rows() + [line(f"c{number}", number % 100, PRIVATE) for number in range(32)]
	assert set(found(lines)["first"]) == {"milk", "tea"}


def test_limits():
	assert set(found(orders=4, support=4)["first"]) == {"tea", "milk", "jam"}
	assert len(found(orders=4, support=5)) == 2
	assert len(found(support=13)) == 0
	assert len(found(orders=21)) == 0


def test_orders_longer_than_the_limit_are_in_no_count():
	long = basket(50, "tea", "milk", *(f"item {number}" for number in range(99)))
	pd.testing.assert_frame_equal(found(rows() + long), found())
	assert found(rows() + long[:100])["support"].tolist() == [13, 13]


def test_top_keeps_the_pairs_in_most_orders():
	lines = [row for number in range(20) for row in basket(number, "a", "b", "c")]
	lines += [row for number in range(20, 25) for row in basket(number, "a", "c")]
	result = found(lines, top=1)
	assert result[["first", "second"]].to_numpy().tolist() == [["a", "c"], ["b", "a"], ["c", "a"]]


def test_lines_of_one_day_are_one_order_and_an_item_counts_once():
	twice = [row | {"invoice": f"{row['invoice']}-2", "line": f"{row['line']}-2"} for row in rows()]
	pd.testing.assert_frame_equal(found(rows() + twice), found())


def test_returns_pair_nothing():
	lines = rows()
	back = [returned(row, date(2024, 6, 1), linked=False) for row in lines]
	pd.testing.assert_frame_equal(found(lines + back), found())


def test_groups_and_brands():
	assert found(by="item_group")["first"].tolist() == ["milks", "teas"]
	# one brand pairs with nothing, and lines without one are passed over
	assert len(found(by="brand")) == 0
	assert len(found([row | {"brand": None} for row in rows()], by="brand")) == 0


def test_rows_in_any_order_and_other_customers_names():
	renamed = [row | {"customer": row["customer"][::-1]} for row in rows()[::-1]]
	pd.testing.assert_frame_equal(found(renamed), found())


def test_together_names_each_pair_once_by_its_stronger_direction():
	once = pairs.together(found(orders=4, support=4), support=4)
	assert [{row.first, row.second} for row in once.itertuples()] == [{"tea", "jam"}, {"milk", "tea"}]
	assert once["first"].tolist() == ["jam", "milk"]
	for first, second in permutations(["tea", "jam"]):
		pair = once[(once["first"] == first) & (once["second"] == second)]
		assert len(pair) == (first == "jam")


def test_nothing():
	assert len(found([])) == 0
	assert len(pairs.together(found([]))) == 0
	assert len(found([line("ann", 0)])) == 0
