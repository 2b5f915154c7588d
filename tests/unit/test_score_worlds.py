"""Shops whose customers are drawn by a known rule: what is promised of them is held against what they then do.

Each shop is scored as of a day in the middle of its history; the rest of it is the truth.
"""

from datetime import date, timedelta
from functools import cache

import numpy as np
import pandas as pd
import pytest

from ccms_app.behaviour.engine import Engine
from ccms_app.behaviour.lines import from_facts
from ccms_app.behaviour.settings import Settings
from ccms_app.facts.files import check
from ccms_app.scoring import metrics
from ccms_app.scoring.score import ScoreResult, score

START = pd.Timestamp("2021-01-04")
PEAK = 5.0


def facts(bought: list[tuple[int, np.ndarray]], seed: int) -> pd.DataFrame:
	"""One line an order, from the days (of the shop's first) on which each customer bought."""
	rng = np.random.default_rng(seed)
	customer = np.concatenate([np.full(len(days), number) for number, days in bought])
	day = np.concatenate([days for _, days in bought]).astype(int)
	usual = rng.gamma(3, 12, customer.max() + 1)
	lines = pd.DataFrame({"customer": [f"C{number:05d}" for number in customer]})
	lines["posted_at"] = START + pd.to_timedelta(day, unit="D")
	lines["net_amount"] = np.round(usual[customer] * rng.lognormal(-0.18, 0.6, len(lines)), 2)
	return lines.assign(invoice=[f"S{n}" for n in range(len(lines))], item="tea", qty=1.0)


def come(rng, rate: float, begin: float, end: float) -> np.ndarray:
	"""The first order, and the later ones at random times."""
	return np.append(begin, rng.uniform(begin, end, rng.poisson(rate * max(end - begin, 0))))


def leaving(customers: int = 1500, days: int = 800, seed: int = 1) -> pd.DataFrame:
	"""Many kinds of customers, who come at random and one day come no more."""
	rng = np.random.default_rng(seed)
	bought = []
	for number in range(customers):
		begin = rng.uniform(0, days - 60)
		end = min(days, begin + rng.exponential(300))
		bought.append((number, come(rng, rng.gamma(0.8, 1 / 30), begin, end)))
	return facts(bought, seed)


def clockwork(customers: int = 900, days: int = 700, seed: int = 2) -> pd.DataFrame:
	"""Everybody comes every two weeks, four weeks or quarter of a year, until one day they do not."""
	rng = np.random.default_rng(seed)
	bought = []
	for number in range(customers):
		cycle, begin = rng.choice([14, 28, 28, 91]), rng.uniform(0, days - 100)
		times = begin + cycle * np.arange(rng.geometric(0.06))
		bought.append((number, (times + rng.integers(0, 2, len(times)))[times < days - 2]))
	return facts(bought, seed)


def alike(customers: int = 700, days: int = 700, seed: int = 3) -> pd.DataFrame:
	"""All customers are the same: nothing can be known of one that is not true of all."""
	rng = np.random.default_rng(seed)
	return facts([(n, come(rng, 1 / 250, rng.uniform(0, 300), days)) for n in range(customers)], seed)


def once(customers: int = 4000, days: int = 700, seed: int = 4) -> pd.DataFrame:
	"""Three in a hundred ever come back."""
	rng = np.random.default_rng(seed)
	bought = []
	for number in range(customers):
		times = np.array([rng.uniform(0, days)])
		if rng.random() < 0.03:
			times = np.append(times, times + rng.exponential(120))
		bought.append((number, times[times < days]))
	return facts(bought, seed)


def christmas(customers: int = 1800, days: int = 800, seed: int = 5) -> pd.DataFrame:
	"""Five times the orders in the six weeks before the end of each year."""
	rng = np.random.default_rng(seed)

	def busy(times: np.ndarray) -> np.ndarray:
		of_year = (times + 4) % 365.25
		return (of_year > 315) & (of_year < 358)

	bought = []
	for number in range(customers):
		begin = rng.uniform(0, days - 100)
		end = min(days, begin + rng.exponential(900))
		times = rng.uniform(begin, end, rng.poisson(rng.gamma(1.0, 1 / 70) * PEAK * (end - begin)))
		kept = busy(times) | (rng.random(len(times)) < 1 / PEAK)
		bought.append((number, np.append(begin, times[kept])))
	return facts(bought, seed)


class Outcome:
	"""Scores as of a day, beside what the customers predicted did within the horizon."""

	def __init__(self, lines: pd.DataFrame, as_of: date, horizon: int):
		self.found = scored(lines, as_of, horizon)
		self.scores = self.found.scores.dropna(subset=["churn_probability"]).set_index("customer")
		begin = pd.Timestamp(as_of)
		then = lines[
			(lines["posted_at"] >= begin) & (lines["posted_at"] < begin + pd.Timedelta(days=horizon))
		]
		daily = then.groupby(["customer", "posted_at"])["net_amount"].sum().groupby("customer")
		self.orders = daily.size().reindex(self.scores.index).fillna(0).to_numpy()
		self.revenue = daily.sum().reindex(self.scores.index).fillna(0).to_numpy()
		self.gone = self.orders == 0
		self.churn = self.scores["churn_probability"].to_numpy()

	def covered(self, target: str) -> float:
		low, high = (self.scores[f"expected_{target}_{end}"] for end in ("low", "high"))
		return metrics.coverage(getattr(self, target), low.to_numpy(), high.to_numpy())

	def total_error(self, target: str) -> float:
		return metrics.total_error(getattr(self, target), self.scores[f"expected_{target}"].to_numpy())

	def windows(self, lines: pd.DataFrame, as_of: date, horizon: int) -> float:
		"""Share of those who came within the horizon that came in their window."""
		begin = pd.Timestamp(as_of)
		then = lines[
			(lines["posted_at"] >= begin) & (lines["posted_at"] < begin + pd.Timedelta(days=horizon))
		]
		first = then.groupby("customer")["posted_at"].min().reindex(self.scores.index)
		told = self.scores["next_purchase_from"].notna() & first.notna()
		inside = (first >= self.scores["next_purchase_from"]) & (first <= self.scores["next_purchase_to"])
		return float(inside[told].mean())


