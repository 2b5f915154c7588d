"""How long each analysis takes on the 1.47 million lines of the Complete Journey, in processor and in wall time.

A report asks for one of them while somebody waits: a second is the bar. Pairs and elasticity are nightly figures.

Run: python -m benchmarks.analyses
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from time import perf_counter, process_time

import pandas as pd
from rich.console import Console
from rich.table import Table

from ccms_app.behaviour import cohorts, demand, elasticity, funnel, pairs, preferences, price, service
from ccms_app.behaviour.engine import Engine
from ccms_app.behaviour.lines import from_facts
from ccms_app.behaviour.orders import daily, orders
from ccms_app.behaviour.settings import Settings
from ccms_app.demo import complete_journey
from ccms_app.scoring import anomalies

BAR = 1.0
NIGHTLY = ("pairs of items", "weeks of items, elasticity")


def main() -> None:
	facts = complete_journey.facts()
	as_of, settings = facts.to_date + timedelta(days=1), Settings()
	with Engine(threads=2) as engine, engine.keeping() as keep:
		lines = keep(engine.lines(from_facts(facts)))
		bought, earned = keep(orders(lines, as_of, settings)), keep(daily(lines, as_of, settings))
		tasks: dict[str, Callable[[], pd.DataFrame]] = {
			"price response": lambda: price.response(lines, as_of),
			"retention of cohorts": lambda: cohorts.retention(bought, earned, as_of),
			"second purchases": lambda: cohorts.second_purchase(bought, as_of),
			"new and repeat revenue": lambda: cohorts.new_and_repeat(bought, earned, as_of),
			"stages of a day": lambda: funnel.stages_on(bought, as_of, settings),
			"demand outlook by group": lambda: demand.outlook(lines, as_of),
			"returns by item": lambda: service.returns(lines, as_of, "item"),
			"returns by customer": lambda: service.returns(lines, as_of, "customer"),
			"favourite items": lambda: preferences.favourites(lines, as_of, "item"),
			"favourite groups": lambda: preferences.favourites(lines, as_of, "item_group"),
			"peak times": lambda: preferences.peak_times(bought, as_of),
			"season": lambda: preferences.season(bought, earned, as_of),
			"anomalies": lambda: anomalies.score(bought),
			"pairs of items": lambda: pairs.pairs(lines, as_of),
			"weeks of items, elasticity": lambda: elasticity.elasticity(lines, as_of),
		}
		table = Table(title=f"{len(facts.lines):,} lines, two threads (bar: {BAR:g} s where somebody waits)")
		for heading in ("analysis", "rows", "wall s", "processor s", ""):
			table.add_column(heading, justify="left" if heading in ("analysis", "") else "right")
		for name, task in tasks.items():
			begun, worked = perf_counter(), process_time()
			rows = len(task())
			wall, worked = perf_counter() - begun, process_time() - worked
			note = "nightly" if name in NIGHTLY else "" if wall <= BAR else "OVER"
			table.add_row(name, f"{rows:,}", f"{wall:.2f}", f"{worked:.2f}", note)
	Console(width=110).print(table)


if __name__ == "__main__":
	main()
