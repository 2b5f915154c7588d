"""What will be sold: quantity (or revenue) by item group and month.

With 15 months of data a group's month is the same month last year, times the trend: the last three whole months against the same three
a year before. With less, or where nothing was sold in those three a year ago, it is the mean of the last three whole months. The
same rule is tried on up to twelve past months, which gives the interval and the error that stands beside that of the simplest rule
there is: "as much as last month".
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
from ibis.expr.types import Table

from .selections import frame, month, month_start, quantity, window

TREND = 3
FULL = 15
TESTED = 12
# 80 % of a normal distribution lie within so many standard deviations
INTERVAL = 1.2816
# of a squared standard normal
_MEDIAN_OF_SQUARES = 0.4549
# months of a group's own errors that count as much as those of all groups
WEIGHT = 6
LAST_YEAR, RECENT = "last year", "recent months"
# data that begin later in a month do not tell what the month sold
FIRST_DAYS = 3


def outlook(
	lines: Table, as_of: date, by: str = "item_group", measure: str = "qty", ahead: int = 3
) -> pd.DataFrame:
	"""One row a group and month to come, the month of the as-of first (it may already be running).

	Args:
		by: item_group, item, brand or branch.
		measure: qty (stock units) or revenue (company currency); returns lower both.

	Returns:
		group, month (first day), step (1 = the first), forecast, low, high (80 %), basis ("last year" or "recent months"), last_month (the
		last whole month), same_month_last_year (NaN where unknown), error and error_last_month (sum of absolute errors ÷ sum of
		what was sold, in the months tried), months_tried. Interval and errors are NaN before there is a month to try.
	"""
	history = monthly(lines, as_of, by, measure)
	past = history.to_numpy(float)
	# the month of each group's first sale
	begun = (np.cumsum(past != 0, axis=0) == 0).sum(axis=0)
	rows = []
	for step in range(1, ahead + 1):
		rows.append(_step(history, past, begun, as_of, step))
	found = pd.concat(rows, ignore_index=True)
	return found.sort_values(["group", "month"], ignore_index=True)


def monthly(lines: Table, as_of: date, by: str = "item_group", measure: str = "qty") -> pd.DataFrame:
	"""What was sold in each whole month before the as-of: a row a month, a column a group, no gaps."""
	chosen = window(lines, as_of)
	amount = chosen.net_amount if measure == "revenue" else quantity(chosen)
	if measure != "revenue":
		chosen = chosen.filter(~chosen.is_debit_note)
	chosen = chosen.select(month=month(chosen.day), day=chosen.day, group=chosen[by], amount=amount)
	sums = chosen.group_by("group", "month").agg(sold=chosen.amount.sum(), first=chosen.day.min())
	found = frame(sums)
	begin = found["first"].min()
	end = month_start(as_of)
	found = found[found["group"].notna()]
	if pd.isna(begin):
		return pd.DataFrame(index=pd.DatetimeIndex([], dtype="datetime64[us]"))
	start = begin.normalize().replace(day=1)
	if begin.day > FIRST_DAYS:
		start += pd.offsets.MonthBegin()
	months = pd.date_range(start, end, freq="MS").astype("datetime64[us]")
	months = months[months < end]
	table = found.pivot(index="month", columns="group", values="sold")
	return table.reindex(months).fillna(0.0).sort_index(axis=1)


def stock_days(forecast: pd.DataFrame, stock: pd.DataFrame) -> pd.DataFrame:
	"""For how many days the stock lasts: actual quantity ÷ forecast per day of the first month to come.

	Args:
		forecast: of :func:`outlook`, in stock units.
		stock: group, actual_qty.

	Returns: group, actual_qty, per_day, days (NaN where nothing is expected to be sold).
	"""
	first = forecast[forecast["step"] == 1].merge(stock.astype({"group": object}), on="group", how="inner")
	per_day = first["forecast"] / first["month"].dt.days_in_month
	return pd.DataFrame(
		{
			"group": first["group"],
			"actual_qty": first["actual_qty"].astype(float),
			"per_day": per_day,
			"days": first["actual_qty"].clip(lower=0) / per_day.where(per_day > 0),
		}
	)


def _step(history: pd.DataFrame, past: np.ndarray, begun: np.ndarray, as_of: date, step: int) -> pd.DataFrame:
	n = len(past)
	forecast, by_year = _forecast(past, n, begun, step)
	# with the months before index `end` known, the month `end + step - 1` was to be told
	tried = range(max(TREND, n - step + 1 - TESTED), n - step + 1)
	actual = np.array([past[end + step - 1] for end in tried]).reshape(len(tried), past.shape[1])
	expected = np.array([_forecast(past, end, begun, step)[0] for end in tried]).reshape(actual.shape)
	naive = np.array([past[end - 1] for end in tried]).reshape(actual.shape)
	# a group is tried from its third month on
	counted = np.array([begun <= end - TREND for end in tried], dtype=bool).reshape(actual.shape)
	spread = _spread(actual, expected, counted)
	coming = month_start(as_of) + pd.DateOffset(months=step - 1)
	year_ago = n + step - 1 - 12
	return pd.DataFrame(
		{
			"group": history.columns.astype(object),
			"month": pd.Series(coming, index=range(past.shape[1])).astype("datetime64[us]"),
			"step": step,
			"forecast": forecast,
			"low": np.maximum((forecast + 0.5) * np.exp(-INTERVAL * spread) - 0.5, 0),
			"high": np.maximum((forecast + 0.5) * np.exp(INTERVAL * spread) - 0.5, 0),
			"basis": np.where(by_year, LAST_YEAR, RECENT),
			"last_month": past[-1] if n else np.nan,
			"same_month_last_year": past[year_ago] if 0 <= year_ago < n else np.nan,
			"error": _error(actual, expected, counted),
			"error_last_month": _error(actual, naive, counted),
			"months_tried": counted.sum(axis=0),
		}
	)


def _forecast(past: np.ndarray, end: int, begun: np.ndarray, step: int) -> tuple[np.ndarray, np.ndarray]:
	"""What the rule says, knowing the months before index `end`, for the month `step` after; and where it used last year."""
	known = past[:end]
	recent = known[-TREND:].mean(axis=0) if end else np.full(past.shape[1], np.nan)
	same = end + step - 1 - 12
	forecast, by_year = recent.copy(), np.zeros(past.shape[1], bool)
	if end >= FULL and 0 <= same < end:
		base = known[end - 12 - TREND : end - 12].sum(axis=0)
		by_year = (end - begun >= FULL) & (base > 0)
		trend = known[-TREND:].sum(axis=0) / np.where(base > 0, base, 1)
		forecast = np.where(by_year, known[same] * trend, recent)
	return np.maximum(forecast, 0), by_year


def _spread(actual: np.ndarray, expected: np.ndarray, counted: np.ndarray) -> np.ndarray:
	"""Standard deviation of ln(actual ÷ expected) of each group, drawn towards that of all groups."""
	missed = np.log((np.maximum(actual, 0) + 0.5) / (expected + 0.5)) ** 2
	n = counted.sum(axis=0)
	if not counted.any():
		return np.full(actual.shape[1], np.nan)
	# a few groups that come and go would widen the mean for all
	everybody = np.median(missed[counted]) / _MEDIAN_OF_SQUARES
	return np.sqrt(((missed * counted).sum(axis=0) + WEIGHT * everybody) / (n + WEIGHT))


def _error(actual: np.ndarray, expected: np.ndarray, counted: np.ndarray) -> np.ndarray:
	sold = (actual * counted).sum(axis=0)
	missed = (np.abs(actual - expected) * counted).sum(axis=0)
	return missed / np.where(sold > 0, sold, np.nan)
