"""When the next order is likely: a window of days that holds half of those who come within the horizon.

Time is counted in own cycles, so that one rule serves who comes weekly and who comes twice a year. How long customers
took from a cut-off to their next order, given how long they had been away, is read from the past; where there is too
little of it, from the model of buying.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from . import metrics
from .buying import Buying
from .cutoffs import Cut
from .histories import Histories
from .metrics import CHAMPION, Metric

FEWEST_ORDERS = 3
FEWEST_OUTCOMES = 100
_IN_A_CELL = 100
_MOST_CELLS = 6
_HALVES = (0.5, 0.4, 0.3, 0.2, 0.1)


@dataclass
class NextPurchase:
	"""Days from the as-of, NaN where empty: first and last of the window, the middle; and P(the next order is in it)."""

	begin: np.ndarray
	end: np.ndarray
	middle: np.ndarray
	probability: np.ndarray
	model: str
	metrics: list[Metric] = field(default_factory=list)


def predict(now: Cut, past: list[Cut], histories: Histories, no_order: np.ndarray) -> NextPurchase:
	"""Windows for the customers of `now` with three orders or more; empty for the others.

	no_order: the published P(no order in the horizon).
	"""
	windows = _learn(past, histories)
	found = _apply(windows, now, no_order)
	if past:
		earlier = _learn([cut for cut in past[1:] if cut.end <= past[0].day], histories)
		tested = _apply(earlier, past[0], past[0].no_order)
		waited = past[0].snapshot.index.to_numpy()
		after = histories.orders.first_from(past[0].day, past[0].end)[waited] - past[0].day
		judged = ~np.isnan(after) & ~np.isnan(tested.begin)
		if judged.any():
			covered = metrics.coverage(after[judged], tested.begin[judged], tested.end[judged])
			found.metrics.append(
				Metric("next_purchase", found.model, CHAMPION, "coverage", covered, past[0].date)
			)
	return found


@dataclass
class _Windows:
	"""Quantiles of (days to the next order ÷ cycle) in cells of cycle and days away; share: of orders they hold."""

	cells: _Cells
	quantiles: np.ndarray
	share: float

	def of(self, snapshot: pd.DataFrame) -> np.ndarray:
		"""(begin, middle, end) in cycles, a row a customer."""
		return self.quantiles[self.cells.of(snapshot)]


class _Cells:
	"""Customers of about the same cycle, split by how many cycles they have been away; numbered from 0."""

	def __init__(self, known: pd.DataFrame):
		parts = int(np.clip(np.sqrt(len(known) / _IN_A_CELL), 1, _MOST_CELLS))
		inner = np.linspace(0, 1, parts + 1)[1:-1]
		cycle, ratio = self._measures(known)
		self.cycle_edges = np.unique(np.quantile(cycle, inner))
		row = np.searchsorted(self.cycle_edges, cycle, side="right")
		rows = [ratio[row == i] for i in range(len(self.cycle_edges) + 1)]
		self.away_edges = [np.unique(np.quantile(mine, inner)) if len(mine) else inner for mine in rows]
		self.begins = np.cumsum([0, *(len(edges) + 1 for edges in self.away_edges)])

	def of(self, snapshot: pd.DataFrame) -> np.ndarray:
		cycle, ratio = self._measures(snapshot)
		row = np.searchsorted(self.cycle_edges, cycle, side="right")
		cell = self.begins[row]
		for i, edges in enumerate(self.away_edges):
			mine = row == i
			cell[mine] += np.searchsorted(edges, ratio[mine], side="right")
		return cell

	@staticmethod
	def _measures(snapshot: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
		cycle = snapshot["cycle"].to_numpy()
		return cycle, snapshot["away"].to_numpy() / cycle


def _learn(cuts: list[Cut], histories: Histories) -> _Windows | None:
	parts = []
	for cut in cuts:
		who = cut.snapshot.index.to_numpy()
		after = histories.orders.first_from(cut.day, cut.end)[who] - cut.day
		part = cut.snapshot[["cycle", "away"]].assign(after=after)
		parts.append(part[(cut.snapshot["n"] >= FEWEST_ORDERS).to_numpy() & ~np.isnan(after)])
	known = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
	if len(known) < FEWEST_OUTCOMES:
		return None
	cells = _Cells(known)
	cell = cells.of(known)
	cycle, after = known["cycle"].to_numpy(), known["after"].to_numpy()
	scaled = after / cycle
	groups = [scaled[cell == number] for number in range(cells.begins[-1])]
	best = None
	# whole days widen every window of those who come often: take the middle part that comes nearest to a half
	for half in _HALVES:
		levels = [0.5 - half / 2, 0.5, 0.5 + half / 2]
		quantiles = np.array([np.quantile(mine if len(mine) else scaled, levels) for mine in groups])
		begin, _, end = _days(quantiles[cell], cycle, None)
		share = metrics.coverage(after, begin, end)
		if best is None or abs(share - 0.5) < abs(best.share - 0.5):
			best = _Windows(cells, quantiles, share)
	return best


def _days(cycles: np.ndarray, cycle: np.ndarray, horizon: int | None) -> tuple[np.ndarray, ...]:
	days = np.floor(cycles * cycle[:, None])
	if horizon is not None:
		days = np.clip(days, 0, horizon - 1)
	return days[:, 0], days[:, 1], days[:, 2]


def _apply(windows: _Windows | None, cut: Cut, no_order: np.ndarray) -> NextPurchase:
	begin, middle, end, probability = (np.full(len(cut.snapshot), np.nan) for _ in range(4))
	told = (cut.snapshot["n"] >= FEWEST_ORDERS).to_numpy()
	snapshot = cut.snapshot[told]
	if windows is None:
		name = cut.buying.name_
		quantiles = _quantiles(cut.buying, cut.horizon, snapshot)
		share = 0.5
	else:
		name = "Past windows"
		quantiles = _days(windows.of(snapshot), snapshot["cycle"].to_numpy(), cut.horizon)
		share = windows.share
	begin[told], middle[told], end[told] = quantiles
	probability[told] = (1 - no_order[told]) * share
	return NextPurchase(begin, end, middle, probability, name)


def _quantiles(buying: Buying, horizon: int, snapshot: pd.DataFrame) -> tuple[np.ndarray, ...]:
	"""Whole days that hold half of those who come within the horizon: from the first quarter on."""
	within = 1 - buying.probability_no_order(horizon, snapshot)

	def come_by(day: np.ndarray) -> np.ndarray:
		return (1 - buying.probability_no_order(day, snapshot)) / within

	def when(part: np.ndarray) -> np.ndarray:
		low, high = np.zeros(len(snapshot)), np.full(len(snapshot), float(horizon))
		for _ in range(12):
			half = (low + high) / 2
			short = come_by(half) < part
			low, high = np.where(short, half, low), np.where(short, high, half)
		return (low + high) / 2

	begin = np.floor(when(np.full(len(snapshot), 0.25)))
	before = come_by(begin)
	# the last day ends a day after it begins
	end = np.clip(np.round(when(np.minimum(before + 0.5, 1.0))) - 1, begin, horizon - 1)
	middle = np.clip(np.floor(when(np.minimum(before + 0.25, 1.0))), begin, end)
	return begin, middle, end
