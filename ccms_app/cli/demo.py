"""`ccms demo`: the engines on a data set that comes along."""

from __future__ import annotations

from pathlib import Path

import click

from .simulate import run
from .terminal import A_PATH, clear_errors


@click.command()
@click.option("--out", default="out/demo", show_default=True, type=A_PATH, help="The folder for the results.")
@click.option("--program", type=A_PATH, help="Other rules than the demo's own: a TOML file.")
def demo(out: Path, program: Path | None) -> None:
	"""Replay a year of a real grocer's baskets through a loyalty program, score its customers; write one HTML dashboard."""
	with clear_errors():
		from ccms_app.demo import complete_journey
		from ccms_app.loyalty import program_file

		rules, behaviour = program_file.read(program or complete_journey.PROGRAM)
		run(
			complete_journey.facts,
			rules,
			behaviour,
			out,
			complete_journey.NAME,
			complete_journey.NOTE,
			names=complete_journey.item_names,
		)
