"""Everything that is known of each customer on a day: the measures of docs/behaviour.md, one row a customer.

`features` is one Ibis expression, the same on DuckDB and on Spark. `compute` runs it in steps that keep the tables many
measures share, which is what makes it fast.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import ibis
import ibis.expr.types as ir
import pandas as pd

from . import amounts, places
from .cycle import company_gap, own_cycles, with_gaps
from .engine import Engine, Keep, as_it_is
from .habits import favourites, home, peaks
from .orders import Purchases, purchases
from .settings import Settings

YEAR, QUARTER = 365, 90

# name → type; the order of the columns
COLUMNS = {
	"customer": "string",
	"first_order": "date",
	"last_order": "date",
	"orders": "int64",
	"revenue": "float64",
	"orders_365": "int64",
	"revenue_365": "float64",
	"orders_rfm": "int64",
	"revenue_rfm": "float64",
	"orders_90": "int64",
	"revenue_90": "float64",
	"orders_prev": "int64",
	"revenue_prev": "float64",
	"trend_orders": "float64",
	"trend_revenue": "float64",
	"gaps": "int64",
	"gap_median": "float64",
	"gap_mean": "float64",
	"gap_sd": "float64",
	"own_cycle": "float64",
	"ratio": "float64",
	"basket_value": "float64",
	"basket_items": "float64",
	"valued_orders": "int64",
	"peak_hour": "int64",
	"peak_hour_share": "float64",
	"peak_weekday": "int64",
	"peak_weekday_share": "float64",
	"peak_month": "int64",
	"peak_month_share": "float64",
	"favourite_group": "string",
	"favourite_brand": "string",
	"favourite_item": "string",
	"home_branch": "string",
	"home_channel": "string",
	"customer_group": "string",
	"territory": "string",
	"sales_person": "string",
	"sold_365": "float64",
	"returned_365": "float64",
	"return_rate": "float64",
	"below_list_share": "float64",
	"priced_lines": "int64",
	"discount_365": "float64",
	"margin_365": "float64",
	"margin_covered_365": "float64",
	"margin": "float64",
	"margin_covered": "float64",
	"x": "int64",
	"t_x": "int64",
	"age": "int64",
	"company_gap": "float64",
}
# not below the last digits of a double, which depend on the order of a sum
_DECIMALS = 9


def compute(
	engine: Engine, lines: ir.Table, as_of: date, settings: Settings, gap: float | None = None
) -> pd.DataFrame:
	"""The features as a frame sorted by customer, computed step by step.

	Args:
		lines: of `lines.SCHEMA` (Engine.lines).
		as_of: nothing of this day or later is known.
		gap: the company's gap in days, when it is frozen; None takes that of these orders.
	"""
	return compute_with_left_out(engine, lines, as_of, settings, gap)[0]


def compute_with_left_out(
	engine: Engine, lines: ir.Table, as_of: date, settings: Settings, gap: float | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
	"""`compute`, and the customers left out: customer, reason, order_days, invoices_a_day (see `orders.left_out`)."""
	with engine.keeping(ahead=True) as keep:
		known = purchases(lines, as_of, settings, keep)
		frame = _frame(engine, _features(known, as_of, settings, gap, last=True))
		left_out = engine.frame(known.left_out)
	return frame, left_out.sort_values("customer", ignore_index=True)


def described(engine: Engine, known: Purchases, as_of: date, settings: Settings) -> pd.DataFrame:
	"""`compute` from purchases that are summed up already, which stay as they are."""
	with engine.keeping(ahead=True) as keep:
		return _frame(engine, _features(replace(known, keep=keep), as_of, settings, None))


def _frame(engine: Engine, found: ir.Table) -> pd.DataFrame:
	frame = engine.frame(found.order_by("customer"))
	for name in frame.select_dtypes("float64").columns:
		frame[name] = frame[name].round(_DECIMALS)
	return frame


def features(
	lines: ir.Table, as_of: date, settings: Settings, keep: Keep = as_it_is, gap: float | None = None
) -> ir.Table:
	"""One row a customer with lines before the as-of, who is not left out; the columns are COLUMNS.

	Days count back from the as-of: "365" are the 365 days before it. Amounts are in company currency. What is not known is
	null. Whoever never ordered (returns or debit notes alone) has 0 orders and no dates.
	"""
	return _features(purchases(lines, as_of, settings, keep), as_of, settings, gap)


def _features(
	known: Purchases, as_of: date, settings: Settings, gap: float | None, last: bool = False
) -> ir.Table:
	"""last: nobody asks for the purchases after this."""
	keep = known.keep
	columns = ("customer", "day", "first_at", "value", "below_list_lines", "priced_lines")
	orders = keep(with_gaps(known.orders.select(*columns)))
	company = keep(company_gap(orders, settings))
	if gap is not None:
		company = company.mutate(company_gap=ibis.literal(float(gap)))
	found = keep(_from_days(known.days, as_of, settings))
	parts = [keep(_from_orders(orders, as_of, settings)), keep(peaks(orders))]
	keep.drop(orders, *([known.all_days] if last else []))  # what follows is large
	placed, numbered = places.of_days(known.goods, keep)
	parts += [keep(home(placed, numbered)), keep(_latest(placed, numbered))]
	keep.drop(placed)
	parts.append(favourites(known, found.select("customer")))
	for part in parts:
		found = found.left_join(part, "customer").drop("customer_right")
	found = _derived(found.cross_join(company), as_of)
	return found.select(**{name: found[name].cast(kind) for name, kind in COLUMNS.items()})


def _since(day: ir.DateColumn, as_of: date, days: int) -> ir.BooleanValue:
	return day >= ibis.literal(as_of - timedelta(days=days), "date")


def _from_days(days: ir.Table, as_of: date, settings: Settings) -> ir.Table:
	"""Sums over all days: revenue counts returns and debit notes on their own day, sales returned in full included."""
	year, rfm = _since(days.day, as_of, YEAR), _since(days.day, as_of, settings.rfm_days)
	quarter, before = _since(days.day, as_of, QUARTER), _since(days.day, as_of, QUARTER + YEAR)
	return days.group_by("customer").agg(
		revenue=days.revenue.sum(),
		revenue_365=days.revenue.sum(where=year),
		revenue_rfm=days.revenue.sum(where=rfm),
		revenue_90=days.revenue.sum(where=quarter),
		revenue_prev=days.revenue.sum(where=before & ~quarter),
		sold_365=days.sold.sum(where=year),
		returned_365=days.returned.sum(where=year),
		discount_365=days.discount.sum(where=year),
		margin=days.margin.sum(),
		margin_net=days.margin_net.sum(),
		margin_365=days.margin.sum(where=year),
		margin_net_365=days.margin_net.sum(where=year),
	)


def _from_orders(orders: ir.Table, as_of: date, settings: Settings) -> ir.Table:
	year, quarter = _since(orders.day, as_of, YEAR), _since(orders.day, as_of, QUARTER)
	valued = amounts.is_positive(orders.value)
	return orders.group_by("customer").agg(
		first_order=orders.day.min(),
		last_order=orders.day.max(),
		orders=orders.count(),
		orders_365=orders.count(where=year),
		orders_rfm=orders.count(where=_since(orders.day, as_of, settings.rfm_days)),
		orders_90=orders.count(where=quarter),
		orders_prev=orders.count(where=_since(orders.day, as_of, QUARTER + YEAR) & ~quarter),
		gaps=orders.gap.count(),
		gap_median=orders.gap.median().cast("float64"),
		gap_mean=orders.gap.mean(),
		gap_sd=orders.gap.std(how="sample"),
		basket_value=orders.value.mean(where=valued),
		valued_orders=orders.count(where=valued),
		below_list_lines=orders.below_list_lines.sum(),
		priced_lines=orders.priced_lines.sum(),
	)


def _latest(placed: ir.Table, numbered: ir.Table) -> ir.Table:
	"""Who looked after the latest order."""
	last = placed.group_by("customer").agg(place=placed.place.argmax(placed.day))
	return places.named(last, numbered, "customer_group", "territory", "sales_person").drop("place")


def _derived(found: ir.Table, as_of: date) -> ir.Table:
	"""What follows from the sums of a customer."""
	counts = (
		"orders",
		"orders_365",
		"orders_rfm",
		"orders_90",
		"orders_prev",
		"gaps",
		"valued_orders",
		"priced_lines",
	)
	sums = (
		"revenue_365",
		"revenue_rfm",
		"revenue_90",
		"revenue_prev",
		"sold_365",
		"returned_365",
		"discount_365",
	)
	found = found.mutate(
		**{name: found[name].fill_null(0) for name in counts},
		**{name: found[name].fill_null(0.0) for name in sums},
	)
	today = ibis.literal(as_of, "date")
	found = found.mutate(
		own_cycle=own_cycles(found.gap_median, found.gaps, found.company_gap),
		basket_items=found.bought_items / found.orders.nullif(0),
		x=ibis.greatest(found.orders - 1, 0),
		t_x=found.last_order.delta(found.first_order, unit="day"),
		age=today.delta(found.first_order, unit="day"),
		trend_orders=_trend(found.orders_90, found.orders_prev),
		trend_revenue=_trend(found.revenue_90, found.revenue_prev),
		return_rate=_at_most_1(found.returned_365 / amounts.positive(found.sold_365)),
		below_list_share=found.below_list_lines / found.priced_lines.nullif(0),
		margin_covered=found.margin_net / amounts.not_zero(found.revenue),
		margin_covered_365=found.margin_net_365 / amounts.not_zero(found.revenue_365),
	)
	return found.mutate(ratio=today.delta(found.last_order, unit="day") / found.own_cycle)


def _trend(lately: ir.NumericValue, before: ir.NumericValue) -> ir.FloatingValue:
	"""The rate of the last 90 days against that of the 365 before, less 1; null without anything before."""
	return (lately / QUARTER) / (amounts.positive(before) / YEAR) - 1


def _at_most_1(value: ir.NumericValue) -> ir.NumericValue:
	"""Unlike ibis.least, null stays null."""
	return ibis.ifelse(value > 1, 1.0, value)
