"""`ccms score`: who will come again, for how much, and how sure that is; from a file of purchases."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import click

from .output import replacing_file
from .purchases import day_after, tell_left_out, whom_to_count
from .terminal import A_PATH, clear_errors, done

if TYPE_CHECKING:
	import pandas as pd

	from ccms_app.scoring.score import ScoreResult


@click.command()
@click.argument("facts", type=A_PATH)
@click.option(
	"--as-of",
	type=click.DateTime(["%Y-%m-%d"]),
	help="Only purchases before this day are known.  [default: the day after the last one]",
)
@click.option(
	"--horizon",
	type=click.IntRange(1, 730),
	default=90,
	show_default=True,
	help="Days that predictions look ahead.",
)
@click.option("--out", required=True, type=A_PATH, help="The file for the scores: .parquet or .csv.")
@click.option("--company", help="Whose lines to take, when FACTS holds several companies.")
@whom_to_count
@click.option("--drop-duplicates", is_flag=True, help="Leave out rows that are identical to an earlier one.")
@click.option("--encoding", default="utf-8", show_default=True, help="Of a CSV file; Excel may write gbk.")
@click.option(
	"--engine",
	type=click.Choice(["duckdb", "spark"]),
	default="duckdb",
	show_default=True,
	help="What counts the purchases.",
)
@click.option("--master", help="Of Spark: local[2], spark://host:7077, yarn.")
def score(
	facts: Path,
	as_of: datetime | None,
	horizon: int,
	out: Path,
	company: str | None,
	leave_out: tuple[str, ...],
	keep: tuple[str, ...],
	drop_duplicates: bool,
	encoding: str,
	engine: str,
	master: str | None,
) -> None:
	"""Score the customers of the purchases in FACTS (CSV or Parquet), as known on a day.

	Writes one row a customer: RFM, stage, churn probability with reasons, expected orders and revenue with intervals,
	next purchase; and prints how accurate such scores were on customers whose future was kept from the models.
	docs/simulator.md lists the columns of FACTS, docs/scores.md what each score means.
	"""
	with clear_errors():
		_refuse(out)
		from rich.console import Console

		from ccms_app.behaviour.engine import Engine
		from ccms_app.behaviour.lines import from_facts
		from ccms_app.behaviour.settings import Settings
		from ccms_app.facts import files as reader
		from ccms_app.scoring import wording
		from ccms_app.scoring.score import score as scored

		console = Console(stderr=True, highlight=False)
		begun = perf_counter()
		with console.status("Reading the purchases …"):
			read = reader.read(facts, company=company, drop_duplicates=drop_duplicates, encoding=encoding)
			lines = from_facts(read)
		done(console, begun, f"Read {len(read.lines):,} lines from {read.source}")
		for message in read.messages:
			console.print(f"  note: {message}", style="yellow")
		day = as_of.date() if as_of else day_after(read.lines["posted_at"], console)
		if day <= read.from_date:
			raise ValueError(f"As of {day} nothing is known: the first purchase is of {read.from_date}.")
		settings = Settings(anonymous=frozenset(leave_out), overruled=frozenset(keep))
		begun = perf_counter()
		with Engine(engine, master=master) as running, _progress(console) as progress:
			result = scored(running, running.lines(lines), day, horizon, settings, progress=progress)
		done(console, begun, f"Scored {len(result.scores):,} customers as of {day}")
		tell_left_out(result.facts["left_out"], console)
		for one in result.facts["messages"]:
			console.print(f"  note: {wording.note(one)}", style="yellow")
		_write(_columns(result.scores, day), out)
		console.print(f"[green]✓[/green] Wrote {out}", soft_wrap=True)
		_report(result)


def _refuse(out: Path) -> None:
	"""Before an hour of work: can the result be put there?"""
	if out.suffix.lower() not in (".parquet", ".pq", ".csv"):
		raise ValueError(f"{out} is neither .parquet nor .csv: name the file of the scores so.")
	if out.is_dir():
		raise ValueError(f"{out} is a folder; name a file.")
	folder = next(parent for parent in out.absolute().parents if parent.exists())
	if not (folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)):
		raise ValueError(f"{out}: nothing can be written to {folder}.")


def _columns(scores: pd.DataFrame, day) -> pd.DataFrame:
	"""What people look for stands first; a file may say how many days ago, for it does not grow old."""
	import pandas as pd

	first = (
		"customer",
		"orders",
		"revenue",
		"last_order",
		"days_since",
		"r",
		"f",
		"m",
		"rfm",
		"rfm_group",
		"stage",
		"churn_probability",
		"churn_level",
		"expected_orders",
		"expected_revenue",
	)
	since = (pd.Timestamp(day) - pd.to_datetime(scores["last_order"])).dt.days.astype("Int64")
	scores = scores.assign(days_since=since)
	for name in ("first_order", "last_order", "next_purchase_from", "next_purchase_to", "next_purchase_on"):
		days = pd.to_datetime(scores[name])
		scores[name] = days.dt.date.where(days.notna(), None)
	return scores[[*first, *(name for name in scores if name not in first)]]


def _write(scores: pd.DataFrame, out: Path) -> None:
	"""Aside, then into place: a file that is there is whole."""
	with replacing_file(out) as aside:
		if Path(out).suffix.lower() == ".csv":
			scores.to_csv(aside, index=False)
		else:
			scores.to_parquet(aside, index=False)


@contextmanager
def _progress(console) -> Iterator[Callable[[float, str], None]]:
	"""A bar that says what is being done; yields what `score` calls."""
	from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

	columns = TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()
	with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
		task = progress.add_task("Scoring", total=1.0)
		yield lambda share, text: progress.update(task, completed=share, description=text)


def _report(result: ScoreResult) -> None:
	"""What came out, and beside each accuracy what a naive guess would have had."""
	from rich.console import Console
	from rich.table import Table

	console = Console(highlight=False)
	scores, facts = result.scores, result.facts
	table = Table(title=f"{facts['customers']:,} customers as of {facts['as_of']}", show_header=False)
	table.add_column(style="bold")
	table.add_column(justify="right")
	known = scores["churn_probability"].notna()
	table.add_row("active, so predicted", f"{int(known.sum()):,}")
	if known.any():
		level = scores.loc[known, "churn_level"].value_counts()
		table.add_row("likely to stay away (50 % and more)", f"{int(level.get('High', 0)):,}")
		for what in ("orders", "revenue"):
			total = scores[f"expected_{what}"].sum()
			table.add_row(f"expected {what} in {facts['horizon']} days", f"{total:,.0f}")
		for target, model in facts["models"].items():
			table.add_row(f"{target.replace('_', ' ')} by", model)
	console.print(table)
	rows: dict[tuple[str, str, str], dict[str, float]] = {}
	for metric in result.metrics:
		rows.setdefault((metric.target, metric.model, metric.role), {})[metric.metric] = metric.value
	for title, targets, names in (
		("Staying away", ("churn",), ("auc", "brier", "calibration")),
		("Amounts", ("orders", "revenue", "next_purchase"), ("mae", "total_error", "coverage")),
	):
		chosen = {key: figures for key, figures in rows.items() if key[0] in targets}
		if chosen:
			console.print(_accuracy(f"{title}: accuracy on the test of {facts['test']}", names, chosen))


def _accuracy(title: str, names: tuple[str, ...], rows: dict[tuple[str, str, str], dict[str, float]]):
	"""A model a row, the published ones in bold."""
	from rich.table import Table

	from ccms_app.scoring.wording import metric_name

	table = Table(title=title)
	for heading in ("", "model", ""):
		table.add_column(heading)
	for name in names:
		table.add_column(metric_name(name), justify="right")
	for (target, model, role), figures in rows.items():
		shown = (_shown(name, figures.get(name)) for name in names)
		style = "bold" if role == "champion" else None
		table.add_row(target.replace("_", " "), model, "published" if style else role, *shown, style=style)
	return table


def _shown(name: str, value: float | None) -> str:
	if value is None or value != value:
		return ""
	if name in ("coverage", "top_decile"):
		return f"{value:.0%}"
	if name == "total_error":
		return f"{value:+.0%}"
	return f"{value:,.2f}" if name == "mae" else f"{value:.3f}"
