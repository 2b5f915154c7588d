"""What comes back, and what people complain about: by customer, item, group, brand or branch."""

from __future__ import annotations

from datetime import date

import ibis
import pandas as pd
from ibis.expr.types import Table

from .selections import frame, marked, sold, went_out, window

DAYS = 365
# under so many orders a complaint rate says more about chance than about service
ORDERS = 5


def returns(lines: Table, as_of: date, by: str, days: int = DAYS) -> pd.DataFrame:
	"""How much of what was sold in the window came back before the as-of.

	Args:
		by: a column of the lines: customer, item, item_group, brand, branch, channel, …

	Returns:
		by, orders (what came back as a whole is none, though it was sold), customers, sold (net), returned (net, positive, of sales in the window), return_rate (returned ÷ sold, at most 1; NaN
		where nothing was sold), return_lines, unlinked (net of returns in the window that name no sale of the lines). The
		highest amounts returned first.
	"""
	sales = marked(window(lines, as_of, days))
	sales = sales.filter(went_out(sales))
	# an order is a customer and a day; three small groupings are faster than two that count different customers
	visits = sales.group_by(*_keys(by), "day", "undone").agg(sold=sales.net_amount.sum())
	visits = visits.group_by(*_keys(by)).agg(
		sold=visits.sold.sum(), orders=visits.count(where=~visits.undone)
	)
	sums = visits.group_by(by).agg(
		sold=visits.sold.sum(), customers=visits.count(), orders=visits.orders.sum()
	)
	back = lines.filter(lines.is_return, lines.day < ibis.date(as_of))
	# every document that something came back of, with the day it was sold on
	against = back.select("voucher_type", invoice="return_against").distinct()
	sources = lines.filter(~lines.is_return).semi_join(against, ["voucher_type", "invoice"])
	sources = sources.group_by("voucher_type", return_against="invoice").agg(sold_on=sources.day.min())
	back = back.left_join(sources, ["voucher_type", "return_against"])
	begin = pd.Timestamp(as_of) - pd.Timedelta(days=days)
	inside = ibis.coalesce(back.sold_on >= ibis.date(begin.date()), False)
	unlinked = back.sold_on.isnull() & (back.day >= ibis.date(begin.date()))
	back = back.select(by, amount=-back.net_amount, inside=inside, unlinked=unlinked)
	given = back.group_by(by).agg(
		returned=back.amount.sum(where=back.inside),
		return_lines=back.inside.sum(),
		unlinked=back.amount.sum(where=back.unlinked),
	)
	found = frame(sums).merge(frame(given), on=by, how="outer")
	found = found[found[by].notna()].reset_index(drop=True)
	for name in ("sold", "returned", "unlinked"):
		found[name] = found[name].astype(float).fillna(0.0)
	for name in ("orders", "customers", "return_lines"):
		found[name] = found[name].fillna(0).astype("int64")
	rate = found["returned"] / found["sold"].where(found["sold"] > 0)
	found["return_rate"] = rate.clip(lower=0, upper=1)
	found = found[(found["sold"] != 0) | (found["returned"] != 0) | (found["unlinked"] != 0)]
	order = [by, "orders", "customers", "sold", "returned", "return_rate", "return_lines", "unlinked"]
	return found[order].sort_values(["returned", by], ascending=[False, True], ignore_index=True)


def complaints(lines: Table, issues: pd.DataFrame, as_of: date, by: str, days: int = DAYS) -> pd.DataFrame:
	"""Complaints against orders in the window.

	Args:
		issues: one row a complaint (the caller has chosen the types that are): opened_on, customer, and where known voucher_type, invoice,
			item. What the complaint itself does not say (its branch, the group of its item) is read from the lines.
		by: customer, item, item_group, brand, branch, …

	Returns:
		by, complaints, orders, complaint_rate (NaN under five orders); most complaints first. Complaints that cannot be
		attributed are in the row whose `by` is missing.
	"""
	visits = frame(_orders(sold(window(lines, as_of, days)), by))
	begin = pd.Timestamp(as_of) - pd.Timedelta(days=days)
	opened = pd.to_datetime(issues["opened_on"])
	recent = issues[(opened >= begin) & (opened < pd.Timestamp(as_of))]
	named = _attributed(lines, recent, by)
	counts = named.groupby(by, dropna=False).size().rename("complaints").reset_index()
	counts[by], visits[by] = counts[by].astype(object), visits[by].astype(object)
	found = visits[visits[by].notna()].merge(counts, on=by, how="outer")
	found["complaints"] = found["complaints"].fillna(0).astype("int64")
	found["orders"] = found["orders"].fillna(0).astype("int64")
	enough = found["orders"] >= ORDERS
	found["complaint_rate"] = (found["complaints"] / found["orders"].where(enough)).astype(float)
	found = found[[by, "complaints", "orders", "complaint_rate"]]
	return found.sort_values(["complaints", by], ascending=[False, True], ignore_index=True)


def _orders(sales: Table, by: str) -> Table:
	"""Orders (customer and day) with at least one such line."""
	each = sales.select(*_keys(by), "day").distinct()
	return each.group_by(by).agg(orders=each.count())


def _keys(by: str) -> list[str]:
	return [by] if by == "customer" else [by, "customer"]


def _attributed(lines: Table, issues: pd.DataFrame, by: str) -> pd.DataFrame:
	"""The complaints with the column `by`, from themselves or from the lines they name."""
	if not len(issues):
		return pd.DataFrame({by: pd.Series(dtype=object)})
	if by in issues:
		return issues[[by]].astype(object).replace({"": None})
	keys = ["voucher_type", "invoice"] if by in _OF_DOCUMENT else ["item"]
	nothing = pd.DataFrame({by: pd.Series([None] * len(issues), dtype=object)})
	wanted = issues[keys].dropna().drop_duplicates().astype(str) if set(keys) <= set(issues) else ()
	if not len(wanted):
		return nothing
	asked = lines.semi_join(ibis.memtable(wanted), keys)
	known = frame(asked.group_by(keys).agg(**{by: asked[by].max()})).astype(object)
	if not len(known):
		return nothing
	found = issues[keys].astype(object).merge(known, on=keys, how="left")
	return found[[by]]


_OF_DOCUMENT = ("branch", "channel", "customer_group", "territory", "sales_person")
