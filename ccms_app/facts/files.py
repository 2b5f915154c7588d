"""Purchase facts: one row a sold line, read from a CSV or Parquet file and checked before anything uses them.

The columns are those of MEASURES: ``invoice, posted_at, customer, item, qty, net_amount`` must be there; ``company, currency,
channel, branch, item_group, brand, list_amount, margin, is_return, return_against, coupon`` may be, and so may
``gross_amount`` (the amount with tax; without it the net amount stands for both). Any other column is kept as it is.
Amounts are in one currency, dates are the shop's own wall clock.

A file with a mistake is refused as a whole, by a :class:`FactsError` that names the file, the row as a person sees it
(in a CSV the heading is row 1) and the column.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet

from .csv_files import read_csv, row_seen
from .problems import FactsError, Problem

REQUIRED = ("invoice", "posted_at", "customer", "item", "qty", "net_amount")
OPTIONAL = (
	"company",
	"currency",
	"channel",
	"branch",
	"item_group",
	"brand",
	"list_amount",
	"margin",
	"is_return",
	"return_against",
	"coupon",
	"gross_amount",
)
KNOWN = REQUIRED + OPTIONAL
NUMBERS = ("qty", "net_amount", "list_amount", "margin", "gross_amount")

_YES = ("1", "true", "yes", "y", "t")
_NO = ("", "0", "false", "no", "n", "f")
# of doubles beyond, not even whole numbers are exact
_LARGEST = 2.0**53
_EARLIEST, _LATEST = np.datetime64("1970-01-01"), np.datetime64("2200-01-01")


@dataclass
class Facts:
	"""Checked facts of one company.

	``lines``: the known columns first (text as str, ``posted_at`` as datetime64, numbers as float64, ``is_return`` as
	bool), then the file's other columns. ``messages`` are for people: what was noticed and kept.
	"""

	source: str
	lines: pd.DataFrame
	company: str = ""
	currency: str = ""
	duplicates: int = 0
	messages: list[str] = field(default_factory=list)

	@property
	def from_date(self):
		return self.lines["posted_at"].min().date()

	@property
	def to_date(self):
		return self.lines["posted_at"].max().date()


def read(
	path: str | Path,
	*,
	company: str | None = None,
	drop_duplicates: bool = False,
	encoding: str = "utf-8",
) -> Facts:
	"""Read and check a file: Parquet when its name ends in .parquet or .pq, else CSV (comma, semicolon or tab).

	company: whose lines to take when the file holds several. Raises FactsError, or OSError if there is no such file.
	"""
	path = Path(path)
	if path.suffix.lower() in (".parquet", ".pq"):
		try:
			table = pa.parquet.read_table(path)
		except pa.ArrowInvalid as error:
			raise FactsError(path.name, [Problem(f"is no Parquet file: {error}")]) from error
		return check(
			table, path.name, company=company, drop_duplicates=drop_duplicates, row_of=lambda index: index + 1
		)
	table, delimiter = read_csv(path, encoding, KNOWN)
	return check(
		table,
		path.name,
		company=company,
		drop_duplicates=drop_duplicates,
		row_of=lambda index: row_seen(path, encoding, delimiter, index),
	)


def check(
	table: pa.Table | pd.DataFrame,
	source: str,
	*,
	company: str | None = None,
	drop_duplicates: bool = False,
	row_of: Callable[[int], int] = lambda index: index + 1,
) -> Facts:
	"""Check a table of lines from anywhere. row_of turns a line's position into the row number people see."""
	if isinstance(table, pd.DataFrame):
		table = pa.Table.from_pandas(table, preserve_index=False)
	return _Checker(table, source, row_of).facts(company, drop_duplicates)


