"""The one table that all figures about customers start from: a row a line of a counted sale or return.

A site streams it out of its invoices (`behaviour/store`), a file becomes it here. It holds one company in its own
currency. What never counts (opening, internal, consolidated documents) is not in it; what is too young is cut by the
as-of of the question.
"""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ccms_app.facts.files import Facts

BELOW_LIST = 0.995

SCHEMA = pa.schema(
	[
		pa.field("voucher_type", pa.string(), nullable=False),  # Sales Invoice or POS Invoice
		pa.field("invoice", pa.string(), nullable=False),  # with voucher_type the identity of a document
		pa.field("line", pa.string(), nullable=False),  # the row's name; of a file: the item
		pa.field("posted_at", pa.timestamp("us")),  # wall clock; null where only the day is known
		pa.field("day", pa.date32(), nullable=False),
		pa.field("customer", pa.string(), nullable=False),
		pa.field("item", pa.string(), nullable=False),
		pa.field("item_group", pa.string()),
		pa.field("brand", pa.string()),
		pa.field("qty", pa.float64(), nullable=False),  # of a return: negative
		pa.field("stock_qty", pa.float64()),
		pa.field(
			"net_amount", pa.float64(), nullable=False
		),  # company currency, without tax; of a return: negative
		pa.field("list_amount", pa.float64()),  # at list price
		pa.field(
			"paid_ratio", pa.float64()
		),  # paid ÷ list price; null where there is none, and on free goods
		pa.field("margin", pa.float64()),  # company currency; of a return: negative
		pa.field("is_return", pa.bool_(), nullable=False),
		pa.field("is_debit_note", pa.bool_(), nullable=False),
		pa.field("return_against", pa.string()),  # the invoice it returns, of the same voucher_type
		pa.field("return_line", pa.string()),  # the line of that invoice
		pa.field("branch", pa.string()),
		pa.field("channel", pa.string()),
		pa.field("customer_group", pa.string()),
		pa.field("territory", pa.string()),
		pa.field("sales_person", pa.string()),
		pa.field("coupon", pa.string()),
		pa.field("is_free", pa.bool_(), nullable=False),
	]
)
# where a customer buys, and who looks after them: constant over most documents
PLACE = ("branch", "channel", "customer_group", "territory", "sales_person")


def from_facts(facts: Facts) -> pa.Table:
	"""Checked facts of a file as LINES; a column the file does not have is null.

	Lines of one item in one invoice count as one line when something comes back, for a file's returns name no line. A
	file without any time of day has no `posted_at`: midnight would pass for the hour at which people buy.
	"""
	frame = facts.lines
	rows = len(frame)
	posted = pa.array(frame["posted_at"].to_numpy("datetime64[us]"))
	day = pc.cast(posted, pa.date32(), safe=False)
	if pc.all(pc.equal(posted, pc.cast(day, pa.timestamp("us")))).as_py():
		posted = pa.nulls(rows, pa.timestamp("us"))
	item = _text(frame, "item")
	is_return = pa.array(frame["is_return"].to_numpy(bool))
	against = pc.if_else(is_return, _text(frame, "return_against"), None)
	net = pa.array(frame["net_amount"].to_numpy(float))
	qty = pa.array(frame["qty"].to_numpy(float))
	listed = _number(frame, "list_amount")
	is_free = pc.equal(net, 0.0)
	# no list price, one of the other sign, or goods given away: nothing to compare with
	compared = pc.and_(pc.greater(pc.multiply(listed, pc.sign(qty)), 0.0), pc.invert(is_free))
	listed = pc.if_else(compared, listed, None)
	columns = {
		"voucher_type": pa.repeat("Sales Invoice", rows),
		"invoice": _text(frame, "invoice"),
		"line": item,
		"posted_at": posted,
		"day": day,
		"customer": _text(frame, "customer"),
		"item": item,
		"item_group": _text(frame, "item_group"),
		"brand": _text(frame, "brand"),
		"qty": qty,
		"stock_qty": qty,
		"net_amount": net,
		"list_amount": listed,
		"paid_ratio": pc.divide(net, listed),
		"margin": _number(frame, "margin"),
		"is_return": is_return,
		"is_debit_note": pa.repeat(False, rows),
		"return_against": against,
		"return_line": pc.if_else(pc.is_valid(against), item, None),
		"branch": _text(frame, "branch"),
		"channel": _text(frame, "channel"),
		"customer_group": _text(frame, "customer_group"),
		"territory": _text(frame, "territory"),
		"sales_person": _text(frame, "sales_person"),
		"coupon": _text(frame, "coupon"),
		"is_free": is_free,
	}
	return pa.table(columns, schema=SCHEMA)


def _text(frame: pd.DataFrame, name: str) -> pa.Array:
	"""A column as text, blanks as null."""
	if name not in frame:
		return pa.nulls(len(frame), pa.string())
	values = pa.array(frame[name], from_pandas=True)
	if isinstance(values, pa.ChunkedArray):
		values = values.combine_chunks()
	values = pc.cast(values, pa.string())
	return pc.if_else(pc.equal(values, ""), None, values)


def _number(frame: pd.DataFrame, name: str) -> pa.Array:
	if name not in frame:
		return pa.nulls(len(frame), pa.float64())
	return pa.array(frame[name].to_numpy(float), from_pandas=True)
