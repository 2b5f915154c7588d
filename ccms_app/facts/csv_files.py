"""CSV as spreadsheets write it: comma, semicolon or tab, any encoding, and why a file cannot be read."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.csv

from .problems import FactsError, Problem


def read_csv(path: Path, encoding: str, as_text: Collection[str]) -> tuple[pa.Table, str]:
	"""(the table, its delimiter). The columns of `as_text`, in any case, are read as text.

	Raises:
		FactsError: it is no table; or OSError if there is no such file.
	"""
	try:
		with open(path, encoding=encoding, newline="") as file:
			heading = file.readline().lstrip("\ufeff").rstrip("\r\n")
	except UnicodeDecodeError as error:
		raise FactsError(path.name, [_not_text(encoding)]) from error
	except LookupError as error:
		raise FactsError(
			path.name, [Problem(f'cannot be read: there is no encoding "{encoding}"')]
		) from error
	if not heading:
		raise FactsError(path.name, [Problem("is empty")])
	delimiter = max(",;\t", key=heading.count)
	names = next(csv.reader([heading], delimiter=delimiter))
	known = {name: pa.string() for name in names if name.strip().lower() in as_text}
	try:
		table = pa.csv.read_csv(
			path,
			read_options=pa.csv.ReadOptions(encoding=encoding, block_size=8 << 20),
			parse_options=pa.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
			convert_options=pa.csv.ConvertOptions(column_types=known, strings_can_be_null=False),
		)
	except (pa.ArrowInvalid, UnicodeDecodeError) as error:
		raise FactsError(
			path.name, [_why_unreadable(path, encoding, delimiter, len(names), error)]
		) from error
	return table, delimiter


def _not_text(encoding: str) -> Problem:
	return Problem(f"is not {encoding} text; save it as CSV UTF-8, or name its encoding (--encoding gbk)")


def _why_unreadable(path: Path, encoding: str, delimiter: str, width: int, error: Exception) -> Problem:
	try:
		for row, cells in _rows(path, encoding, delimiter):
			if len(cells) != width:
				return Problem(f"has {len(cells)} cells, the heading has {width}", row)
	except UnicodeDecodeError:
		return _not_text(encoding)
	except csv.Error as unreadable:
		return Problem(str(unreadable))
	return Problem(str(error))


def _rows(path: Path, encoding: str, delimiter: str) -> Iterable[tuple[int, list[str]]]:
	"""(row as a spreadsheet numbers it, cells) of every row that is not blank, the heading first."""
	with open(path, encoding=encoding, newline="") as file:
		for row, cells in enumerate(csv.reader(file, delimiter=delimiter), start=1):
			if cells:
				yield row, cells


def row_seen(path: Path, encoding: str, delimiter: str, index: int) -> int:
	"""The row a person sees for the index-th line of data (blank lines count for people, not for the reader)."""
	for number, (row, _cells) in enumerate(_rows(path, encoding, delimiter)):
		if number == index + 1:
			return row
	return index + 2
