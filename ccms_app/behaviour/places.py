"""Where a customer buys, and who looks after them: branch, channel, customer group, territory and sales person as one.

Hundreds of different places stand in millions of lines. They are numbered in the order of their names, so a tie that
goes to the smaller number goes to the smaller name.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from . import amounts
from .lines import PLACE

# hundredths of a cent in 64 bits
_MOST = 9e14


def places(lines: ir.Table) -> ir.Table:
	"""The different places of some lines: place (a number from 1) and the columns of PLACE, empty where unknown."""
	found = _named(lines.select(*PLACE)).distinct()
	return found.mutate(place=(ibis.row_number().over(order_by=PLACE) + 1).cast("int32"))


def of_days(sold: ir.Table, numbered: ir.Table) -> ir.Table:
	"""customer, day, the place where most was sold that day (equal amounts by the smaller names), and what was paid there.

	sold: lines of sales. numbered: `places`.
	"""
	sums = sold.group_by("customer", "day", *PLACE).agg(paid=sold.net_amount.sum())
	sums = _named(sums).join(numbered, list(PLACE))
	best = ibis.struct({"paid": -amounts.key(sums.paid), "place": sums.place})
	return sums.group_by("customer", "day").agg(place=sums.place.argmin(best), paid=sums.paid.max())


def named(table: ir.Table, numbered: ir.Table, *columns: str) -> ir.Table:
	"""A table with a `place`, and these columns of it; null where unknown."""
	wanted = numbered.select("place", **{name: numbered[name].nullif("") for name in columns})
	return table.left_join(wanted, "place").drop("place_right")


def _named(lines: ir.Table) -> ir.Table:
	return lines.mutate(**{name: lines[name].fill_null("") for name in PLACE})
