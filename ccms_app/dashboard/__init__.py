"""One self-contained HTML page that shows what the engines found. Needs plotly (the `demo` extra)."""

from __future__ import annotations

from pathlib import Path

from ccms_app.facts.files import Facts
from ccms_app.loyalty.totals import Simulation

from . import programme
from .page import page


def write(path: Path, result: Simulation, facts: Facts, name: str, note: str = "") -> None:
	"""Write the page.

	Args:
		name: of the data set, as people know it.
		note: a sentence or two on where the data come from.
	"""
	body = (
		programme.header(result, facts, name)
		+ programme.sections(result)
		+ programme.background(result, facts, name, note)
	)
	path.write_text(page(f"{result.program.name} on {name}", body), encoding="utf-8")
