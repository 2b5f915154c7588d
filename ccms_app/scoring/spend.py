"""What one future order of a customer will be worth, net of what comes back."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .buying import FEWEST_REPEAT
from .gamma_gamma import GammaGamma
from .histories import Histories

_PRIOR_ORDERS = 3
YEAR = 365


class Spend:
	"""Gamma-Gamma over all customers; with few repeat customers each own mean, mixed with three orders of everybody's.

	After ``fit``: ``name_``, ``kept_`` (revenue of the last year ÷ the value of its orders: what returns that name no
	sale take off, and debit notes add).
	"""

	GAMMA_GAMMA, SHRUNKEN = "Gamma-Gamma", "Shrunken mean"

	def fit(self, everybody: pd.DataFrame, histories: Histories, day: int) -> Spend:
		known = everybody[everybody["valued"] > 0]
		self.usual_ = float(known["mean_value"].median()) if len(known) else 0.0
		self.model_ = None
		if int((known["valued"] > 1).sum()) >= FEWEST_REPEAT:
			self.model_ = GammaGamma().fit(known["valued"], known["mean_value"])
		self.name_ = self.SHRUNKEN if self.model_ is None else self.GAMMA_GAMMA
		orders = histories.known_at(day)
		inside = orders.day >= day - YEAR
		value = float(np.maximum(orders.value[inside], 0).sum())
		revenue = float(histories.revenue.total(day - YEAR, day).sum())
		self.kept_ = float(np.clip(revenue / value, 0.0, 1.5)) if value > 0 else 1.0
		return self

	def expected(self, snapshot: pd.DataFrame) -> np.ndarray:
		orders, mean = snapshot["valued"].to_numpy(float), snapshot["mean_value"].to_numpy(float)
		if self.model_ is not None:
			return self.kept_ * self.model_.expected_value(orders, mean)
		own = np.where(orders > 0, np.nan_to_num(mean), 0.0) * orders
		return self.kept_ * (own + _PRIOR_ORDERS * self.usual_) / (orders + _PRIOR_ORDERS)

	def variance(self, snapshot: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
		"""(of one order around the customer's true mean, of that true mean); without a model, as if CV were 1 and ½."""
		if self.model_ is None:
			mean = self.expected(snapshot)
			return mean**2, mean**2 / (1 + snapshot["valued"].to_numpy(float)) / 2
		orders, mean = snapshot["valued"].to_numpy(float), snapshot["mean_value"].to_numpy(float)
		within, between = self.model_.variance_of_value(orders, mean)
		return self.kept_**2 * within, self.kept_**2 * between
