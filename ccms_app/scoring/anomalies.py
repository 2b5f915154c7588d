"""Orders unlike the customer's own: a slip of the keyboard, a fraud, or a customer whose life has changed.

Two questions are asked of every order with at least five earlier ones of the same customer: is its value far from what this customer
spends, and is its value per distinct item? Each is answered in ln with the median and the median absolute deviation (scaled by 1.4826
to a standard deviation; Hampel, 1974) of the customer's own earlier orders, the deviation drawn towards that of all customers while
the own orders are few: (n · own + 20 · all) ÷ (n + 20). The score is the mean of both percentile ranks (MEASURES §5).

Everything about an order comes from the days before it; only its rank knows the other orders scored.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
from ibis.expr.types import Table

from ccms_app.behaviour.selections import frame

# earlier orders an order needs to be judged
EARLIER = 5
# the latest own orders that count as "own": older ones tell of another life, and a sort of them all would be slow
MEMORY = 50
# orders at which the own spread counts as much as everybody's
WEIGHT = 20
# spread of ln value where the company has not yet 100 deviations to learn it from
SPREAD = 0.7
LEARNT_FROM = 100
# where everybody always spends the same, a difference of some per cent is still nothing to ask about
FLOOR = 0.05
# a flag needs both: the score among the highest half per cent, and a z beyond this
PERCENTILE = 0.995
LIMIT = 3.5
_TO_SD = 1.4826
_CHUNK = 50_000
COLUMNS = (
	"customer",
	"day",
	"order_no",
	"value",
	"items",
	"usual_value",
	"usual_per_item",
	"z",
	"z_per_item",
)


def score(orders: Table, since: date | None = None) -> pd.DataFrame:
	"""Score every order that can be judged.

	Args:
		orders: the contract's orders; those without value are neither judged nor remembered.
		since: judge only orders from this day on (earlier ones are still remembered). Ranks are among the orders judged, so
			give a year rather than a day.

	Returns:
		customer, day, order_no, value, items, usual_value and usual_per_item (the medians), z (signed, of ln value),
		z_per_item, score (0 to 1), flagged; the strangest first.
	"""
	chosen = orders.filter(orders.value > 0, orders["items"] > 0)
	chosen = chosen.select("customer", "day", "order_no", "value", "items").order_by("customer", "day")
	judged = judge(frame(chosen), since)
	judged["score"] = (_rank(judged["z"]) + _rank(judged["z_per_item"])) / 2
	edge = judged["score"].quantile(PERCENTILE) if len(judged) else 0
	judged["flagged"] = (judged["score"] > edge) & (judged["z"].abs() > LIMIT)
	return judged.sort_values(["score", "customer", "day"], ascending=[False, True, True], ignore_index=True)


def judge(history: pd.DataFrame, since: date | None = None) -> pd.DataFrame:
	"""Both z of the orders that have enough earlier ones; history is sorted by customer and day."""
	start = _first_row(history["customer"])
	row = np.arange(len(history))
	value, items = history["value"].to_numpy(float), history["items"].to_numpy(float)
	day = history["day"].to_numpy("datetime64[D]")
	able = row - start >= EARLIER
	usual, z = _z(np.log(value), start, able, day)
	usual_each, z_each = _z(np.log(value / items), start, able, day)
	wanted = able if since is None else able & (day >= np.datetime64(since, "D"))
	found = history[["customer", "day", "order_no", "value", "items"]].assign(
		usual_value=np.exp(usual), usual_per_item=np.exp(usual_each), z=z, z_per_item=z_each
	)
	return found[wanted].reset_index(drop=True)


def _z(x: np.ndarray, start: np.ndarray, able: np.ndarray, day: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
	"""(own median, z) of each order; NaN where it cannot be judged."""
	median, spread, n = (np.full(len(x), np.nan) for _ in range(3))
	rows = np.flatnonzero(able)
	for begin in range(0, len(rows), _CHUNK):
		part = rows[begin : begin + _CHUNK]
		median[part], spread[part], n[part] = _robust(x, part, start[part])
	away = np.abs(x - median)
	everybody = _everybodys_spread(away, day)
	shrunk = (n * spread + WEIGHT * everybody) / (n + WEIGHT)
	return median, (x - median) / shrunk


def _robust(x: np.ndarray, rows: np.ndarray, start: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
	"""Median, scaled median absolute deviation and number of the earlier orders of each row."""
	back = rows[:, None] - np.arange(1, MEMORY + 1)
	known = back >= start[:, None]
	earlier = np.where(known, x[np.maximum(back, 0)], np.inf)
	n = known.sum(axis=1)
	median = _median(earlier, n)
	deviation = np.where(known, np.abs(earlier - median[:, None]), np.inf)
	return median, _TO_SD * _median(deviation, n), n


def _median(values: np.ndarray, n: np.ndarray) -> np.ndarray:
	"""Of the n smallest in each row; the rest is filled with infinity."""
	values = np.sort(values, axis=1)
	row = np.arange(len(values))
	return (values[row, (n - 1) // 2] + values[row, n // 2]) / 2


def _everybodys_spread(away: np.ndarray, day: np.ndarray) -> np.ndarray:
	"""For each order the spread of all customers around their own medians, in the months before its own."""
	month = day.astype("datetime64[M]")
	known = np.isfinite(away)
	spread = np.full(len(away), SPREAD)
	for each in np.unique(month[known]):
		earlier = away[known & (month < each)]
		if len(earlier) >= LEARNT_FROM:
			spread[month == each] = max(_TO_SD * np.median(earlier), FLOOR)
	return spread


def _first_row(customer: pd.Series) -> np.ndarray:
	"""For each row the first row of the same customer, in a frame sorted by customer."""
	codes = pd.factorize(customer)[0]
	starts = np.flatnonzero(np.diff(codes, prepend=-1))
	return np.repeat(starts, np.diff(np.append(starts, len(codes))))


def _rank(z: pd.Series) -> pd.Series:
	return z.abs().rank(pct=True)