def scored(lines: pd.DataFrame, as_of: date, horizon: int, threads: int = 1) -> ScoreResult:
	known = check(lines, "world")
	with Engine(threads=threads) as engine:
		return score(engine, engine.lines(from_facts(known)), as_of, horizon, Settings())


@cache
def leavers() -> tuple[pd.DataFrame, Outcome]:
	lines = leaving()
	return lines, Outcome(lines, date(2022, 11, 17), 90)


def test_who_leaves_at_random_is_told_from_who_stays():
	lines, shop = leavers()
	assert metrics.auc(shop.gone, shop.churn) > metrics.auc(shop.gone, shop.scores["ratio"].to_numpy()) + 0.02
	assert metrics.brier(shop.gone, shop.churn) < 0.85 * shop.gone.mean() * (1 - shop.gone.mean())
	assert metrics.largest_gap(metrics.calibration(shop.gone, shop.churn, 5)) < 0.1
	for target in ("orders", "revenue"):
		assert abs(shop.total_error(target)) < 0.25
		assert 0.72 <= shop.covered(target) <= 0.88
	assert 0.4 <= shop.windows(lines, date(2022, 11, 17), 90) <= 0.6


def test_the_number_of_threads_changes_no_score():
	lines, shop = leavers()
	again = scored(lines.sample(frac=1, random_state=8), date(2022, 11, 17), 90, threads=3)
	pd.testing.assert_frame_equal(again.scores, shop.found.scores, rtol=1e-9, atol=1e-9)


def test_who_comes_by_the_clock_is_missed_soon():
	lines, as_of = clockwork(), date(2022, 8, 18)
	shop = Outcome(lines, as_of, 90)
	# BG/NBD knows random times only: here a challenger must have won, and by far
	assert shop.found.facts["champion"] not in ("BG/NBD", "Base rate", "Recency")
	briers = {m.model: m.value for m in shop.found.metrics if m.metric == "brier"}
	assert metrics.brier(shop.gone, shop.churn) < 0.6 * min(briers["BG/NBD"], briers["Recency"])
	assert 0.72 <= shop.covered("orders") <= 0.88
	assert 0.4 <= shop.windows(lines, as_of, 90) <= 0.6


def test_a_history_without_an_earlier_cut_off_has_its_baselines_too():
	as_of = date(2021, 12, 9)
	shop = Outcome(clockwork(), as_of, 180)
	assert 1 <= shop.found.facts["cut_offs"] <= 6
	judged = {m.model: m.value for m in shop.found.metrics if m.metric == "brier"}
	assert set(judged) == {"BG/NBD", "Base rate", "Recency"}
	assert judged["Recency"] < judged["BG/NBD"] and shop.found.facts["champion"] == "Recency"


def test_where_all_are_alike_nothing_is_made_up():
	shop = Outcome(alike(), date(2022, 7, 21), 90)
	share = shop.gone.mean()
	assert metrics.brier(shop.gone, shop.churn) < share * (1 - share) + 0.01
	# everybody's interval must not begin to hold an order at once
	for target in ("orders", "revenue"):
		assert 0.72 <= shop.covered(target) <= 0.88


def test_where_hardly_anybody_comes_back_hardly_anybody_is_expected():
	shop = Outcome(once(), date(2022, 7, 21), 90)
	assert shop.churn.min() > 0.5 and abs(shop.churn.mean() - shop.gone.mean()) < 0.01
	assert shop.scores["expected_orders"].sum() == pytest.approx(shop.orders.sum(), rel=0.6, abs=15)


def test_last_years_christmas_is_expected_again():
	lines, as_of = christmas(), date(2022, 10, 27)
	shop = Outcome(lines, as_of, 60)
	assert shop.found.facts["season_shift"] < -0.2
	assert abs(shop.churn.mean() - shop.gone.mean()) < 0.1
	assert abs(shop.total_error("orders")) < 0.4
	# what the last 365 days promise for sixty of them is far too little
	rate = shop.scores["orders_365"].to_numpy() * 60 / 365
	assert metrics.total_error(shop.orders, rate) < shop.total_error("orders") - 0.1


def test_a_new_customer_changes_no_own_figure_of_others():
	lines, shop = leavers()
	as_of = date(2022, 11, 17)
	one = lines.head(1).assign(
		customer="Newcomer", invoice="N1", posted_at=pd.Timestamp(as_of - timedelta(days=30))
	)
	found = scored(pd.concat([lines, one], ignore_index=True), as_of, 90).scores
	own = [
		"customer",
		"orders",
		"revenue",
		"first_order",
		"last_order",
		"gaps",
		"gap_median",
		"orders_365",
		"basket_value",
	]
	others = found[found["customer"] != "Newcomer"].reset_index(drop=True)
	pd.testing.assert_frame_equal(others[own], shop.found.scores[own])
