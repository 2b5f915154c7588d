"""The lines of one month, out of the database into a Parquet file: all of them, or those of the documents that have changed
beside what the file of before holds of the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from zlib import crc32

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from dateutil.relativedelta import relativedelta
from frappe.utils import getdate, nowdate

from ccms_app.behaviour.lines import SCHEMA

from . import counted, documents, files, stream

# a month of which more than this part of the documents has changed is read in full
MOST_CHANGED = 0.3
# ERPNext corrects what a sold line has cost and leaves its document as it was, mostly of late sales. So a changed month is
# read in full while it is young, and when it was last so many days ago, up to twice as many: not all months on one night
YOUNG_DAYS, FULL_DAYS = 31, 30
NAMES = 1_000
# as `counted.columns` has them
READ = pa.schema([field.with_nullable(True) for field in SCHEMA if field.name != "voucher_type"])


@dataclass(frozen=True)
class Written:
	"""A month's file: how many lines it holds, how many of them came from the database now, the day of the full reading."""

	file: str
	lines: int
	read: int
	full_on: str


@dataclass(frozen=True)
class Month:
	"""One month (YYYY-MM) of a company as a cursor sees it. branch: the field that is a line's branch."""

	cursor: object
	company: str
	month: str
	branch: str

	def full(self) -> Written:
		"""Read every line."""
		read = (table for doctype in counted.DOCTYPES for table in self._read(doctype))
		path, lines = self._write(read)
		return Written(path, lines, lines, nowdate())

	def changed(self, known: dict, now: pa.Table) -> Written | None:
		"""Read the lines of changed documents alone; None when the month is to be read in full.

		Args:
			known: what the manifest says of the file of before.
			now: the documents of the month, as `documents.read` gives them.
		"""
		if self._is_young() or self._is_due(known["full_on"]):
			return None
		place = files.folder(self.company)
		try:
			then, lines = (pq.read_table(place / known[name]) for name in ("documents", "file"))
		except (OSError, pa.ArrowInvalid):
			return None  # broken
		changed, gone = documents.differences(then, now)
		if max(changed.num_rows, gone.num_rows) > MOST_CHANGED * now.num_rows:
			return None
		held = documents.without(lines, gone)
		path, total = self._write([held, *self._read_of(changed)])
		return Written(path, total, total - held.num_rows, known["full_on"])

	@property
	def _first(self) -> date:
		return date.fromisoformat(f"{self.month}-01")

	@property
	def _last(self) -> date:
		return self._first + relativedelta(months=1, days=-1)

	def _is_young(self) -> bool:
		return self._last >= getdate(nowdate()) - timedelta(days=YOUNG_DAYS)

	def _is_due(self, full_on: str) -> bool:
		days = FULL_DAYS + crc32(self.month.encode()) % FULL_DAYS
		return getdate(nowdate()) >= getdate(full_on) + timedelta(days=days)

	def _read_of(self, changed: pa.Table) -> Iterator[pa.Table]:
		for doctype in counted.DOCTYPES:
			names = changed.filter(pc.equal(changed["voucher_type"], doctype))["invoice"].to_pylist()
			for start in range(0, len(names), NAMES):
				yield from self._read(doctype, names[start : start + NAMES])

	def _read(self, doctype: str, names: list[str] | None = None) -> Iterator[pa.Table]:
		query = counted.lines(doctype, self.company, self._first, self._last, self.branch, names)
		return (as_lines(table, doctype) for table in stream.tables(self.cursor, query, READ))

	def _write(self, tables: Iterable[pa.Table]) -> tuple[str, int]:
		"""(the new file, its lines)"""
		path = files.fresh(self.company, self.month)
		lines = 0
		with pq.ParquetWriter(path, SCHEMA, compression="zstd", compression_level=1) as writer:
			for table in tables:
				writer.write_table(table)
				lines += table.num_rows
		return files.relative(self.company, path), lines


def parse(rows: list[bytes], doctype: str) -> pa.Table:
	"""Rows of `counted.lines` as LINES."""
	return as_lines(stream.parse(rows, READ), doctype)


def as_lines(table: pa.Table, doctype: str) -> pa.Table:
	"""What `counted.lines` brings as LINES."""
	kind = pa.repeat(pa.scalar(doctype), table.num_rows)
	return table.add_column(0, "voucher_type", kind).select(SCHEMA.names).cast(SCHEMA)
