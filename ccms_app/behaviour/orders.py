"""From lines to orders: one row a customer and a day on which they bought (docs/behaviour.md).

All functions return Ibis expressions over the lines; nothing is computed before somebody asks for the rows, unless a
`keep` is given that computes the tables many others are made of.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import ibis
import ibis.expr.types as ir

from . import amounts, places, returned
from .engine import Keep, as_it_is
from .lines import BELOW_LIST, PLACE
from .settings import Settings

# a share computed from doubles that is this near to 1 is 1
WHOLE = 1 - 1e-9


@dataclass(frozen=True)
class Purchases:
	"""What was known of a company's customers on a day.

	lines: before the as-of, those of customers left out too. back: what came back (`returned.by_day`). all_days: everything
	that sums up by customer and day (see `_days`). undone: customer and day of sales that came back as a whole. left_out:
	customer, reason, order_days, invoices_a_day.
	"""

	lines: ir.Table
	back: ir.Table
	all_days: ir.Table
	undone: ir.Table
	left_out: ir.Table
	keep: Keep

	@property
	def days(self) -> ir.Table:
		"""The days of customers who are counted."""
		return without(self.all_days, self.left_out, "customer")

	@property
	def orders(self) -> ir.Table:
		"""The days that are orders: something was sold, and not all of it is back."""
		return self.days.filter(self.days.is_order)

	@property
	def sold(self) -> ir.Table:
		"""The lines of sales."""
		return self.lines.filter(is_sale(self.lines))

	@property
	def goods(self) -> ir.Table:
		"""The lines of orders by which something was sold."""
		return without(self.sold.filter(self.sold.qty > 0), self.undone, "customer", "day")


def purchases(lines: ir.Table, as_of: date, settings: Settings, keep: Keep = as_it_is) -> Purchases:
	"""Sum the lines up by customer and day, and leave out who is no one person."""
	known = lines.filter(lines.day < ibis.literal(as_of, "date"))
	back = keep(returned.by_day(known, keep))
	days = keep(_days(known, back))
	out = keep(_left_out(known, days, as_of, settings, keep))
	undone = keep(days.filter((days.goods_lines > 0) & ~days.is_order).select("customer", "day"))
	return Purchases(known, back, days, undone, out, keep)


def orders(lines: ir.Table, as_of: date, settings: Settings, keep: Keep = as_it_is) -> ir.Table:
	"""One row a customer and posting date with sales of some quantity that were not all returned before the as-of.

	Columns: customer, day, order_no (1, 2, … by day), documents, first_at, value (sold - what linked returns took off),
	sold, items (different ones), qty, lines, branch, channel, customer_group, territory, sales_person (where most was
	sold that day, ties by name), margin, margin_covered (the part of sold whose margin is known), list_amount,
	below_list_lines, priced_lines. An amount or a name that is not known is null.
	"""
	return orders_of(purchases(lines, as_of, settings, keep))


def orders_of(known: Purchases) -> ir.Table:
	"""The same of purchases that are summed up already."""
	sold = known.sold
	placed, numbered = places.of_days(sold, known.keep)
	found = known.orders.drop("margin")
	for part in (
		_different(sold, "documents", "voucher_type", "invoice"),
		_different(sold.filter(sold.qty > 0), "items", "item"),
		placed.drop("paid"),
		_details(sold, known.back),
	):
		found = beside(found, part)
	found = places.named(found, numbered, *PLACE)
	in_time = ibis.window(group_by="customer", order_by="day")
	return found.select(
		"customer",
		"day",
		order_no=ibis.row_number().over(in_time) + 1,
		documents="documents",
		first_at="first_at",
		value="value",
		sold="sold",
		items="items",
		qty="sold_qty",
		lines="sold_lines",
		**{name: found[name] for name in PLACE},
		margin="margin",
		margin_covered="margin_covered",
		list_amount="list_amount",
		below_list_lines="below_list_lines",
		priced_lines="priced_lines",
	)


def daily(lines: ir.Table, as_of: date, settings: Settings, keep: Keep = as_it_is) -> ir.Table:
	"""Revenue on its own day: one row a customer, day and place (branch, channel, customer group, territory, sales person).

	Columns: customer, day, revenue (sales, returns, debit notes), returned (what all returns of the day took off,
	positive), margin, margin_net (the revenue whose margin is known), and the place. A customer who bought in two
	branches on a day has two rows.
	"""
	return daily_of(purchases(lines, as_of, settings, keep))


def daily_of(known: Purchases) -> ir.Table:
	"""The same of purchases that are summed up already."""
	left = without(known.lines, known.left_out, "customer")
	return left.group_by("customer", "day", *PLACE).agg(
		revenue=left.net_amount.sum(),
		returned=0 - _sum(left.net_amount, left.is_return),
		margin=left.margin.sum(),
		margin_net=_sum(left.net_amount, left.margin.notnull()),
	)


def left_out(lines: ir.Table, as_of: date, settings: Settings, keep: Keep = as_it_is) -> ir.Table:
	"""Customers whose sales are no one person's: customer, reason, order_days (most in a year), invoices_a_day (most).

	reason: "anonymous" (they are ticked so), "order_days" or "invoices" (they buy more often than a person does). A year
	is 366 days, counted back from the as-of. The two numbers are null where they cannot be too many.
	"""
	return purchases(lines, as_of, settings, keep).left_out


def is_sale(table: ir.Table) -> ir.BooleanValue:
	"""Lines that make orders: neither returned nor a debit note's."""
	return ~(table.is_return | table.is_debit_note)


