"""What linked returns took off the sales they belong to, and which part of a day's sales is back.

The share is the points ledger's: Σ (returned ÷ sold quantity × original amount) ÷ Σ original amount over the lines. A
line of no quantity or of a reduced rate counts its own amount; all lines back is exactly 1.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from . import amounts
from .engine import Keep, as_it_is

# a return at less than this part of the sold rate lowers the price, it brings nothing back
_SAME_RATE = 0.99
_WHOLE = 1 - 1e-9
_SALE = ("customer", "day")


def by_day(lines: ir.Table, keep: Keep = as_it_is) -> ir.Table:
	"""One row a customer and day of sales of which something came back.

	Columns: returned (net amount, positive) and returned_margin (negative) of all returns that name a sale of that day;
	back_lines, back_net, back_qty: how many of its lines are fully back, and how much of its amount and quantity.
	"""
	back = lines.filter(lines.is_return & lines.return_against.notnull())
	back = keep(back.select("voucher_type", "return_against", "return_line", "qty", "net_amount", "margin"))
	sold = lines.filter(~(lines.is_return | lines.is_debit_note))
	# by one column: a POS Invoice may slip in that has a Sales Invoice's name, and finds no return below
	sold = sold.join(keep(back.select(invoice="return_against").distinct()), "invoice")
	sold = keep(
		sold.group_by("voucher_type", "invoice", "line", *_SALE).agg(
			net=sold.net_amount.sum(), qty=sold.qty.sum(), rows=sold.count()
		)
	)
	amounts = back.group_by("voucher_type", "return_against").agg(
		returned=0 - back.net_amount.sum(), returned_margin=back.margin.sum()
	)
	documents = sold.select("voucher_type", "invoice", *_SALE).distinct()
	amounts = amounts.join(documents, ["voucher_type", ("return_against", "invoice")]).group_by(*_SALE)
	amounts = amounts.agg(returned=ibis._.returned.sum(), returned_margin=ibis._.returned_margin.sum())
	lines_back = _lines_back(sold, back)
	shares = lines_back.group_by(*_SALE).agg(
		back_lines=lines_back.rows.sum(where=lines_back.part >= _WHOLE).fill_null(0),
		back_net=(lines_back.part * lines_back.net).sum(),
		back_qty=(lines_back.part * lines_back.qty).sum(),
	)
	return amounts.left_join(shares, list(_SALE)).drop(*(f"{name}_right" for name in _SALE))


def undone(lines: ir.Table) -> ir.Table:
	"""customer and day of the sales that came back as a whole, by all returns in the lines: these are no orders.

	The same as `Purchases.undone`, where nothing else is asked of the days: only those that something came back of are summed.
	"""
	back = by_day(lines)
	sold = lines.filter(~(lines.is_return | lines.is_debit_note)).semi_join(back, list(_SALE))
	days = sold.group_by(*_SALE).agg(
		sold=sold.net_amount.sum(),
		sold_qty=sold.qty.sum(),
		sold_lines=sold.count(),
		goods_lines=sold.count(where=sold.qty > 0),
	)
	days = days.inner_join(back, list(_SALE))
	return days.filter((days.goods_lines > 0) & (share(days) >= _WHOLE)).select(*_SALE)


def share(days: ir.Table) -> ir.FloatingValue:
	"""The part of a day's sales that is back, 0 to 1, from the columns of `by_day` beside sold, sold_qty, sold_lines."""
	part = ibis.cases(
		(days.back_lines.isnull(), 0.0),
		(days.back_lines >= days.sold_lines, 1.0),
		(amounts.is_positive(days.sold), days.back_net / amounts.positive(days.sold)),
		(days.sold_qty > 0, days.back_qty / days.sold_qty.nullif(0.0)),
		else_=0.0,
	)
	return ibis.greatest(0.0, ibis.least(1.0, part))


def _lines_back(sold: ir.Table, back: ir.Table) -> ir.Table:
	"""Each sold line of which something is back, with the part of it, 0 to 1, after all its returns."""
	back = back.filter(back.return_line.notnull()).select(
		"voucher_type", "return_against", "return_line", back_net="net_amount", back_qty="qty"
	)
	found = sold.join(back, ["voucher_type", ("invoice", "return_against"), ("line", "return_line")])
	by_qty = 0 - found.back_qty / found.qty.nullif(0.0)
	by_amount = 0 - found.back_net / amounts.not_zero(found.net)
	reduced = amounts.is_positive(found.net) & (by_amount < by_qty * _SAME_RATE)
	part = ibis.ifelse(by_qty.isnull() | (found.back_qty == 0) | reduced, by_amount, by_qty)
	found = found.mutate(part=part.fill_null(0.0))
	found = found.group_by("voucher_type", "invoice", "line", *_SALE, "net", "qty", "rows").agg(
		part=found.part.sum()
	)
	return found.mutate(part=ibis.greatest(0.0, ibis.least(1.0, found.part)))
