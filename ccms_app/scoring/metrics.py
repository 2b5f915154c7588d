"""How good predictions were, on customers whose future was kept from the model."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import numpy as np
from scipy.stats import rankdata

CHAMPION, CANDIDATE, BASELINE = "champion", "candidate", "baseline"


@dataclass(frozen=True)
class Metric:
	"""One figure of one model on the test split.

	target: churn, orders, revenue, next_purchase. role: champion (published), candidate or baseline. metric: auc, brier,
	mae, spearman, top_decile, total_error, coverage, calibration. cut_off: the as-of of the test.
	"""

	target: str
	model: str
	role: str
	metric: str
	value: float
	cut_off: date | None = None
	detail: dict = field(default_factory=dict)


def auc(truth: np.ndarray, probability: np.ndarray) -> float:
	"""P(a random event gets a higher probability than a random non-event), ties half; NaN if one kind is missing."""
	truth = np.asarray(truth, bool)
	events, others = int(truth.sum()), int((~truth).sum())
	if not events or not others:
		return float("nan")
	ranks = rankdata(probability)
	return float((ranks[truth].sum() - events * (events + 1) / 2) / (events * others))


def brier(truth: np.ndarray, probability: np.ndarray) -> float:
	"""Mean squared error of probabilities (Brier 1950): 0 is perfect, always saying ½ gives ¼."""
	return float(np.mean((np.asarray(probability, float) - np.asarray(truth, float)) ** 2))


def calibration(truth: np.ndarray, probability: np.ndarray, groups: int = 10) -> list[dict]:
	"""Equal groups by rank of the probability, lowest first: customers, mean probability, share of events.

	Customers of equal probability share their events evenly: which of them comes first must not matter.
	"""
	probability = np.asarray(probability, float)
	truth = _shared(truth, probability)
	order = np.argsort(probability, kind="stable")
	return [
		{
			"customers": len(part),
			"predicted": float(probability[part].mean()),
			"observed": float(truth[part].mean()),
		}
		for part in np.array_split(order, min(groups, len(order)))
	]


def largest_gap(deciles: list[dict]) -> float:
	"""The largest |predicted - observed| of a calibration table."""
	return max((abs(row["predicted"] - row["observed"]) for row in deciles), default=float("nan"))


def mae(truth: np.ndarray, predicted: np.ndarray) -> float:
	return float(np.mean(np.abs(np.asarray(predicted, float) - np.asarray(truth, float))))


def spearman(truth: np.ndarray, predicted: np.ndarray) -> float:
	"""Correlation of the ranks; NaN where one side is constant."""
	a, b = rankdata(truth), rankdata(predicted)
	if len(a) < 2 or a.std() == 0 or b.std() == 0:
		return float("nan")
	return float(np.corrcoef(a, b)[0, 1])


def top_decile(truth: np.ndarray, predicted: np.ndarray) -> float:
	"""Share of the whole that the tenth of customers predicted highest brought; NaN if the whole is not positive."""
	truth = _shared(truth, np.asarray(predicted, float))
	whole = truth.sum()
	if not len(truth) or whole <= 0:
		return float("nan")
	best = np.argsort(-np.asarray(predicted, float), kind="stable")[: max(1, round(len(truth) / 10))]
	return float(truth[best].sum() / whole)


def total_error(truth: np.ndarray, predicted: np.ndarray) -> float:
	"""(predicted total ÷ true total) - 1; NaN without a positive true total."""
	whole = float(np.sum(truth))
	return float(np.sum(predicted) / whole - 1) if whole > 0 else float("nan")


def coverage(truth: np.ndarray, low: np.ndarray, high: np.ndarray) -> float:
	"""Share of the truth within [low, high]."""
	truth = np.asarray(truth, float)
	return float(np.mean((truth >= low) & (truth <= high))) if len(truth) else float("nan")


def _shared(truth: np.ndarray, predicted: np.ndarray) -> np.ndarray:
	"""The truth, as the mean of all whose prediction is the same."""
	_, group = np.unique(np.round(predicted, 12), return_inverse=True)
	return (np.bincount(group, np.asarray(truth, float)) / np.bincount(group))[group]


def lower_by_a_standard_error(challenger: np.ndarray, champion: np.ndarray) -> bool:
	"""Whether the challenger's losses are lower by more than one standard error of the paired difference."""
	difference = np.asarray(challenger, float) - np.asarray(champion, float)
	if len(difference) < 2:
		return False
	return bool(-difference.mean() > difference.std(ddof=1) / np.sqrt(len(difference)))
