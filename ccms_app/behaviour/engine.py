"""Where the expressions run: DuckDB inside this process, or Spark.

Every figure is one Ibis expression. An Engine opens the lines as an Ibis table, keeps intermediate tables for a while,
and turns expressions into frames that look the same whatever computed them.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import sqlglot as sg
import sqlglot.expressions as sge

from .. import temporary
from .lines import SCHEMA

DUCKDB, SPARK = "duckdb", "spark"
_ZONE = "spark.sql.session.timeZone"
Source = str | Path | Sequence[str | Path] | pa.Table | pd.DataFrame


class Keep:
	"""Computes tables once and keeps their rows (Engine.keeping). This one keeps nothing: all becomes one query."""

	def __call__(self, expr: ir.Table) -> ir.Table:
		return expr

	def drop(self, *tables: ir.Table) -> None:
		"""Forget kept tables that nothing asks for any more."""


as_it_is = Keep()


class EngineError(ValueError):
	"""The engine cannot be used; the text says what to install or to set."""


class Engine:
	"""One connection of one engine; a context manager that closes it and removes its scratch files.

	Args:
		name: "duckdb" or "spark".
		master: of Spark: "local[2]", "spark://host:7077", "yarn"; None takes all cores of this machine.
		memory: most that DuckDB keeps in memory before it writes to scratch files, such as "700MB".
		threads: of DuckDB; None takes all cores.
		scratch: folder for scratch files; None makes a temporary one.
		config: further settings of the engine: DuckDB's or Spark's own names.
	"""

	def __init__(
		self,
		name: str = DUCKDB,
		master: str | None = None,
		*,
		memory: str = "700MB",
		threads: int | None = None,
		scratch: str | Path | None = None,
		config: dict[str, str] | None = None,
	):
		if name not in (DUCKDB, SPARK):
			raise EngineError(f"There is no engine {name!r}; choose duckdb or spark.")
		self.name = name
		self.pending: list[Future] = []
		self.worker = ThreadPoolExecutor(1)  # starts its thread when it is asked for something
		self._own_scratch = scratch is None
		self.scratch = (
			temporary.register(tempfile.mkdtemp(prefix="ccms-")) if scratch is None else Path(scratch)
		)
		try:
			if name == DUCKDB:
				self.backend = _duckdb(memory, threads, self.scratch, config or {})
			else:
				self.backend, self._session, self._own_session = _spark(master, config or {})
		except BaseException:
			self._remove_scratch()
			raise

	def __enter__(self) -> Engine:
		return self

	def __exit__(self, *_: object) -> None:
		self.close()

	def close(self) -> None:
		"""Close the connection and remove what it left on disk."""
		try:
			self.worker.shutdown(cancel_futures=True)
			if self.name == DUCKDB:
				self.backend.disconnect()
			elif self._own_session:
				self._session.stop()
		finally:
			self._remove_scratch()

	def _remove_scratch(self) -> None:
		if self._own_scratch:
			temporary.remove(self.scratch)

	def lines(self, source: Source) -> ir.Table:
		"""Lines as an Ibis table of `lines.SCHEMA`: Parquet files, an Arrow table or a frame.

		Optional columns that are missing are null. Raises EngineError when a needed one is.
		"""
		return _as_lines(self.table(source))

	def table(self, source: Source) -> ir.Table:
		"""Any Parquet files, Arrow table or frame as an Ibis table with the columns that it has."""
		if isinstance(source, pd.DataFrame):
			source = pa.Table.from_pandas(source, preserve_index=False)
		if isinstance(source, pa.Table):
			if self.name == DUCKDB:
				name = _a_name()
				self.backend.con.register(name, source)
				return self.backend.table(name)
			# by way of a file: Spark's own conversions read times in the session's zone
			path = self.scratch / f"{_a_name()}.parquet"
			pq.write_table(source, path)
			source = path
		paths = [str(source)] if isinstance(source, str | Path) else [str(path) for path in source]
		if not paths:
			raise EngineError("No Parquet file to read.")
		if self.name == DUCKDB:
			return self.backend.read_parquet(paths, table_name=_a_name())
		name = _a_name()
		self._session.read.parquet(*paths).createOrReplaceTempView(name)
		return self.backend.table(name)

	@contextmanager
	def keeping(self, ahead: bool = False) -> Iterator[Keep]:
		"""A function that computes a table once and keeps its rows; all are released when the block ends.

		ahead: let DuckDB compute while the next expressions are still being written. Until `arrow` or `frame` has been
		called, errors are not seen and nothing else may use the connection.
		"""
		kept = _KeptAhead(self) if ahead and self.name == DUCKDB else _Kept()
		try:
			yield kept
		finally:
			kept.close()

	def arrow(self, expr: ir.Table) -> pa.Table:
		"""The rows of an expression as an Arrow table; columns and types are the expression's."""
		if self.name == DUCKDB:
			if not self.pending:
				return expr.to_pyarrow()
			query = self.backend.compile(expr)  # while what it asks for is still being computed
			while self.pending:
				self.pending.pop(0).result()
			batches = self.backend.con.sql(query).to_arrow_reader(100_000)
			return batches.read_all().cast(_schema(expr))
		found = self._session.sql(self.backend.compile(expr)).toArrow()
		for number, field in enumerate(found.schema):
			if pa.types.is_timestamp(field.type) and field.type.tz:
				# a moment in the session's zone; the shop's clock is what it shows there
				found = found.set_column(number, field.name, pc.local_timestamp(found.column(number)))
		return found.cast(_schema(expr))

	def frame(self, expr: ir.Table) -> pd.DataFrame:
		"""The rows of an expression as a frame, of the same types on every engine.

		Dates and times are datetime64[us] without a zone (a date is its midnight), whole numbers int64 or, with gaps,
		Int64; numbers float64 with NaN for unknown.
		"""
		return frame_of(self.arrow(expr))


