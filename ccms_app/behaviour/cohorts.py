"""Cohorts: customers by the month of their first order, and what became of them.

Where a company's data begin, old customers look new: the cohorts of the first three months are flagged `early`. The month of the
as-of has not ended: its cells are flagged `running` and never averaged.
"""

from __future__ import annotations

from datetime import date, timedelta

import ibis
import numpy as np
import pandas as pd
from ibis.expr.types import Table

from .selections import frame, month, month_number, month_start, window

EARLY_MONTHS = 3
# a second order within these many days; only customers who have had the time are counted
SECOND_WITHIN = (30, 90, 180, 365)


def retention(orders: Table, daily: Table, as_of: date, begin: date | None = None) -> pd.DataFrame:
	"""One row a cohort and month since: cohort × offset, without gaps.

	Args:
		orders, daily: the contract's. A filtered table makes cohorts by the first order in it.
		begin: the first day of all data, where a filtered table may begin later; None takes the first order in it.

	Returns:
		cohort and month (first days), offset (months between), customers (of the cohort), active (with an order that month),
		retention (active ÷ customers), revenue (net, that month), cumulative (revenue so far), cumulative_each (÷ customers),
		early, running.
	"""
	orders, daily = window(orders, as_of), window(daily, as_of)
	firsts = _first_days(orders)
	bought = orders.join(firsts, "customer")
	bought = bought.group_by(cohort=month(bought.first_day), month=month(bought.day)).agg(
		active=bought.customer.nunique()
	)
	earned = daily.join(firsts, "customer")
	# returns of goods bought before the first order that counts belong to no cohort
	earned = earned.filter(earned.day >= earned.first_day)
	earned = earned.group_by(cohort=month(earned.first_day), month=month(earned.day)).agg(
		revenue=earned.revenue.sum()
	)
	sizes = firsts.group_by(cohort=month(firsts.first_day)).agg(customers=firsts.count())
	cells = _grid(frame(sizes), as_of)
	for part in (frame(bought), frame(earned)):
		cells = cells.merge(part, on=["cohort", "month"], how="left")
	cells["active"] = cells["active"].fillna(0).astype("int64")
	cells["revenue"] = cells["revenue"].fillna(0.0)
	cells["retention"] = cells["active"] / cells["customers"]
	cells["cumulative"] = cells.groupby("cohort")["revenue"].cumsum()
	cells["cumulative_each"] = cells["cumulative"] / cells["customers"]
	first = cells["cohort"].min() if len(cells) else pd.Timestamp(as_of)
	cells["early"] = _early(cells["cohort"], first if begin is None else pd.Timestamp(begin))
	cells["running"] = cells["month"] == month_start(as_of)
	return cells


def average(cells: pd.DataFrame, early: bool = False) -> pd.DataFrame:
	"""Over the cohorts of :func:`retention`, weighted by customers: offset, customers, retention, cumulative_each.

	Running months are left out, cohorts whose own month still runs too, and early cohorts unless asked for (when there are
	no others, they are taken).
	"""
	closed = cells[~cells["running"]]
	if not early and (~closed["early"]).any():
		closed = closed[~closed["early"]]
	sums = closed.groupby("offset")[["customers", "active", "cumulative"]].sum().reset_index()
	return pd.DataFrame(
		{
			"offset": sums["offset"].astype("int64"),
			"customers": sums["customers"].astype("int64"),
			"retention": sums["active"] / sums["customers"],
			"cumulative_each": sums["cumulative"] / sums["customers"],
		}
	)


def second_purchase(
	orders: Table, as_of: date, within: tuple[int, ...] = SECOND_WITHIN, begin: date | None = None
) -> pd.DataFrame:
	"""How many of each cohort came a second time, and after how many days. begin: see :func:`retention`.

	Returns:
		cohort, customers, second (customers with two orders so far), second_rate, days_to_second (median of those),
		and for each number of days n: had_n (customers whose first order is at least n days ago), rate_n (share of them with a second
		order within n days; NaN when nobody has had the time), early, running. The last row, cohort NaT, is all together.
	"""
	orders = window(orders, as_of)
	ranked = orders.select("customer", "day").mutate(
		place=ibis.row_number().over(group_by="customer", order_by="day")
	)
	firsts = ranked.filter(ranked.place == 0).select("customer", first_day="day")
	seconds = ranked.filter(ranked.place == 1).select("customer", second_day="day")
	found = firsts.left_join(seconds, "customer").select("first_day", "second_day")
	# the same pair of days for many customers: at most days × days rows leave the engine
	found = found.group_by("first_day", "second_day").agg(customers=found.count())
	people = frame(found)
	people["cohort"] = people["first_day"].dt.to_period("M").dt.to_timestamp().astype("datetime64[us]")
	cohorts = sorted(people["cohort"].unique())
	parts = [people[people["cohort"] == cohort] for cohort in cohorts]
	table = pd.DataFrame([_second(part, as_of, within) for part in [*parts, people]])
	table.insert(0, "cohort", pd.Series([*cohorts, pd.NaT], dtype="datetime64[us]"))
	first = cohorts[0] if cohorts else pd.NaT
	table["early"] = _early(table["cohort"], first if begin is None else pd.Timestamp(begin))
	table["running"] = table["cohort"] == month_start(as_of)
	return table


