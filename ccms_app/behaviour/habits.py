"""What a customer usually does: the hour, weekday and month they buy, the item, group, brand and branch they prefer."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from . import amounts, private
from .orders import Purchases

PREFERRED = ("item", "item_group", "brand")


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


def favourites(known: Purchases, counted: ir.Table) -> ir.Table:
	"""customer, favourite_item, favourite_group, favourite_brand and bought_items (different items, summed over the orders).

	counted: the customers. A favourite is in most orders; then the one more was paid for, then the smaller name. No name is no favourite.
	"""
	goods, names = _numbered(known, counted)
	found = None
	for name, column in (("item", "item"), ("group", "item_group"), ("brand", "brand")):
		sums = _by_value(_cells(goods, column))
		more = {"bought_items": sums.orders.sum()} if name == "item" else {}
		best = known.keep(_most(sums, "number", **more))
		best = best.left_join(names[column], "number").drop("number", "number_right")
		best = best.rename({f"favourite_{name}": column})
		found = best if found is None else _beside(found, best)
	known.keep.drop(goods)
	customers = names["customer"].rename(customer_name="customer", customer="number")
	return found.join(customers, "customer").drop("customer").rename(customer="customer_name")


def _numbered(known: Purchases, counted: ir.Table) -> tuple[ir.Table, dict[str, ir.Table]]:
	"""(the goods of all orders with numbers for names; column → number and name).

	They are grouped six times, and numbers are grouped in half the time and memory. Numbers go up with the names.
	"""
	goods = known.goods.select("customer", "day", *PREFERRED, "net_amount")
	names = {}
	for column in ("customer", *PREFERRED):
		some = counted if column == "customer" else known.lines.filter(known.lines[column].notnull())
		some = some.select(column).distinct()
		some = private.told(some) if column == "item" else some
		number = (ibis.row_number().over(order_by=column) + 1).cast("int32")
		names[column] = known.keep(some.mutate(number=number))
		# a line may bear no brand, but always a customer, who may not be counted
		numbers = names[column].rename(_name=column)
		how = "inner" if column == "customer" else "left"
		goods = goods.join(numbers, goods[column] == numbers["_name"], how=how)
		goods = goods.drop(column, "_name").rename({column: "number"})
	return known.keep(goods), names


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
	found = placed.select("customer").distinct()
	for column in ("branch", "channel"):
		names = numbered.select(column).distinct().filter(ibis._[column] != "")
		names = names.mutate(number=(ibis.row_number().over(order_by=column) + 1).cast("int32"))
		of_place = numbered.join(names, column).select("place", value="number")
		some = placed.join(of_place, "place")
		sums = some.group_by("customer", "value").agg(orders=some.count(), paid=some.paid.sum())
		best = _most(sums, "number").left_join(names, "number").drop("number", "number_right")
		found = _beside(found, best.rename({f"home_{column}": column}))
	return found


def _most(sums: ir.Table, name: str, **more: ir.Scalar) -> ir.Table:
	"""customer and the value that has most orders, then was paid most for, then is smallest."""
	best = amounts.rank(sums.orders, sums.paid, sums["value"])
	found = sums.group_by("customer").agg(rank=best.max(), **more)
	return found.mutate(**{name: amounts.ranked(found["rank"])}).drop("rank")


def _beside(table: ir.Table, other: ir.Table) -> ir.Table:
	return table.left_join(other, "customer").drop("customer_right")
