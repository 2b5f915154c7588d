"""What the price explains: ln quantity of the last eight weeks of the Complete Journey, with and without the price.

Both models are fitted on the weeks before. They know the same items and months; one also knows the mean paid ratio. Beside them, how long
the queries take.

Run: python -m benchmarks.price
"""

from __future__ import annotations

from datetime import timedelta
from time import perf_counter

import numpy as np
from rich.console import Console
from rich.table import Table

from ccms_app.behaviour import elasticity, price
from ccms_app.behaviour.engine import Engine
from ccms_app.behaviour.lines import from_facts
from ccms_app.demo import complete_journey

HELD_OUT = 8


def main() -> None:
	facts = complete_journey.facts()
	as_of = facts.to_date + timedelta(days=1)
	with Engine() as engine:
		lines = engine.lines(from_facts(facts))
		begun = perf_counter()
		panel = elasticity.item_weeks(lines, as_of)
		reading = perf_counter() - begun
		begun = perf_counter()
		answers = price.response(lines, as_of)
		responding = perf_counter() - begun
	earlier, held_out = elasticity.split(panel, HELD_OUT)
	begun = perf_counter()
	errors = {knows: _error(knows, earlier, held_out) for knows in (True, False)}
	fitting = (perf_counter() - begun) / 2

	console = Console(width=110)
	table = Table(title=f"{complete_journey.NAME}: error of ln quantity, last {HELD_OUT} weeks")
	for heading in ("model", "root mean square", "of the no-price model"):
		table.add_column(heading, justify="left" if heading == "model" else "right")
	for knows, name in ((True, "items, months and price"), (False, "items and months")):
		table.add_row(name, f"{errors[knows]:.4f}", f"{errors[knows] / errors[False]:.3f}")
	console.print(table)
	found = elasticity.PriceModel().fit(panel).elasticity_
	known = found["elasticity"].dropna()
	console.print(
		f"Elasticity of {len(known)} of {len(found)} categories, median {known.median():.2f}, "
		f"middle half {known.quantile(0.25):.2f} to {known.quantile(0.75):.2f}."
	)
	bands = answers["price_band"].value_counts()
	console.print(f"Price response of {len(answers):,} customers: {bands.to_dict()}.")
	console.print(
		f"{len(facts.lines):,} lines: response {responding:.2f} s, weeks of items {reading:.2f} s, one fit {fitting:.2f} s."
	)
	console.print(f"Bar: below 1.000. {'Met' if errors[True] < errors[False] else 'MISSED'}.")


def _error(knows_price: bool, earlier, held_out) -> float:
	found = elasticity.error(elasticity.PriceModel(price=knows_price).fit(earlier), held_out)
	assert np.isfinite(found)
	return found


if __name__ == "__main__":
	main()
