"""Who bought what: facts about purchases that rules ask, as one Ibis expression over LINES.

What counts is what was kept. A line that came back on a linked return counts with what is left of it, on the day of
the sale; a return without its sale lowers quantity and amount on its own day. An order is a day with something kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

ORDERS, QUANTITY, AMOUNT = "orders", "quantity", "amount"
MEASURES = (ORDERS, QUANTITY, AMOUNT)
COLUMNS = {
	"item": "item",
	"item_group": "item_group",
	"brand": "brand",
	"branch": "branch",
	"coupon": "coupon",
}


@dataclass(frozen=True)
class Bought:
	"""A question to the lines.

	what: a column of `COLUMNS`, or "any". of: its values (an item group with those below it).
	measure: "orders" (days), "quantity" (as invoiced) or "amount" (company currency, without tax).
	n: the limit. first, last: days that count, both included; None: no limit.
	"""

	what: str
	of: tuple[str, ...] = ()
	measure: str = ORDERS
	n: float = 1
	first: date | None = None
	last: date | None = None


def question(what: str, operator: str, value: Mapping[str, Any], of: tuple[str, ...], today: date) -> Bought:
	"""The question behind a rule. `of`: the names asked for, with all that stands below them.

	The last d days are today and the d days before it.
	"""
	first, last = _day(value.get("from")), _day(value.get("to"))
	if value.get("days") not in (None, ""):
		first, last = today - timedelta(days=int(value["days"])), None
	if operator == "not_bought":
		return Bought(what, of, ORDERS, 1, first, last)
	return Bought(what, of, value.get("measure") or ORDERS, value.get("n", 1), first, last)


def _day(value: Any) -> date | None:
	if not value:
		return None
	return value if isinstance(value, date) else date.fromisoformat(value)


def bought(lines: Any, asked: Bought, today: date) -> Any:
	"""Customers who come up to the limit: an Ibis table with the one column `customer`.

	Args:
		lines: Ibis table with the columns of LINES; future days are left out.
		today: the last day that counts.
	"""
	import ibis

	lines = lines.filter(lines.day <= today)
	kept = _kept(lines, asked)
	if asked.measure == ORDERS:
		kept = kept.filter(kept.kept_qty > 1e-9)
		figure = kept.group_by("customer").agg(figure=kept.day.nunique())
	elif asked.measure == QUANTITY:
		figure = kept.group_by("customer").agg(figure=kept.kept_qty.sum())
	else:
		figure = kept.group_by("customer").agg(figure=kept.kept_amount.sum())
	# amounts are sums of floats: a limit of 100 is reached by 99.999999
	return figure.filter(figure.figure >= ibis.literal(float(asked.n)) - 1e-6).select("customer")


def _kept(lines: Any, asked: Bought) -> Any:
	"""Sold lines less what came back of them, and returns that name no line."""
	import ibis

	back = lines.filter(lines.is_return & lines.return_line.notnull())
	back = back.group_by(["voucher_type", "return_line"]).agg(
		back_qty=back.qty.sum(), back_amount=back.net_amount.sum()
	)
	back = back.rename(back_type="voucher_type")
	rest = _in_question(lines.filter(~(lines.is_return & lines.return_line.notnull())), asked)
	joined = rest.left_join(
		back, [rest.voucher_type == back.back_type, rest.line == back.return_line, ~rest.is_return]
	)
	# a debit note changes what was paid, not what was bought
	quantity = ibis.ifelse(joined.is_debit_note, 0.0, joined.qty + ibis.coalesce(joined.back_qty, 0.0))
	return joined.select(
		"customer",
		"day",
		*sorted(COLUMNS.values()),
		kept_qty=quantity,
		kept_amount=joined.net_amount + ibis.coalesce(joined.back_amount, 0.0),
	)


def _in_question(lines: Any, asked: Bought) -> Any:
	if asked.what != "any":
		lines = lines.filter(lines[COLUMNS[asked.what]].isin(list(asked.of)))
	if asked.first:
		lines = lines.filter(lines.day >= asked.first)
	if asked.last:
		lines = lines.filter(lines.day <= asked.last)
	return lines