def new_and_repeat(orders: Table, daily: Table, as_of: date) -> pd.DataFrame:
	"""Revenue by month: new = everything on the day of a customer's first order, repeat = the rest.

	Returns: month (no gaps), new_customers, repeat_customers (with an order that month and their first on an earlier day),
	new_revenue, repeat_revenue, running, early.
	"""
	orders, daily = window(orders, as_of), window(daily, as_of)
	firsts = _first_days(orders)
	bought = orders.join(firsts, "customer")
	bought = bought.mutate(is_new=bought.day == bought.first_day)
	people = bought.group_by(month=month(bought.day)).agg(
		new_customers=bought.customer.nunique(where=bought.is_new),
		repeat_customers=bought.customer.nunique(where=~bought.is_new),
	)
	earned = daily.left_join(firsts, "customer").select("day", "revenue", "first_day")
	is_new = ibis.coalesce(earned.day == earned.first_day, False)
	earned = earned.select(month=month(earned.day), revenue=earned.revenue, is_new=is_new)
	earned = earned.group_by("month").agg(
		new_revenue=earned.revenue.sum(where=earned.is_new),
		repeat_revenue=earned.revenue.sum(where=~earned.is_new),
	)
	found = frame(people).merge(frame(earned), on="month", how="outer")
	months = pd.DataFrame({"month": _months(found["month"], as_of)})
	found = months.merge(found, on="month", how="left")
	for name in ("new_customers", "repeat_customers"):
		found[name] = found[name].fillna(0).astype("int64")
	for name in ("new_revenue", "repeat_revenue"):
		found[name] = found[name].fillna(0.0).astype(float)
	found["running"] = found["month"] == month_start(as_of)
	found["early"] = _early(found["month"], found["month"].min())
	return found


def _first_days(orders: Table) -> Table:
	return orders.group_by("customer").agg(first_day=orders.day.min())


def _grid(sizes: pd.DataFrame, as_of: date) -> pd.DataFrame:
	"""Every cohort with every month from its own to the last that has begun before the as-of."""
	rows = [
		(cohort, each, offset, customers)
		for cohort, customers in sizes.sort_values("cohort").itertuples(index=False)
		for offset, each in enumerate(_months(pd.Series([cohort]), as_of))
	]
	grid = pd.DataFrame(rows, columns=["cohort", "month", "offset", "customers"])
	return grid.astype(
		{"cohort": "datetime64[us]", "month": "datetime64[us]", "offset": "int64", "customers": "int64"}
	)


def _months(found: pd.Series, as_of: date) -> pd.DatetimeIndex:
	"""From the first month found to that of the last day before the as-of."""
	if not len(found):
		return pd.DatetimeIndex([], dtype="datetime64[us]")
	last = month_start(as_of - timedelta(days=1))
	return pd.date_range(found.min(), last, freq="MS").astype("datetime64[us]")


def _early(cohorts: pd.Series, first: pd.Timestamp) -> pd.Series:
	if not len(cohorts) or pd.isna(first):
		return pd.Series(False, index=cohorts.index)
	return month_number(cohorts) - (first.year * 12 + first.month - 1) < EARLY_MONTHS


def _second(people: pd.DataFrame, as_of: date, within: tuple[int, ...]) -> dict:
	waited = (people["second_day"] - people["first_day"]).dt.days
	known = (pd.Timestamp(as_of) - people["first_day"]).dt.days
	count = people["customers"]
	everybody, came = int(count.sum()), int(count[waited.notna()].sum())
	row = {
		"customers": everybody,
		"second": came,
		"second_rate": came / everybody if everybody else np.nan,
		"days_to_second": _median(waited[waited.notna()], count[waited.notna()]),
	}
	for days in within:
		had = count[known >= days].sum()
		row[f"had_{days}"] = int(had)
		row[f"rate_{days}"] = count[(known >= days) & (waited <= days)].sum() / had if had else np.nan
	return row


def _median(values: pd.Series, times: pd.Series) -> float:
	"""The median of values that occur so many times."""
	return float(np.median(np.repeat(values.to_numpy(float), times))) if len(values) else np.nan
