"""Many rows out of the database, fast: one text a row, CSV that the server puts together and Arrow parses, streamed over a
connection of its own. A Python driver that makes an object of every value takes several times as long."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO

import frappe
import pyarrow as pa
import pymysql
from frappe.query_builder import CustomFunction
from frappe.query_builder.functions import Coalesce, Concat, NullIf
from pyarrow import csv
from pypika.queries import QueryBuilder
from pypika.terms import Term

BATCH = 50_000
# whatever a site's server is set to, so that streaming a long result is not cut off
WAIT = "set session net_write_timeout = 600, session max_statement_time = 0"

Replace = CustomFunction("REPLACE", ["text", "old", "new"])


@contextmanager
def snapshot() -> Iterator[pymysql.cursors.SSCursor]:
	"""An unbuffered cursor on a connection of its own, in one consistent snapshot; the values arrive as bytes.

	It sees what is committed.
	"""
	settings = frappe.db.get_connection_settings() | {"use_unicode": False, "conv": {}}
	connection = pymysql.connect(**settings)
	try:
		with connection.cursor() as cursor:
			cursor.execute(WAIT)
			cursor.execute("set session transaction isolation level repeatable read")
			cursor.execute("start transaction with consistent snapshot, read only")
		with connection.cursor(pymysql.cursors.SSCursor) as cursor:
			yield cursor
	finally:
		connection.close()


def row(values: dict[str, Term], texts: set[str] | frozenset[str]) -> Term:
	"""The CSV of one row: texts quoted; nothing at all where a value is unknown or empty."""
	found = [quoted(term) if name in texts else Coalesce(term, "") for name, term in values.items()]
	function = CustomFunction("CONCAT_WS", ["separator", *(f"a{number}" for number in range(len(found)))])
	return function(",", *found)


def quoted(term: Term) -> Term:
	return Coalesce(Concat('"', Replace(NullIf(term, ""), '"', '""'), '"'), "")


def tables(cursor, query: QueryBuilder, schema: pa.Schema) -> Iterator[pa.Table]:
	"""The rows of a query for one `row`, some at a time; its values are the columns of the schema, in that order."""
	cursor.execute(*query.walk())
	while rows := cursor.fetchmany(BATCH):
		yield parse([row[0] for row in rows], schema)


def parse(rows: list[bytes], schema: pa.Schema) -> pa.Table:
	"""Rows of CSV as a table."""
	read = csv.ReadOptions(column_names=schema.names)
	shape = csv.ParseOptions(newlines_in_values=True)
	convert = csv.ConvertOptions(
		column_types=schema,
		null_values=[""],
		true_values=["1"],
		false_values=["0"],
		strings_can_be_null=True,
		quoted_strings_can_be_null=False,
	)
	text = BytesIO(b"\n".join(rows))
	return csv.read_csv(text, read_options=read, parse_options=shape, convert_options=convert)


def table(source, values: dict[str, tuple[Term, pa.DataType]], condition: Term | None = None) -> pa.Table:
	"""Columns of a database table as it is committed now.

	Args:
		values: name → (what it is, its type).
	"""
	schema = pa.schema([(name, kind) for name, (_term, kind) in values.items()])
	texts = {name for name, (_term, kind) in values.items() if pa.types.is_string(kind)}
	terms = {name: term for name, (term, _kind) in values.items()}
	query = frappe.qb.from_(source).select(row(terms, texts))
	with snapshot() as cursor:
		found = list(tables(cursor, query.where(condition) if condition is not None else query, schema))
	return pa.concat_tables(found) if found else schema.empty_table()
