"""Who buys when it is cheaper: a customer's share of lines below list, against what their items and weeks let expect.

A line is below list when it was paid with less than 99.5 % of its list price (MEASURES §1). Somebody who buys an item that is
often on offer pays below list often, without being after the price; so a line's *expected* share is that of the other customers' lines
of the same item, moved by how much more (or less) than usual everybody else bought below list in the same week. What is left is the
price response:

	(own share - expected share) · n ÷ (n + 20)

with n = the customer's lines that can be compared: with a list price, of an item that somebody else bought too. Under 20 of them more
than half of the figure would be the shrinkage, and the band is Unknown.
"""

from __future__ import annotations

from datetime import date

import ibis
import pandas as pd
from ibis.expr.types import Table

from . import private
from .lines import BELOW_LIST
from .selections import frame, sold, week, window

HIGH, MEDIUM, LOW, UNKNOWN = "High", "Medium", "Low", "Unknown"
BANDS = (HIGH, MEDIUM, LOW, UNKNOWN)
# lines at which half of a customer's own difference is believed
WEIGHT = 20
# under as many lines the band is Unknown
FEWEST = 20
# five lines in a hundred more, or fewer, below list than expected
EDGES = (-0.05, 0.05)
COLUMNS = ("customer", "compared_lines", "below_list_share", "expected_share", "price_response", "price_band")


def response(
	lines: Table,
	as_of: date,
	days: int | None = 365,
	edges: tuple[float, float] = EDGES,
	fewest: int = FEWEST,
) -> pd.DataFrame:
	"""One row a customer who has lines that can be compared.

	Args:
		lines: the contract's lines of one company.
		days: length of the window before the as-of, None for everything.
		edges: a response at or below the first is Low, at or above the second High.
		fewest: under as many comparable lines the band is Unknown.

	Returns:
		customer, compared_lines, below_list_share and expected_share (of the compared lines, 0 to 1), price_response (-1 to 1),
		price_band. Customers without comparable lines are not in it: their band is Unknown.
	"""
	found = frame(compared(window(lines, as_of, days)).order_by("customer"))
	share, expected = found["below"] / found["n"], found["expected"] / found["n"]
	found = pd.DataFrame(
		{
			"customer": found["customer"],
			"compared_lines": found["n"].astype("int64"),
			"below_list_share": share.astype(float),
			"expected_share": expected.astype(float),
			"price_response": ((share - expected) * found["n"] / (found["n"] + WEIGHT)).astype(float),
		}
	)
	found["price_band"] = band(found["price_response"], found["compared_lines"], edges, fewest)
	return found


def band(
	price_response: pd.Series,
	compared_lines: pd.Series,
	edges: tuple[float, float] = EDGES,
	fewest: int = FEWEST,
) -> pd.Series:
	"""High, Medium, Low, or Unknown where too few lines could be compared, or none was ever below list."""
	low, high = edges
	named = pd.Series(MEDIUM, index=price_response.index, dtype=object)
	named[price_response >= high] = HIGH
	named[price_response <= low] = LOW
	named[~(compared_lines >= fewest)] = UNKNOWN
	return named


def compared(lines: Table) -> Table:
	"""Per customer: n comparable lines, how many were below list, how many were expected to be.

	Empty when all prices were alike (no line below list, or every one): then there is nothing to respond to.
	"""
	priced = private.told(sold(lines))
	priced = priced.filter(priced.paid_ratio.notnull()).select(
		"customer", "item", week=week(priced.day), below=(priced.paid_ratio < BELOW_LIST).cast("float64")
	)
	cells = priced.group_by("customer", "item", "week").agg(
		n=priced.count().cast("float64"), below=priced.below.sum()
	)
	# what the others paid for the item, in any week
	items = cells.group_by("item").agg(all_n=cells.n.sum(), all_below=cells.below.sum())
	own = cells.group_by("customer", "item").agg(own_n=cells.n.sum(), own_below=cells.below.sum())
	known = own.join(items, "item")
	known = known.filter(known.all_n > known.own_n).select(
		"customer",
		"item",
		usual=(known.all_below - known.own_below) / (known.all_n - known.own_n),
	)
	cells = cells.join(known, ["customer", "item"])
	cells = cells.mutate(surplus=cells.below - cells.n * cells.usual)
	# how much more than usual the others bought below list in that week
	weeks = cells.group_by("week").agg(week_n=cells.n.sum(), week_surplus=cells.surplus.sum())
	mine = cells.group_by("customer", "week").agg(
		n=cells.n.sum(), below=cells.below.sum(), surplus=cells.surplus.sum()
	)
	moved = mine.join(weeks, "week")
	others = moved.week_n - moved.n
	moved = moved.select(
		"customer",
		"week",
		shift=ibis.ifelse(others > 0, (moved.week_surplus - moved.surplus) / others.nullif(0), 0.0),
	)
	cells = cells.join(moved, ["customer", "week"])
	cells = cells.mutate(expected=cells.n * ibis.greatest(0.0, ibis.least(1.0, cells.usual + cells["shift"])))
	found = cells.group_by("customer").agg(
		n=cells.n.sum(), below=cells.below.sum(), expected=cells.expected.sum()
	)
	overall = cells.agg(all_n=cells.n.sum(), all_below=cells.below.sum())
	varied = found.cross_join(overall)
	varied = varied.filter(varied.all_below > 0, varied.all_below < varied.all_n)
	return varied.select("customer", "n", "below", "expected")
