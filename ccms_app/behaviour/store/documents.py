"""Which documents a month has and what each says: read with every run, kept beside the month's lines, and compared, so
that only the lines of documents that are new, changed or gone are touched."""

from __future__ import annotations

from hashlib import sha1

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from . import counted, files, stream

SCHEMA = pa.schema([("voucher_type", pa.string()), ("invoice", pa.string()), ("checksum", pa.int64())])
IDENTITY = ("voucher_type", "invoice")

_SEEN = pa.schema([("month", pa.string()), ("invoice", pa.string()), ("checksum", pa.int64())])


def read(cursor, company: str) -> dict[str, pa.Table]:
	"""Month (YYYY-MM) → its documents that count: voucher_type, invoice, checksum; sorted by what they are called."""
	found = []
	for doctype in counted.DOCTYPES:
		for table in stream.tables(cursor, counted.seen(doctype, company), _SEEN):
			found.append(table.add_column(0, "voucher_type", pa.repeat(pa.scalar(doctype), table.num_rows)))
	if not found:
		return {}
	table = pa.concat_tables(found).sort_by([(name, "ascending") for name in ("month", *IDENTITY)])
	ends = pc.run_end_encode(table["month"].combine_chunks())
	parts, start = {}, 0
	for month, end in zip(ends.values.to_pylist(), ends.run_ends.to_pylist(), strict=True):
		parts[month] = table.slice(start, end - start).drop_columns("month")
		start = end
	return parts


def signature(documents: pa.Table) -> str:
	"""One word for what all of them say."""
	mark = sha1()
	for name in SCHEMA.names:
		mark.update("\n".join(map(str, documents[name].to_pylist())).encode())
	return mark.hexdigest()


def differences(then: pa.Table, now: pa.Table) -> tuple[pa.Table, pa.Table]:
	"""(the documents that are new or say something else, those whose lines of then no longer hold): IDENTITY, checksum."""
	return _without(now, then), _without(then, now)


def without(lines: pa.Table, gone: pa.Table) -> pa.Table:
	"""The lines that are of none of these documents."""
	held = pa.array([True] * lines.num_rows)
	for doctype in counted.DOCTYPES:
		names = gone.filter(pc.equal(gone["voucher_type"], doctype))["invoice"]
		if len(names):
			theirs = pc.and_(
				pc.equal(lines["voucher_type"], doctype), pc.is_in(lines["invoice"], value_set=names)
			)
			held = pc.and_(held, pc.invert(theirs))
	return lines.filter(held)


def write(company: str, month: str, documents: pa.Table) -> str:
	"""Keep the documents of a month; returns the file, as a manifest names it."""
	path = files.fresh(company, f"{month}.documents")
	pq.write_table(documents, path, compression="zstd", compression_level=1)
	return files.relative(company, path)


def _without(some: pa.Table, others: pa.Table) -> pa.Table:
	return some.join(others, SCHEMA.names, join_type="left anti")
