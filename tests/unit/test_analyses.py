"""The analyses on both engines, and on the orders that `behaviour.orders` really makes."""

from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from ccms_app.behaviour import cohorts, demand, elasticity, funnel, pairs, preferences, price, service
from ccms_app.behaviour.engine import Engine, EngineError
from ccms_app.behaviour.lines import SCHEMA
from ccms_app.behaviour.orders import daily, orders, purchases
from ccms_app.behaviour.returned import undone
from ccms_app.behaviour.settings import Settings
from ccms_app.scoring import anomalies
from tests.unit.shop_lines import daily_of, orders_of, returned

AS_OF = date(2024, 3, 11)
SETTINGS = Settings()


def shop(customers: int = 120, visits: int = 12, seed: int = 2) -> list[dict]:
	"""Fifteen months of a shop with ties, gaps, returns, lines without list price, branch or time of day."""
	random = np.random.default_rng(seed)
	rows = []
	for customer in range(customers):
		for visit in range(int(random.integers(1, visits))):
			day = date(2023, 1, 2) + timedelta(days=int(random.integers(0, 430)))
			invoice = f"{customer}-{visit}"
			for item in sorted(random.choice(12, int(random.integers(1, 5)), replace=False)):
				ratio = [None, 1.0, 0.9, 0.75][int(random.integers(0, 4))]
				qty = float(random.integers(1, 4))
				rows.append(
					{
						"voucher_type": "POS Invoice" if customer % 3 else "Sales Invoice",
						"invoice": invoice,
						"line": f"{invoice}-{item}",
						"posted_at": datetime(day.year, day.month, day.day, int(random.integers(8, 20)), 30),
						"day": day,
						"customer": f"c{customer:03}",
						"item": f"item {item}",
						"item_group": f"group {item % 4}" if item else None,
						"brand": ["A", "B", None][item % 3],
						"qty": qty,
						"stock_qty": qty,
						"net_amount": round(qty * (item + 1) * (ratio or 1), 2),
						"paid_ratio": ratio,
						"is_return": False,
						"is_debit_note": False,
						"is_free": False,
						"branch": ["North", "South"][customer % 2],
					}
				)
				if random.random() < 0.05:
					rows.append(
						returned(rows[-1], day + timedelta(days=3)) | {"invoice": f"{invoice}-R{item}"}
					)
	return rows


def arrow(rows: list[dict]) -> pa.Table:
	return pa.Table.from_pylist(rows, schema=SCHEMA)


ISSUES = pd.DataFrame(
	{
		"customer": ["c001", "c002", "c003"],
		"opened_on": [date(2024, 1, 1)] * 3,
		"voucher_type": ["POS Invoice", "POS Invoice", None],
		"invoice": ["1-0", "2-0", None],
		"item": ["item 3", None, "item 4"],
	}
)


def test_what_came_back_as_a_whole_is_known_without_the_orders():
	with Engine() as engine:
		lines = engine.lines(arrow(shop()))
		wanted = engine.frame(purchases(lines, AS_OF, SETTINGS).undone)
		found = engine.frame(undone(lines))
	assert len(found)
	key = ["customer", "day"]
	pd.testing.assert_frame_equal(
		found.sort_values(key, ignore_index=True), wanted.sort_values(key, ignore_index=True)
	)


