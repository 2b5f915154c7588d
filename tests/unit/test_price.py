"""Price response, elasticity and lift: figures by hand, and what must not change them."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from ccms_app.behaviour import elasticity, price
from tests.unit.shop_lines import MONDAY, line, returned, table

AS_OF = date(2024, 12, 30)


def response(rows, **more):
	return price.response(table(rows), AS_OF, **more).set_index("customer")


def two_items():
	"""Ann and Ben buy tea and jam in two weeks; Ann catches the offers."""
	return [
		line("ann", 0, "tea", ratio=0.8),
		line("ann", 7, "jam", ratio=0.8),
		line("ben", 0, "jam", ratio=1.0),
		line("ben", 7, "tea", ratio=1.0),
		line("cid", 0, "tea", ratio=0.8),
		line("cid", 7, "tea", ratio=1.0),
	]


class TestResponse:
	def test_by_hand(self):
		found = response(two_items())
		# without Ann: tea is below list in 1 of 3 lines, jam in 0 of 1. Week 1 of the others: Ben's jam (0, usually 1 of 1), Cid's tea (1,
		# usually 1 of 2) → (-1 + 1/2) / 2 = -1/4. Week 2: Ben's tea (0, usually 2 of 3), Cid's tea (0, usually 1 of 2) → -7/12
		tea, jam = max(0, 1 / 3 - 1 / 4), max(0, 0 - 7 / 12)
		ann = found.loc["ann"]
		assert (ann.compared_lines, ann.below_list_share) == (2, 1)
		assert ann.expected_share == pytest.approx((tea + jam) / 2)
		assert ann.price_response == pytest.approx((1 - (tea + jam) / 2) * 2 / 22)
		assert ann.price_band == "Unknown"

	def test_what_came_back_as_a_whole_is_not_compared(self):
		sent = line("ann", 14, "tea", ratio=0.8)
		rows = [*two_items(), sent, returned(sent, 20)]
		pd.testing.assert_frame_equal(response(rows), response(two_items()))

	def test_who_catches_offers_is_high_and_who_misses_them_is_low(self):
		rows = []
		for week in range(52):
			offered, other = ("tea", "jam") if week % 2 else ("jam", "tea")
			for customer in range(10):
				rows.append(line(f"usual {customer}", 7 * week, offered, ratio=0.8))
				rows.append(line(f"usual {customer}", 7 * week, other, ratio=1.0))
			rows.append(line("hunter", 7 * week, offered, ratio=0.8))
			rows.append(line("easy", 7 * week, other, ratio=1.0))
		found = response(rows)
		assert found.loc["hunter", "price_band"] == "High"
		assert found.loc["easy", "price_band"] == "Low"
		assert set(found.filter(like="usual", axis=0)["price_band"]) == {"Medium"}
		# a manager may ask for a stronger response, or for more lines to judge from
		assert set(response(rows, edges=(-0.9, 0.9))["price_band"]) == {"Medium"}
		assert set(response(rows, fewest=53).loc[["hunter", "easy"], "price_band"]) == {"Unknown"}

	def test_a_sale_of_the_whole_shop_is_nobodys_response(self):
		rows = []
		for week in range(52):
			ratio = 0.8 if week % 2 else 1.0
			rows += [line(f"usual {customer}", 7 * week, ratio=ratio) for customer in range(10)]
			rows += [line("only in sales", 7 * week, ratio=ratio)] * (week % 2)
		assert response(rows).loc["only in sales", "price_response"] == pytest.approx(0, abs=0.02)

	def test_an_item_nobody_else_buys_says_nothing(self):
		rows = [*two_items(), line("ann", 3, "own blend", ratio=0.5)]
		pd.testing.assert_frame_equal(response(rows), response(two_items()))

	def test_another_customer_of_other_items_changes_nobodys_own_share(self):
		more = [line("dora", 7 * week, "ink", ratio=0.9) for week in range(3)]
		before, after = response(two_items()), response(two_items() + more)
		same = ["compared_lines", "below_list_share"]
		pd.testing.assert_frame_equal(before[same], after.loc[before.index, same])

	def test_order_of_rows_and_names_do_not_matter(self):
		rows = two_items()
		renamed = [
			row | {"customer": {"ann": "zoe"}.get(row["customer"], row["customer"])} for row in rows[::-1]
		]
		before, after = response(rows), response(renamed)
		assert after.loc["zoe", "price_response"] == pytest.approx(before.loc["ann", "price_response"])

	@pytest.mark.parametrize(
		"rows",
		[
			[],
			[line("ann", 0, ratio=0.8)],
			[line("ann", 0), line("ben", 0)],
			[line("ann", 0, ratio=1.0), line("ben", 0, ratio=1.0)],
			[line("ann", 0, ratio=0.5), line("ben", 0, ratio=0.5)],
			[line("ann", 0, ratio=0.5, is_return=True, qty=-1.0), line("ben", 0, ratio=1.0)],
		],
		ids=["empty", "one customer", "no list price", "never below", "always below", "a return"],
	)
	def test_nothing_to_compare(self, rows):
		found = price.response(table(rows), AS_OF)
		assert list(found.columns) == list(price.COLUMNS)
		assert len(found) == 0

	def test_window_and_as_of(self):
		old = [row | {"day": row["day"] - timedelta(days=800)} for row in two_items()]
		later = [row | {"day": AS_OF} for row in two_items()]
		pd.testing.assert_frame_equal(response(two_items() + old + later), response(two_items()))


def shop(slope: float, weeks: int = 52, seed: int = 3) -> list[dict]:
	"""Ten items at moving prices, whose quantity answers with the slope; ten customers every week."""
	random = np.random.default_rng(seed)
	rows = []
	for week in range(weeks):
		busy = 1 + 0.02 * (MONDAY + timedelta(days=7 * week + 3)).month
		for number in range(10):
			ratio = random.choice([1.0, 0.9, 0.75])
			qty = (number + 1) * busy * ratio**slope * random.lognormal(0, 0.05)
			rows.append(
				line(f"c{number}", 7 * week, f"item {number}", ratio=ratio, qty=qty, item_group="Goods")
			)
	return rows


class TestElasticity:
	def test_finds_the_slope_it_was_made_with(self):
		found = elasticity.elasticity(table(shop(-2.0)), AS_OF).iloc[0]
		assert (found["item_group"], found["items"], found["weeks"]) == ("Goods", 10, 52)
		assert found["elasticity"] == pytest.approx(-2.0, abs=0.05)
		assert abs(found["elasticity"] + 2.0) < 3 * found["standard_error"]
		assert found["high"] - found["low"] == pytest.approx(2 * 1.96 * found["standard_error"])

	def test_agrees_with_least_squares_on_dummies(self):
		panel = elasticity.item_weeks(table(shop(-1.0, weeks=40)), AS_OF)
		model = elasticity.PriceModel().fit(panel)
		dummies = pd.get_dummies(panel[["item", "month"]].astype(str), drop_first=True).to_numpy(float)
		design = np.column_stack([np.log(panel["ratio"]), np.ones(len(panel)), dummies])
		y = np.log(panel["qty"] / panel["active"])
		slope, *_rest = np.linalg.lstsq(design, y, rcond=None)[0]
		assert model.elasticity_["elasticity"].iloc[0] == pytest.approx(slope, abs=1e-6)
		fitted = design @ np.linalg.lstsq(design, y, rcond=None)[0]
		assert model.predict(panel) == pytest.approx(fitted, abs=1e-6)

	def test_item_week_by_hand(self):
		rows = [
			line("ann", 0, qty=2, ratio=0.8),
			line("ben", 6, qty=3, ratio=1.0),
			line("cid", 6, "jam"),
			line("ann", 7, qty=1, ratio=1.0, is_return=True),
		]
		found = elasticity.item_weeks(table(rows), date(2024, 1, 15))
		assert len(found) == 1
		week = found.iloc[0]
		assert (week.week, week.month) == (pd.Timestamp(MONDAY), 1)
		assert (week.qty, week.below, week.active) == (5, 0.5, 3)
		assert week.ratio == pytest.approx(0.9)

	def test_a_week_that_is_not_whole_is_left_out(self):
		rows = [line("ann", day, ratio=0.9) for day in (2, 9, 16)]
		found = elasticity.item_weeks(table(rows), date(2024, 1, 18))
		# data begin on a Wednesday, and the third week is still running
		assert list(found["week"]) == [pd.Timestamp(2024, 1, 8)]

	@pytest.mark.parametrize(
		("rows", "items"),
		[
			(shop(-2.0, weeks=25), 0),
			([row | {"paid_ratio": 0.9} for row in shop(-2.0)], 10),
			([row | {"paid_ratio": 0.9 + 0.001 * (number % 2)} for number, row in enumerate(shop(-2.0))], 10),
		],
		ids=["under 26 weeks", "constant price", "hardly moving"],
	)
	def test_empty_rather_than_guessed(self, rows, items):
		found = elasticity.elasticity(table(rows), AS_OF)
		assert list(found["items"]) == [items]
		assert found[["elasticity", "standard_error", "low", "high"]].isna().all(axis=None)

	def test_prices_that_differ_only_between_items_are_no_experiment(self):
		rows = [row | {"paid_ratio": 0.5 + int(row["item"][5:]) / 20} for row in shop(-2.0)]
		found = elasticity.elasticity(table(rows), AS_OF)
		assert found["elasticity"].isna().all() and found["spread"].iloc[0] < 1e-6

	@pytest.mark.parametrize(
		"rows",
		[[], [line("ann", 0)], [line("ann", 0, ratio=0.0)]],
		ids=["empty", "no list price", "given away"],
	)
	def test_nothing_to_learn_from(self, rows):
		found = elasticity.elasticity(table(rows), AS_OF)
		assert found["elasticity"].isna().all()

	def test_scaling_quantities_changes_no_elasticity(self):
		rows = shop(-1.5)
		scaled = [row | {"qty": row["qty"] * 7, "stock_qty": row["stock_qty"] * 7} for row in rows]
		before, after = (elasticity.elasticity(table(each), AS_OF)["elasticity"] for each in (rows, scaled))
		assert before.to_numpy() == pytest.approx(after.to_numpy())

	def test_price_helps_on_weeks_not_seen_and_only_there_where_it_matters(self):
		for slope, better in ((-2.0, True), (0.0, False)):
			panel = elasticity.item_weeks(table(shop(slope)), AS_OF)
			earlier, held_out = elasticity.split(panel, 8)
			assert held_out["week"].nunique() == 8 and earlier["week"].max() < held_out["week"].min()
			with_price, without = (
				elasticity.error(elasticity.PriceModel(price=knows).fit(earlier), held_out)
				for knows in (True, False)
			)
			assert (with_price < 0.7 * without) == better


class TestLift:
	def test_by_hand(self):
		rows = [
			line("ann", 7 * week, qty=6 if week % 2 else 4, ratio=0.8 if week % 2 else 1.0)
			for week in range(8)
		]
		panel = elasticity.item_weeks(table(rows), AS_OF)
		found = elasticity.promotion_lift(panel).iloc[0]
		assert (found["item_group"], found["items"], found["weeks_on"], found["weeks_off"]) == (
			"teas",
			1,
			4,
			4,
		)
		assert found["lift"] == pytest.approx(0.5)
		assert found["ratio_on"] == pytest.approx(0.8)

	def test_a_busy_season_is_no_lift(self):
		rows = [
			line(f"c{number}", 7 * week, ratio=0.8 if week % 2 else 1.0)
			for week in range(8)
			for number in range(5 if week % 2 else 2)
		]
		found = elasticity.promotion_lift(elasticity.item_weeks(table(rows), AS_OF), by="item")
		assert list(found["lift"]) == pytest.approx([0.0])

	@pytest.mark.parametrize("ratio", [1.0, 0.5])
	def test_always_or_never_on_promotion(self, ratio):
		rows = [line("ann", 7 * week, ratio=ratio) for week in range(20)]
		found = elasticity.promotion_lift(elasticity.item_weeks(table(rows), AS_OF))
		assert len(found) == 0 and "lift" in found

	def test_without_rows(self):
		assert len(elasticity.promotion_lift(elasticity.item_weeks(table([]), AS_OF))) == 0
