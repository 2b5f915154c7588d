"""The one model of when customers order, behind one face: BG/NBD, or a shrunken rate where too few ever came back."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .bgnbd import BGNBD
from .shrunken import ShrunkenRate

FEWEST_REPEAT = 200


class Buying:
	"""Fitted on all customers of a snapshot, never on the recently active: who left says as much as who stayed.

	After ``fit``: ``name_``, ``repeat_customers_``, ``model_`` (BGNBD or ShrunkenRate). The methods answer for the
	customers of any snapshot of the same day.
	"""

	BGNBD = "BG/NBD"
	SHRUNKEN = "Shrunken rate"

	def fit(self, snapshot: pd.DataFrame, fewest: int = FEWEST_REPEAT, start: Buying | None = None) -> Buying:
		"""fewest: under so many repeat customers the shrunken rate is taken. start: of another cut-off."""
		self.repeat_customers_ = int((snapshot["x"] > 0).sum())
		if self.repeat_customers_ >= fewest:
			begin = start.model_.parameters_ if start is not None and start.name_ == self.BGNBD else None
			self.name_ = self.BGNBD
			self.model_ = BGNBD().fit(snapshot["x"], snapshot["t_x"], snapshot["age"], start=begin)
		else:
			self.name_ = self.SHRUNKEN
			self.model_ = ShrunkenRate().fit(snapshot)
		return self

	def expected_orders(self, h: float, snapshot: pd.DataFrame) -> np.ndarray:
		return self.model_.expected_orders(h, *self._history(snapshot))

	def probability_more_than(self, n: float | np.ndarray, h: float, snapshot: pd.DataFrame) -> np.ndarray:
		return self.model_.probability_more_than(n, h, *self._history(snapshot))

	def probability_no_order(self, h: float, snapshot: pd.DataFrame) -> np.ndarray:
		return 1.0 - self.probability_more_than(0, h, snapshot)

	def _history(self, snapshot: pd.DataFrame) -> tuple:
		if self.name_ == self.SHRUNKEN:
			return (snapshot,)
		return tuple(snapshot[name].to_numpy(float) for name in ("x", "t_x", "age"))
