"""What the analyses choose from lines and orders: a window before the as-of, sold lines, calendar months and weeks."""

from __future__ import annotations

from datetime import date, timedelta

import ibis
import pandas as pd
from ibis.expr.types import BooleanValue, Table, Value

from . import returned
from .engine import frame_of


def window(table: Table, as_of: date, days: int | None = None) -> Table:
	"""Rows dated before the as-of, and not earlier than so many days before it."""
	chosen = table.filter(table.day < ibis.date(as_of))
	if days is None:
		return chosen
	return chosen.filter(chosen.day >= ibis.date(as_of - timedelta(days=days)))


def marked(lines: Table, undone: Table | None = None) -> Table:
	"""The lines with `undone`: whether they are of a customer's day of which everything came back. Lines that have it stay.

	undone: customer and day of these; None asks the lines themselves, which must then hold whole days and their returns.
	"""
	if "undone" in lines.columns:
		return lines
	days = returned.undone(lines) if undone is None else undone.select("customer", "day")
	found = lines.left_join(days.mutate(undone=True), ["customer", "day"])
	found = found.drop("customer_right", "day_right")
	return found.mutate(undone=found.undone.fill_null(False))


def went_out(marked_lines: Table) -> BooleanValue:
	"""Lines of goods that went out: no returns, no debit notes, quantity above zero."""
	return ~marked_lines.is_return & ~marked_lines.is_debit_note & (marked_lines.qty > 0)


def sold(lines: Table) -> Table:
	"""Lines of orders by which goods went out. An order that came back as a whole is none (MEASURES 1)."""
	lines = marked(lines)
	return lines.filter(went_out(lines), ~lines.undone)


def quantity(lines: Table) -> Value:
	"""The quantity in the unit that stock is kept in, where it is known."""
	return ibis.coalesce(lines.stock_qty, lines.qty)


def month(day: Value) -> Value:
	"""The first day of the month."""
	return day.truncate("M").cast("date")


def week(day: Value) -> Value:
	"""The Monday of the week."""
	return day.truncate("W").cast("date")


def frame(table: Table) -> pd.DataFrame:
	"""The rows as pandas, of the same types whatever the engine."""
	return frame_of(table.to_pyarrow())


def month_start(day: date) -> pd.Timestamp:
	return pd.Timestamp(day.year, day.month, 1)


def months_between(start: pd.Timestamp, end: pd.Timestamp) -> pd.DatetimeIndex:
	"""First days of the months from start to end, both included; both are first days of a month."""
	return pd.date_range(start, end, freq="MS").astype("datetime64[us]")


def month_number(months: pd.Series) -> pd.Series:
	"""Months since year 0: the difference of two is how many months lie between them."""
	return months.dt.year * 12 + months.dt.month - 1
