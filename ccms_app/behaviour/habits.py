"""What a customer usually does: the hour, weekday and month they buy, the item, group, brand and branch they prefer."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from . import amounts, places
from .orders import Purchases


def peaks(orders: ir.Table) -> ir.Table:
	"""customer, and for hour (0-23), weekday (0 = Monday) and month (1-12): the commonest among the orders and its share.

	Ties go to the smaller. The hour is that of an order's first line; null where no time of day is known.
	"""
	# the hour last: not every order has one
	parts = {
		"weekday": orders.day.day_of_week.index(),
		"month": orders.day.month(),
		"hour": orders.first_at.hour(),
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


def favourites(known: Purchases) -> ir.Table:
	"""customer, favourite_item, favourite_group, favourite_brand, and bought_items: different items summed over the orders.

	A favourite is in most orders; then the one more was paid for, then the smaller name. No name is no favourite.
	"""
	items = _by_value(_cells(known.goods, "item"))
	found = known.keep(_most(items, "favourite_item", bought_items=items.orders.sum()))
	for name, column in (("favourite_group", "item_group"), ("favourite_brand", "brand")):
		found = _beside(found, known.keep(_most(_by_value(_cells(known.goods, column)), name)))
	return found


def _cells(lines: ir.Table, column: str) -> ir.Table:
	"""One row a customer, day and value of a column, and what was paid for it."""
	named = lines.filter(lines[column].notnull())
	return named.group_by("customer", "day", value=column).agg(paid=named.net_amount.sum())


def _by_value(cells: ir.Table) -> ir.Table:
	"""One row a customer and value: in how many orders it was, and what was paid for it."""
	return cells.group_by("customer", "value").agg(orders=cells.count(), paid=cells.paid.sum())


def home(placed: ir.Table, numbered: ir.Table) -> ir.Table:
	"""customer, home_branch and home_channel: of most orders, then of most paid there, then the smaller name.

	placed: `places.of_days`. numbered: `places.places`.
	"""
	sums = placed.group_by("customer", "place").agg(orders=placed.count(), paid=placed.paid.sum())
	sums = places.named(sums, numbered, "branch", "channel")
	found = sums.select("customer").distinct()
	for column in ("branch", "channel"):
		some = sums.filter(sums[column].notnull()).group_by("customer", value=column)
		some = some.agg(orders=lambda table: table.orders.sum(), paid=lambda table: table.paid.sum())
		found = _beside(found, _most(some, f"home_{column}"))
	return found


def _most(sums: ir.Table, name: str, **more: ir.Scalar) -> ir.Table:
	"""customer and the value that has most orders, then was paid most for, then is smallest."""
	best = ibis.struct({"orders": -sums.orders, "paid": -amounts.key(sums.paid), "value": sums["value"]})
	return sums.group_by("customer").agg(**{name: sums["value"].argmin(best)}, **more)


def _beside(table: ir.Table, other: ir.Table) -> ir.Table:
	return table.left_join(other, "customer").drop("customer_right")
