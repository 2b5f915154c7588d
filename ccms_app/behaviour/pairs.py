"""What sells together: items (or groups, or brands) bought in the same order.

An order is a customer's day. Support is the number of orders with both, confidence the share of the orders with the one that hold the
other too, lift that share against the share of all orders that hold the other (Agrawal and Srikant, 1994; Brin et al., 1997).
"""

from __future__ import annotations

from datetime import date

import ibis
import pandas as pd
from ibis.expr.types import Table

from . import private
from .selections import frame, sold, window

# rarer things pair by chance; an order as long as this is a stock-up that pairs everything with everything
ORDERS = 20
LONGEST = 100
SUPPORT = 10
TOP = 100


def pairs(
	lines: Table,
	as_of: date,
	days: int | None = 365,
	by: str = "item",
	orders: int = ORDERS,
	longest: int = LONGEST,
	support: int = SUPPORT,
	top: int = TOP,
) -> pd.DataFrame:
	"""Pairs in both directions: whoever buys `first` also buys `second`. Heavy on many lines: a nightly figure.

	Args:
		by: item, item_group or brand.
		orders: a thing needs to be in so many orders.
		longest: longer orders (in distinct things) are left out of every count.
		support: a pair needs to be in so many orders.
		top: pairs kept for each first thing, those in most orders, then of highest lift.

	Returns: first, second, orders_first, orders_second, support, confidence (0 to 1), lift; by first, then support.
	"""
	return frame(
		paired(lines, as_of, days, by, orders, longest, support, top).order_by("first", "place")
	).drop(columns="place")


def paired(
	lines: Table, as_of: date, days: int | None, by: str, orders: int, longest: int, support: int, top: int
) -> Table:
	"""The query behind :func:`pairs`."""
	bought = private.told(sold(window(lines, as_of, days)))
	bought = bought.select("customer", "day", thing=bought[by])
	bought = bought.filter(bought.thing.notnull()).distinct()
	# numbers are joined and counted several times faster than names
	baskets = bought.group_by("customer", "day").agg(things=bought.count())
	baskets = baskets.filter(baskets.things <= longest)
	baskets = baskets.mutate(order=ibis.row_number().over(order_by=[baskets.customer, baskets.day]))
	bought = bought.join(baskets, ["customer", "day"])
	counts = bought.group_by("thing").agg(held=bought.count())
	counts = counts.filter(counts.held >= orders)
	counts = counts.mutate(code=ibis.row_number().over(order_by=counts.thing))
	held = bought.join(counts, "thing").select("order", "code")
	other = held.view()
	both = held.join(other, [held.order == other.order, held.code < other.code]).select(
		a=held.code, b=other.code
	)
	both = both.group_by("a", "b").agg(support=both.count())
	both = both.filter(both.support >= support)
	directed = both.select("a", "b", "support").union(both.select(a=both.b, b=both.a, support=both.support))
	names, partners = counts, counts.view()
	found = directed.join(names, directed.a == names.code).select(
		"b", "support", first=names.thing, orders_first=names.held
	)
	found = found.join(partners, found.b == partners.code).select(
		"first", "orders_first", "support", second=partners.thing, orders_second=partners.held
	)
	found = found.cross_join(baskets.agg(all_orders=baskets.count()))
	found = found.mutate(
		confidence=found.support / found.orders_first,
		lift=found.support * found.all_orders.cast("float64") / (found.orders_first * found.orders_second),
	)
	place = ibis.row_number().over(
		group_by=found.first, order_by=[found.support.desc(), found.lift.desc(), found.second]
	)
	found = found.mutate(place=place)
	found = found.filter(found.place < top)
	return found.select(
		"first", "second", "orders_first", "orders_second", "support", "confidence", "lift", "place"
	)


def together(found: pd.DataFrame, support: int = SUPPORT) -> pd.DataFrame:
	"""Each pair once, the strongest ties first: by lift among pairs in at least so many orders.

	The direction kept is the one of higher confidence, to be read "who buys first also buys second".
	"""
	chosen = found[found["support"] >= support].sort_values(
		["lift", "support", "confidence", "first", "second"],
		ascending=[False, False, False, True, True],
		ignore_index=True,
	)
	ends = pd.DataFrame({"first": chosen["first"], "second": chosen["second"]})
	key = (
		ends.min(axis=1).astype(str) + "\x00" + ends.max(axis=1).astype(str)
		if len(ends)
		else pd.Series(dtype=str)
	)
	return chosen[~key.duplicated()].reset_index(drop=True)
