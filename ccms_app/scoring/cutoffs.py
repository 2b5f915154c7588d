"""Days in the past on which the predictions of today would have been made, and what happened after them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from .buying import Buying
from .challengers import design
from .histories import Histories, date_of

STEP, MOST = 30, 12
FEWEST_DAYS, FEWEST_CUSTOMERS = 90, 200
# what is asked of customers after the models have seen everything (a dozen cut-offs are held at once)
_OF_EVERYBODY = ["x", "t_x", "age", "n365", "valued", "mean_value"]
_OF_ACTIVE = [*_OF_EVERYBODY, "n", "away", "cycle", "revenue365"]
# a churn model of four parameters is not read from fewer who came back
FEWEST_REPEAT_CHURN = 20


@dataclass
class Cut:
	"""The customers who were active on a day, as they were known then; arrays have an entry each.

	buying: fitted on all who had ordered before the day. no_order: its P(no order in the horizon). matrix: what the
	challengers see. churned, orders, revenue: what happened within the horizon; None when it lies in the future.
	"""

	day: int
	horizon: int
	everybody: pd.DataFrame
	snapshot: pd.DataFrame
	buying: Buying
	no_order: np.ndarray
	expected: np.ndarray
	matrix: pd.DataFrame
	churned: np.ndarray | None = None
	orders: np.ndarray | None = None
	revenue: np.ndarray | None = None

	@property
	def date(self) -> date:
		return date_of(self.day)

	@property
	def end(self) -> int:
		return self.day + self.horizon


def cut(
	histories: Histories,
	day: int,
	horizon: int,
	active_days: int,
	default_cycle: float,
	*,
	closed: bool = True,
	start: Buying | None = None,
	fewest_repeat: int = FEWEST_REPEAT_CHURN,
) -> Cut:
	"""One day. closed: whether the horizon is over, so that what happened is known."""
	everybody = histories.snapshot(day, default_cycle)
	snapshot = everybody[everybody["away"] <= active_days]
	buying = Buying().fit(everybody, fewest_repeat, start)
	no_order = buying.probability_no_order(horizon, snapshot)
	expected = buying.expected_orders(horizon, snapshot)
	matrix = design(snapshot, no_order, expected)
	everybody, snapshot = everybody[_OF_EVERYBODY], snapshot[_OF_ACTIVE]
	found = Cut(day, horizon, everybody, snapshot, buying, no_order, expected, matrix)
	if closed:
		who = snapshot.index.to_numpy()
		found.orders = histories.orders.count(day, found.end)[who]
		found.revenue = histories.revenue.total(day, found.end)[who]
		found.churned = found.orders == 0
	return found


def days(histories: Histories, as_of: int, horizon: int) -> list[int]:
	"""T_0, T_1, … : the as-of less the horizon, then every 30 days back; each with 90 days of history, at most 12."""
	earliest = histories.first_day + FEWEST_DAYS
	candidates = (as_of - horizon - STEP * k for k in range(MOST))
	return [day for day in candidates if day >= earliest]


def enough(found: Cut) -> bool:
	"""Whether a cut-off has the customers to learn from or to test on."""
	return len(found.snapshot) >= FEWEST_CUSTOMERS
