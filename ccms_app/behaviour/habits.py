"""What a customer usually does: the hour, weekday and month they buy, the item, group, brand and branch they prefer."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from .coding import Names, names
from .orders import Purchases, amount_key, is_sale

PEAKS = ("hour", "weekday", "month")


def peaks(orders: ir.Table) -> ir.Table:
	"""customer, and for hour (0-23), weekday (0 = Monday) and month (1-12): the commonest among the orders and its share.

	Ties go to the smaller. The hour is that of an order's first line; null where no time of day is known.
	"""
	parts = {
		"hour": orders.first_at.hour(),
		"weekday": orders.day.day_of_week.index(),
		"month": orders.day.month(),
	}
	found = None
	for name, part in parts.items():
		peak = _peak(orders.select("customer", value=part.cast("int64")), name)
		found = peak if found is None else _beside(found, peak)
	return found


def _peak(values: ir.Table, name: str) -> ir.Table:
	counts = (
		values.filter(values.value.notnull())
		.group_by("customer", "value")
		.agg(count=lambda table: table.count())
	)
	# the count and, behind it, how small the value is, in one number
	ranked = counts.mutate(rank=counts["count"] * 32 + (31 - counts.value))
	best = ranked.group_by("customer").agg(rank=ranked["rank"].max(), count=ranked["count"].sum())
	count = (best["rank"] / 32).floor().cast("int64")
	return best.select(
		"customer",
		**{f"peak_{name}": 31 - (best["rank"] - count * 32), f"peak_{name}_share": count / best["count"]},
	)


def favourites(known: Purchases) -> tuple[ir.Table, ir.Table]:
	"""(customer and favourite_item, favourite_group, favourite_brand; customer, day and number of different items).

	A favourite is in most orders; then the one with more revenue, then the smaller name. No name is no favourite.
	"""
	lines = known.customers.encode(known.lines)
	undone = known.days.filter(~known.days.is_order).select("customer", "day")
	found, baskets = None, None
	for new, column in (("item", "item"), ("group", "item_group"), ("brand", "brand")):
		numbers = names(known.lines, column)
		numbers = Names(known.keep(numbers.table), numbers.number, numbers.columns)
		cells = _cells(lines, numbers, column)
		if new == "item":
			cells = known.keep(cells)
			goods = cells.filter(cells.goods > 0)
			baskets = known.keep(goods.group_by("customer", "day").agg(items=goods.count()))
		best = _most_ordered(cells, undone, column)
		best = numbers.decode(best, "best", **{f"favourite_{new}": column}).drop("best")
		found = best if found is None else _beside(found, best)
	return found, baskets


def _cells(lines: ir.Table, numbers: Names, column: str) -> ir.Table:
	"""One row a customer, day and number: lines sold, and what they came to with returns."""
	coded = numbers.encode(lines.filter(lines[column].notnull()))
	goods = is_sale(coded) & (coded.qty > 0)
	return coded.group_by("customer", "day", column).agg(
		goods=coded.count(where=goods).cast("int32"), revenue=coded.net_amount.sum()
	)


def _most_ordered(cells: ir.Table, undone: ir.Table, column: str) -> ir.Table:
	"""customer and `best`: the number that is in most orders, then has most revenue, then is smallest."""
	marked = cells.left_join(undone.mutate(undone=True), ["customer", "day"])
	sums = marked.group_by("customer", column).agg(
		orders=marked.count(where=(marked.goods > 0) & marked.undone.isnull()), revenue=marked.revenue.sum()
	)
	sums = sums.filter(sums.orders > 0)
	best = ibis.struct({"orders": sums.orders, "revenue": amount_key(sums.revenue), "name": -sums[column]})
	return sums.group_by("customer").agg(best=sums[column].argmax(best))


def home(orders: ir.Table, places: Names) -> ir.Table:
	"""customer, home_branch and home_channel: of most orders, then of most value, then the smaller name."""
	placed = places.decode(
		orders.select("customer", "place", "value"), "place", branch="branch", channel="channel"
	)
	found = None
	for name in ("branch", "channel"):
		some = placed.filter(placed[name].notnull())
		sums = some.group_by("customer", name).agg(orders=some.count(), value=amount_key(some.value.sum()))
		order = ibis.window(group_by="customer", order_by=(sums.orders.desc(), sums.value.desc(), sums[name]))
		first = sums.mutate(first=ibis.row_number().over(order))
		first = first.filter(first["first"] == 0).select("customer", **{f"home_{name}": name})
		found = first if found is None else _beside(found, first, how="outer")
	return found


def _beside(table: ir.Table, other: ir.Table, how: str = "left") -> ir.Table:
	"""The two tables side by side by customer, with every customer of the first (outer: of both)."""
	joined = table.join(other, "customer", how=how)
	if how == "outer":
		joined = joined.mutate(customer=ibis.coalesce(joined.customer, joined.customer_right))
	return joined.drop("customer_right")
