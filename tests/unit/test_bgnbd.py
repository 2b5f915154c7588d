"""BG/NBD against the figures of its paper, against simulation, and against itself."""

import numpy as np
import pandas as pd
import pytest

from ccms_app.scoring import metrics
from ccms_app.scoring.bgnbd import BGNBD
from ccms_app.scoring.cutoffs import cut
from ccms_app.scoring.spread import Spread, count_variance
from tests.unit import cdnow


@pytest.fixture(scope="module")
def fitted() -> BGNBD:
	data = cdnow.summary()
	return BGNBD().fit(data["x"], data["t_x"], data["T"])


def test_parameters_of_the_paper(fitted):
	assert fitted.converged_
	assert fitted.r_ == pytest.approx(0.2426, abs=0.001)
	assert fitted.alpha_ == pytest.approx(4.4136, abs=0.005)
	assert fitted.a_ == pytest.approx(0.7929, abs=0.001)
	assert fitted.b_ == pytest.approx(2.4257, abs=0.001)
	assert fitted.log_likelihood_ == pytest.approx(-9582.43, abs=0.01)


def test_holdout_of_the_paper(fitted):
	data = cdnow.summary()
	bought = cdnow.sample().drop_duplicates(["customer", "day"])
	after = bought[bought["day"] > "1997-09-30"].groupby("customer").size()
	truth = after.reindex(data["ID"]).fillna(0).to_numpy()
	expected = fitted.expected_orders(39, data["x"], data["t_x"], data["T"])
	assert np.corrcoef(truth, expected)[0, 1] >= 0.625
	assert metrics.mae(truth, expected) <= 0.786


def test_days_for_weeks_change_the_unit_and_nothing_else(fitted):
	data = cdnow.summary()
	days = BGNBD().fit(data["x"], data["t_x"] * 7, data["T"] * 7)
	assert days.alpha_ == pytest.approx(fitted.alpha_ * 7, rel=1e-4)
	assert (days.r_, days.a_, days.b_) == pytest.approx((fitted.r_, fitted.a_, fitted.b_), rel=1e-4)
	weeks = fitted.probability_no_order(10, data["x"], data["t_x"], data["T"])
	assert days.probability_no_order(70, data["x"], data["t_x"] * 7, data["T"] * 7) == pytest.approx(
		weeks, abs=1e-4
	)


def test_the_order_of_customers_does_not_matter(fitted):
	data = cdnow.summary().sample(frac=1, random_state=3)
	assert BGNBD().fit(data["x"], data["t_x"], data["T"]).parameters_ == fitted.parameters_


@pytest.mark.parametrize("x, t_x", [(0, 0.0), (1, 100.0), (5, 300.0), (40, 440.0), (400, 449.0)])
def test_the_mean_is_the_sum_of_the_tail(fitted, x, t_x):
	tail = fitted.probability_more_than(np.arange(3000.0), 90.0, x, t_x, 450.0)
	assert fitted.expected_orders(90.0, x, t_x, 450.0) == pytest.approx(tail.sum(), rel=1e-6)


def test_the_mean_where_its_formula_divides_by_zero(fitted):
	below, at, above = BGNBD(), BGNBD(), BGNBD()
	for model, a in ((below, 0.999), (at, 1.0), (above, 1.001)):
		model.r_, model.alpha_, model.a_, model.b_ = 0.5, 10.0, a, 2.0
	low, middle, high = (m.expected_orders(30.0, 2, 20.0, 40.0) for m in (below, at, above))
	assert high < middle < low
	assert middle == pytest.approx((low + high) / 2, rel=1e-4)


def simulate(r, alpha, a, b, age, ahead, n, seed):
	"""Histories of n customers drawn from the model, and their orders in the time ahead."""
	rng = np.random.default_rng(seed)
	rate, leaving = rng.gamma(r, 1 / alpha, n), rng.beta(a, b, n)
	x, t_x, later, now = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n)
	active = np.ones(n, bool)
	while active.any():
		now[active] += rng.exponential(1 / rate[active])
		seen, coming = active & (now <= age), active & (now > age) & (now <= age + ahead)
		x[seen] += 1
		t_x[seen] = now[seen]
		later[coming] += 1
		active &= (now <= age + ahead) & (rng.random(n) > leaving)
	return x, t_x, np.full(n, age), later