def everything(lines, bought, earned) -> dict[str, pd.DataFrame]:
	"""Every analysis, by name, on tables of one engine."""
	limits = {"orders": 5, "support": 3}
	panel = elasticity.item_weeks(lines, AS_OF)
	found = {
		"response": price.response(lines, AS_OF),
		"weeks": panel,
		"elasticity": elasticity.PriceModel(weeks=8).fit(panel).elasticity_,
		"lift": elasticity.promotion_lift(panel),
		"pairs": pairs.pairs(lines, AS_OF, **limits),
		"pairs of groups": pairs.pairs(lines, AS_OF, by="item_group", **limits),
		"retention": cohorts.retention(bought, earned, AS_OF),
		"second": cohorts.second_purchase(bought, AS_OF),
		"new": cohorts.new_and_repeat(bought, earned, AS_OF),
		"outlook": demand.outlook(lines, AS_OF),
		"revenue": demand.outlook(lines, AS_OF, by="branch", measure="revenue"),
		"funnel": funnel.stages_on(bought, AS_OF - timedelta(days=30), SETTINGS),
		"peak": preferences.peak_times(bought, AS_OF),
		"season": preferences.season(bought, earned, AS_OF),
		"anomalies": anomalies.score(bought),
	}
	for by in ("customer", "item", "item_group", "branch"):
		found[f"returns by {by}"] = service.returns(lines, AS_OF, by)
		found[f"complaints by {by}"] = service.complaints(lines, ISSUES, AS_OF, by)
	for by in ("item", "item_group", "brand"):
		found[f"favourite {by}"] = preferences.favourites(lines, AS_OF, by)
	return found


def on(name: str, master: str | None = None, config: dict | None = None) -> dict[str, pd.DataFrame]:
	with Engine(name, master, config=config) as engine:
		lines = engine.lines(arrow(shop()))
		# computed once, as a site keeps them
		bought = engine.table(engine.arrow(orders(lines, AS_OF, SETTINGS)))
		earned = engine.table(engine.arrow(daily(lines, AS_OF, SETTINGS)))
		return everything(lines, bought, earned)


@pytest.fixture(scope="module")
def duckdb() -> dict[str, pd.DataFrame]:
	return on("duckdb")


def test_every_analysis_finds_something(duckdb):
	for name, found in duckdb.items():
		assert len(found), name
	assert duckdb["elasticity"]["elasticity"].notna().any()
	assert duckdb["returns by item"]["returned"].sum() > 0
	assert duckdb["complaints by branch"]["complaints"].sum() == 3


def test_orders_counted_by_hand_are_those_of_the_engine():
	rows = shop(40, 6)
	with Engine() as engine:
		lines = engine.lines(arrow(rows))
		real = engine.frame(orders(lines, AS_OF, SETTINGS))
		earned = engine.frame(daily(lines, AS_OF, SETTINGS))
	by_hand = orders_of(rows, AS_OF).to_pandas()
	# the hand keeps what came back altogether
	by_hand = by_hand[by_hand["value"] > 0.005].reset_index(drop=True)
	real = real.sort_values(["customer", "day"], ignore_index=True)
	assert list(zip(real["customer"], real["day"], strict=True)) == list(
		zip(by_hand["customer"], pd.to_datetime(by_hand["day"]), strict=True)
	)
	assert real["value"].to_numpy() == pytest.approx(by_hand["value"].to_numpy())
	assert real["items"].tolist() == by_hand["items"].tolist()
	assert real["first_at"].tolist() == by_hand["first_at"].tolist()
	revenue = earned.groupby(["customer", "day"])["revenue"].sum()
	mine = daily_of(rows, AS_OF).to_pandas()
	assert revenue.to_numpy() == pytest.approx(mine["revenue"].to_numpy())


def test_rows_in_any_order(duckdb):
	rows = shop()
	order = np.random.default_rng(1).permutation(len(rows))
	with Engine() as engine:
		lines = engine.table(arrow([rows[number] for number in order]))
		bought = engine.table(engine.arrow(orders(lines, AS_OF, SETTINGS)))
		earned = engine.table(engine.arrow(daily(lines, AS_OF, SETTINGS)))
		same(everything(lines, bought, earned), duckdb)


def test_spark_finds_the_same(duckdb):
	try:
		# a few thousand rows: one part of each is fastest
		spark = on("spark", "local[2]", {"spark.sql.shuffle.partitions": "1"})
	except EngineError as error:
		pytest.skip(f"SPARK IS NOT TESTED: {error}")
	same(spark, duckdb)


def same(found: dict[str, pd.DataFrame], expected: dict[str, pd.DataFrame]) -> None:
	assert set(found) == set(expected)
	for name, table in expected.items():
		pd.testing.assert_frame_equal(found[name], table, rtol=1e-9, atol=1e-9, obj=name)
