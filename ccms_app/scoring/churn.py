"""Who will not order within the horizon: the champion, its challengers, the baselines, and the season.

MEASURES 5. Candidates learn from the cut-offs that were over on the day of the test, T_0; BG/NBD is champion until a
challenger's Brier score there is lower by more than one standard error of the paired difference. Whoever wins learns once
more from all cut-offs. A champion worse than a naive baseline gives way to it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import brentq

from . import metrics
from .challengers import BaseRate, Blend, Boosting, Logistic, arranged, recency, sample, shift
from .cutoffs import Cut
from .metrics import BASELINE, CANDIDATE, CHAMPION, Metric

LOGISTIC, BOOSTING, BLEND = (
	"Logistic regression",
	"Gradient boosting",
	"Logistic + boosting",
)
BASE_RATE, RECENCY = "Base rate", "Recency"
FEWEST_CLOSED = 3
_FOLDS = 5
_LARGEST_SHIFT = 15.0


@dataclass
class Churn:
	"""probability: P(no order in the horizon), for the customers of the cut it was asked for.

	champion: the model that is published. season_shift: added to its log odds. tested: the same model's probabilities on
	the test's customers, None without a test.
	"""

	probability: np.ndarray
	champion: str
	season_shift: float = 0.0
	tested: np.ndarray | None = None
	metrics: list[Metric] = field(default_factory=list)
	reason: str = ""


def predict(
	now: Cut,
	past: list[Cut],
	year_ago: Cut | None,
	year_before_test: Cut | None,
	seed: int,
) -> Churn:
	"""Probabilities for the customers of `now`.

	past: closed cut-offs, T_0 first. year_ago, year_before_test: those 365 days before now and before T_0, which the
	season is read from; None where the history is too short.
	"""
	if not past:
		return Churn(now.no_order, now.buying.name_, reason="too little history for a test")
	test, closed = past[0], _closed(past)
	models = _learn(closed, seed)
	tested = {now.buying.name_: test.no_order}
	tested |= {name: model.predict(test.matrix) for name, model in models.items()}
	if not closed:
		tested |= _crosswise(test)
	baselines = [name for name in (BASE_RATE, RECENCY) if name in tested]
	winner, reason = _winner(test, tested, now.buying.name_, baselines, len(closed))
	found = Churn(now.no_order, winner, tested=tested[winner], reason=reason)
	if winner == now.buying.name_:
		model = None
	else:
		model = _learn(past, seed, only=winner)[winner]
		found.probability = model.predict(now.matrix)
	_season(found, model, models.get(winner), test, year_ago, year_before_test)
	for name, probability in tested.items():
		role = CHAMPION if name == winner else BASELINE if name in baselines else CANDIDATE
		# what is published includes the season
		found.metrics += report(test, found.tested if name == winner else probability, name, role)
	return found


def _closed(past: list[Cut]) -> list[Cut]:
	"""Those that were over when the test began."""
	return [cut for cut in past[1:] if cut.end <= past[0].day]


def _crosswise(test: Cut) -> dict[str, np.ndarray]:
	"""What the baselines say of each fifth of the test's customers, learned from the other four; for a history too short
	to have an earlier cut-off that was over by then.
	"""
	order = arranged(test.matrix, test.churned)
	fold = np.empty(len(order), int)
	fold[order] = np.arange(len(order)) % _FOLDS
	said = {BASE_RATE: np.empty(len(order)), RECENCY: np.empty(len(order))}
	for number in range(_FOLDS):
		apart = fold == number
		matrix, truth = test.matrix[~apart], test.churned[~apart].astype(float)
		for name, model in ((BASE_RATE, BaseRate()), (RECENCY, recency())):
			said[name][apart] = model.fit(matrix, truth).predict(test.matrix[apart])
	return said


def _learn(cuts: list[Cut], seed: int, only: str | None = None) -> dict:
	"""Every model that these cut-offs allow, or the one that is asked for."""
	if not cuts:
		return {}
	matrix, truth = sample([cut.matrix for cut in cuts], [cut.churned for cut in cuts], seed)
	models: dict = {}
	if only in (None, BASE_RATE):
		models[BASE_RATE] = BaseRate().fit(matrix, truth)
	if only in (None, RECENCY):
		models[RECENCY] = recency().fit(matrix, truth)
	if only is None and len(cuts) < FEWEST_CLOSED:
		return models
	if only in (None, LOGISTIC, BLEND):
		models[LOGISTIC] = Logistic().fit(matrix, truth)
	if only in (None, BOOSTING, BLEND):
		models[BOOSTING] = Boosting(seed).fit(matrix, truth)
	if only in (None, BLEND):
		models[BLEND] = Blend(models[LOGISTIC], models[BOOSTING])
	return models


def _winner(
	test: Cut, tested: dict[str, np.ndarray], first: str, baselines: list[str], closed: int
) -> tuple[str, str]:
	"""(name of the model to publish, why)."""
	losses = {name: (probability - test.churned) ** 2 for name, probability in tested.items()}
	scores = {name: float(loss.mean()) for name, loss in losses.items()}
	challengers = [name for name in tested if name != first and name not in baselines]
	better = [name for name in challengers if metrics.lower_by_a_standard_error(losses[name], losses[first])]
	winner = min(better, key=lambda name: (scores[name], name)) if better else first
	reason = (
		f"{closed} earlier cut-offs: too few for challengers"
		if closed < FEWEST_CLOSED
		else f"Brier {scores[winner]:.4f} against {scores[first]:.4f} of {first}"
		if better
		else "no challenger better by a standard error"
	)
	naive = min(baselines, key=lambda name: (scores[name], name), default=None)
	if naive is None or scores[naive] >= scores[winner]:
		return winner, reason
	# learned on the test's own days, a baseline knows how many came: there it must be better beyond chance
	if closed or metrics.lower_by_a_standard_error(losses[naive], losses[winner]):
		return naive, f"baseline: its Brier {scores[naive]:.4f} is below {scores[winner]:.4f} of {winner}"
	return winner, reason


def _season(
	found: Churn,
	model,
	model_of_test,
	test: Cut,
	year_ago: Cut | None,
	year_before_test: Cut | None,
) -> None:
	"""Move the log odds by what the same weeks of last year were off by, if that was no chance.

	Where a second year is known, the test tells how far last year was to be trusted: the shift must be larger than the
	error that the same rule would have left there. A shop that has changed since has no season to repeat.
	"""

	def said(of: Cut, model) -> np.ndarray:
		return of.no_order if model is None else model.predict(of.matrix)

	if year_ago is None:
		return
	by = season_shift(said(year_ago, model), year_ago.churned)
	if not by:
		return
	if year_before_test is not None:
		then = season_shift(said(year_before_test, model_of_test), year_before_test.churned)
		if abs(by) <= abs(then - _offset(found.tested, test.churned)):
			return
		found.tested = shift(found.tested, then)
	found.season_shift = by
	found.probability = shift(found.probability, by)


def season_shift(probability: np.ndarray, churned: np.ndarray) -> float:
	"""What must be added to the log odds for their mean to meet the truth; 0 unless |truth - mean| > 2 standard errors."""
	residual = float(np.mean(churned) - probability.mean())
	error = float(np.sqrt((probability * (1 - probability)).sum())) / len(probability)
	return _offset(probability, churned) if abs(residual) > 2 * error else 0.0


def _offset(probability: np.ndarray, churned: np.ndarray) -> float:
	# half a customer of each kind: nobody came, or all did, is not for ever
	share = (float(np.sum(churned)) + 0.5) / (len(churned) + 1)
	off: Callable[[float], float] = lambda by: float(shift(probability, by).mean()) - share  # noqa: E731
	return float(brentq(off, -_LARGEST_SHIFT, _LARGEST_SHIFT, xtol=1e-9))


def report(test: Cut, probability: np.ndarray, model: str, role: str) -> list[Metric]:
	"""The figures of one model on the test."""
	deciles = metrics.calibration(test.churned, probability)
	figures = {
		"auc": metrics.auc(test.churned, probability),
		"brier": metrics.brier(test.churned, probability),
		"calibration": metrics.largest_gap(deciles),
		"top_decile": metrics.top_decile(test.churned, probability),
	}
	return [
		Metric(
			"churn",
			model,
			role,
			name,
			value,
			test.date,
			{"deciles": deciles} if name == "calibration" else {},
		)
		for name, value in figures.items()
	]


def level(probability: float) -> str:
	"""Low (under 25 %), Medium, High (from 50 %)."""
	return "High" if probability >= 0.5 else "Medium" if probability >= 0.25 else "Low"
