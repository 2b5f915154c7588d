"""Predictions on real purchases whose future is known, through the same code that scores a shop."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_limits

from ccms_app.behaviour.engine import Engine
from ccms_app.behaviour.lines import from_facts
from ccms_app.behaviour.settings import Settings
from ccms_app.facts.files import check
from ccms_app.scoring import churn, cutoffs, metrics, next_purchase, value
from ccms_app.scoring.histories import Histories, Orders, Revenue
from ccms_app.scoring.score import ScoreResult, score
from tests.unit import cdnow


@pytest.fixture(autouse=True, scope="module")
def one_thread():
	"""As `score` has it: threads that wait for each other make small fits slow."""
	with threadpool_limits(1):
		yield


def scored(lines: pd.DataFrame, as_of: date, horizon: int = 90) -> ScoreResult:
	"""Purchases (customer, day, value) through the whole pipeline."""
	lines = lines.assign(
		invoice=lines["customer"] + lines["day"].dt.strftime("-%Y%m%d"),
		posted_at=lines["day"],
		item="CD",
		qty=1,
		net_amount=lines["value"],
	)
	columns = ["invoice", "posted_at", "customer", "item", "qty", "net_amount"]
	facts = check(lines[columns], "test")
	with Engine() as engine:
		return score(engine, engine.lines(from_facts(facts)), as_of, horizon, Settings())


def future(lines: pd.DataFrame, result: ScoreResult, as_of: date, horizon: int = 90) -> pd.DataFrame:
	"""What the customers did in the horizon, beside what was said of them."""
	begin = pd.Timestamp(as_of)
	inside = lines[(lines["day"] >= begin) & (lines["day"] < begin + pd.Timedelta(days=horizon))]
	grouped = inside.groupby("customer")
	truth = pd.DataFrame(
		{"came": grouped["day"].nunique(), "paid": grouped["value"].sum(), "first": grouped["day"].min()}
	)
	scores = result.scores[result.scores["churn_probability"].notna()]
	found = scores.merge(truth, left_on="customer", right_index=True, how="left")
	return found.fillna({"came": 0, "paid": 0.0})


@pytest.fixture(scope="module")
def spring() -> tuple[ScoreResult, pd.DataFrame]:
	as_of = date(1998, 4, 1)
	result = scored(cdnow.master(), as_of)
	return result, future(cdnow.master(), result, as_of)


@pytest.fixture(scope="module")
def cold_start() -> tuple[ScoreResult, pd.DataFrame]:
	as_of = date(1997, 10, 1)
	result = scored(cdnow.master(), as_of)
	return result, future(cdnow.master(), result, as_of)


def test_churn_of_those_active_within_a_year(spring):
	result, known = spring
	assert len(known) == 9526
	quiet, said = known["came"] == 0, known["churn_probability"]
	assert metrics.auc(quiet, said) >= 0.744
	assert metrics.brier(quiet, said) <= 0.1735
	deciles = metrics.calibration(quiet.to_numpy(), said.to_numpy())
	assert len(deciles) == 10 and metrics.largest_gap(deciles) <= 0.08
	away = (pd.Timestamp("1998-04-01") - pd.to_datetime(known["last_order"])).dt.days
	assert metrics.auc(quiet, said) > metrics.auc(quiet, away) + 0.03
	assert result.facts["champion"] == churn.BLEND and result.facts["test"] == date(1998, 1, 1)


def test_churn_at_a_cold_start(cold_start):
	result, known = cold_start
	assert len(known) == 23_570
	quiet, said = known["came"] == 0, known["churn_probability"]
	assert metrics.auc(quiet, said) >= 0.76
	assert metrics.brier(quiet, said) <= 0.119
	# one earlier cut-off is too little to choose a challenger by
	assert result.facts["champion"] == "BG/NBD"
	assert "too few" in known["churn_basis"].iloc[0]


@pytest.mark.parametrize("when", ["spring", "cold_start"])
def test_value_beats_the_run_rate_and_keeps_its_intervals(when, request):
	_, known = request.getfixturevalue(when)
	for what, truth, year in (("orders", "came", "orders_365"), ("revenue", "paid", "revenue_365")):
		mean, low, high = (known[f"expected_{what}{end}"] for end in ("", "_low", "_high"))
		assert metrics.mae(known[truth], mean) < 0.85 * metrics.mae(known[truth], known[year] * 90 / 365)
		assert 0.72 <= metrics.coverage(known[truth], low, high) <= 0.88
		assert (low <= mean).all() and (mean <= high).all() and (low >= 0).all()
		assert (known[f"expected_{what}_365"] >= mean).all()
		assert abs(metrics.total_error(known[truth], mean)) < 0.25
	assert set(known["value_basis"]) == {"BG/NBD"}


@pytest.mark.parametrize("when", ["spring", "cold_start"])
def test_half_of_those_who_come_come_in_their_window(when, request):
	_, known = request.getfixturevalue(when)
	told = known[known["next_purchase_from"].notna()]
	assert (told["orders"] >= 3).all() and told["next_purchase_probability"].between(0, 1).all()
	came = told[told["first"].notna()]
	inside = came["first"].between(came["next_purchase_from"], came["next_purchase_to"])
	assert 0.4 <= inside.mean() <= 0.6
	of_all = (told["first"] >= told["next_purchase_from"]) & (told["first"] <= told["next_purchase_to"])
	assert told["next_purchase_probability"].mean() == pytest.approx(of_all.mean(), abs=0.05)
	assert (told["next_purchase_on"].between(told["next_purchase_from"], told["next_purchase_to"])).all()


def test_every_model_is_judged_beside_the_baselines(spring):
	result, _ = spring
	judged = {(m.target, m.model, m.role) for m in result.metrics}
	for name, role in (
		("BG/NBD", "candidate"),
		(churn.LOGISTIC, "candidate"),
		(churn.BOOSTING, "candidate"),
		(churn.BLEND, "champion"),
		(churn.BASE_RATE, "baseline"),
		(churn.RECENCY, "baseline"),
	):
		assert ("churn", name, role) in judged
	assert ("orders", value.RUN_RATE, "baseline") in judged
	figures = {(m.model, m.metric): m for m in result.metrics if m.target == "churn"}
	assert figures[churn.BLEND, "brier"].value < figures["BG/NBD", "brier"].value
	assert len(figures[churn.BLEND, "calibration"].detail["deciles"]) == 10
	covered = {m.target: m.value for m in result.metrics if m.metric == "coverage"}
	assert 0.72 <= covered["orders"] <= 0.88 and 0.72 <= covered["revenue"] <= 0.88
	assert 0.4 <= covered["next_purchase"] <= 0.6


def test_who_has_not_been_here_for_a_year_is_not_predicted(spring):
	result, known = spring
	rest = result.scores[result.scores["churn_probability"].isna()]
	assert len(rest) == 23_570 - len(known)
	empty = ["churn_level", "churn_reasons", "expected_orders", "expected_revenue_365_high", "value_basis"]
	assert rest[[*empty, "next_purchase_from"]].isna().all(axis=None)
	assert rest[["r", "stage", "own_cycle"]].notna().all(axis=None)


# the rules of the contest, on shops made for it


def shop(days: int, customers: int, seed: int, season: float = 0.0, period: float = 365.0) -> Histories:
	"""Customers at a steady Gamma rate who leave now and then; in season they come more often."""
	rng = np.random.default_rng(seed)
	rate, joined = rng.gamma(1.5, 1 / 45, customers), rng.integers(0, days, customers)
	leaves = joined + rng.exponential(400, customers)
	code, day = [np.arange(customers)], [joined]
	for on in range(days):
		now = rate * (1 + season * np.sin(2 * np.pi * on / period))
		who = np.flatnonzero((joined < on) & (on < leaves) & (rng.random(customers) < now))
		code.append(who)
		day.append(np.full(len(who), on))
	code, day = np.concatenate(code), np.concatenate(day)
	paid = rng.gamma(3, 10, len(code))
	return Histories(
		pd.RangeIndex(customers),
		Orders.of(customers, code, day, paid),
		Revenue(customers, code, day, paid),
	)


def cuts(histories: Histories, as_of: int, horizon: int = 90):
	def at(on: int, closed: bool = True):
		return cutoffs.cut(histories, on, horizon, 365, 30.0, closed=closed)

	past = [at(on) for on in cutoffs.days(histories, as_of, horizon)]
	return at(as_of, closed=False), [cut for cut in past if cutoffs.enough(cut)], at


def test_cut_offs_are_the_law():
	histories = shop(500, 50, 1)
	first = histories.first_day
	days = cutoffs.days(histories, first + 500, 90)
	assert days[:3] == [first + 410, first + 380, first + 350]
	assert days[-1] >= first + 90 and len(days) == 11
	assert len(cutoffs.days(histories, first + 900, 90)) == 12
	assert cutoffs.days(histories, first + 100, 90) == []


def test_a_season_that_came_last_year_moves_the_odds():
	histories = shop(745, 900, 3, season=0.8)
	now, past, at = cuts(histories, 735)  # the best quarter of the year begins
	year_ago = at(now.day - 365)
	found = churn.predict(now, past, year_ago, None, seed=7)
	assert found.season_shift < -0.1
	plain = churn.predict(now, past, None, None, seed=7)
	assert plain.season_shift == 0 and found.probability.mean() < plain.probability.mean()


def test_no_season_no_shift():
	said = np.full(1000, 0.5)
	almost = np.r_[np.ones(531), np.zeros(469)]
	clearly = np.r_[np.ones(540), np.zeros(460)]
	assert churn.season_shift(said, almost) == 0  # 1.96 standard errors
	shifted = churn.season_shift(said, clearly)
	assert 1 / (1 + np.exp(-shifted)) == pytest.approx(540.5 / 1001)
	assert np.isfinite(churn.season_shift(said, np.ones(1000)))


def test_a_champion_worse_than_a_baseline_gives_way():
	histories = shop(420, 800, 5)
	now, past, _ = cuts(histories, 420)
	for cut in past:
		cut.no_order = 1 - cut.no_order  # a model that says the opposite of what it knows
	past = past[:4]  # too few for challengers
	found = churn.predict(now, past, None, None, seed=7)
	assert found.champion in (churn.BASE_RATE, churn.RECENCY)
	assert found.reason.startswith("baseline")
	roles = {m.model: m.role for m in found.metrics}
	assert roles["BG/NBD"] == metrics.CANDIDATE and roles[found.champion] == metrics.CHAMPION


def test_without_a_test_bgnbd_stands_alone():
	histories = shop(150, 400, 6)
	now, past, _ = cuts(histories, 150)
	assert not past
	found = churn.predict(now, past, None, None, seed=7)
	assert found.champion == "BG/NBD" and not found.metrics
	assert found.probability == pytest.approx(now.no_order)


def test_windows_without_a_past_hold_a_half_too():
	histories = shop(240, 1500, 6)
	now, _, _ = cuts(histories, 150)
	windows = next_purchase.predict(now, [], histories, now.no_order)
	told = (now.snapshot["n"] >= 3).to_numpy()
	assert windows.model == "BG/NBD"
	assert np.isfinite(windows.begin[told]).all() and np.isnan(windows.begin[~told]).all()
	who = now.snapshot.index.to_numpy()
	came = histories.orders.first_from(now.day, now.end)[who] - now.day
	known = told & ~np.isnan(came)
	inside = metrics.coverage(came[known], windows.begin[known], windows.end[known])
	assert known.sum() > 150 and 0.4 <= inside <= 0.6


def test_few_repeat_customers_get_a_shrunken_rate():
	histories = shop(300, 150, 8)
	now, past, _ = cuts(histories, 300)
	found = value.predict(now, past, histories, seed=7)
	assert found.repeat_customers < 200
	assert found.orders.model == "Shrunken rate"
	assert np.isfinite(found.revenue.high).all() and (found.orders.mean > 0).all()