class _Checker:
	"""Collects every kind of mistake of one phase before it refuses, so that a file is mended in few rounds."""

	def __init__(self, table: pa.Table, source: str, row_of: Callable[[int], int]):
		self.table = table
		self.source = source
		self.row_of = row_of
		self.problems: list[Problem] = []
		self.position: np.ndarray | None = None

	def facts(self, company: str | None, drop_duplicates: bool) -> Facts:
		self._headings()
		lines = self._frame()
		self._refuse_if_wrong()
		facts = Facts(self.source, lines)
		self._one_company(facts, company)
		self._signs(facts.lines)
		self._invoices(facts.lines)
		self._refuse_if_wrong()
		self._returns(facts)
		self._refuse_if_wrong()
		self._identical_rows(facts, drop_duplicates)
		return facts

	# what is wrong, and where

	def _add(self, text: str, bad: np.ndarray | None = None, column: str | None = None) -> None:
		"""Note a mistake; bad marks the rows that have it."""
		if bad is None:
			self.problems.append(Problem(text, column=column))
			return
		index = np.flatnonzero(bad)
		if len(index):
			self.problems.append(Problem(text, self._row(index[0]), column, len(index) - 1))

	def _row(self, index: int) -> int:
		return self.row_of(int(index if self.position is None else self.position[index]))

	def _refuse_if_wrong(self) -> None:
		if self.problems:
			raise FactsError(self.source, self.problems)

	# columns

	def _headings(self) -> None:
		names = [name.strip() for name in self.table.column_names]
		names = [name.lower() if name.lower() in KNOWN else name for name in names]
		for name in sorted({name for name in names if names.count(name) > 1}):
			self._add("stands twice in the heading", column=name)
		for name in REQUIRED:
			if name not in names:
				self._add(f"is missing; the file has: {', '.join(names) or 'nothing'}", column=name)
		self._refuse_if_wrong()
		self.table = self.table.rename_columns(names)
		if not self.table.num_rows:
			self._add("has no rows")
		self._refuse_if_wrong()

	def _frame(self) -> pd.DataFrame:
		columns = {}
		for name in KNOWN:
			if name not in self.table.column_names:
				continue
			column = self.table.column(name)
			if pa.types.is_dictionary(column.type):
				column = column.cast(column.type.value_type)
			if name == "posted_at":
				columns[name] = self._dates(name, column)
			elif name in NUMBERS:
				columns[name] = self._numbers(name, column)
			elif name == "is_return":
				columns[name] = self._flags(name, column)
			else:
				columns[name] = self._texts(name, column)
		for name in self.table.column_names:
			if name not in columns:
				columns[name] = self.table.column(name).to_pandas()
		return pd.DataFrame(columns)

	def _texts(self, name: str, column: pa.ChunkedArray) -> pd.Series:
		if pa.types.is_floating(column.type):
			# a column of whole numbers with gaps arrives as floats: 17.0 means 17
			try:
				column = column.cast(pa.int64())
			except pa.ArrowInvalid:
				pass
		try:
			column = pc.fill_null(pc.utf8_trim_whitespace(column.cast(pa.string())), "")
		except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
			self._add(f"holds {column.type} where text is needed", column=name)
			return pd.Series([""] * len(column))
		if name in REQUIRED:
			hint = "; give walk-in sales a customer of their own" if name == "customer" else ""
			self._add("is empty" + hint, pc.equal(column, "").to_numpy(), name)
		return column.to_pandas()

	def _numbers(self, name: str, column: pa.ChunkedArray) -> pd.Series:
		if _is_text(column):
			column = pc.utf8_trim_whitespace(column)
			texts = column
			try:
				numbers = pc.if_else(pc.equal(column, ""), None, column).cast(pa.float64())
			except pa.ArrowInvalid:
				numbers = pa.chunked_array(
					[pd.to_numeric(column.to_pandas(), errors="coerce").to_numpy(float)]
				)
		else:
			texts = None
			try:
				numbers = column.cast(pa.float64())
			except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
				self._add(f"holds {column.type} where numbers are needed", column=name)
				return pd.Series(np.zeros(len(column)))
		values = numbers.to_pandas().to_numpy(dtype="float64", na_value=np.nan)
		empty = pc.is_null(column, nan_is_null=True).to_numpy()
		if texts is not None:
			empty = empty | pc.fill_null(pc.equal(texts, ""), True).to_numpy()
		if name in REQUIRED:
			self._add("is empty", empty, name)
		wrong = ~np.isfinite(values) & ~empty
		self._add(f"{_shown(column, wrong)} is no number; write plain figures such as 1234.50", wrong, name)
		large = np.abs(np.nan_to_num(values)) > _LARGEST
		self._add(f"{_shown(column, large)} is more than figures can be counted with", large & ~wrong, name)
		return pd.Series(values)

	def _dates(self, name: str, column: pa.ChunkedArray) -> pd.Series:
		text = column
		if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
			if pa.types.is_timestamp(column.type) and column.type.tz:
				column = pc.local_timestamp(column)
			dates = column.cast(pa.timestamp("us"), safe=False)
		elif _is_text(column):
			text = pc.utf8_trim_whitespace(column)
			# an offset says where the wall clock hung; the shop's day is what the clock showed
			clock = pc.replace_substring_regex(
				text, r"([0-9]:[0-9]{2}(:[0-9.]+)?)\s*(Z|[+-][0-9]{2}:?[0-9]{2})$", r"\1"
			)
			try:
				dates = pc.if_else(pc.equal(clock, ""), None, clock).cast(pa.timestamp("us"))
			except pa.ArrowInvalid:
				parsed = pd.to_datetime(clock.to_pandas(), errors="coerce", format="ISO8601")
				# "2024" and "2024-05" are dates to pandas, not to a ledger
				parsed = parsed.where(pc.greater_equal(pc.utf8_length(clock), 8).to_numpy() == True)  # noqa: E712
				dates = pa.chunked_array([pa.array(parsed.to_numpy("datetime64[us]"))])
		else:
			self._add(f"holds {column.type} where dates are needed", column=name)
			return pd.Series(np.full(len(column), _EARLIEST, "datetime64[us]"))
		values = dates.to_pandas().to_numpy("datetime64[us]")
		empty = pc.is_null(text).to_numpy()
		if _is_text(text):
			empty = empty | pc.fill_null(pc.equal(text, ""), True).to_numpy()
		self._add("is empty", empty, name)
		with np.errstate(invalid="ignore"):
			wrong = ~empty & ~((values >= _EARLIEST) & (values < _LATEST))
		self._add(
			f"{_shown(text, wrong)} is no date that can be read; write YYYY-MM-DD or YYYY-MM-DD HH:MM:SS",
			wrong,
			name,
		)
		return pd.Series(values)

	def _flags(self, name: str, column: pa.ChunkedArray) -> pd.Series:
		if pa.types.is_boolean(column.type):
			return pc.fill_null(column, False).to_pandas().astype(bool)
		if pa.types.is_floating(column.type) or pa.types.is_decimal(column.type):
			column = pc.fill_null(column.cast(pa.float64()), 0).cast(pa.int64(), safe=False)
		try:
			text = pc.utf8_lower(pc.utf8_trim_whitespace(pc.fill_null(column.cast(pa.string()), "")))
		except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
			self._add(f"holds {column.type} where yes or no is needed", column=name)
			return pd.Series(np.zeros(len(column), bool))
		yes = pc.is_in(text, pa.array(_YES)).to_numpy()
		wrong = ~yes & ~pc.is_in(text, pa.array(_NO)).to_numpy()
		self._add(f"{_shown(column, wrong)} is neither yes nor no; write 1 or 0", wrong, name)
		return pd.Series(yes)

	# what must agree

	def _one_company(self, facts: Facts, company: str | None) -> None:
		lines = facts.lines
		if "company" in lines and company is None:
			first = lines["company"].iloc[0]
			other = (lines["company"] != first).to_numpy()
			self._add(
				f"{_value(lines['company'], other)} after {_quoted(first)}: a run is for one company, name it",
				other,
				"company",
			)
			facts.company = first
		elif "company" in lines:
			mine = (lines["company"] == company).to_numpy()
			if not mine.any():
				names = ", ".join(_quoted(name) for name in sorted(set(lines["company"]))[:5])
				self._add(f"has no row of {_quoted(company)}, only of {names}", column="company")
			self._refuse_if_wrong()
			self.position = np.flatnonzero(mine)
			facts.lines = lines = lines[mine].reset_index(drop=True)
			facts.company = company
		else:
			facts.company = company or ""
		if "currency" in lines:
			first = lines["currency"].iloc[0]
			other = (lines["currency"] != first).to_numpy()
			self._add(
				f"{_value(lines['currency'], other)} after {_quoted(first)}: amounts must be in one currency",
				other,
				"currency",
			)
			facts.currency = first
		self._refuse_if_wrong()

	def _signs(self, lines: pd.DataFrame) -> None:
		against = (
			lines["return_against"] != ""
			if "return_against" in lines
			else pd.Series(False, index=lines.index)
		)
		lines["is_return"] = against | lines["is_return"] if "is_return" in lines else against
		if "return_against" not in lines:
			lines["return_against"] = ""
		returned, qty = lines["is_return"].to_numpy(), lines["qty"].to_numpy()
		self._add(
			"is negative on a sale; mark returns in is_return or return_against", (qty < 0) & ~returned, "qty"
		)
		self._add(
			"is positive on a return; returned goods have a negative quantity", (qty > 0) & returned, "qty"
		)

	def _invoices(self, lines: pd.DataFrame) -> None:
		"""One invoice has one customer, one posting day, and is a sale or a return."""
		codes, first = _codes(lines["invoice"])
		day = lines["posted_at"].to_numpy().astype("datetime64[D]")
		columns = {
			"customer": (lines["customer"].to_numpy(), "customers"),
			"posted_at": (day, "posting days"),
			"is_return": (lines["is_return"].to_numpy(), "kinds, a sale and a return"),
			"return_against": (lines["return_against"].to_numpy(), "returned invoices"),
		}
		for name, (values, what) in columns.items():
			if name in ("customer", "return_against"):
				values = pd.factorize(values)[0]
			other = values != values[first][codes]
			if not other.any():
				continue
			index = np.flatnonzero(other)[0]
			begin = first[codes[index]]
			invoice = lines["invoice"].iloc[index]
			# a mixed sale and return differs in both columns: once is enough
			if name == "return_against" and any(p.column == "is_return" for p in self.problems):
				continue
			self._add(
				f"invoice {_quoted(invoice)} has two {what}: {_quoted(_plain(lines[name].iloc[begin], name))} in row "
				f"{self._row(begin):,} and {_quoted(_plain(lines[name].iloc[index], name))} here",
				other,
				name,
			)

	def _returns(self, facts: Facts) -> None:
		"""A return follows its sale and belongs to the same customer; one whose sale is not here is only counted."""
		lines = facts.lines
		returned = lines["is_return"].to_numpy()
		if not returned.any():
			return
		_, first = _codes(lines["invoice"])
		lookup = pd.Series(first, index=lines["invoice"].iloc[first].to_numpy())
		original = lookup.reindex(lines["return_against"]).to_numpy()
		known = ~np.isnan(original)
		source = np.where(known, original, 0).astype(int)
		day = lines["posted_at"].to_numpy().astype("datetime64[D]")
		customers = pd.factorize(lines["customer"])[0]
		self._add("a return against a return; name the sale", known & returned[source], "return_against")
		self._add(
			"the return is of another customer than its sale",
			known & (customers != customers[source]),
			"customer",
		)
		self._add("the return is before its sale", known & (day < day[source]), "posted_at")
		heads = np.zeros(len(lines), bool)
		heads[first] = True
		unlinked = int((heads & returned & ~known).sum())
		if unlinked:
			facts.messages.append(
				f"{unlinked:,} return{'s name' if unlinked > 1 else ' names'} no sale of this file: "
				f"{'they lower' if unlinked > 1 else 'it lowers'} revenue, and no points move"
			)

	def _identical_rows(self, facts: Facts, drop: bool) -> None:
		lines = facts.lines
		numbers = pd.DataFrame(
			{
				"invoice": pd.factorize(lines["invoice"])[0],
				"item": pd.factorize(lines["item"])[0],
				"qty": lines["qty"].to_numpy(),
				"net_amount": lines["net_amount"].to_numpy(),
			}
		)
		# comparing four numbers finds the few rows whose texts are worth comparing
		likely = numbers.duplicated(keep=False).to_numpy()
		again = np.zeros(len(lines), bool)
		again[likely] = lines[likely].astype(str).duplicated().to_numpy()
		facts.duplicates = int(again.sum())
		if not facts.duplicates:
			return
		one = facts.duplicates == 1
		which = f"{facts.duplicates:,} row{' is' if one else 's are'} identical to an earlier one"
		if drop:
			facts.lines = lines[~again].reset_index(drop=True)
			facts.messages.append(f"{which}: dropped")
		else:
			facts.messages.append(f"{which}: kept (--drop-duplicates leaves {'it' if one else 'them'} out)")


def _is_text(column: pa.ChunkedArray) -> bool:
	return pa.types.is_string(column.type) or pa.types.is_large_string(column.type)


def _codes(values: pd.Series) -> tuple[np.ndarray, np.ndarray]:
	"""(code of each row, first row of each code)."""
	codes, unique = pd.factorize(values)
	first = np.empty(len(unique), int)
	first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)
	return codes, first


def _plain(value, name: str):
	if name == "posted_at":
		return str(value)[:10]
	return value


def _quoted(value) -> str:
	text = str(value)
	return f'"{text[:40]}…"' if len(text) > 40 else f'"{text}"'


def _value(values: pd.Series, bad: np.ndarray) -> str:
	index = np.flatnonzero(bad)
	return _quoted(values.iloc[index[0]]) if len(index) else ""


def _shown(column: pa.ChunkedArray, bad: np.ndarray) -> str:
	index = np.flatnonzero(bad)
	return _quoted(column[int(index[0])].as_py()) if len(index) else ""
