"""Orders as they stood on days in the past: what came back later was still bought then.

Only sales of which something came back after such a day differ from today's knowledge. Their lines are few: they are
copied once a day that is asked for, without the returns that were still to come, and summed up by the same expressions as
all others, in one query.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ccms_app.behaviour import orders
from ccms_app.behaviour.engine import Engine
from ccms_app.behaviour.settings import Settings

from .histories import Orders, date_of

_SALE = ["customer", "day"]
_MARK = "\x1f"


def as_known(
	engine: Engine,
	lines: ir.Table,
	as_of: date,
	settings: Settings,
	customers: pd.Index,
	known: Orders,
	days: Iterable[int],
) -> Callable[[int], Orders] | None:
	"""A function from one of the days to the orders before it as they stood; None where no linked return is known.

	known: the orders as they stand on the as-of.
	"""
	back = lines.filter(
		lines.is_return & lines.return_against.notnull() & (lines.day < ibis.literal(as_of, "date"))
	)
	with engine.keeping() as keep:
		theirs = keep(_sales_with_returns(lines, back))
		affected = engine.frame(theirs)
		if not len(affected):
			return None
		sold = engine.arrow(lines.filter(orders.is_sale(lines)).semi_join(theirs, _SALE))
	came_back = engine.arrow(back)
	days = sorted(set(days))
	copies = [part for on in days for part in _copy(sold, came_back, affected, on)]
	if not copies:  # on each of the days all was as it is now
		return None
	copies = pa.concat_tables(copies)
	found = _summed(engine, copies, as_of, settings, customers)
	found["sale"] = _sale(found["code"].to_numpy(), found["day"].to_numpy())
	changed = {on: found[found["on"] == on] for on in days}
	sales = _sale(known.code, known.day)

	def asked(on: int) -> Orders:
		now, then = known.before(on), changed[on]
		if not len(then):
			return now
		stale = np.isin(sales[known.day < on], then["sale"].to_numpy())
		then = then[then["is_order"].to_numpy(bool)]
		return Orders.of(
			known.size,
			np.concatenate([now.code[~stale], then["code"].to_numpy()]),
			np.concatenate([now.day[~stale], then["day"].to_numpy()]),
			np.concatenate([now.value[~stale], then["value"].to_numpy(float)]),
		)

	return asked


def _sale(code: np.ndarray, day: np.ndarray) -> np.ndarray:
	"""Customer and day as one number."""
	return code.astype(np.int64) * (1 << 20) + day


def _sales_with_returns(lines: ir.Table, back: ir.Table) -> ir.Table:
	"""Customer and day of sales that something came back of, and the last day on which something did."""
	last = back.group_by("voucher_type", "return_against").agg(back_on=back.day.max())
	sold = lines.filter(orders.is_sale(lines)).select("voucher_type", "invoice", *_SALE).distinct()
	sold = sold.join(last, ["voucher_type", ("invoice", "return_against")])
	return sold.group_by(*_SALE).agg(back_on=sold.back_on.max())


def _copy(sold: pa.Table, back: pa.Table, affected: pd.DataFrame, on: int) -> list[pa.Table]:
	"""The lines of sales before a day that something came back of on the day or later, and what was back before it."""
	day = pd.Timestamp(date_of(on))
	then = affected[(affected["day"] < day) & (affected["back_on"] >= day)]
	if not len(then):
		return []
	keys = sold.select(_SALE).to_pandas()
	keys["day"] = pd.to_datetime(keys["day"])
	mine = pd.MultiIndex.from_frame(keys).isin(pd.MultiIndex.from_frame(then[_SALE]))
	mark = f"{_MARK}{on}"
	sales = _marked(sold.filter(pa.array(mine)), mark)
	before = back.filter(pa.array(pd.to_datetime(back["day"].to_pandas()).to_numpy() < day.to_numpy()))
	return [sales, _marked(before, mark)]


def _marked(table: pa.Table, mark: str) -> pa.Table:
	"""Copies of one day are customers and documents of their own."""
	for name in ("customer", "invoice", "return_against"):
		place = table.schema.get_field_index(name)
		column = pc.binary_join_element_wise(table[name], mark, "")
		table = table.set_column(
			place, table.schema.field(place), column.cast(table.schema.field(place).type)
		)
	return table


def _summed(
	engine: Engine, copies: pa.Table, as_of: date, settings: Settings, customers: pd.Index
) -> pd.DataFrame:
	"""code, day, value, is_order of the copied sales, and the day (`on`) of which they are a copy."""
	if not copies.num_rows:
		return pd.DataFrame({"code": [], "day": [], "value": [], "is_order": [], "on": []})
	with engine.keeping(ahead=True) as keep:
		days = orders.purchases(engine.lines(copies), as_of, settings, keep).days
		frame = engine.frame(days.filter(days.goods_lines > 0).select("customer", "day", "value", "is_order"))
	parts = frame["customer"].str.rpartition(_MARK)
	frame["code"] = customers.get_indexer(parts[0])
	frame["on"] = parts[2].astype(np.int64)
	frame["day"] = frame["day"].to_numpy("datetime64[D]").astype(np.int64)
	frame["value"] = frame["value"].round(9)
	return frame.loc[frame["code"] >= 0, ["code", "on", "day", "value", "is_order"]]
