"""From lines to orders: one row a customer and a day on which they bought (docs/behaviour.md, MEASURES 1).

All functions return Ibis expressions over the lines; nothing is computed before somebody asks for the rows.
"""

from __future__ import annotations

from datetime import date

import ibis
import ibis.expr.types as ir

from .lines import BELOW_LIST, PLACE
from .settings import Settings

# a return at less than this part of the sold rate lowers the price, it brings nothing back
_SAME_RATE = 0.99
# a share computed from doubles that is this near to 1 is 1
_WHOLE = 1 - 1e-9


def orders(lines: ir.Table, as_of: date, settings: Settings) -> ir.Table:
	"""One row a customer and posting date with sales of some quantity that were not all returned before the as-of.

	Columns: customer, day, order_no (1, 2, … by day), documents, first_at, value (sold - returned), sold, items (different
	ones), qty, lines, branch, channel, customer_group, territory, sales_person (where most was sold that day, ties by
	name), margin, margin_covered (share of sold with a known margin), list_amount, below_list_lines, priced_lines.
	"""
	known = counted(lines, as_of, settings)
	found = standing(by_day(known))
	sold = known.filter(_is_sale(known))
	details = sold.group_by("customer", "day").agg(
		documents=(sold.voucher_type + "/" + sold.invoice).nunique(),
		items=sold.item.nunique(where=sold.qty > 0),
	)
	found = found.left_join(details, ["customer", "day"]).drop("customer_right", "day_right")
	found = found.left_join(_places(sold), ["customer", "day"]).drop("customer_right", "day_right")
	by_day_of_customer = ibis.window(group_by="customer", order_by="day")
	return found.select(
		"customer",
		"day",
		order_no=ibis.row_number().over(by_day_of_customer) + 1,
		documents="documents",
		first_at="first_at",
		value="value",
		sold="sold",
		items="items",
		qty="sold_qty",
		lines="sold_lines",
		**{name: found[name] for name in PLACE},
		margin="order_margin",
		margin_covered="order_margin_covered",
		list_amount="list_amount",
		below_list_lines="below_list_lines",
		priced_lines="priced_lines",
	)


def daily(lines: ir.Table, as_of: date, settings: Settings) -> ir.Table:
	"""Revenue on its own day: one row a customer, day and place (branch, channel, customer group, territory, sales person).

	Columns: customer, day, revenue (sales, returns, debit notes), returned (what linked and unlinked returns took off,
	positive), margin, margin_net (the revenue whose margin is known), and the place.
	"""
	known = counted(lines, as_of, settings)
	return known.group_by("customer", "day", *PLACE).agg(
		revenue=known.net_amount.sum(),
		returned=0 - _sum(known.net_amount, known.is_return),
		margin=known.margin.sum(),
		margin_net=_sum(known.net_amount, known.margin.notnull()),
	)


def left_out(lines: ir.Table, as_of: date, settings: Settings) -> ir.Table:
	"""Customers whose sales are no one person's: customer, reason, most order-days a year, most invoices a day.

	reason: "anonymous" (they are ticked so), "order_days" or "invoices" (they buy more often than a person does). A year
	is 366 days, counted back from the as-of.
	"""
	known = lines.filter(lines.day < _date(as_of))
	sold = known.filter(_is_sale(known))
	days = sold.group_by("customer", "day").agg(
		lines=sold.count(), documents=(sold.voucher_type + "/" + sold.invoice).nunique()
	)
	return looks_anonymous(days, as_of, settings)


def looks_anonymous(days: ir.Table, as_of: date, settings: Settings) -> ir.Table:
	"""`left_out` from the days with sales: customer, day, documents."""
	year = ((ibis.literal(as_of).delta(days.day, unit="day") - 1) / 366).floor().cast("int64")
	years = (
		days.mutate(year=year)
		.group_by("customer", "year")
		.agg(order_days=ibis._.count(), invoices_a_day=ibis._.documents.max())
	)
	most = years.group_by("customer").agg(
		order_days=ibis._.order_days.max(), invoices_a_day=ibis._.invoices_a_day.max()
	)
	judged = ~_among(most.customer, settings.overruled)
	reason = ibis.cases(
		(_among(most.customer, settings.anonymous), "anonymous"),
		(judged & (most.order_days > settings.max_order_days_a_year), "order_days"),
		(judged & (most.invoices_a_day > settings.max_invoices_a_day), "invoices"),
		else_=ibis.null("string"),
	)
	found = most.mutate(reason=reason)
	return found.filter(found.reason.notnull()).select("customer", "reason", "order_days", "invoices_a_day")


def counted(lines: ir.Table, as_of: date, settings: Settings) -> ir.Table:
	"""The lines before the as-of of customers who are counted."""
	known = lines.filter(lines.day < _date(as_of))
	return known.anti_join(left_out(lines, as_of, settings), "customer")


