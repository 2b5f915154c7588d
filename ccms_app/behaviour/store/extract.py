"""Invoice lines out of the database into Parquet, one file a company and month, only the months that have changed.

Whether a month has changed is asked of the database itself: its number of documents, their total and a checksum over
names, customers and last changes, beside those of the file. So nothing depends on a clock, a lost file is read
again, and a full run is one whose every month differs. What no document shows (renames) is marked in `dirty`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha1
from io import BytesIO

import frappe
import pyarrow as pa
import pyarrow.parquet as pq
import pymysql
from dateutil.relativedelta import relativedelta
from frappe.utils import now
from pyarrow import csv

from ccms_app.behaviour.lines import SCHEMA

from . import counted, dirty, files

BATCH = 50_000
# raise it when the meaning of a column changes: every file is then written anew
VERSION = 1
ORDER = [name for name in SCHEMA.names if name != "voucher_type"]  # as `counted.columns` has them
# whatever a site's server is set to, so that streaming a long result is not cut off
WAIT = "set session net_write_timeout = 600, session max_statement_time = 0"


@dataclass
class Extraction:
	"""What a run read: how many months, documents and lines are there, and how many months were read anew."""

	months: int = 0
	lines: int = 0
	read_months: list[str] = field(default_factory=list)
	read_lines: int = 0


def extract(
	company: str,
	branch: str = "cost_center",
	full: bool = False,
	progress: Callable[[float, str], None] | None = None,
) -> Extraction:
	"""Bring the files of a company to what its invoices say now.

	The months are read in one snapshot of the database. The manifest is saved after each, so that a run that was
	stopped goes on where it was.

	Args:
		branch: the field that is a line's branch (`Settings.branch_source`).
		full: read every month anew.
		progress: called with the share that is done (0 to 1) and the month.
	"""
	marks = dirty.marked(company)
	stale = {month for _row, month in marks}
	basis = _basis(company, branch)
	old = files.read(company)
	if full or None in stale or old.get("basis") != basis:
		old = {}
	manifest = {"company": company, "basis": basis, "months": {}, "tables": {}}
	with snapshot() as cursor:
		found = _signatures(cursor, company)
		for month, known in old.get("months", {}).items():
			if month not in stale and known["signature"] == found.get(month) and _is_there(company, known):
				manifest["months"][month] = known
		wanted = [month for month in sorted(found) if month not in manifest["months"]]
		for number, month in enumerate(wanted):
			if progress:
				progress(number / len(wanted), month)
			manifest["months"][month] = {**_month(cursor, company, month, branch), "signature": found[month]}
			if number % 6 == 5:
				files.write(company, manifest)
	manifest["read_on"] = now()
	files.write(company, manifest)
	dirty.forget([row for row, _month_of in marks])
	months = manifest["months"]
	return Extraction(
		months=len(months),
		lines=sum(month["lines"] for month in months.values()),
		read_months=wanted,
		read_lines=sum(months[month]["lines"] for month in wanted),
	)


@contextmanager
def snapshot() -> Iterator[pymysql.cursors.SSCursor]:
	"""An unbuffered cursor on a connection of its own, in one consistent snapshot; the values arrive as bytes."""
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


def _basis(company: str, branch: str) -> str:
	"""What all files of a company must have in common; a change of it makes all of them stale."""
	currency = frappe.get_cached_value("Company", company, "default_currency")
	return sha1(f"{VERSION} {currency} {branch} {SCHEMA.to_string()}".encode()).hexdigest()[:12]


def _signatures(cursor, company: str) -> dict[str, list]:
	found: dict[str, dict[str, list[str]]] = {}
	for doctype in counted.DOCTYPES:
		cursor.execute(counted.signatures(doctype, company).get_sql())
		for month, *signature in cursor.fetchall():
			found.setdefault(month.decode(), {})[doctype] = [value.decode() for value in signature]
	return found


def _is_there(company: str, known: dict) -> bool:
	return (files.folder(company) / known["file"]).is_file()


def _month(cursor, company: str, month: str, branch: str) -> dict:
	"""Read one month into a new file."""
	first = date.fromisoformat(f"{month}-01")
	last = first + relativedelta(months=1, days=-1)
	path = files.fresh(company, month)
	lines = 0
	with pq.ParquetWriter(path, SCHEMA, compression="zstd", compression_level=1) as writer:
		for doctype in counted.DOCTYPES:
			cursor.execute(counted.lines(doctype, company, first, last, branch).get_sql())
			for rows in _batches(cursor):
				batch = parse(rows, doctype)
				writer.write_table(batch)
				lines += batch.num_rows
	return {"file": files.relative(company, path), "lines": lines}


def _batches(cursor) -> Iterator[list[bytes]]:
	while rows := cursor.fetchmany(BATCH):
		yield [row[0] for row in rows]


_TYPES = {name: SCHEMA.field(name).type for name in ORDER}
_READ = csv.ReadOptions(column_names=ORDER)
_PARSE = csv.ParseOptions(newlines_in_values=True)
_CONVERT = csv.ConvertOptions(
	column_types=_TYPES,
	null_values=[""],
	true_values=["1"],
	false_values=["0"],
	strings_can_be_null=True,
	quoted_strings_can_be_null=False,
)


def parse(rows: list[bytes], doctype: str) -> pa.Table:
	"""The CSV of `counted.lines` as LINES."""
	table = csv.read_csv(
		BytesIO(b"\n".join(rows)), read_options=_READ, parse_options=_PARSE, convert_options=_CONVERT
	)
	kind = pa.repeat(pa.scalar(doctype), table.num_rows)
	return table.add_column(0, "voucher_type", kind).select(SCHEMA.names).cast(SCHEMA)