class _Kept(Keep):
	"""Tables of Ibis's own cache."""

	def __init__(self):
		self.tables: list[ir.CachedTable] = []

	def __call__(self, expr: ir.Table) -> ir.Table:
		self.tables.append(expr.cache())
		return self.tables[-1]

	def drop(self, *tables: ir.Table) -> None:
		for table in tables:
			if kept := [each for each in self.tables if each is table]:
				self.tables.remove(kept[0])
				kept[0].release()

	def close(self) -> None:
		while self.tables:
			self.tables.pop().release()


class _KeptAhead(Keep):
	"""Tables made one after the other by the engine's thread: Ibis takes about as long to write a query as DuckDB to answer
	it. One that is opened within another asks after it."""

	def __init__(self, engine: Engine):
		self.backend = engine.backend
		self.pending = engine.pending
		self.worker = engine.worker
		self.asked: list[Future] = []
		self.names: list[str] = []

	def __call__(self, expr: ir.Table) -> ir.Table:
		name, schema = _a_name(), expr.schema()
		columns = sge.Schema(
			this=sg.table(name, catalog="temp", db="main"),
			expressions=schema.to_sqlglot_column_defs(DUCKDB),
		)
		temporary = sge.Properties(expressions=[sge.TemporaryProperty()])
		create = sge.Create(kind="TABLE", this=columns, properties=temporary)
		self._later(create, sge.insert(self.backend.compiler.to_sqlglot(expr), sg.table(name)))
		self.names.append(name)
		where = ops.Namespace(catalog="temp", database="main")
		return ops.DatabaseTable(name, schema=schema, source=self.backend, namespace=where).to_expr()

	def drop(self, *tables: ir.Table) -> None:
		for name in (table.op().name for table in tables):
			self.names.remove(name)
			self._later(_drop(name))

	def close(self) -> None:
		for asked in self.asked:
			asked.cancel()
		wait(self.asked)
		self.pending[:] = [each for each in self.pending if each not in self.asked]
		for name in self.names:
			self.backend.con.execute(_drop(name).sql(DUCKDB))

	def _later(self, *statements: sge.Expression) -> None:
		texts = [statement.sql(DUCKDB) for statement in statements]
		self.asked.append(self.worker.submit(lambda: [self.backend.con.execute(text) for text in texts]))
		self.pending.append(self.asked[-1])


def _drop(name: str) -> sge.Expression:
	return sge.Drop(kind="TABLE", this=sg.table(name), exists=True)


def frame_of(table: pa.Table) -> pd.DataFrame:
	"""An Arrow table as a frame of predictable types (see `Engine.frame`)."""
	names, columns = table.column_names, table.columns
	del table  # column by column the frame takes its place in memory
	found = {}
	for number, name in enumerate(names):
		found[name] = _series(columns[number])
		columns[number] = None
	return pd.DataFrame(found, copy=False)


