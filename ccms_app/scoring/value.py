"""How many orders and how much revenue to expect, with intervals (MEASURES 5).

Expected orders are those of BG/NBD, or its mean with gradient boosting where that has proved better; revenue is orders
times the expected value of one. Where a customer's own run-rate (the last 365 days, scaled to the horizon) was nearer to
the truth on the test, the run-rate is published, and the basis says so.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from . import metrics
from .buying import FEWEST_REPEAT, Buying
from .challengers import CountBoosting, sample
from .churn import FEWEST_CLOSED
from .cutoffs import Cut
from .histories import Histories
from .metrics import BASELINE, CANDIDATE, CHAMPION, Metric
from .spend import YEAR, Spend
from .spread import Spread, count_variance, promise

# a shop of presents sells most of its year before Christmas; more than this is another shop
_FACTORS = (0.2, 5.0)
BOOSTED, RUN_RATE = "BG/NBD + boosting", "Run-rate"


@dataclass
class Amount:
	"""Expected orders or revenue: mean and interval a customer, who said so, and the level the interval was built at."""

	mean: np.ndarray
	low: np.ndarray
	high: np.ndarray
	model: str
	level: float


@dataclass
class Value:
	"""Of one horizon, in days. repeat_customers: how many the models could learn from."""

	horizon: int
	orders: Amount
	revenue: Amount
	repeat_customers: int
	metrics: list[Metric] = field(default_factory=list)


@dataclass
class _Means:
	"""Everything said of one cut: means by model, and what the intervals need."""

	cut: Cut
	buying: Buying
	spend: Spend
	orders: dict[str, np.ndarray]
	revenue: dict[str, np.ndarray]
	variance: np.ndarray
	model_orders: np.ndarray


def predict(
	now: Cut,
	past: list[Cut],
	histories: Histories,
	seed: int,
	no_order: np.ndarray | None = None,
	no_order_tested: np.ndarray | None = None,
	year_ago: Cut | None = None,
	year_before_test: Cut | None = None,
) -> Value:
	"""Values of the customers of `now` over its horizon.

	past: closed cut-offs of the same horizon, T_0 first; without one nothing is tested and the models stand alone.
	no_order, no_order_tested: the published P(no order) now and on the test, else that of the model of buying.
	year_ago, year_before_test: the cut-offs that the season is read from, as in `churn.predict`.
	"""
	present = _means(now, histories, None)
	first = present.buying.name_
	if not past:
		return _finish(now, present, {"orders": first, "revenue": first}, no_order, {})
	closed = [cut for cut in past[1:] if cut.end <= past[0].day]
	boosting = None
	if len(closed) >= FEWEST_CLOSED and first == Buying.BGNBD:
		matrix, orders = sample([cut.matrix for cut in closed], [cut.orders for cut in closed], seed)
		boosting = CountBoosting(seed).fit(matrix, orders)
	tested = _means(past[0], histories, boosting)
	winners = {
		"orders": _winner(tested.orders, past[0].orders, tested.buying.name_),
		"revenue": _winner(tested.revenue, past[0].revenue, tested.buying.name_),
	}
	final = None
	if BOOSTED in winners.values():
		matrix, orders = sample([cut.matrix for cut in past], [cut.orders for cut in past], seed)
		final = CountBoosting(seed).fit(matrix, orders)
		present = _means(now, histories, final)
	_season(
		present,
		tested,
		winners,
		year_ago and _means(year_ago, histories, final),
		year_before_test and _means(year_before_test, histories, boosting),
	)
	promises, figures = {}, []
	for target, truth in (("orders", past[0].orders), ("revenue", past[0].revenue)):
		spread = _spread(tested, target, winners[target], no_order_tested)
		# the test must not set its own width: that comes from a cut-off before it
		earlier = promise(spread, None)
		if closed:
			before = _means(closed[0], histories, None)
			outcome = closed[0].orders if target == "orders" else closed[0].revenue
			earlier = promise(_spread(before, target, before.buying.name_, None), outcome)
		promises[target] = promise(spread, truth)
		mean = (tested.orders if target == "orders" else tested.revenue)[winners[target]]
		low, high = _around(mean, *spread.interval(spread.level_claiming(earlier)))
		figures += _report(tested, target, truth, winners[target], metrics.coverage(truth, low, high))
	value = _finish(now, present, winners, no_order, promises)
	value.metrics = figures
	return value


def _means(cut: Cut, histories: Histories, boosting: CountBoosting | None) -> _Means:
	buying = cut.buying
	if buying.name_ == Buying.BGNBD and buying.repeat_customers_ < FEWEST_REPEAT:
		buying = Buying().fit(cut.everybody)
	spend = Spend().fit(cut.everybody, histories, cut.day)
	expected, variance = count_variance(buying, cut.horizon, cut.snapshot)
	each = spend.expected(cut.snapshot)
	orders = {buying.name_: expected}
	if boosting is not None:
		orders[BOOSTED] = (expected + boosting.predict(cut.matrix)) / 2
	revenue = {name: mean * each for name, mean in orders.items()}
	share = cut.horizon / YEAR
	orders[RUN_RATE] = cut.snapshot["n365"].to_numpy(float) * share
	revenue[RUN_RATE] = cut.snapshot["revenue365"].to_numpy(float) * share
	return _Means(cut, buying, spend, orders, revenue, variance, expected)


def _winner(means: dict[str, np.ndarray], truth: np.ndarray, first: str) -> str:
	errors = {name: np.abs(mean - truth) for name, mean in means.items()}
	winner = first
	if BOOSTED in errors and metrics.lower_by_a_standard_error(errors[BOOSTED], errors[first]):
		winner = BOOSTED
	return RUN_RATE if errors[RUN_RATE].mean() < errors[winner].mean() else winner


def _season(
	present: _Means, tested: _Means, winners: dict[str, str], year_ago: _Means | None, before: _Means | None
) -> None:
	"""Scale the published means by what the same weeks of last year brought, if that was no chance.

	Where a second year is known, the factor must be larger than the error that the same rule would have left on the test
	(see `churn`).
	"""
	if year_ago is None:
		return
	for target, model in winners.items():
		past, now = (getattr(one, target) for one in (tested, present))
		factor = season_factor(year_ago, model) if model in now else 1.0
		if factor == 1.0:
			continue
		if before is not None:
			then = season_factor(before, model)
			came, expected = float(getattr(tested.cut, target).sum()), float(past[model].sum()) * then
			if min(came, expected) <= 0 or abs(np.log(factor)) <= abs(np.log(came / expected)):
				continue
			past[model] = past[model] * then
		now[model] = now[model] * factor


def season_factor(of: _Means, model: str) -> float:
	"""Orders of a cut-off ÷ what the model expected of it; 1 unless they differ by more than 2 standard errors."""
	expected = of.orders.get(model)
	if expected is None or expected.sum() <= 0:
		return 1.0
	came, total = float(of.cut.orders.sum()), float(expected.sum())
	if abs(came - total) <= 2 * float(np.sqrt(of.variance.sum())):
		return 1.0
	return float(np.clip(came / total, *_FACTORS))


def _spread(of: _Means, target: str, model: str, no_order: np.ndarray | None) -> Spread:
	"""The distribution around the published mean: the model's relative variance, whoever gave the mean."""
	if no_order is None or np.ptp(no_order) == 0:
		# of one rate for everybody, all intervals would begin to hold an order at the same level
		no_order = of.buying.probability_no_order(of.cut.horizon, of.cut.snapshot)
	zero = np.clip(no_order, 1e-6, 1 - 1e-6)
	ordered = of.orders.get(model, of.model_orders)
	ordered = np.maximum(ordered, 1e-6)
	# of counts: Poisson noise scales with the mean, the rest with its square
	extra = (
		np.maximum(of.variance - of.model_orders, -0.5 * of.model_orders)
		/ np.maximum(of.model_orders, 1e-9) ** 2
	)
	variance = np.maximum(ordered + extra * ordered**2, 0.05 * ordered)
	if target == "orders":
		return Spread(zero, ordered, variance, counts=True)
	mean = np.maximum(of.revenue[model], 1e-9)
	each = mean / ordered
	within, between = of.spend.variance(of.cut.snapshot)
	typical = np.maximum(of.spend.expected(of.cut.snapshot), 1e-9)
	ratio = (each / typical) ** 2
	return Spread(
		zero, mean, ordered * within * ratio + (variance + ordered**2) * between * ratio + variance * each**2
	)


