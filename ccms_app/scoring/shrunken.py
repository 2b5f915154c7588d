"""The rate of a small shop's customers: each customer's own, pulled towards everybody's.

Where too few customers ever came back for four parameters to be read from them, orders are taken to be Poisson at a rate
that is Gamma-distributed between customers with shape 1: the mean is all that is learned. Only the last year counts, so
those who left long ago fade out.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import betainc

YEAR = 365


class ShrunkenRate:
	"""After ``fit``: ``rate_``, repeat orders a day and customer. Methods take snapshots (`Histories.snapshot`)."""

	def fit(self, snapshot: pd.DataFrame) -> ShrunkenRate:
		repeats, days = _seen(snapshot)
		# half an order more keeps a shop whose customers all came once from promising that none ever will
		self.rate_ = float((repeats.sum() + 0.5) / max(days.sum(), 1.0))
		return self

	def posterior(self, snapshot: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
		"""Shape and rate of the Gamma distribution of each customer's own rate."""
		repeats, days = _seen(snapshot)
		return 1 + repeats, 1 / self.rate_ + days

	def expected_orders(self, h: float, snapshot: pd.DataFrame) -> np.ndarray:
		shape, rate = self.posterior(snapshot)
		return h * shape / rate

	def probability_more_than(self, n: float | np.ndarray, h: float, snapshot: pd.DataFrame) -> np.ndarray:
		shape, rate = self.posterior(snapshot)
		return betainc(np.asarray(n, float) + 1, shape, h / (rate + h))


def _seen(snapshot: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
	"""(repeat orders, days under observation) of the last year."""
	days = np.minimum(snapshot["age"].to_numpy(float), YEAR)
	first_inside = snapshot["age"].to_numpy(float) <= YEAR
	return np.maximum(snapshot["n365"].to_numpy(float) - first_inside, 0), days
