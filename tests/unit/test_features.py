"""Every measure of a customer, against figures worked out by hand (docs/behaviour.md)."""

import math
from datetime import date, timedelta

import pandas as pd
import pyarrow as pa
import pytest

from ccms_app.behaviour import cycle
from ccms_app.behaviour.engine import Engine
from ccms_app.behaviour.features import COLUMNS, compute, features
from ccms_app.behaviour.lines import SCHEMA
from ccms_app.behaviour.private import PRIVATE
from ccms_app.behaviour.settings import Settings
from tests.unit.shop_lines import MONDAY, line, returned

SETTINGS = Settings()


@pytest.fixture(scope="module")
def engine():
	with Engine() as running:
		yield running


@pytest.fixture
def known(engine):
	def _known(
		rows: list[dict], as_of: date | int = 100, settings=SETTINGS, gap: float | None = None
	) -> pd.DataFrame:
		day = as_of if isinstance(as_of, date) else MONDAY + timedelta(days=as_of)
		lines = engine.lines(pa.Table.from_pylist(rows, schema=SCHEMA))
		return compute(engine, lines, day, settings, gap).set_index("customer")

	return _known


def test_the_columns_are_those_promised_and_the_rows_are_sorted(known):
	found = known([line("ben", 1), line("ann", 0)])
	assert ["customer", *found.columns] == list(COLUMNS)
	assert found.index.tolist() == ["ann", "ben"]


def test_one_order(known):
	ann = known([line("ann", 10, net=20)], as_of=40).loc["ann"]
	assert (ann["orders"], ann["x"], ann["gaps"], ann["t_x"], ann["age"]) == (1, 0, 0, 0, 30)
	assert ann["first_order"] == ann["last_order"] == pd.Timestamp("2024-01-11")
	assert ann[["gap_median", "gap_mean", "gap_sd", "trend_orders"]].isna().all()
	# the company has no gaps: 30 days stand for its cycle and for hers
	assert (ann["company_gap"], ann["own_cycle"], ann["ratio"]) == (30, 30, 1)


def test_windows_begin_so_many_days_before_the_as_of_and_end_before_it(known):
	days = {1: 1.0, 90: 2.0, 91: 4.0, 365: 8.0, 366: 16.0, 455: 32.0, 456: 64.0, 730: 128.0, 731: 256.0}
	as_of = date(2026, 6, 1)
	rows = [line("ann", as_of - timedelta(days=ago), net=net) for ago, net in days.items()]
	rows += [line("ann", as_of, net=512.0), line("ann", as_of + timedelta(days=3), net=1024.0)]
	ann = known(rows, as_of).loc["ann"]
	assert (ann["orders"], ann["revenue"]) == (9, 511)
	assert (ann["orders_90"], ann["revenue_90"]) == (2, 3)
	assert (ann["orders_365"], ann["revenue_365"]) == (4, 15)
	assert (ann["orders_rfm"], ann["revenue_rfm"]) == (8, 255)
	assert (ann["orders_prev"], ann["revenue_prev"]) == (4, 60)
	assert ann["trend_orders"] == pytest.approx((2 / 90) / (4 / 365) - 1)
	assert ann["trend_revenue"] == pytest.approx((3 / 90) / (60 / 365) - 1)


def test_gaps_and_the_own_cycle(known):
	rows = [line("ann", day) for day in (0, 10, 30, 90)]
	ann = known(rows, as_of=100).loc["ann"]
	assert (ann["gaps"], ann["gap_median"], ann["gap_mean"]) == (3, 20, 30)
	assert ann["gap_sd"] == pytest.approx(math.sqrt((400 + 100 + 900) / 2))
	# three gaps of the company's 30 days, and three of her own 20
	assert ann["own_cycle"] == 25
	assert ann["ratio"] == pytest.approx(10 / 25)


