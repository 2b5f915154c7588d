"""`ccms features`: everything that is known of each customer, from a file of purchases."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from time import perf_counter

import click

from .purchases import day_after, tell_left_out, whom_to_count
from .terminal import A_PATH, clear_errors, done


@click.command()
@click.argument("facts", type=A_PATH)
@click.option("--out", required=True, type=A_PATH, help="The Parquet file for the features.")
@click.option(
	"--as-of",
	type=click.DateTime(["%Y-%m-%d"]),
	help="Nothing of this day or later is known.  [default: the day after the last line]",
)
@click.option(
	"--engine",
	type=click.Choice(["duckdb", "spark"]),
	default="duckdb",
	show_default=True,
	help="What computes.",
)
@click.option(
	"--master", help="Of Spark: local[4], spark://host:7077, yarn.  [default: all cores of this machine]"
)
@click.option("--company", help="Whose lines to take, when FACTS holds several companies.")
@whom_to_count
@click.option("--drop-duplicates", is_flag=True, help="Leave out rows that are identical to an earlier one.")
@click.option("--encoding", default="utf-8", show_default=True, help="Of a CSV file; Excel may write gbk.")
def features(
	facts: Path,
	out: Path,
	as_of: datetime | None,
	engine: str,
	master: str | None,
	company: str | None,
	leave_out: tuple[str, ...],
	keep: tuple[str, ...],
	drop_duplicates: bool,
	encoding: str,
) -> None:
	"""Write one row a customer of FACTS (CSV or Parquet): orders, revenue, cycle, habits, favourites.

	docs/behaviour.md says what each column means. The file appears as a whole or not at all.
	"""
	with clear_errors():
		from rich.console import Console

		from ccms_app.behaviour import features as behaviour
		from ccms_app.behaviour.engine import Engine
		from ccms_app.behaviour.lines import from_facts
		from ccms_app.behaviour.settings import Settings
		from ccms_app.facts import files as reader

		from .output import replacing_file

		if master and engine != "spark":
			raise click.UsageError("--master is for --engine spark.")
		console = Console(stderr=True, highlight=False)
		settings = Settings(anonymous=frozenset(leave_out), overruled=frozenset(keep))
		begun = perf_counter()
		with replacing_file(out) as aside:
			with console.status("Reading the purchases …"):
				found = reader.read(
					facts, company=company, drop_duplicates=drop_duplicates, encoding=encoding
				)
				lines = from_facts(found)
			done(console, begun, f"Read {len(found.lines):,} lines from {found.source}")
			for message in found.messages:
				console.print(f"  note: {message}", style="yellow")
			day = _day(as_of, found, console)
			begun = perf_counter()
			with console.status(f"Computing on {'Spark' if engine == 'spark' else 'DuckDB'} …"):
				with Engine(engine, master) as running:
					frame, left_out = behaviour.compute_with_left_out(
						running, running.lines(lines), day, settings
					)
			tell_left_out(left_out, console)
			done(
				console,
				begun,
				f"Computed {len(frame.columns)} features of {len(frame):,} customers as of {day}",
			)
			frame.to_parquet(aside, index=False)
		console.print(f"Wrote {out}", soft_wrap=True)


def _day(as_of: datetime | None, facts, console) -> date:
	"""The as-of, and a word where the lines and it do not fit together."""
	if not as_of:
		return day_after(facts.lines["posted_at"], console)
	day = as_of.date()
	if day <= facts.from_date:
		raise ValueError(f"Nothing was known on {day}: the first line is of {facts.from_date}.")
	later = int((facts.lines["posted_at"] >= str(day)).sum())
	if later:
		console.print(
			f"  note: {later:,} line{'s' if later > 1 else ''} of {day} or later left aside", style="yellow"
		)
	return day
