"""A customer who is erased, in the files of facts: their lines stay what they are, under the name that is nobody's.

The files keep their names and are replaced one by one: whoever reads one meanwhile reads the one of before to its end.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from . import files

COLUMN = "customer"


def rename(names: Iterable[str], new: str) -> int:
	"""Give customers another name in every file of every company. Returns how many files named one of them. Idempotent.

	No run of scores may be at work: it would write what it has read before. A broken file, which may name anybody, goes.
	"""
	wanted, done = pa.array(sorted(set(names)), pa.string()), 0
	for path in sorted(files.root().rglob("*.parquet")):
		try:
			if _names(path, wanted):
				_rewrite(path, wanted, new)
				done += 1
		except (OSError, pa.ArrowInvalid):
			path.unlink(missing_ok=True)  # torn: nobody reads it, the next run reads its invoices again
			done += 1
	for path in files.root().glob("*/*.json"):  # a run's own notes, from which a broken one goes on
		if path.name not in (files.WORKING, files.PUBLISHED) and _mentions(path, wanted):
			path.unlink(missing_ok=True)
			done += 1
	return done


def _names(path: Path, wanted: pa.Array) -> bool:
	file = pq.ParquetFile(path)
	if COLUMN not in file.schema_arrow.names:
		return False
	return any(
		pc.any(pc.is_in(batch.column(0).cast(pa.string()), value_set=wanted)).as_py()
		for batch in file.iter_batches(columns=[COLUMN])
	)


def _rewrite(path: Path, wanted: pa.Array, new: str) -> None:
	table = pq.read_table(path)
	at = table.schema.get_field_index(COLUMN)
	field = table.schema.field(at)
	column = table.column(at).cast(pa.string())
	renamed = pc.if_else(pc.fill_null(pc.is_in(column, value_set=wanted), False), pa.scalar(new), column)
	aside = path.with_name(f"{path.name}.{uuid4().hex[:8]}")
	pq.write_table(
		table.set_column(at, field, renamed.cast(field.type)), aside, compression="zstd", compression_level=1
	)
	os.replace(aside, path)


def _mentions(path: Path, wanted: pa.Array) -> bool:
	text = path.read_text(errors="replace")
	return any(form in text for name in wanted.to_pylist() for form in (f'"{name}"', json.dumps(name)))
