"""Many rows into one table, as fast as the database takes them: LOAD DATA from a file of ours, where the server allows it;
else INSERTs of many rows. Either way in chunks that are committed, on a connection of its own."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable
from pathlib import Path

import frappe
import pandas as pd
import pyarrow as pa
import pymysql
from pyarrow import csv

CHUNK = 20_000
INSERT_ROWS = 500
# the server or its settings forbid files of the client
FORBIDDEN = (1148, 3948, 2068)


def write(
	doctype: str,
	frame: pd.DataFrame,
	progress: Callable[[float], None] | None = None,
	ignore: bool = False,
) -> None:
	"""Insert the rows of a frame; its columns are fields. Unknown values (None, NaN, NaT) and empty texts become NULL.

	Not one transaction: write rows that nobody reads yet, or that are right one by one.

	Args:
		ignore: a row that is there already stays as it is; else that is an error.
	"""
	connection = pymysql.connect(**frappe.db.get_connection_settings() | {"local_infile": True})
	try:
		by_file = True
		for start in range(0, len(frame), CHUNK):
			chunk = frame.iloc[start : start + CHUNK]
			if by_file:
				try:
					_load(connection, doctype, chunk, ignore)
				except pymysql.MySQLError as error:
					if error.args[0] not in FORBIDDEN:
						raise
					by_file = False
			if not by_file:
				_insert(connection, doctype, chunk, ignore)
			connection.commit()
			if progress:
				progress(min(1.0, (start + CHUNK) / len(frame)))
	finally:
		connection.close()


def _load(connection, doctype: str, chunk: pd.DataFrame, ignore: bool) -> None:
	columns = list(chunk.columns)
	with tempfile.TemporaryDirectory() as place:
		path = Path(place) / "rows.csv"
		csv.write_csv(_arrow(chunk), path, csv.WriteOptions(include_header=False, quoting_style="needed"))
		values = ", ".join(f"@v{number}" for number in range(len(columns)))
		fields = ", ".join(f"`{name}` = nullif(@v{number}, '')" for number, name in enumerate(columns))
		with connection.cursor() as cursor:
			cursor.execute(
				f"load data local infile %s into table `tab{doctype}` character set utf8mb4 "
				"fields terminated by ',' optionally enclosed by '\"' escaped by '' "
				f"lines terminated by '\\n' ({values}) set {fields}",
				(str(path),),
			)
			# with a file of the client the server passes over rows that are there
			if cursor.rowcount != len(chunk) and not ignore:
				raise ValueError(f"{len(chunk) - cursor.rowcount} rows of {doctype} were there already.")


def _arrow(chunk: pd.DataFrame) -> pa.Table:
	"""Columns as CSV writes them and the database reads them: days as dates, truth as 1 and 0, numbers in full."""
	table = pa.Table.from_pandas(chunk, preserve_index=False)
	for number, (name, column) in enumerate(zip(table.column_names, table.columns, strict=True)):
		kind = column.type
		if pa.types.is_boolean(kind):
			table = table.set_column(number, name, column.cast(pa.int8()))
		elif pa.types.is_timestamp(kind):
			midnight = chunk[name].dropna()
			if (midnight == midnight.dt.normalize()).all():
				table = table.set_column(number, name, column.cast(pa.date32(), safe=False))
		elif pa.types.is_null(kind):
			table = table.set_column(number, name, pa.nulls(len(column), pa.string()))
	return table


def _insert(connection, doctype: str, chunk: pd.DataFrame, ignore: bool) -> None:
	fields = ", ".join(f"`{name}`" for name in chunk.columns)
	places = f"({', '.join(['%s'] * len(chunk.columns))})"
	rows = [tuple(map(plain, row)) for row in chunk.itertuples(index=False, name=None)]
	with connection.cursor() as cursor:
		for start in range(0, len(rows), INSERT_ROWS):
			part = rows[start : start + INSERT_ROWS]
			cursor.execute(
				f"insert {'ignore ' if ignore else ''}into `tab{doctype}` ({fields}) values {', '.join([places] * len(part))}",
				[value for row in part for value in row],
			)


def plain(value):
	"""A value the driver knows; None for unknown."""
	if value is None or value is pd.NaT or value is pd.NA or value == "":
		return None
	if isinstance(value, float):
		return None if math.isnan(value) else value
	if hasattr(value, "item"):
		return value.item()
	return value.to_pydatetime() if isinstance(value, pd.Timestamp) else value