def _around(mean: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
	"""An interval that holds its mean: that of few orders may lie above four fifths of what can happen."""
	return np.minimum(low, mean), np.maximum(high, mean)


def _finish(
	now: Cut,
	present: _Means,
	winners: dict[str, str],
	no_order: np.ndarray | None,
	promises: dict[str, float],
) -> Value:
	amounts = []
	for target in ("orders", "revenue"):
		means = present.orders if target == "orders" else present.revenue
		# between the test and today a shop may have grown out of the shrunken rate
		name = winners[target] if winners[target] in means else present.buying.name_
		spread = _spread(present, target, name, no_order)
		level = spread.level_claiming(promises.get(target, promise(spread, None)))
		amounts.append(Amount(means[name], *_around(means[name], *spread.interval(level)), name, level))
	return Value(now.horizon, *amounts, present.buying.repeat_customers_)


def _report(tested: _Means, target: str, truth: np.ndarray, winner: str, covered: float) -> list[Metric]:
	means = tested.orders if target == "orders" else tested.revenue
	found = []
	for name, mean in means.items():
		role = CHAMPION if name == winner else BASELINE if name == RUN_RATE else CANDIDATE
		figures = {
			"mae": metrics.mae(truth, mean),
			"spearman": metrics.spearman(truth, mean),
			"top_decile": metrics.top_decile(truth, mean),
			"total_error": metrics.total_error(truth, mean),
		}
		if name == winner:
			figures["coverage"] = covered
		found += [Metric(target, name, role, key, value, tested.cut.date) for key, value in figures.items()]
	return found


def longer(value: Value, shorter: Value) -> Value:
	"""The same value over a longer horizon, never less than over the shorter one."""
	for target in ("orders", "revenue"):
		amount, least = getattr(value, target), getattr(shorter, target)
		for part in ("mean", "low", "high"):
			setattr(amount, part, np.maximum(getattr(amount, part), getattr(least, part)))
	return value
