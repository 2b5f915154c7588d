"""A company's own past invoices as purchase facts: streamed out of the database, one line an invoice line.

Counted are submitted Sales Invoices and POS Invoices. Left out are consolidated invoices (their POS Invoices count),
opening entries, debit notes and sales to internal customers.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import frappe
import pyarrow as pa
from frappe.query_builder import Case
from frappe.query_builder.functions import Abs, Coalesce, CombineDatetime, Concat, NullIf, Sum

from ccms_app.facts.files import Facts, check

BATCH = 50_000
COLUMNS = {
	"invoice": pa.string(),
	"posted_at": pa.timestamp("us"),
	"customer": pa.string(),
	"item": pa.string(),
	"qty": pa.float64(),
	"net_amount": pa.float64(),
	"gross_amount": pa.float64(),
	"margin": pa.float64(),
	"is_return": pa.bool_(),
	"return_against": pa.string(),
}


def facts(company: str, from_date: date, to_date: date) -> Facts | None:
	"""The facts of a company between two posting dates, both included; None if there is no invoice."""
	batches = [
		batch
		for doctype in ("Sales Invoice", "POS Invoice")
		for batch in _stream(doctype, company, from_date, to_date)
	]
	if not batches:
		return None
	return check(pa.Table.from_batches(batches), f"invoices of {company}")


def _stream(doctype: str, company: str, from_date: date, to_date: date) -> Iterator[pa.RecordBatch]:
	rows: list[tuple] = []
	with frappe.db.unbuffered_cursor():
		for row in _lines(doctype, company, from_date, to_date).run(as_list=True, as_iterator=True):
			rows.append(row)
			if len(rows) == BATCH:
				yield _batch(rows)
				rows = []
	if rows:
		yield _batch(rows)


def _batch(rows: list[tuple]) -> pa.RecordBatch:
	columns = list(zip(*rows, strict=True))
	columns[-2] = [bool(value) for value in columns[-2]]
	arrays = [pa.array(values, kind) for values, kind in zip(columns, COLUMNS.values(), strict=True)]
	return pa.RecordBatch.from_arrays(arrays, names=list(COLUMNS))


def _lines(doctype: str, company: str, from_date: date, to_date: date):
	"""The query for one kind of invoice; columns in the order of COLUMNS."""
	doc, line = frappe.qb.DocType(doctype), frappe.qb.DocType(f"{doctype} Item")
	points = _points_rows(doctype)
	sales = doctype == "Sales Invoice"
	# with tax, and before points: the total of a sale in which points already paid is what it was without them
	total = doc.base_grand_total - Coalesce(points.amount, 0)
	gross = Coalesce(line.base_net_amount * total / NullIf(doc.base_net_total, 0), line.base_net_amount)
	margin = None
	if sales:
		# a line of unknown cost has no margin, rather than a margin of its whole price
		known = Case().when(line.incoming_rate > 0, line.incoming_rate)
		margin = line.base_net_amount - known * line.stock_qty
	quantity = Abs(line.qty)
	# the two kinds of document have number series of their own
	prefix = "" if sales else "POS Invoice "
	query = (
		frappe.qb.from_(doc)
		.join(line)
		.on((line.parent == doc.name) & (line.parenttype == doctype))
		.left_join(points)
		.on(points.parent == doc.name)
		.select(
			Concat(prefix, doc.name),
			CombineDatetime(doc.posting_date, Coalesce(doc.posting_time, "00:00:00")),
			doc.customer,
			Coalesce(NullIf(line.item_code, ""), NullIf(line.item_name, ""), line.name),
			Case().when(doc.is_return == 1, -quantity).else_(quantity),
			line.base_net_amount,
			gross,
			margin if sales else frappe.qb.terms.ValueWrapper(None),
			doc.is_return,
			Case().when(Coalesce(doc.return_against, "") != "", Concat(prefix, doc.return_against)).else_(""),
		)
		.where(
			(doc.docstatus == 1)
			& (doc.company == company)
			& (doc.posting_date[from_date:to_date])
			& (doc.is_opening != "Yes")
		)
	)
	if sales:
		query = query.where(
			(doc.is_consolidated == 0) & (doc.is_debit_note == 0) & (doc.is_internal_customer == 0)
		)
	return query


def _points_rows(doctype: str):
	"""What points paid, by invoice (negative on a sale)."""
	tax = frappe.qb.DocType("Sales Taxes and Charges")
	return (
		frappe.qb.from_(tax)
		.select(tax.parent, Sum(tax.base_tax_amount).as_("amount"))
		.where((tax.parenttype == doctype) & (tax.ccms_points_row == 1))
		.groupby(tax.parent)
	).as_("points_rows")
