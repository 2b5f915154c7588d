"""What a run computes, kept in files until it is published: a run that follows one that was killed reads them again,
as long as lines, settings, costs and day are the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import date
from hashlib import sha1

import ibis.expr.types as ir
import pandas as pd
import pyarrow.parquet as pq

from ccms_app import __version__
from ccms_app.behaviour import orders
from ccms_app.behaviour.engine import Engine
from ccms_app.behaviour.settings import Settings
from ccms_app.behaviour.store import files, precomputed
from ccms_app.behaviour.store.settings import not_profiled

PREFIX = "computed"


@dataclass
class Computed:
	"""The result of a run.

	scores: one row a customer (fields of CCMS Customer Score). left_out: customer, reason, figure. metrics: rows of CCMS
	Score Metric. company_gap: days. tables: name → file of the lake. messages: what a reader should know.
	"""

	scores: pd.DataFrame
	left_out: pd.DataFrame
	metrics: list[dict]
	company_gap: float | None
	champion: str
	tables: dict[str, str]
	messages: list[dict] = field(default_factory=list)
	versions: dict[str, str] = field(default_factory=dict)


def get(
	company: str,
	engine: Engine,
	lines: ir.Table,
	as_of: date,
	horizon: int,
	rules: Settings,
	costs: pd.DataFrame,
	progress: Callable[[float, str], None],
) -> Computed:
	"""Compute, or read what a run that was stopped had computed from the same."""
	mark = _mark(company, as_of, horizon, rules, costs)
	found = _read(company, mark)
	if found is None:
		found = _compute(company, engine, lines, as_of, horizon, rules, costs, progress)
		_keep(company, mark, found)
	return found


def _compute(company, engine, lines, as_of, horizon, rules, costs, progress) -> Computed:
	from ccms_app.scoring.score import score

	with engine.keeping(ahead=True) as keep:
		known = orders.purchases(lines, as_of, rules, keep)
		result = score(engine, lines, as_of, horizon, rules, costs, progress, known)
		tables = {
			name: _table(company, engine, name, make(known))
			for name, make in (("orders", orders.orders_of), ("daily", orders.daily_of))
		}
		left_out = engine.frame(known.left_out)
	by_days = left_out["reason"] == "order_days"
	left_out["figure"] = left_out["order_days"].where(by_days, left_out["invoices_a_day"])
	# who objected, or is a child, is told apart from a walk-in
	why = left_out["customer"].map(not_profiled())
	left_out["reason"] = why.where(why.notna(), left_out["reason"])
	tables |= precomputed.write(company, lines, as_of, left_out["customer"])
	facts = result.facts
	return Computed(
		scores=result.scores,
		left_out=left_out[["customer", "reason", "figure"]],
		metrics=[asdict(metric) for metric in result.metrics],
		company_gap=facts.get("company_gap"),
		champion=facts.get("champion") or "",
		tables=tables,
		messages=list(facts.get("messages", [])),
		versions={str(key): str(value) for key, value in facts.get("versions", {}).items()},
	)


def _table(company: str, engine: Engine, name: str, expr: ir.Table) -> str:
	path = files.fresh(company, name)
	pq.write_table(engine.arrow(expr), path, compression="zstd", compression_level=1)
	return files.relative(company, path)


def _mark(company: str, as_of: date, horizon: int, rules: Settings, costs: pd.DataFrame) -> str:
	"""Says in a word from what a result was computed."""
	manifest = files.read(company)
	lines = sorted((month, known["file"]) for month, known in manifest["months"].items())
	settings = {**vars(rules), "anonymous": sorted(rules.anonymous), "overruled": sorted(rules.overruled)}
	known = costs.sort_values("customer").to_csv(index=False)
	text = f"{__version__} {as_of} {horizon} {lines} {sorted(settings.items(), key=str)} {known}"
	return sha1(text.encode()).hexdigest()[:16]


def _paths(company: str, mark: str):
	place = files.folder(company)
	return place / f"{PREFIX}.{mark}.parquet", place / f"{PREFIX}.{mark}.json"


def _read(company: str, mark: str) -> Computed | None:
	scores, rest = _paths(company, mark)
	try:
		known = json.loads(rest.read_text())
		left_out = pd.DataFrame(known.pop("left_out"), columns=["customer", "reason", "figure"])
		if not all((files.folder(company) / name).is_file() for name in known["tables"].values()):
			return None
		return Computed(scores=pd.read_parquet(scores), left_out=left_out, **known)
	except (OSError, ValueError, KeyError, TypeError):
		return None


def _keep(company: str, mark: str, found: Computed) -> None:
	"""The frame first: whoever finds the rest finds all."""
	scores, rest = _paths(company, mark)
	found.scores.to_parquet(scores, index=False)
	known = {name: value for name, value in vars(found).items() if name != "scores"}
	known["left_out"] = found.left_out.to_dict("records")
	rest.write_text(json.dumps(known, default=str))


def forget(company: str) -> None:
	"""The run is published: nobody goes on from here."""
	for path in files.folder(company).glob(f"{PREFIX}.*"):
		path.unlink(missing_ok=True)
