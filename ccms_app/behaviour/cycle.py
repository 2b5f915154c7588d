"""How many days usually lie between two orders: of a company, and of one customer.

A customer's own cycle starts at the company's and moves to their own median gap as orders come in: three gaps of the
company's weigh as much as three of their own.
"""

from __future__ import annotations

import math

import ibis
import ibis.expr.types as ir

from .settings import Settings

FEWEST_GAPS = 100
PRIOR_GAPS = 3
SHORTEST, LONGEST = 7.0, 365.0


def with_gaps(orders: ir.Table) -> ir.Table:
	"""Orders (customer, day, …) with `gap`: days since the same customer's order before; null on the first."""
	before = orders.day.lag().over(ibis.window(group_by="customer", order_by="day"))
	return orders.mutate(gap=orders.day.delta(before, unit="day").cast("int64"))


def company_gap(orders: ir.Table, settings: Settings) -> ir.Table:
	"""One row: company_gap, the median of all gaps in days (the settings' default under 100 gaps), and company_gaps, their number.

	orders: one row a customer and day; gaps are added where they are not there yet.
	"""
	gaps = orders if "gap" in orders.columns else with_gaps(orders)
	found = gaps.agg(median=gaps.gap.median().cast("float64"), company_gaps=gaps.gap.count())
	enough = found.company_gaps >= FEWEST_GAPS
	return found.select(
		company_gap=ibis.ifelse(enough, found.median, ibis.literal(float(settings.default_cycle))),
		company_gaps=found.company_gaps,
	)


def own_cycle(gap_median: float | None, gaps: int, company: float) -> float:
	"""A customer's cycle in days from the median of their own gaps, their number, and the company's gap."""
	own = 0.0 if not gaps or gap_median is None or math.isnan(gap_median) else gaps * gap_median
	return min(LONGEST, max(SHORTEST, (PRIOR_GAPS * company + own) / (PRIOR_GAPS + gaps)))


def own_cycles(
	gap_median: ir.NumericValue, gaps: ir.IntegerValue, company: ir.NumericValue
) -> ir.FloatingValue:
	"""`own_cycle` as an expression."""
	own = (gaps * gap_median).fill_null(0.0)
	cycle = (PRIOR_GAPS * company + own) / (PRIOR_GAPS + gaps)
	return ibis.least(LONGEST, ibis.greatest(SHORTEST, cycle))
