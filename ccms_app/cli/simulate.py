"""`ccms simulate`: past purchases through the rules of a loyalty program."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import click

from .terminal import A_PATH, bar, clear_errors, done, steps

if TYPE_CHECKING:
	from ccms_app.dashboard.study import Study
	from ccms_app.facts.files import Facts
	from ccms_app.loyalty.model import Program
	from ccms_app.loyalty.stated_behaviour import Behaviour
	from ccms_app.loyalty.totals import Simulation


@click.command()
@click.argument("facts", type=A_PATH)
@click.option("--program", required=True, type=A_PATH, help="The rules: a TOML file.")
@click.option("--out", required=True, type=A_PATH, help="The folder for the results.")
@click.option("--company", help="Whose lines to take, when FACTS holds several companies.")
@click.option("--drop-duplicates", is_flag=True, help="Leave out rows that are identical to an earlier one.")
@click.option("--encoding", default="utf-8", show_default=True, help="Of a CSV file; Excel may write gbk.")
@click.option(
	"--dashboard/--no-dashboard",
	default=None,
	help="Also write dashboard.html.  [default: if plotly is installed]",
)
def simulate(
	facts: Path,
	program: Path,
	out: Path,
	company: str | None,
	drop_duplicates: bool,
	encoding: str,
	dashboard: bool | None,
) -> None:
	"""Replay the purchases in FACTS (CSV or Parquet) through the rules of a loyalty program.

	Writes summary.json, months.csv, tiers.csv, members.csv and dashboard.html into the folder: all of them or none.
	docs/simulator.md lists the columns of FACTS and the keys of the program file.
	"""
	with clear_errors():
		from ccms_app.facts import files as reader
		from ccms_app.loyalty import program_file

		rules, behaviour = program_file.read(program)
		if dashboard is None:
			dashboard = find_spec("plotly") is not None
		run(
			lambda: reader.read(
				facts,
				company=company or rules.company or None,
				drop_duplicates=drop_duplicates,
				encoding=encoding,
			),
			rules,
			behaviour,
			out,
			name=facts.name if dashboard else "",
		)


def run(
	read: Callable[[], Facts],
	program: Program,
	behaviour: Behaviour,
	out: Path,
	name: str,
	note: str = "",
	names: Callable[[], Mapping[str, str]] | None = None,
) -> None:
	"""Read, replay, write (a dashboard too when the data set has a name to put on it), and say what came out.

	names: what people call the items; with it the customers are studied too.
	"""
	from rich.console import Console

	from ccms_app.loyalty import simulation_files
	from ccms_app.loyalty.baskets import History
	from ccms_app.loyalty.simulate import simulate

	console = Console(stderr=True, highlight=False)
	simulation_files.refuse_if_not_ours(out)
	if name:
		from ccms_app import dashboard
	begun = perf_counter()
	with console.status("Reading the purchases …"):
		facts = read()
		history = History(facts)
	done(console, begun, f"Read {len(facts.lines):,} lines in {len(history):,} baskets from {facts.source}")
	for message in facts.messages:
		console.print(f"  note: {message}", style="yellow")

	begun = perf_counter()
	with bar(console, "Replaying the program") as progress:
		result = simulate(history, program, behaviour, currency=facts.currency, progress=progress)
	seconds = perf_counter() - begun
	done(console, begun, f"Replayed {len(history):,} baskets, {len(history) / seconds:,.0f} a second")
	for message in result.messages:
		console.print(f"  note: {message}", style="yellow")

	study = None
	if names is not None:
		from ccms_app.dashboard.study import study as study_customers
		from ccms_app.scoring import wording

		begun = perf_counter()
		with steps(console) as progress:
			study = study_customers(facts, names=names(), progress=progress)
		done(console, begun, f"Scored {len(study.scores):,} customers")
		for one in study.result.facts.get("messages", []):
			console.print(f"  note: {wording.note(one)}", style="yellow")

	begun = perf_counter()
	with console.status("Writing the results …"), simulation_files.replacing(out) as folder:
		simulation_files.write(result, folder)
		if name:
			dashboard.write(folder / simulation_files.DASHBOARD, result, facts, name, note, study)
	done(console, begun, f"Wrote {out}")
	_report(result, out / simulation_files.DASHBOARD if name else out, study)


def _report(result: Simulation, where: Path, study: Study | None) -> None:
	"""The whole period in a table that a person reads."""
	from rich.console import Console
	from rich.table import Table

	from ccms_app.loyalty.wording import figures, finding

	table = Table(title=f"{result.program.name}, {result.from_date} to {result.to_date}", show_header=False)
	table.add_column(style="bold")
	table.add_column(justify="right")
	for label, value in figures(result):
		table.add_row(label, value)
	console = Console(highlight=False)
	console.print(table)
	console.print(finding(result))
	if study is not None:
		from ccms_app.dashboard.study import finding as found_of_customers

		console.print(found_of_customers(study))
	console.print()
	console.print(f"Look at it: {where.resolve()}", soft_wrap=True)
