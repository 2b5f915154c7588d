"""One self-contained HTML page that shows what the engines found. Needs plotly (the `demo` extra)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ccms_app.facts.files import Facts
from ccms_app.loyalty.totals import Simulation

from . import programme
from .page import nav, page

if TYPE_CHECKING:
	from .study import Study


def write(
	path: Path, result: Simulation, facts: Facts, name: str, note: str = "", study: Study | None = None
) -> None:
	"""Write the page.

	Args:
		name: of the data set, as people know it.
		note: a sentence or two on where the data come from.
		study: what was found about the customers; without it the page is about the programme alone.
	"""
	body = programme.header(result, facts, name)
	if study is not None:
		body = nav([("The loyalty program", "program"), ("The customers", "customers")]) + body
	body += programme.sections(result) + programme.background(result, facts, name, note)
	if study is not None:
		# the models behind these are imported only where there is a study
		from . import customers, purchases

		body += (
			customers.header(study)
			+ customers.sections(study)
			+ purchases.sections(study)
			+ purchases.background(study)
		)
	path.write_text(page(f"{result.program.name} on {name}", body), encoding="utf-8")