def test_the_company_gap_is_the_median_of_all_gaps_once_there_are_a_hundred(known):
	many = [line("ann", day * 2) for day in range(60)]
	few = [line("ben", day * 9) for day in range(41)]
	assert known(many + few, as_of=500)["company_gap"].tolist() == [30, 30]
	found = known([*many, *few, line("ben", 41 * 9)], as_of=500)
	assert found["company_gap"].tolist() == [2, 2]
	assert found.loc["ben", "own_cycle"] == pytest.approx((3 * 2 + 41 * 9) / 44)
	assert known(many + few, as_of=500, gap=50)["company_gap"].tolist() == [50, 50]


@pytest.mark.parametrize(
	"median, gaps, company, days",
	[
		(None, 0, 30, 30),
		(math.nan, 0, 3, 7),
		(1, 500, 30, 7),
		(900, 40, 30, 365),
		(20, 3, 30, 25),
		(14, 1, 30, 26),
	],
)
def test_the_own_cycle_stays_between_a_week_and_a_year(median, gaps, company, days):
	assert cycle.own_cycle(median, gaps, company) == days


def test_the_live_cycle_is_the_nightly_one(known):
	rows = [line(f"c{number}", day * (number + 1)) for number in range(12) for day in range(number + 1)]
	found = known(rows, as_of=400)
	live = [cycle.own_cycle(row.gap_median, row.gaps, row.company_gap) for row in found.itertuples()]
	assert found["own_cycle"].tolist() == pytest.approx(live, abs=1e-9)


def test_baskets_count_orders_of_some_value_and_different_items(known):
	rows = [
		line("ann", 0, "tea", 10),
		line("ann", 0, "tea", 10, line="again"),
		line("ann", 0, "milk", 4),
		line("ann", 1, "tea", 0, is_free=True),
		line("ann", 2, "tea", 6),
	]
	ann = known(rows).loc["ann"]
	assert (ann["orders"], ann["valued_orders"]) == (3, 2)
	assert ann["basket_value"] == 15
	assert ann["basket_items"] == pytest.approx(4 / 3)


def test_peaks_are_the_commonest_and_ties_go_to_the_smaller(known):
	rows = [
		line("ann", 0, hour=9),  # Monday, January
		line("ann", 1, hour=17),  # Tuesday
		line("ann", 35, hour=17),  # Monday, February
		line("ann", 36, hour=9),  # Tuesday
		line("ann", 37, hour=12),  # Wednesday, February
	]
	ann = known(rows).loc["ann"]
	assert (ann["peak_hour"], ann["peak_hour_share"]) == (9, 0.4)
	assert (ann["peak_weekday"], ann["peak_weekday_share"]) == (0, 0.4)
	assert (ann["peak_month"], ann["peak_month_share"]) == (2, 0.6)


def test_a_sunday_in_december_before_midnight(known):
	ann = known([line("ann", date(2023, 12, 31), hour=23)]).loc["ann"]
	assert (ann["peak_hour"], ann["peak_weekday"], ann["peak_month"]) == (23, 6, 12)


def test_no_time_of_day_is_no_peak_hour(known):
	ann = known([line("ann", 0) | {"posted_at": None}]).loc["ann"]
	assert pd.isna(ann["peak_hour"]) and pd.isna(ann["peak_hour_share"])
	assert ann["peak_weekday"] == 0


def test_favourites_go_by_orders_then_by_what_was_paid_then_by_name(known):
	def bought(customer: str, *things: tuple[int, str, float]) -> list[dict]:
		return [
			line(
				customer,
				day,
				item,
				net,
				item_group=f"group of {item}",
				brand=f"brand of {item}",
				line=f"{customer}{number}",
			)
			for number, (day, item, net) in enumerate(things)
		]

	found = known(
		bought("by orders", (0, "tea", 1), (1, "tea", 1), (2, "milk", 50), (2, "milk", 50), (2, "milk", 50))
		+ bought("by paid", (0, "tea", 5), (1, "milk", 9), (2, "soap", 7))
		+ bought("by name", (0, "tea", 0.3), (1, "milk", 0.1), (1, "milk", 0.2), (2, "zinc", 0.3))
	)
	assert found["favourite_item"].to_dict() == {"by orders": "tea", "by paid": "milk", "by name": "milk"}
	assert found.loc["by orders", "favourite_group"] == "group of tea"
	assert found.loc["by paid", "favourite_brand"] == "brand of milk"


