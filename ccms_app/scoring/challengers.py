"""What competes with BG/NBD: models that learn from earlier cut-offs, and the naive baselines both must beat.

All see the same matrix (`design`), a row a customer and cut-off. Its columns are logarithms and ratios, so neither the
currency nor the calendar enters. They are rounded, and rows are brought into an order of their own before anything is
fitted: neither the order of the rows nor the customers' names change a tree.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import expit, logit
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression

MOST_ROWS = 100_000
# what a linear model may extrapolate: nothing that only grows with a customer's age
LINEAR = (
	"no_order",
	"ratio",
	"n30",
	"n90",
	"recent15",
	"recent60",
	"gap_cv",
	"last_gap",
	"last_value",
	"mean_value",
	"x",
)
_CLEAR = 1e-5


def design(snapshot: pd.DataFrame, no_order: np.ndarray, expected: np.ndarray) -> pd.DataFrame:
	"""The matrix of a snapshot (`Histories.snapshot`).

	no_order, expected: what BG/NBD, fitted on that day's knowledge, says of the horizon.
	"""
	s = snapshot
	usual_value = np.nanmedian(s["mean_value"]) if s["mean_value"].notna().any() else 1.0
	mean_value = (s["mean_value"] / usual_value).fillna(0.0)
	columns = {
		"no_order": logit(np.clip(no_order, _CLEAR, 1 - _CLEAR)),
		"expected": np.log(expected + 1e-4),
		"away": np.log(s["away"]),
		"ratio": np.log(s["away"] / s["cycle"]),
		"x": np.log1p(s["x"]),
		"age": np.log(s["age"]),
		**{name: np.log1p(s[name]) for name in ("n30", "n90", "n180")},
		**{name: np.log(s[name] + 0.01) for name in ("recent15", "recent60", "recent240")},
		"cycle": np.log(s["cycle"]),
		"gap_cv": s["gap_cv"].fillna(0.5),
		"last_gap": np.log1p(s["last_gap"].fillna(s["age"])),
		"mean_value": np.log(mean_value + 0.01),
		"last_value": np.log((s["last_value"] / s["mean_value"]).fillna(1.0) + 0.01),
		"trend": np.log((s["n90"] + 0.5) / (s["before"] * 90 / 365 + 0.5)),
	}
	return pd.DataFrame({name: np.round(np.asarray(column, float), 6) for name, column in columns.items()})


def sample(
	matrices: list[pd.DataFrame], truths: list[np.ndarray], seed: int
) -> tuple[pd.DataFrame, np.ndarray]:
	"""Rows of several cut-offs to learn from: at most MOST_ROWS, the same share of each, in an order of their own."""
	rng = np.random.default_rng(seed)
	share = min(1.0, MOST_ROWS / max(1, sum(len(matrix) for matrix in matrices)))
	rows, answers = [], []
	for matrix, truth in zip(matrices, truths, strict=True):
		order = arranged(matrix, truth)
		if share < 1:
			order = order[np.sort(rng.choice(len(order), round(share * len(order)), replace=False))]
		rows.append(matrix.iloc[order])
		answers.append(np.asarray(truth, float)[order])
	return pd.concat(rows, ignore_index=True), np.concatenate(answers)


def arranged(matrix: pd.DataFrame, truth: np.ndarray) -> np.ndarray:
	"""An order of the rows that follows from what stands in them, not from where they stand."""
	values = matrix.to_numpy()
	key = values @ np.sqrt(np.arange(2, values.shape[1] + 2)) + np.asarray(truth, float) * np.pi
	return np.argsort(np.round(key, 6), kind="stable")


class Logistic:
	"""Logistic regression on standardised columns, each clipped to what the training saw: no extrapolation."""

	def __init__(self, columns: tuple[str, ...] = LINEAR, strength: float = 0.1, clip: float = 0.01):
		self.columns, self.strength, self.clip = list(columns), strength, clip

	def fit(self, matrix: pd.DataFrame, truth: np.ndarray) -> Logistic:
		values = matrix[self.columns].to_numpy()
		self.low_, self.high_ = np.quantile(values, [self.clip, 1 - self.clip], axis=0)
		values = np.clip(values, self.low_, self.high_)
		self.mean_, spread = values.mean(axis=0), values.std(axis=0)
		self.spread_ = np.where(spread > 1e-9, spread, 1.0)
		self.model_ = None
		self.rate_ = float(np.mean(truth))
		if 0 < self.rate_ < 1:
			self.model_ = LogisticRegression(C=self.strength, max_iter=300)
			self.model_.fit((values - self.mean_) / self.spread_, truth)
		return self

	def predict(self, matrix: pd.DataFrame) -> np.ndarray:
		"""P(truth)."""
		if self.model_ is None:
			return np.full(len(matrix), self.rate_)
		values = np.clip(matrix[self.columns].to_numpy(), self.low_, self.high_)
		return self.model_.predict_proba((values - self.mean_) / self.spread_)[:, 1]


class Boosting:
	"""Gradient boosting of shallow trees; what BG/NBD says may only push its own way."""

	def __init__(self, seed: int):
		self.seed = seed

	def fit(self, matrix: pd.DataFrame, truth: np.ndarray) -> Boosting:
		self.rate_ = float(np.mean(truth))
		self.model_ = None
		if 0 < self.rate_ < 1:
			signs = {"no_order": 1}
			self.model_ = HistGradientBoostingClassifier(**_trees(matrix, self.seed, signs))
			self.model_.fit(matrix.to_numpy(), truth)
		return self

	def predict(self, matrix: pd.DataFrame) -> np.ndarray:
		"""P(truth)."""
		if self.model_ is None:
			return np.full(len(matrix), self.rate_)
		return self.model_.predict_proba(matrix.to_numpy())[:, 1]


class Blend:
	"""The mean of the logistic regression and the boosting: they err differently."""

	def __init__(self, logistic: Logistic, boosting: Boosting):
		self.logistic, self.boosting = logistic, boosting

	def predict(self, matrix: pd.DataFrame) -> np.ndarray:
		return (self.logistic.predict(matrix) + self.boosting.predict(matrix)) / 2


class CountBoosting:
	"""Gradient boosting of a number of orders (Poisson deviance)."""

	def __init__(self, seed: int):
		self.seed = seed

	def fit(self, matrix: pd.DataFrame, orders: np.ndarray) -> CountBoosting:
		self.mean_ = float(np.mean(orders))
		self.model_ = None
		if self.mean_ > 0:
			signs = {"expected": 1}
			self.model_ = HistGradientBoostingRegressor(loss="poisson", **_trees(matrix, self.seed, signs))
			self.model_.fit(matrix.to_numpy(), orders)
		return self

	def predict(self, matrix: pd.DataFrame) -> np.ndarray:
		"""Expected orders."""
		if self.model_ is None:
			return np.full(len(matrix), self.mean_)
		return self.model_.predict(matrix.to_numpy())


class BaseRate:
	"""Baseline: everybody gets the share of the earlier cut-offs."""

	def fit(self, matrix: pd.DataFrame, truth: np.ndarray) -> BaseRate:
		self.rate_ = float(np.mean(truth))
		return self

	def predict(self, matrix: pd.DataFrame) -> np.ndarray:
		return np.full(len(matrix), self.rate_)


def recency() -> Logistic:
	"""Baseline: a logistic regression on the days since the last order alone."""
	return Logistic(("away",), strength=1e6, clip=0.0)


def shift(probability: np.ndarray, by: float) -> np.ndarray:
	"""Probabilities moved by a constant on the scale of log odds."""
	return expit(logit(np.clip(probability, 1e-12, 1 - 1e-12)) + by)


def _trees(matrix: pd.DataFrame, seed: int, signs: dict[str, int]) -> dict:
	return {
		"max_iter": 100,
		"learning_rate": 0.06,
		"max_leaf_nodes": 6,
		"min_samples_leaf": min(100, max(20, len(matrix) // 100)),
		"l2_regularization": 10.0,
		"early_stopping": False,
		"random_state": seed,
		"monotonic_cst": [signs.get(name, 0) for name in matrix.columns],
	}