def _series(column: pa.ChunkedArray) -> pd.Series:
	kind = column.type
	if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
		return pd.Series(_own(column.cast(pa.timestamp("us"))), copy=False)
	if pa.types.is_integer(kind):
		column = column.cast(pa.int64())
		if not column.null_count:
			return pd.Series(_own(column), copy=False)
		mask = pc.is_null(column).to_numpy()
		return pd.Series(pd.arrays.IntegerArray(_own(pc.fill_null(column, 0)), mask), copy=False)
	if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
		return pd.Series(_own(column.cast(pa.float64())), copy=False)
	return column.to_pandas()


def _own(column: pa.ChunkedArray) -> np.ndarray:
	"""The values in memory that may be written to."""
	values = column.to_numpy()
	return values if values.flags.writeable else values.copy()


def _as_lines(table: ir.Table) -> ir.Table:
	wanted = {name: kind.copy(nullable=True) for name, kind in ibis.Schema.from_pyarrow(SCHEMA).items()}
	missing = [name for name in wanted if name not in table.columns]
	if needed := [name for name in missing if not SCHEMA.field(name).nullable]:
		raise EngineError(f"The lines have no column {', '.join(needed)}.")
	found = {name: kind.copy(nullable=True) for name, kind in table.schema().items()}
	if all(found.get(name) == kind for name, kind in wanted.items()):
		return table  # a projection that changes nothing is compiled again for every figure
	return table.select(
		**{
			name: ibis.null(kind) if name in missing else _cast(table[name], kind)
			for name, kind in wanted.items()
		}
	)


def _cast(column: ir.Column, kind: dt.DataType) -> ir.Column:
	"""A column of another kind; a wall clock stays one (Spark would make it a moment in the session's zone)."""
	found = column.type()
	if found.copy(nullable=True) == kind or (
		found.is_timestamp() and not found.timezone and kind.is_timestamp()
	):
		return column
	return column.cast(kind)


def _schema(expr: ir.Table) -> pa.Schema:
	return pa.schema([(name, kind.copy(nullable=True).to_pyarrow()) for name, kind in expr.schema().items()])


def _a_name() -> str:
	return f"ccms_{uuid4().hex[:12]}"


def _duckdb(memory: str, threads: int | None, scratch: Path, config: dict[str, str]):
	settings = {
		"memory_limit": memory,
		"threads": threads or os.cpu_count() or 1,
		"temp_directory": str(scratch),
		"preserve_insertion_order": False,
		**config,
	}
	backend = ibis.duckdb.connect(**settings)
	# every figure reads the same files again
	backend.raw_sql("SET parquet_metadata_cache = true")
	return backend


def _spark(master: str | None, config: dict[str, str]):
	try:
		import pyspark
		from pyspark.sql import SparkSession
	except ModuleNotFoundError as error:
		raise EngineError("Spark is not installed here: pip install 'ccms_app[spark]'") from error
	if int(pyspark.__version__.split(".")[0]) < 4:
		raise EngineError(f"Spark {pyspark.__version__} is too old: pip install 'pyspark>=4'")
	if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
		raise EngineError("Spark needs Java 17 or newer: install it, or set JAVA_HOME")
	running = SparkSession.getActiveSession()
	master = master or "local[*]"
	builder = SparkSession.builder.master(master).appName("ccms")
	defaults = {
		"spark.ui.enabled": "false",
		"spark.ui.showConsoleProgress": "false",
		"spark.sql.ansi.enabled": "false",
		"spark.sql.parquet.inferTimestampNTZ.enabled": "true",
		_ZONE: "UTC",
		"spark.sql.debug.maxToStringFields": "200",
	}
	if master.startswith("local"):
		# the default of 200 parts is for clusters; here each part is only overhead
		defaults["spark.sql.shuffle.partitions"] = str(2 * (os.cpu_count() or 1))
		defaults["spark.driver.host"] = defaults["spark.driver.bindAddress"] = "127.0.0.1"
	for key, value in {**defaults, **config}.items():
		builder = builder.config(key, value)
	try:
		session = builder.getOrCreate()
	except Exception as error:
		raise EngineError(f"Spark does not start on {master}: {_first_line(error)}") from error
	backend = ibis.pyspark.connect(session)
	# Ibis sets its own; times that bear no zone are the same in any
	session.conf.set(_ZONE, {**defaults, **config}[_ZONE])
	return backend, session, running is None


def _first_line(error: Exception) -> str:
	return (str(error).strip().splitlines() or [type(error).__name__])[0]