def without(table: ir.Table, gone: ir.Table, *keys: str) -> ir.Table:
	"""The rows of a long table that a short one does not name. (DuckDB's anti join hashes the long one.)"""
	marked = table.left_join(gone.select(*keys).mutate(gone=True), list(keys))
	return marked.filter(marked.gone.isnull()).drop("gone", *(f"{key}_right" for key in keys))


def beside(days: ir.Table, other: ir.Table) -> ir.Table:
	"""The columns of another table by customer and day beside these; null where it has no such row."""
	return days.left_join(other, ["customer", "day"]).drop("customer_right", "day_right")


def _days(lines: ir.Table, back: ir.Table) -> ir.Table:
	"""Everything of each customer and day that the features sum up, whether an order or not.

	revenue, margin, margin_net: of all lines of the day. sold, sold_qty, sold_lines, first_at, discount,
	below_list_lines, priced_lines: of its sales. returned: what came back of those, whenever that was; value = sold -
	returned. is_order.
	"""
	sale = is_sale(lines)
	# an unknown ratio is neither; left null, one engine counts 0 and the other nothing
	cheaper = sale & (lines.paid_ratio < 1).fill_null(False)
	below = sale & (lines.paid_ratio < BELOW_LIST).fill_null(False)
	days = lines.group_by("customer", "day").agg(
		revenue=lines.net_amount.sum(),
		margin=lines.margin.sum(),
		margin_net=_sum(lines.net_amount, lines.margin.notnull()),
		sold=_sum(lines.net_amount, sale),
		sold_qty=_sum(lines.qty, sale),
		sold_lines=lines.count(where=sale),
		goods_lines=lines.count(where=sale & (lines.qty > 0)),
		discount=(lines.list_amount * (1 - lines.paid_ratio)).sum(where=cheaper),
		below_list_lines=lines.count(where=below),
		priced_lines=lines.paid_ratio.count(where=sale),
		first_at=lines.posted_at.min(where=sale),
	)
	days = beside(days, back)
	found = days.mutate(
		returned=days.returned.fill_null(0.0),
		value=days.sold - days.returned.fill_null(0.0),
		is_order=(days.goods_lines > 0) & (returned.share(days) < WHOLE),
	)
	return found.drop("back_lines", "back_net", "back_qty", "returned_margin")


def _details(sold: ir.Table, back: ir.Table) -> ir.Table:
	"""What orders tell beyond the features: list_amount, and margin after returns with the share of sold that has one."""
	found = sold.group_by("customer", "day").agg(
		list_amount=sold.list_amount.sum(),
		margin=sold.margin.sum(),
		margin_covered=_sum(sold.net_amount, sold.margin.notnull()) / amounts.not_zero(sold.net_amount.sum()),
	)
	found = beside(found, back.select("customer", "day", "returned_margin"))
	return found.mutate(margin=found.margin + found.returned_margin.fill_null(0.0)).drop("returned_margin")


def _left_out(known: ir.Table, days: ir.Table, as_of: date, settings: Settings, keep: Keep) -> ir.Table:
	bought = days.filter(days.goods_lines > 0).select("customer", "day", "sold_lines")
	# few have so many days at all, or days with at least as many lines as invoices: only those are looked at more closely
	often = bought.group_by("customer").agg(days=bought.count())
	often = often.filter(
		(often.days > settings.max_order_days_a_year) | _among(often.customer, settings.anonymous)
	)
	year = ((ibis.literal(as_of, "date").delta(bought.day, unit="day") - 1) / 366).floor().cast("int64")
	years = bought.mutate(year=year).join(often.select("customer"), "customer").group_by("customer", "year")
	most = years.agg(order_days=lambda table: table.count()).group_by("customer")
	most = most.agg(order_days=lambda table: table.order_days.max())
	busy = keep(bought.filter(bought.sold_lines > settings.max_invoices_a_day).select("customer", "day"))
	sold = known.filter(is_sale(known)).join(busy, ["customer", "day"])
	invoices = _different(sold, "invoices", "voucher_type", "invoice").group_by("customer")
	invoices = invoices.agg(invoices_a_day=lambda table: table.invoices.max())
	most = most.outer_join(invoices, "customer")
	most = most.mutate(customer=ibis.coalesce(most.customer, most.customer_right)).drop("customer_right")
	judged = ~_among(most.customer, settings.overruled)
	reason = ibis.cases(
		(_among(most.customer, settings.anonymous), "anonymous"),
		(judged & (most.order_days > settings.max_order_days_a_year), "order_days"),
		(judged & (most.invoices_a_day > settings.max_invoices_a_day), "invoices"),
		else_=ibis.null("string"),
	)
	found = most.mutate(reason=reason)
	return found.filter(found.reason.notnull()).select("customer", "reason", "order_days", "invoices_a_day")


def _different(lines: ir.Table, name: str, *columns: str) -> ir.Table:
	"""customer, day and the number of different values. (Grouping twice: a distinct count takes many times longer.)"""
	cells = lines.select("customer", "day", *columns).distinct()
	return cells.group_by("customer", "day").agg(**{name: cells.count()})


def _sum(values: ir.NumericValue, where: ir.BooleanValue) -> ir.NumericValue:
	"""The sum where it holds, 0 where it never does."""
	return values.sum(where=where).fill_null(0)


def _among(customer: ir.StringValue, chosen: frozenset[str]) -> ir.BooleanValue:
	return customer.isin(sorted(chosen)) if chosen else ibis.literal(False)