@pytest.mark.parametrize(
	"parameters",
	[
		(0.02, 52.0, 1096.0, 0.0009),  # hardly anybody comes, and who did is gone
		(0.2, 60.0, 0.0009, 1096.0),  # nobody ever leaves
		(148.0, 3000.0, 0.2, 165.0),  # all are alike
		(0.001, 8000.0, 0.001, 0.001),
	],
)
def test_the_mean_is_the_sum_of_the_tail_for_shops_at_the_edge(parameters):
	model = BGNBD()
	model.r_, model.alpha_, model.a_, model.b_ = parameters
	x, t_x, T = (
		np.array([0, 1, 1, 12, 400]),
		np.array([0, 3, 300, 200, 390]),
		np.array([400, 400, 302, 400, 400]),
	)
	tail = model.probability_more_than(np.arange(3000)[:, None], 90, x, t_x, T).sum(axis=0)
	found = model.expected_orders(90, x, t_x, T)
	assert found == pytest.approx(tail, rel=1e-6, abs=1e-9) and (found >= 0).all()


def test_parameters_and_predictions_come_back_from_simulated_customers():
	x, t_x, age, later = simulate(0.8, 12.0, 0.9, 3.0, 50.0, 20.0, 60_000, seed=5)
	model = BGNBD().fit(x, t_x, age)
	assert model.parameters_ == pytest.approx((0.8, 12.0, 0.9, 3.0), rel=0.12)
	assert model.expected_orders(20.0, x, t_x, age).sum() == pytest.approx(later.sum(), rel=0.02)
	quiet = model.probability_no_order(20.0, x, t_x, age)
	assert metrics.largest_gap(metrics.calibration(later == 0, quiet)) < 0.02
	for n in (1, 3, 6):
		more = model.probability_more_than(n, 20.0, x, t_x, age)
		assert more.mean() == pytest.approx(np.mean(later > n), abs=0.004)


def test_variance_of_the_orders_ahead():
	x, t_x, age, later = simulate(0.8, 12.0, 0.9, 3.0, 50.0, 20.0, 60_000, seed=5)

	class Fixed:
		model_ = BGNBD().fit(x, t_x, age)

		def expected_orders(self, h, snapshot):
			return self.model_.expected_orders(h, x, t_x, age)

	mean, variance = count_variance(Fixed(), 20.0, pd.DataFrame({"x": x, "t_x": t_x, "age": age}))
	for group in (x == 0, (x > 0) & (x <= 3), x > 3):
		assert variance[group].mean() == pytest.approx(np.mean((later - mean)[group] ** 2), rel=0.06)
	quiet = Fixed.model_.probability_no_order(20.0, x, t_x, age)
	spread = Spread(quiet, mean, variance, counts=True)
	often = mean > 2
	low, high = spread.interval(0.8)
	# whole numbers hold more than the level that is asked for
	assert 0.8 < metrics.coverage(later[often], low[often], high[often]) < 0.93


@pytest.mark.parametrize(
	"x, t_x, age",
	[
		([0], [0], [5]),
		([0, 0, 0], [0, 0, 0], [5, 9, 30]),
		([3, 9, 2], [30, 30, 30], [30, 30, 30]),
		([1] * 5, [10] * 5, [400] * 5),
		([900, 2], [364, 3], [365, 365]),
	],
)
def test_histories_without_much_to_learn_from(x, t_x, age):
	model = BGNBD().fit(x, t_x, age)
	quiet = model.probability_no_order(90, x, t_x, age)
	expected = model.expected_orders(90, x, t_x, age)
	assert np.all((quiet >= 0) & (quiet <= 1)) and np.all(np.isfinite(expected)) and np.all(expected >= 0)


@pytest.mark.parametrize(
	"x, t_x, age", [([-1], [0], [5]), ([1], [6], [5]), ([1], [1], [np.nan]), ([], [], [])]
)
def test_impossible_histories_are_refused(x, t_x, age):
	with pytest.raises(ValueError):
		BGNBD().fit(x, t_x, age)


def test_probability_alive_is_no_measure_of_churn():
	histories = cdnow.histories(cdnow.sample())
	now = cut(histories, 10227, 90, 365, 30.0)  # 1998-01-01
	s = now.snapshot
	alive = now.buying.model_.probability_alive(s["x"], s["t_x"], s["age"])
	assert metrics.auc(now.churned, 1 - alive) < 0.5 < metrics.auc(now.churned, now.no_order)
