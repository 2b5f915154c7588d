"""When customers ordered and for how much, as arrays; and what of it was known at a cut-off.

Models learn from the past as it stood: a snapshot at T knows only orders before T. It is a frame of a few numbers a
customer, cheap enough to take at a dozen cut-offs. Days are whole numbers, counted from 1970-01-01.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from ccms_app.behaviour.cycle import FEWEST_GAPS, LONGEST, PRIOR_GAPS, SHORTEST

_EPOCH = date(1970, 1, 1).toordinal()


def number_of(day: date) -> int:
	"""A date as its number of days since 1970-01-01."""
	return day.toordinal() - _EPOCH


def date_of(number: int) -> date:
	return date.fromordinal(int(number) + _EPOCH)


@dataclass(frozen=True)
class Orders:
	"""Orders of the customers 0 … size - 1, sorted by customer and day: one a customer and day."""

	size: int
	code: np.ndarray
	day: np.ndarray
	value: np.ndarray

	@classmethod
	def of(cls, size: int, code: np.ndarray, day: np.ndarray, value: np.ndarray) -> Orders:
		"""From rows in any order."""
		order = np.lexsort((day, code))
		return cls(size, code[order], day[order], value[order])

	def before(self, day: int) -> Orders:
		known = self.day < day
		return Orders(self.size, self.code[known], self.day[known], self.value[known])

	def count(self, begin: int, end: int) -> np.ndarray:
		"""Orders of each customer on the days [begin, end)."""
		inside = (self.day >= begin) & (self.day < end)
		return np.bincount(self.code[inside], minlength=self.size)

	def first_from(self, begin: int, end: int) -> np.ndarray:
		"""The first day with an order in [begin, end) for each customer; NaN without."""
		inside = np.flatnonzero((self.day >= begin) & (self.day < end))
		found = np.full(self.size, np.nan)
		found[self.code[inside[::-1]]] = self.day[inside[::-1]]
		return found


@dataclass(frozen=True)
class Revenue:
	"""Net revenue on its own day, returns taken off when they happened."""

	size: int
	code: np.ndarray
	day: np.ndarray
	amount: np.ndarray

	def total(self, begin: int, end: int) -> np.ndarray:
		"""Of each customer on the days [begin, end)."""
		inside = (self.day >= begin) & (self.day < end)
		return np.bincount(self.code[inside], self.amount[inside], minlength=self.size)


@dataclass(frozen=True)
class Histories:
	"""All that the models see of a company: who, the orders as known on the as-of, and the revenue.

	as_known(day): the orders before that day as they stood then. An order that came back later was one still, so it is
	asked of the source; None where nothing ever came back.
	"""

	customers: pd.Index
	orders: Orders
	revenue: Revenue
	as_known: Callable[[int], Orders] | None = None

	@property
	def first_day(self) -> int:
		return int(self.orders.day.min()) if len(self.orders.day) else 0

	def known_at(self, day: int) -> Orders:
		return self.orders.before(day) if self.as_known is None else self.as_known(day)

	def snapshot(self, day: int, default_cycle: float = 30.0) -> pd.DataFrame:
		"""What was known on the morning of a day, a row a customer with an order (index: the customer's number).

		n orders, x = n - 1, first, last (days), t_x = last - first, age = day - first, away = day - last; n30 … n365
		orders in the last days, before = those of the 365 days before the last 90; recent15 … recent240: orders, each
		halved every so many days; cycle (MEASURES 2), gap_cv (spread ÷ mean of the gaps, NaN under 2), last_gap;
		valued (orders of positive value), mean_value and last_value of those; revenue365.
		"""
		orders = self.known_at(day)
		size, code, on = orders.size, orders.code, orders.day
		n = np.bincount(code, minlength=size)
		start = np.concatenate([[0], np.cumsum(n)[:-1]])
		has = np.flatnonzero(n)
		first, last = on[start[has]], on[start[has] + n[has] - 1]
		frame = pd.DataFrame({"n": n[has], "x": n[has] - 1, "first": first, "last": last}, index=has)
		frame["t_x"] = last - first
		frame["age"] = day - first
		frame["away"] = day - last
		for days in (30, 90, 180, 365):
			frame[f"n{days}"] = orders.count(day - days, day)[has]
		frame["before"] = orders.count(day - 455, day - 90)[has]
		for days in (15, 60, 240):
			frame[f"recent{days}"] = np.bincount(code, 0.5 ** ((day - on) / days), minlength=size)[has]
		self._rhythm(frame, orders, default_cycle)
		positive = orders.value > 0
		whose, value = code[positive], orders.value[positive]
		valued = np.bincount(whose, minlength=size)
		frame["valued"] = valued[has]
		with np.errstate(invalid="ignore", divide="ignore"):
			frame["mean_value"] = (np.bincount(whose, value, minlength=size) / valued)[has]
		latest = np.full(size, np.nan)
		latest[whose] = value
		frame["last_value"] = latest[has]
		frame["revenue365"] = self.revenue.total(day - 365, day)[has]
		return frame

	@staticmethod
	def _rhythm(frame: pd.DataFrame, orders: Orders, default_cycle: float) -> None:
		has = frame.index.to_numpy()
		again = np.flatnonzero(orders.code[1:] == orders.code[:-1]) + 1
		gap = (orders.day[again] - orders.day[again - 1]).astype(np.int64)
		whose = orders.code[again].astype(np.int64)
		company = float(np.median(gap)) if len(gap) >= FEWEST_GAPS else default_cycle
		count = np.bincount(whose, minlength=orders.size)
		# sorted by customer, then gap, in one pass over plain numbers
		ordered = np.sort(whose << 20 | gap) & ((1 << 20) - 1)
		start = np.concatenate([[0], np.cumsum(count)[:-1]])
		n = count[has]
		begin = start[has]
		last = max(len(ordered) - 1, 0)
		padded = ordered if len(ordered) else np.zeros(1, np.int64)
		low = padded[np.minimum(begin + np.maximum(n - 1, 0) // 2, last)]
		high = padded[np.minimum(begin + n // 2, last)]
		median = np.where(n > 0, (low + high) / 2, 0.0)
		cycle = (PRIOR_GAPS * company + n * median) / (PRIOR_GAPS + n)
		frame["cycle"] = np.clip(cycle, SHORTEST, LONGEST)
		mean = np.bincount(whose, gap, minlength=orders.size)[has] / np.maximum(n, 1)
		square = np.bincount(whose, gap.astype(float) ** 2, minlength=orders.size)[has] / np.maximum(n, 1)
		with np.errstate(invalid="ignore", divide="ignore"):
			frame["gap_cv"] = np.where(n > 1, np.sqrt(np.maximum(square - mean**2, 0)) / mean, np.nan)
		latest = np.full(orders.size, np.nan)
		latest[whose] = gap
		frame["last_gap"] = latest[has]
