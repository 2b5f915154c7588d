"""Figures too heavy to count while somebody waits: pairs and prices over all lines, made with each run beside the facts.

They are files of the same publication as orders and daily (`lake.Lake.precomputed`), of all customers who count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date

import ibis
import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ccms_app.behaviour import elasticity, pairs, returned
from ccms_app.behaviour.selections import frame, marked, window

from . import files

PAIRS = {"item": "pairs_item", "item_group": "pairs_item_group"}
ELASTICITY, LIFT_GROUPS, LIFT_ITEMS = "elasticity", "lift_item_group", "lift_item"
LEFT_OUT, UNDONE = "left_out", "undone"
"""Customers who do not count; and customer and day of what came back as a whole, which is no order."""
_SCHEMAS = {
	LEFT_OUT: pa.schema([("customer", pa.string())]),
	UNDONE: pa.schema([("customer", pa.string()), ("day", pa.date32())]),
}


def write(company: str, lines: ir.Table, as_of: date, left_out: Iterable[str]) -> dict[str, str]:
	"""Compute and keep everything; returns table → file, as a manifest names it.

	Args:
		lines: of the company; those of customers left out of all figures do not count.
	"""
	undone = frame(returned.undone(window(lines, as_of)))
	known = marked(of_customers(lines, left_out), ibis.memtable(_typed(UNDONE, undone)))
	nobody = pd.DataFrame({"customer": sorted(set(left_out))}, dtype=object)
	found: dict[str, Callable[[], pd.DataFrame]] = {
		name: lambda by=by: pairs.pairs(known, as_of, by=by) for by, name in PAIRS.items()
	}
	panel = elasticity.item_weeks(known, as_of)
	found[ELASTICITY] = lambda: elasticity.PriceModel().fit(panel).elasticity_
	found[LIFT_GROUPS] = lambda: elasticity.promotion_lift(panel)
	found[LIFT_ITEMS] = lambda: elasticity.promotion_lift(panel, by="item")
	found[LEFT_OUT] = lambda: nobody
	found[UNDONE] = lambda: undone
	return {name: _keep(company, name, make()) for name, make in found.items()}


def of_customers(lines: ir.Table, left_out: Iterable[str]) -> ir.Table:
	"""Lines without those of customers who stand for many people."""
	names = sorted(set(left_out))
	return without(lines, pa.table({"customer": pa.array(names, pa.string())})) if names else lines


def without(lines: ir.Table, left_out: ir.Table | pa.Table) -> ir.Table:
	"""Lines whose customer is not in a table of customers."""
	left_out = left_out if isinstance(left_out, ir.Table) else ibis.memtable(left_out)
	return lines.anti_join(left_out, "customer")


def _keep(company: str, name: str, rows: pd.DataFrame) -> str:
	path = files.fresh(company, name)
	pq.write_table(_typed(name, rows), path)
	return files.relative(company, path)


def _typed(name: str, rows: pd.DataFrame) -> pa.Table:
	"""Of an empty column pandas knows no type."""
	return pa.Table.from_pandas(rows, schema=_SCHEMAS.get(name), preserve_index=False)
