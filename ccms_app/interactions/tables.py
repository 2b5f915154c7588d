"""Rows of files with events, read one after another: CSV and Parquet."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CSV, PARQUET = "csv", "parquet"
BLOCK = 1 << 20
LONGEST_CELL = 10_000_000


class Unreadable(Exception):
	"""A file, or the rest of one, that cannot be read; says why in English."""


def kind_of(path: Path) -> str:
	"""What a file is, by how it begins; a name may say anything."""
	with open(path, "rb") as file:
		return PARQUET if file.read(4) == b"PAR1" else CSV


def columns(path: Path, encoding: str = "") -> list[str]:
	"""The columns of a file.

	Raises:
		Unreadable: it has none.
	"""
	if kind_of(path) == PARQUET:
		return _parquet(path).schema_arrow.names
	with _text(path, encoding) as file:
		return _header(file)[1]


def count(path: Path, encoding: str = "") -> int:
	"""How many rows a file has. Reads all of a CSV.

	Raises:
		Unreadable: as `rows`.
	"""
	if kind_of(path) == PARQUET:
		return _parquet(path).metadata.num_rows
	return sum(1 for _row in rows(path, encoding=encoding))


def rows(path: Path, start: int = 0, encoding: str = "") -> Iterator[dict[str, Any]]:
	"""The rows from the one with number `start`, counted from 0; a cell beyond the header stands under None.

	Raises:
		Unreadable: in the middle too, where a file is broken there.
	"""
	return _parquet_rows(path, start) if kind_of(path) == PARQUET else _csv_rows(path, start, encoding)


# --- CSV ------------------------------------------------------------------------------------------------------
def encoding_of(path: Path) -> str:
	"""UTF-8 where all of a file is, else GB18030, which Chinese spreadsheets write."""
	decoder = codecs.getincrementaldecoder("utf-8")()
	with open(path, "rb") as file:
		try:
			while block := file.read(BLOCK):
				decoder.decode(block)
			decoder.decode(b"", final=True)
		except UnicodeDecodeError:
			return "gb18030"
	return "utf-8-sig"


def _text(path: Path, encoding: str):
	names = {"UTF-8": "utf-8-sig", "GB18030": "gb18030"}
	return open(path, encoding=names.get(encoding) or encoding_of(path), errors="replace", newline="")


def _header(file) -> tuple[Any, list[str]]:
	csv.field_size_limit(LONGEST_CELL)
	first = file.readline()
	file.seek(0)
	try:
		form: Any = csv.Sniffer().sniff(first, ",;\t|")
		form.doublequote = True
	except csv.Error:
		form = csv.excel
	try:
		names = [name.strip() for name in next(csv.reader(file, form), [])]
	except csv.Error as error:
		raise Unreadable(f"The first line is no list of columns: {error}.")
	if not any(names):
		raise Unreadable("The file is empty.")
	twice = {name for name in names if name and names.count(name) > 1}
	if twice:
		raise Unreadable(f"Two columns have the same name: {min(twice)}.")
	return form, names


def _csv_rows(path: Path, start: int, encoding: str) -> Iterator[dict[str, Any]]:
	with _text(path, encoding) as file:
		form, names = _header(file)
		reader = csv.DictReader(file, names, dialect=form)
		number = 0
		while True:
			try:
				row = next(reader)
			except StopIteration:
				return
			except csv.Error as error:
				row = {None: [str(error)]}
			if number >= start:
				yield row
			number += 1


# --- Parquet --------------------------------------------------------------------------------------------------
def _parquet(path: Path):
	import pyarrow as pa
	import pyarrow.parquet as pq

	try:
		return pq.ParquetFile(path)
	except (pa.ArrowException, OSError, ValueError) as error:
		raise Unreadable(
			f"This is no whole Parquet file; perhaps its transfer was cut off. ({_first_line(error)})"
		)


def _parquet_rows(path: Path, start: int) -> Iterator[dict[str, Any]]:
	import pyarrow as pa

	file, before = _parquet(path), 0
	for group in range(file.metadata.num_row_groups):
		size = file.metadata.row_group(group).num_rows
		if before + size > start:
			number = before
			try:
				for batch in file.iter_batches(1_000, row_groups=[group]):
					for row in batch.to_pylist():
						if number >= start:
							yield row
						number += 1
			except (pa.ArrowException, OSError, ValueError) as error:
				raise Unreadable(
					f"The file is broken after row {number}; what comes before was read. ({_first_line(error)})"
				)
		before += size


def _first_line(error: Exception) -> str:
	return (str(error).splitlines() or [""])[0][:200]
