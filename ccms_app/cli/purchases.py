"""What the commands on a file of purchases have in common: whom they count, and up to which day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
	import pandas as pd


def whom_to_count(command: Callable) -> Callable:
	"""The options `leave_out` and `keep`: customers never to count, and those to count whatever they look like."""
	command = click.option(
		"--keep",
		multiple=True,
		metavar="CUSTOMER",
		help="Count this customer, though it looks like a walk-in (repeatable).",
	)(command)
	return click.option(
		"--leave-out", multiple=True, metavar="CUSTOMER", help="Never count this customer (repeatable)."
	)(command)


def tell_left_out(left_out: pd.DataFrame, console) -> None:
	"""A note for each customer who is not counted: customer, reason, order_days, invoices_a_day."""
	for row in left_out.itertuples():
		console.print(f"  note: {_why(row)}", style="yellow", markup=False, soft_wrap=True)


def _why(row: Any) -> str:
	"""Why a customer is left out, in words."""
	reasons = {
		"anonymous": lambda: "as you asked",
		"order_days": lambda: f"orders on {row.order_days:.0f} days of a year",
		"invoices": lambda: f"up to {row.invoices_a_day:.0f} invoices a day",
	}
	word = "" if row.reason == "anonymous" else "; looks like a walk-in (--keep counts it)"
	return f'customer "{row.customer}" is left out: {reasons[row.reason]()}{word}'


def day_after(posted_at: pd.Series, console) -> date:
	"""The day after the last purchase. One slip of the pen must not make everybody a customer of long ago: what lies
	in the future is not the last."""
	days = posted_at.dt.normalize()
	coming = days > date.today().isoformat()
	if coming.all():
		return days.max().date() + timedelta(days=1)
	if coming.any():
		dated = "1 line is" if coming.sum() == 1 else f"{coming.sum():,} lines are"
		last = days.max().date()
		console.print(f"  note: {dated} dated after today, up to {last}: not counted", style="yellow")
	return days[~coming].max().date() + timedelta(days=1)
