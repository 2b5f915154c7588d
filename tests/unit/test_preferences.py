"""Favourites, peak times and seasons by hand."""

from datetime import date

import pandas as pd
import pytest

from ccms_app.behaviour import preferences
from ccms_app.behaviour.private import PRIVATE
from tests.unit.shop_lines import daily_of, line, orders_of, returned, table

AS_OF = date(2024, 12, 30)


def rows():
	tea = [line("ann", number, "tea", net=10) for number in (0, 7)]
	return [*tea, line("ann", 7, "jam", net=90), line("ben", 3, "jam", net=5), returned(tea[0], 9)]


def favourites(lines=None, by="item"):
	return preferences.favourites(table(rows() if lines is None else lines), AS_OF, by).set_index(by)


class TestFavourites:
	def test_by_hand(self):
		found = favourites()
		assert list(found.index) == ["jam", "tea"]
		assert found.loc["jam", ["orders", "customers", "repeat_customers", "revenue", "qty"]].tolist() == [
			2,
			2,
			0,
			95,
			2,
		]
		# bought twice, and once all of the order came back: one order
		assert found.loc["tea", ["orders", "customers", "repeat_customers", "revenue", "qty"]].tolist() == [
			1,
			1,
			0,
			10,
			1,
		]
		assert found["customer_share"].tolist() == [1, 0.5]
		assert found["repeat_share"].tolist() == [0, 0]
		# as often as tea, for more
		assert found["favourite_of"].to_dict() == {"jam": 2, "tea": 0}

	def test_a_part_that_came_back_leaves_the_order(self):
		both = [
			line("ann", 0, "tea", net=10),
			line("ann", 0, "jam", net=10),
			returned(line("ann", 0, "tea"), 5),
		]
		assert favourites(both)["orders"].to_dict() == {"jam": 1, "tea": 1}

	def test_who_sent_everything_back_likes_nothing(self):
		sent = [line("cat", number, "tea") for number in range(3)]
		found = favourites([*rows(), *sent, *(returned(each, 9) for each in sent)])
		assert found["favourite_of"].sum() == 2 and found["customer_share"].tolist() == [1, 0.5]

	def test_what_is_private_is_nobodys_favourite(self):
		hidden = [line("zoe", day, PRIVATE, net=500, item_group=None, brand=None) for day in range(20)]
		found = favourites([*rows(), *hidden])
		assert found["favourite_of"].to_dict() == {"jam": 2, "tea": 0}

	def test_ties_go_to_revenue_then_to_the_name(self):
		tied = [line("ann", 0, "tea", net=10), line("ann", 1, "jam", net=11)]
		assert favourites(tied)["favourite_of"].to_dict() == {"jam": 1, "tea": 0}
		equal = [line("ann", 0, "tea", net=10), line("ann", 1, "jam", net=10)]
		assert favourites(equal)["favourite_of"].to_dict() == {"jam": 1, "tea": 0}

	def test_everybody_has_one_favourite(self):
		assert favourites()["favourite_of"].sum() == 2

	def test_groups_brands_and_what_has_none(self):
		assert favourites(by="item_group").loc["jams", "customers"] == 2
		assert favourites(by="brand")["customers"].to_dict() == {"House": 2}
		assert len(favourites([row | {"brand": None} for row in rows()], by="brand")) == 0

	def test_nothing(self):
		assert len(favourites([])) == 0
		assert len(favourites([returned(line("ann", 0), 1, linked=False)])) == 0


class TestPeakTimes:
	def test_by_hand(self):
		# Monday twice at 9, once at 17 by the earlier document of that day, Sunday at 0
		lines = [line("ann", 0, hour=9), line("ann", 7, hour=9), line("ann", 13, hour=0)]
		lines += [line("ben", 14, hour=17), line("ben", 14, "jam", hour=20, invoice="later")]
		found = preferences.peak_times(orders_of(lines, AS_OF), AS_OF).set_index(["weekday", "hour"])
		assert len(found) == 168
		busy = found[found["orders"] > 0]
		assert busy["orders"].to_dict() == {(0, 9): 2, (0, 17): 1, (6, 0): 1}
		assert busy["share"].tolist() == [0.5, 0.25, 0.25]
		assert found.loc[(0, 17), "revenue"] == 20

	@pytest.mark.parametrize("lines", [[], [line("ann", 0, posted_at=None)]], ids=["empty", "no time of day"])
	def test_nothing(self, lines):
		orders = orders_of([row | {"posted_at": row["posted_at"] or pd.NaT} for row in lines], AS_OF)
		found = preferences.peak_times(orders, AS_OF)
		assert len(found) == 168 and found["orders"].sum() == 0 and found["share"].sum() == 0


class TestSeason:
	def season(self, lines, as_of=AS_OF):
		return preferences.season(orders_of(lines, as_of), daily_of(lines, as_of), as_of).set_index("month")

	def test_by_hand(self):
		lines = [line("ann", date(2024, 1, 1), net=31), line("ann", date(2024, 2, 1), net=58)]
		found = self.season(lines, date(2024, 3, 1))
		assert found["days"].tolist() == [31, 29] + [0] * 10
		# 89 in 60 days; January 1 a day, February 2
		assert found.loc[1, "index_revenue"] == pytest.approx(1 / (89 / 60))
		assert found.loc[2, "index_revenue"] == pytest.approx(2 / (89 / 60))
		assert found["index_revenue"].iloc[2:].isna().all()
		assert found["whole"].tolist() == [True, True] + [False] * 10

	def test_a_month_seen_in_part_is_not_whole(self):
		found = self.season([line("ann", date(2024, 1, 10))], date(2024, 3, 1))
		assert found["whole"].tolist() == [False, True] + [False] * 10

	def test_nothing(self):
		found = self.season([])
		assert found["orders"].sum() == 0 and found["index_orders"].isna().all()
