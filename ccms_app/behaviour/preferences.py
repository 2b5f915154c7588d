"""What people like and when they come: favourite things, hours and weekdays, seasons."""

from __future__ import annotations

from datetime import date

import ibis
import numpy as np
import pandas as pd
from ibis.expr.types import Table

from . import private
from .amounts import key as amount_key
from .selections import frame, marked, month, sold, went_out, window

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def favourites(lines: Table, as_of: date, by: str, days: int | None = 365) -> pd.DataFrame:
	"""Groups, brands or items by how many people like them.

	Args:
		by: item_group, brand or item.

	Returns:
		by, orders, customers, repeat_customers (with at least two orders of it), customer_share (of everybody who bought in the
		window), repeat_share (of its own customers), revenue (net of returns), qty, favourite_of (customers whose favourite it is: by
		orders, then revenue, then name). By customers, then revenue.
	"""
	known = marked(window(lines, as_of, days))
	chosen = private.told(known).filter(known[by].notnull())
	out = went_out(chosen) & ~chosen.undone
	# first by day: two small groupings are faster than one that counts distinct days
	each = chosen.group_by("customer", "day", thing=chosen[by]).agg(
		bought=out.cast("int64").max(), revenue=chosen.net_amount.sum(), qty=chosen.qty.sum()
	)
	each = each.group_by("customer", "thing").agg(
		orders=each.bought.sum(), revenue=each.revenue.sum(), qty=each.qty.sum()
	)
	bought = each.orders > 0
	first = ibis.row_number().over(
		group_by=each.customer,
		order_by=[each.orders.desc(), amount_key(each.revenue).desc(), each.thing],
	)
	each = each.mutate(bought=bought, is_favourite=(first == 0) & bought)
	things = each.group_by("thing").agg(
		orders=each.orders.sum(),
		customers=each.bought.cast("int64").sum(),
		repeat_customers=(each.orders >= 2).cast("int64").sum(),
		revenue=each.revenue.sum(),
		qty=each.qty.sum(),
		favourite_of=each.is_favourite.cast("int64").sum(),
	)
	found = frame(things)
	everybody = int(sold(known).customer.nunique().to_pandas() or 0)
	found = found[found["customers"] > 0]
	found = found.assign(
		customer_share=found["customers"] / max(everybody, 1),
		repeat_share=found["repeat_customers"] / found["customers"],
	).rename(columns={"thing": by})
	order = ["orders", "customers", "repeat_customers", "customer_share", "repeat_share", "revenue", "qty"]
	found = found[[by, *order, "favourite_of"]]
	return found.sort_values(["customers", "revenue", by], ascending=[False, False, True], ignore_index=True)


def peak_times(orders: Table, as_of: date, days: int | None = 365) -> pd.DataFrame:
	"""When people come: all 168 cells of weekday × hour.

	Returns: weekday (0 = Monday), hour (0 to 23; by the day's first document), orders, revenue (value of the orders), share (of
	orders). Orders whose time of day is not known are in none.
	"""
	chosen = window(orders, as_of, days)
	chosen = chosen.filter(chosen.first_at.notnull())
	chosen = chosen.select(
		"value",
		weekday=chosen.day.day_of_week.index().cast("int64"),
		hour=chosen.first_at.hour().cast("int64"),
	)
	found = frame(chosen.group_by("weekday", "hour").agg(orders=chosen.count(), revenue=chosen.value.sum()))
	cells = pd.MultiIndex.from_product([range(7), range(24)], names=["weekday", "hour"])
	found = found.set_index(["weekday", "hour"]).reindex(cells).reset_index()
	found["orders"] = found["orders"].fillna(0).astype("int64")
	found["revenue"] = found["revenue"].fillna(0.0).astype(float)
	found["share"] = found["orders"] / max(found["orders"].sum(), 1)
	return found


def season(orders: Table, daily: Table, as_of: date) -> pd.DataFrame:
	"""The calendar months against an average day.

	Returns: month (1 to 12), days (of data in it), orders, revenue, index_orders and index_revenue (per day, against the average day of
	all data: 1.2 = a fifth more; NaN where there are no data), whole (every day of the month was seen at least once).
	"""
	orders, daily = window(orders, as_of), window(daily, as_of)
	counts = frame(orders.group_by(month=month(orders.day)).agg(orders=orders.count()))
	sums = frame(daily.group_by(month=month(daily.day)).agg(revenue=daily.revenue.sum()))
	begin = pd.to_datetime(daily.day.min().to_pandas())
	table = pd.DataFrame({"month": range(1, 13)})
	if pd.isna(begin):
		days = pd.DatetimeIndex([])
	else:
		days = pd.date_range(begin, pd.Timestamp(as_of) - pd.Timedelta(days=1))
	seen = pd.Series(1, index=days).groupby(days.month).sum() if len(days) else pd.Series(dtype=float)
	table["days"] = table["month"].map(seen).fillna(0).astype("int64")
	for part, name in ((counts, "orders"), (sums, "revenue")):
		by_month = part.groupby(part["month"].dt.month)[name].sum()
		table[name] = table["month"].map(by_month).fillna(0)
	table["orders"] = table["orders"].astype("int64")
	known = table["days"].where(table["days"] > 0)
	for name in ("orders", "revenue"):
		usual = table[name].sum() / max(table["days"].sum(), 1)
		table[f"index_{name}"] = (table[name] / known / usual) if usual else np.nan
	table["whole"] = table["month"].map(_whole_months(days)).fillna(False).astype(bool)
	return table


def _whole_months(days: pd.DatetimeIndex) -> pd.Series:
	"""For each calendar month whether all its days were seen, in any year (29 February apart)."""
	if not len(days):
		return pd.Series(dtype=object)
	seen = pd.Series(days.day, index=days.month).groupby(level=0).nunique()
	need = {number: pd.Timestamp(2023, number, 1).days_in_month for number in range(1, 13)}
	return pd.Series({number: count >= need[number] for number, count in seen.items()})
