"""What the benchmarks that need a site have in common: the connection, and pairs timed in turn.

Run one as `CCMS_SITE=… CCMS_SITES_PATH=… python -m benchmarks.submit`, with the bench's own Python. They write to the
site: use a throw-away one.
"""

from __future__ import annotations

import os
import random
import statistics
import sys
from collections.abc import Callable
from time import perf_counter


def connect() -> str:
	"""Connect to the site named by CCMS_SITE, with the world of the test suite on it."""
	name = os.environ.get("CCMS_SITE")
	if not name:
		sys.exit("Name a throw-away site in CCMS_SITE (and its sites directory in CCMS_SITES_PATH).")
	import frappe

	os.chdir(os.environ.get("CCMS_SITES_PATH", "."))
	frappe.init(name)
	frappe.connect()
	frappe.flags.mute_emails = True
	from tests.site import world

	world.set_up()
	frappe.db.commit()
	return name


def in_turn(steps: dict[str, Callable[[], Callable[[], object]]], rounds: int) -> dict[str, list[float]]:
	"""Time several actions in turn, so that each meets the same machine.

	Args:
		steps: name → a function that prepares and returns the action to be timed.
		rounds: how often; two rounds before that warm up.

	Returns:
		name → milliseconds, one for each round.
	"""
	import frappe

	times: dict[str, list[float]] = {name: [] for name in steps}
	order = list(steps)
	shuffle = random.Random(7).shuffle
	for number in range(rounds + 2):
		shuffle(order)  # what comes after what must not matter
		for name in order:
			action = steps[name]()
			start = perf_counter()
			action()
			took = (perf_counter() - start) * 1000
			frappe.db.commit()
			if number >= 2:
				times[name].append(took)
	return times


def added(times: dict[str, list[float]], name: str, without: str) -> float:
	"""What `name` takes longer than `without` (ms): difference of the lower quartiles.

	The lower quartile, for anything else that happens on the machine only ever adds time.
	"""
	low = {key: statistics.quantiles(times[key], n=4)[0] for key in (name, without)}
	return low[name] - low[without]


def table(title: str, rows: list[tuple], columns: tuple[str, ...]) -> None:
	"""Print a table."""
	from rich.console import Console
	from rich.table import Table

	found = Table(*columns, title=title)
	for row in rows:
		found.add_row(*(str(value) for value in row))
	Console(width=120).print(found)