def by_day(known: ir.Table) -> ir.Table:
	"""Everything that sums up by customer and day, whether an order or not.

	revenue, margin and margin_net count all lines of the day itself; the other columns those of its sales, and `returned`
	what came back of them whenever that was. share: the part of the sales that is back, 0 to 1.
	"""
	sale = _is_sale(known)
	priced = sale & known.paid_ratio.notnull()
	with_margin = known.margin.notnull()
	days = known.group_by("customer", "day").agg(
		revenue=known.net_amount.sum(),
		margin=known.margin.sum(),
		margin_net=_sum(known.net_amount, with_margin),
		sold=_sum(known.net_amount, sale),
		sold_qty=_sum(known.qty, sale),
		sold_lines=known.count(where=sale),
		goods_lines=known.count(where=sale & (known.qty > 0)),
		first_at=known.posted_at.min(where=sale),
		sold_margin=known.margin.sum(where=sale),
		sold_margin_net=_sum(known.net_amount, sale & with_margin),
		list_amount=known.list_amount.sum(where=sale),
		discount=(known.list_amount * (1 - known.paid_ratio)).sum(where=priced & (known.paid_ratio < 1)),
		below_list_lines=known.count(where=priced & (known.paid_ratio < BELOW_LIST)),
		priced_lines=known.count(where=priced),
	)
	back = _came_back(known)
	days = days.left_join(back, ["customer", "day"]).drop("customer_right", "day_right")
	days = days.mutate(returned=days.returned.fill_null(0.0))
	share = ibis.cases(
		(days.back_lines.isnull(), 0.0),
		(days.back_lines >= days.sold_lines, 1.0),
		(days.sold > 0, days.back_net / days.sold.nullif(0.0)),
		(days.sold_qty > 0, days.back_qty / days.sold_qty.nullif(0.0)),
		else_=0.0,
	)
	return days.mutate(
		value=days.sold - days.returned,
		share=ibis.greatest(0.0, ibis.least(1.0, share)),
		order_margin=days.sold_margin + days.returned_margin.fill_null(0.0),
		order_margin_covered=days.sold_margin_net / days.sold.nullif(0.0),
	).drop("back_lines", "back_net", "back_qty", "returned_margin", "sold_margin", "sold_margin_net")


def standing(days: ir.Table) -> ir.Table:
	"""The days that are orders: something was sold, and not all of it is back."""
	return days.filter((days.goods_lines > 0) & (days.share < _WHOLE))


def _came_back(known: ir.Table) -> ir.Table:
	"""What linked returns took off each day of sales: customer, day, returned, returned_margin and the parts of `share`.

	The share is that of the points ledger: Σ (returned ÷ sold quantity × original amount) ÷ Σ original amount over the
	lines; a line of no quantity or of a lower rate counts its own amount.
	"""
	back = known.filter(known.is_return & known.return_against.notnull())
	sold = known.filter(_is_sale(known)).semi_join(back, ["voucher_type", ("invoice", "return_against")])
	sold = sold.group_by("voucher_type", "invoice", "line", "customer", "day").agg(
		net=sold.net_amount.sum(), qty=sold.qty.sum(), rows=sold.count()
	)
	documents = sold.select("voucher_type", "invoice", "customer", "day").distinct()
	amounts = back.group_by("voucher_type", "return_against").agg(
		returned=0 - back.net_amount.sum(), returned_margin=back.margin.sum()
	)
	amounts = amounts.join(documents, ["voucher_type", ("return_against", "invoice")])
	amounts = amounts.group_by("customer", "day").agg(
		returned=amounts.returned.sum(), returned_margin=amounts.returned_margin.sum()
	)
	back = back.filter(back.return_line.notnull()).select(
		"voucher_type", "return_against", "return_line", back_net="net_amount", back_qty="qty"
	)
	parts = sold.join(back, ["voucher_type", ("invoice", "return_against"), ("line", "return_line")])
	by_qty = parts.back_qty / parts.qty.nullif(0.0)
	by_amount = parts.back_net / parts.net.nullif(0.0)
	# both are negative
	reduced = (parts.net > 0) & (by_amount > by_qty * _SAME_RATE)
	part = ibis.ifelse(by_qty.isnull() | (parts.back_qty == 0) | reduced, by_amount, by_qty)
	parts = parts.mutate(part=-part.fill_null(0.0))
	by_line = parts.group_by("voucher_type", "invoice", "line", "customer", "day", "net", "qty", "rows").agg(
		part=parts.part.sum()
	)
	by_line = by_line.mutate(part=ibis.greatest(0.0, ibis.least(1.0, by_line.part)))
	shares = by_line.group_by("customer", "day").agg(
		back_lines=_sum(by_line.rows, by_line.part >= _WHOLE),
		back_net=(by_line.part * by_line.net).sum(),
		back_qty=(by_line.part * by_line.qty).sum(),
	)
	found = amounts.left_join(shares, ["customer", "day"]).drop("customer_right", "day_right")
	return found


def _places(sold: ir.Table) -> ir.Table:
	"""Where most of each day was sold: customer, day and the columns of PLACE; equal amounts by the smaller names."""
	# null sorts first on one engine and last on the other
	sold = sold.mutate(**{name: sold[name].fill_null("") for name in PLACE})
	sums = sold.group_by("customer", "day", *PLACE).agg(amount=amount_key(sold.net_amount.sum()))
	best = ibis.window(group_by=("customer", "day"), order_by=(sums.amount.desc(), *PLACE))
	first = sums.mutate(place=ibis.row_number().over(best))
	first = first.filter(first.place == 0)
	return first.select("customer", "day", **{name: first[name].nullif("") for name in PLACE})


def amount_key(amount: ir.FloatingValue) -> ir.IntegerValue:
	"""An amount to compare by: whole hundredths of a cent, for sums of doubles differ in their last digits."""
	return (amount * 10_000 + 0.5).floor().cast("int64")


def _is_sale(table: ir.Table) -> ir.BooleanValue:
	return ~(table.is_return | table.is_debit_note)


def _sum(values: ir.NumericValue, where: ir.BooleanValue) -> ir.NumericValue:
	"""The sum where it holds, 0 where it never does."""
	return values.sum(where=where).fill_null(0)


def _among(customer: ir.StringValue, names: frozenset[str]) -> ir.BooleanValue:
	return customer.isin(sorted(names)) if names else ibis.literal(False)


def _date(day: date) -> ir.DateScalar:
	return ibis.literal(day, "date")