def test_what_is_private_is_no_favourite(known):
	def hidden(customer: str, day: int) -> dict:
		return line(customer, day, PRIVATE, 100, item_group=None, brand=None, line=f"{customer}{day}")

	found = known([*(hidden("ann", day) for day in range(3)), line("ann", 5, "tea"), hidden("ben", 1)])
	assert found.loc["ann", "favourite_item"] == "tea" and found.loc["ann", "orders"] == 4
	assert pd.isna(found.loc["ben", "favourite_item"]) and found.loc["ben", "orders"] == 1


def test_items_of_one_group_in_one_order_count_once(known):
	rows = [
		line("ann", 0, "tea", 1, item_group="drinks"),
		line("ann", 0, "milk", 1, item_group="drinks"),
		line("ann", 1, "soap", 1, item_group="house"),
		line("ann", 2, "soap", 1, item_group="house", brand=None),
	]
	ann = known(rows).loc["ann"]
	assert (ann["favourite_group"], ann["favourite_brand"]) == ("house", "House")


def test_no_brand_is_no_favourite(known):
	found = known([line("ann", 0, brand=None, item_group=None)])
	assert found[["favourite_brand", "favourite_group"]].isna().all(axis=None)


def test_what_came_back_whole_is_nobodys_favourite(known):
	rows = [line("ann", 0, "tea", 5)]
	for day in (1, 2):
		sold = line("ann", day, "soap", 50)
		rows += [sold, returned(sold, day + 5)]
	ann = known(rows).loc["ann"]
	assert (ann["orders"], ann["favourite_item"], ann["basket_items"]) == (1, "tea", 1)


def test_home_is_where_most_orders_are_and_the_seller_that_of_the_last(known):
	more = {"customer_group": "Retail", "territory": "North"}
	rows = [
		line("ann", 0, branch="B", channel="POS", sales_person="Kim", **more),
		line("ann", 1, branch="B", channel="Invoice", sales_person="Kim", **more),
		line(
			"ann",
			2,
			net=99,
			branch="A",
			channel="Invoice",
			sales_person="Lee",
			customer_group="Firms",
			territory="South",
		),
		line("ben", 0, branch=None),
		line("ben", 1, net=1, branch="A"),
		line("ben", 2, net=1, branch="C"),
	]
	found = known(rows)
	ann, ben = found.loc["ann"], found.loc["ben"]
	assert (ann["home_branch"], ann["home_channel"]) == ("B", "Invoice")
	assert (ann["customer_group"], ann["territory"], ann["sales_person"]) == ("Firms", "South", "Lee")
	assert ben["home_branch"] == "A"
	assert pd.isna(ben["home_channel"]) and pd.isna(ben["sales_person"])


def test_the_return_rate_counts_linked_returns_of_sales_in_the_year(known):
	old, whole, part = line("ann", 0, net=100), line("ann", 400, net=60), line("ann", 410, net=40, qty=4.0)
	rows = [old, whole, part, returned(old, 405), returned(whole, 406), returned(part, 420, 10)]
	rows.append(returned(line("ann", 411, net=500), 421, linked=False))
	rows.append(returned(part, 600, 10))
	ann = known(rows, as_of=500).loc["ann"]
	assert (ann["sold_365"], ann["returned_365"], ann["return_rate"]) == (100, 70, 0.7)
	assert (ann["orders"], ann["revenue"]) == (1, 200 - 100 - 60 - 10 - 500)


def test_nothing_sold_in_the_year_has_no_return_rate(known):
	ann = known([line("ann", 0)], as_of=500).loc["ann"]
	assert pd.isna(ann["return_rate"]) and ann["sold_365"] == 0


def test_a_return_of_more_than_was_sold_is_a_rate_of_one(known):
	sold = line("ann", 0, net=10)
	rows = [sold, line("ann", 0, "milk", 1), returned(sold, 2, 30), line("ann", 5, net=1)]
	assert known(rows).loc["ann", "return_rate"] == 1


