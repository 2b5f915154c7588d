"""Orders unlike the customer's own: the z by hand, the flag, and that nothing later changes it."""

from datetime import date, timedelta

import ibis
import numpy as np
import pandas as pd
import pytest

from ccms_app.scoring import anomalies

START = date(2024, 1, 1)
COLUMNS = {"customer": "string", "day": "date", "order_no": "int64", "value": "float64", "items": "int64"}


def orders(*rows: tuple, every: int = 1) -> ibis.expr.types.Table:
	"""(customer, value, items) in the order in which they were placed."""
	seen: dict[str, int] = {}
	found = []
	for customer, value, items in rows:
		number = seen[customer] = seen.get(customer, 0) + 1
		day = START + timedelta(days=number * every)
		found.append((customer, day, number, float(value), items))
	return ibis.memtable(pd.DataFrame(found, columns=list(COLUMNS)), schema=ibis.schema(COLUMNS))


def crowd(customers: int = 60, each: int = 20, seed: int = 5) -> list[tuple]:
	"""Customers of steady habits, each with its own level."""
	random = np.random.default_rng(seed)
	return [
		(f"c{number:02}", 10 * (1 + number) * random.lognormal(0, 0.2), int(random.integers(2, 6)))
		for number in range(customers)
		for _order in range(each)
	]


def test_z_by_hand():
	e = np.e
	found = anomalies.score(
		orders(("ann", 1, 1), ("ann", 1, 1), ("ann", e, 1), ("ann", e, 1), ("ann", e**2, 1), ("ann", e**5, 2))
	)
	assert len(found) == 1
	order = found.iloc[0]
	# earlier ln values 0 0 1 1 2: median 1, absolute deviations 0 0 1 1 1 → median 1; no company to learn a spread from
	spread = (5 * 1.4826 * 1 + 20 * anomalies.SPREAD) / 25
	assert order["order_no"] == 6
	assert order["usual_value"] == pytest.approx(e)
	assert order["z"] == pytest.approx((5 - 1) / spread)
	assert order["z_per_item"] == pytest.approx((5 - np.log(2) - 1) / spread)


def test_five_earlier_orders_are_needed_and_those_without_value_do_not_count():
	rows = [("ann", 10, 1)] * 3 + [("ann", 0, 1)] * 4 + [("ann", 10, 1)] * 2
	assert len(anomalies.score(orders(*rows))) == 0
	found = anomalies.score(orders(*rows, ("ann", 500, 1)))
	assert list(found["value"]) == [500]


def test_a_slip_of_the_keyboard_is_flagged_and_nothing_else():
	rows = crowd()
	place = 15 * 20 + 10
	customer, value, items = rows[place]
	rows[place] = (customer, value * 25, items)
	found = anomalies.score(orders(*rows))
	flagged = found[found["flagged"]]
	assert list(zip(flagged["customer"], flagged["order_no"], strict=True)) == [("c15", 11)]
	assert flagged["z"].iloc[0] > anomalies.LIMIT
	assert found.index[found["flagged"]].tolist() == [0]


def test_a_large_order_of_many_items_is_less_odd_than_one_of_few():
	base = crowd()
	few, many = ([*base, ("c10", 900, items)] for items in (3, 30))
	scores = [anomalies.score(orders(*rows)) for rows in (few, many)]
	last = [found[(found["customer"] == "c10") & (found["order_no"] == 21)].iloc[0] for found in scores]
	assert last[0]["z"] == pytest.approx(last[1]["z"])
	assert last[0]["score"] > last[1]["score"]


def test_what_comes_later_changes_no_z():
	rows = crowd()
	by_number = sorted(rows, key=lambda row: row[0])
	early = orders(*[row for number, row in enumerate(by_number) if number % 20 < 12], every=5)
	later = orders(*by_number, every=5)
	before, after = (
		anomalies.score(each).set_index(["customer", "order_no"])[["z", "z_per_item", "usual_value"]]
		for each in (early, later)
	)
	assert len(before) and len(after) > len(before)
	pd.testing.assert_frame_equal(after.loc[before.index], before)


def test_only_the_latest_orders_are_remembered():
	rows = [("ann", 1000, 1)] * 60 + [("ann", 10, 1)] * anomalies.MEMORY + [("ann", 10, 1)]
	found = anomalies.score(orders(*rows)).set_index("order_no")
	assert found.loc[len(rows), "z"] == 0
	assert found.loc[61, "z"] < -5


def test_since_judges_the_new_with_the_memory_of_the_old():
	rows = crowd()
	everything = anomalies.score(orders(*rows)).set_index(["customer", "order_no"])
	since = START + timedelta(days=15)
	recent = anomalies.score(orders(*rows), since).set_index(["customer", "order_no"])
	assert recent["day"].min() == pd.Timestamp(since)
	assert len(recent) == 60 * 6
	assert recent["z"].to_dict() == everything.loc[recent.index, "z"].to_dict()


def test_scaling_all_amounts_changes_no_z():
	rows = crowd()
	before, after = (
		anomalies.score(orders(*each)).set_index(["customer", "order_no"]).sort_index()
		for each in (rows, [(customer, 7 * value, items) for customer, value, items in rows])
	)
	assert after["z"].to_numpy() == pytest.approx(before["z"].to_numpy(), abs=1e-9)
	assert after["usual_value"].to_numpy() == pytest.approx(7 * before["usual_value"].to_numpy())


def test_adding_a_customer_moves_ranks_only():
	rows = crowd()
	# under 100 earlier deviations in a month the spread is the same constant with and without them
	more = [*rows, *[("zoe", 50, 3)] * 10]
	before, after = (
		anomalies.score(orders(*each)).set_index(["customer", "order_no"]) for each in (rows, more)
	)
	assert after.loc[before.index, "z"].to_numpy() == pytest.approx(before["z"].to_numpy())


@pytest.mark.parametrize("value", [10, 0], ids=["all alike", "all for nothing"])
def test_orders_that_are_all_alike_are_not_odd(value):
	found = anomalies.score(orders(*[(f"c{number}", value, 2) for number in range(30) for _ in range(20)]))
	assert not found["flagged"].any()
	assert np.isfinite(found["z"]).all()


def test_without_orders():
	found = anomalies.score(orders())
	assert len(found) == 0
	assert {*anomalies.COLUMNS, "score", "flagged"} == set(found.columns)
