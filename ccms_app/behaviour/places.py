"""Where a customer buys, and who looks after them: branch, channel, customer group, territory and sales person as one.

Hundreds of different places stand in millions of lines. They are numbered in the order of their names, so a tie that
goes to the smaller number goes to the smaller name.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from . import amounts
from .engine import Keep
from .lines import PLACE


def of_days(sold: ir.Table, keep: Keep) -> tuple[ir.Table, ir.Table]:
	"""Where most was sold on each day, and the different places.

	Returns: customer, day, place (equal amounts by the smaller names), and paid: what was paid there; and place (a number
	from 1) with the columns of PLACE, empty where unknown.
	"""
	sums = sold.group_by("customer", "day", *PLACE).agg(paid=sold.net_amount.sum())
	sums = keep(sums.mutate(**{name: sums[name].fill_null("") for name in PLACE}))
	numbered = sums.select(*PLACE).distinct()
	numbered = keep(numbered.mutate(place=(ibis.row_number().over(order_by=PLACE) + 1).cast("int32")))
	found = sums.join(numbered, list(PLACE))
	best = ibis.struct({"paid": -amounts.key(found.paid), "place": found.place})
	found = keep(found.group_by("customer", "day").agg(place=found.place.argmin(best), paid=found.paid.max()))
	keep.drop(sums)
	return found, numbered


def named(table: ir.Table, numbered: ir.Table, *columns: str) -> ir.Table:
	"""A table with a `place`, and these columns of it; null where unknown."""
	wanted = numbered.select("place", **{name: numbered[name].nullif("") for name in columns})
	return table.left_join(wanted, "place").drop("place_right")