def test_prices_paid_below_list_and_discounts(known):
	rows = [
		line("ann", 0, "tea", 8, ratio=0.8, list_amount=10.0),
		line("ann", 0, "milk", 10, ratio=1.0, list_amount=10.0),
		line("ann", 1, "soap", 12, ratio=1.2, list_amount=10.0),
		line("ann", 1, "cup", 5),
		line("ben", 1, "cup", 5),
	]
	found = known(rows)
	assert found.loc["ann", "priced_lines"] == 3
	assert found.loc["ann", "below_list_share"] == pytest.approx(1 / 3)
	assert found.loc["ann", "discount_365"] == pytest.approx(2)
	assert pd.isna(found.loc["ben", "below_list_share"])


def test_margin_and_the_part_of_revenue_that_has_one(known):
	sold = line("ann", 0, net=30, margin=12.0)
	rows = [sold, line("ann", 400, "cup", 10), line("ann", 400, net=30, margin=6.0), line("ben", 0)]
	found = known(rows, as_of=450)
	ann = found.loc["ann"]
	assert (ann["margin"], ann["margin_365"]) == (18, 6)
	assert ann["margin_covered"] == pytest.approx(60 / 70)
	assert ann["margin_covered_365"] == pytest.approx(30 / 40)
	assert pd.isna(found.loc["ben", "margin"]) and found.loc["ben", "margin_covered"] == 0


def test_only_returns_and_debit_notes_is_a_customer_without_orders(known):
	rows = [
		returned(line("ann", 0, net=30), 4, linked=False),
		line("ben", 3, net=5, is_debit_note=True),
		line("cat", 0),
	]
	found = known(rows)
	assert found["orders"].tolist() == [0, 0, 1]
	assert found["revenue"].tolist() == [-30, 5, 10]
	ann = found.loc["ann"]
	assert (
		ann[["first_order", "age", "t_x", "ratio", "basket_value", "basket_items", "favourite_item"]]
		.isna()
		.all()
	)
	assert (ann["x"], ann["gaps"], ann["own_cycle"]) == (0, 0, 30)


@pytest.mark.parametrize(
	"rows",
	[
		[],
		[line("ann", 200)],
		[line("till", 0, invoice=f"T{number}") for number in range(30)],
	],
	ids=["nothing", "only the future", "only a walk-in"],
)
def test_nobody_is_an_empty_table_with_all_columns(known, rows):
	found = known(rows)
	assert (len(found), ["customer", *found.columns]) == (0, list(COLUMNS))


def test_all_on_one_day(known):
	found = known([line(f"c{number}", 0, net=number - 2) for number in range(5)], as_of=1)
	assert found["orders"].tolist() == [1] * 5
	assert found["age"].tolist() == [1] * 5
	assert found["valued_orders"].tolist() == [0, 0, 0, 1, 1]


def test_one_query_and_many_steps_are_the_same(known, engine):
	rows = [line(f"c{number % 7}", number * 3 % 90, f"item {number % 5}", number) for number in range(200)]
	stepwise = known(rows)
	lines = engine.lines(pa.Table.from_pylist(rows, schema=SCHEMA))
	at_once = engine.frame(features(lines, MONDAY + timedelta(days=100), SETTINGS))
	at_once = at_once.set_index("customer").sort_index()
	pd.testing.assert_frame_equal(at_once, stepwise, rtol=1e-9)


def test_what_sums_up_to_nothing_is_nothing_to_compare_with(known):
	"""0.1 + 0.2 - 0.3 is not 0 in doubles."""
	before = [line("ann", 0, net=0.1), line("ann", 1, net=0.2)]
	back = returned(line("ann", 0, net=0.3), 2, linked=False)
	ann = known([*before, back, line("ann", 200, net=5)], as_of=210).loc["ann"]
	assert (ann["orders_prev"], ann["orders_90"]) == (2, 1)
	assert pd.isna(ann["trend_revenue"]) and ann["trend_orders"] > 1


def test_amounts_beyond_all_counting_are_compared_without_failing(known):
	rows = [line("ann", 0, "tea", 1e15), line("ann", 1, "milk", 1e18), line("ann", 2, "zinc", -1e18, qty=1.0)]
	ann = known(rows).loc["ann"]
	assert (ann["favourite_item"], ann["revenue"]) == ("milk", 1e15)
