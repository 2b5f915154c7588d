"""Cells of exports that a spreadsheet would run instead of showing (OWASP, "CSV Injection")."""

from __future__ import annotations

import csv
from io import BytesIO, StringIO
from typing import Any

STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def is_formula(value: Any) -> bool:
	"""Whether a spreadsheet may take a text for a formula. Numbers with a sign are none; phone numbers are left alone."""
	if not isinstance(value, str) or not value.startswith(STARTS):
		return False
	try:
		float(value.replace(",", "").replace(" ", ""))
	except ValueError:
		return True
	return False


def plain(value: Any) -> Any:
	"""A cell that is shown as it stands: formulas get an apostrophe before them."""
	return f"'{value}" if is_formula(value) else value


def plain_csv(content: bytes, delimiter: str = ",") -> bytes:
	"""A CSV file without formulas; the same bytes when it has none."""
	rows = list(csv.reader(StringIO(content.decode("utf-8"), newline=""), delimiter=delimiter))
	if not any(is_formula(cell) for row in rows for cell in row):
		return content
	found = StringIO()
	csv.writer(found, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows([map(plain, row) for row in rows])
	return found.getvalue().encode("utf-8")


def plain_xlsx(content: bytes) -> bytes:
	"""An Excel file without formulas; the same bytes when it has none."""
	import openpyxl

	book = openpyxl.load_workbook(BytesIO(content))
	changed = False
	for sheet in book:
		for row in sheet.iter_rows():
			for cell in row:
				if cell.data_type == "f" or is_formula(cell.value):
					cell.value, cell.data_type = plain(str(cell.value)), "s"
					changed = True
	if not changed:
		return content
	found = BytesIO()
	book.save(found)
	return found.getvalue()
