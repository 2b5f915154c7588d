"""What stands in a file of many rows: CSV, Excel, Parquet, JSON, packed or not. To find out whether it names somebody."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any

ENCODINGS = ("utf-8-sig", "gb18030", "latin-1")


class Unreadable(ValueError):
	"""The file is none of these, or broken."""


def texts(file_name: str, content: bytes) -> Iterator[str]:
	"""Every text of a file by itself: a cell, or a value.

	Raises:
		Unreadable: the file is no CSV, XLSX, Parquet or JSON, or is broken.
	"""
	name = file_name.lower()
	try:
		if name.endswith(".gz"):
			name, content = name.removesuffix(".gz"), gzip.decompress(content)
		if name.endswith(".json"):
			yield from _values(json.loads(_decoded(content)))
		elif name.endswith((".csv", ".tsv", ".txt")):
			yield from _csv(_decoded(content))
		elif name.endswith((".parquet", ".pq")):
			yield from _parquet(content)
		elif name.endswith((".xlsx", ".xlsm")):
			yield from _xlsx(content)
		else:
			raise Unreadable(file_name)
	except Unreadable:
		raise
	except Exception as error:  # each of the readers has errors of its own
		raise Unreadable(f"{file_name}: {error}") from error


def names(found: Iterable[str], parts: Iterable[str], wholes: Iterable[str]) -> bool:
	"""Whether one of the parts stands in one of the texts, or one of the wholes is one, in any case."""
	parts = [part.casefold() for part in parts]
	wholes = {whole.casefold() for whole in wholes}
	for text in found:
		text = text.strip().casefold()
		if text in wholes or any(part in text for part in parts):
			return True
	return False


def _decoded(content: bytes) -> str:
	for encoding in ENCODINGS[:-1]:
		try:
			return content.decode(encoding)
		except UnicodeDecodeError:
			continue
	return content.decode(ENCODINGS[-1])


def _csv(text: str) -> Iterator[str]:
	first = text.partition("\n")[0]
	delimiter = max(",;\t|", key=first.count)
	csv.field_size_limit(10**9)
	for row in csv.reader(io.StringIO(text), delimiter=delimiter):
		yield from row


def _values(value: Any) -> Iterator[str]:
	if isinstance(value, str):
		yield value
	elif isinstance(value, dict):
		for key, part in value.items():
			yield str(key)
			yield from _values(part)
	elif isinstance(value, list):
		for part in value:
			yield from _values(part)


def _parquet(content: bytes) -> Iterator[str]:
	import pyarrow as pa
	import pyarrow.parquet as pq

	file = pq.ParquetFile(pa.BufferReader(content))
	for batch in file.iter_batches():
		for row in batch.to_pylist():
			yield from _values(list(row.values()))


def _xlsx(content: bytes) -> Iterator[str]:
	import openpyxl

	book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
	for sheet in book.worksheets:
		for row in sheet.iter_rows(values_only=True):
			yield from (str(cell) for cell in row if cell is not None)
