"""What a customer usually does: the hour, weekday and month they buy, the item, group, brand and branch they prefer."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from .orders import Purchases, is_sale
from .places import amount_key

PREFERRED = ("item", "item_group", "brand")


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
	"""(customer, favourite_item, favourite_group, favourite_brand; customer, day and the number of different items).

	A favourite is in most orders; then the one with more revenue, then the smaller name. No name is no favourite.
	"""
	keep = known.keep
	undone = known.days.filter((known.days.goods_lines > 0) & ~known.days.is_order)
	undone = known.lines.semi_join(undone, ["customer", "day"])
	undone = keep(
		undone.select("customer", "day", "is_return", "is_debit_note", "qty", "net_amount", *PREFERRED)
	)
	found, baskets = None, None
	for name, column in zip(("item", "group", "brand"), PREFERRED, strict=True):
		cells = _cells(known.lines, column)
		if name == "item":
			cells = keep(cells)
			goods = cells.filter(cells.goods)
			baskets = keep(goods.group_by("customer", "day").agg(items=goods.count()))
		best = keep(_most_ordered(cells, _cells(undone, column), f"favourite_{name}"))
		found = best if found is None else _beside(found, best, how="outer")
	return found, baskets


def _cells(lines: ir.Table, column: str) -> ir.Table:
	"""One row a customer, day and value: whether it was bought, and what it came to with returns."""
	named = lines.filter(lines[column].notnull())
	bought = is_sale(named) & (named.qty > 0)
	return named.group_by("customer", "day", value=column).agg(
		goods=bought.any(), revenue=named.net_amount.sum()
	)


def _most_ordered(cells: ir.Table, undone: ir.Table, name: str) -> ir.Table:
	"""customer and the value that is in most orders, then has most revenue, then is smallest.

	undone: the cells of days that are no orders any more; they are taken off again.
	"""
	orders = cells.select("customer", "value", "revenue", orders=cells.goods.cast("int64"))
	no_orders = undone.select("customer", "value", revenue=0.0, orders=-undone.goods.cast("int64"))
	counts = orders.union(no_orders)
	sums = counts.group_by("customer", "value").agg(orders=counts.orders.sum(), revenue=counts.revenue.sum())
	sums = sums.filter(sums.orders > 0)
	best = ibis.struct({"orders": -sums.orders, "revenue": -amount_key(sums.revenue), "value": sums["value"]})
	return sums.group_by("customer").agg(**{name: sums["value"].argmin(best)})


def home(orders: ir.Table) -> ir.Table:
	"""customer, home_branch and home_channel: of most orders, then of most value, then the smaller name.

	orders: with customer, value, branch and channel.
	"""
	found = None
	for name in ("branch", "channel"):
		some = orders.filter(orders[name].notnull())
		sums = some.group_by("customer", value=name).agg(orders=some.count(), revenue=some["value"].sum())
		best = ibis.struct(
			{"orders": -sums.orders, "revenue": -amount_key(sums.revenue), "value": sums["value"]}
		)
		first = sums.group_by("customer").agg(**{f"home_{name}": sums["value"].argmin(best)})
		found = first if found is None else _beside(found, first, how="outer")
	return found


def _beside(table: ir.Table, other: ir.Table, how: str = "left") -> ir.Table:
	"""The two tables side by side by customer, with every customer of the first (outer: of both)."""
	joined = table.join(other, "customer", how=how)
	if how == "outer":
		joined = joined.mutate(customer=ibis.coalesce(joined.customer, joined.customer_right))
	return joined.drop("customer_right")
