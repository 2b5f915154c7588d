"""How well altered orders are found: 1 % of the orders of the Complete Journey, × 10, × 25 or × .05.

Which orders and which factor is drawn with a seed, among those with at least five earlier orders of their customer. Measured is
average precision over all such orders: 1 = all altered orders first; their share = chance. Some real orders are as odd as the altered
ones and cannot be told from them.

The rule to beat is the own z: how far the order's ln value lies from the customer's own earlier ones, in their own standard
deviations. Beside it stand other simple rules.

Run: python -m benchmarks.anomalies
"""

from __future__ import annotations

from datetime import timedelta
from time import perf_counter

import ibis
import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table
from sklearn.metrics import average_precision_score

from ccms_app.behaviour.engine import Engine
from ccms_app.behaviour.lines import from_facts
from ccms_app.behaviour.orders import orders
from ccms_app.behaviour.settings import Settings
from ccms_app.demo import complete_journey
from ccms_app.scoring import anomalies

SHARE, FACTORS, SEEDS = 0.01, (10, 25, 0.05), (7, 8, 9)


def main() -> None:
	facts = complete_journey.facts()
	with Engine() as engine:
		found = orders(engine.lines(from_facts(facts)), facts.to_date + timedelta(days=1), Settings())
		history = engine.frame(found.select("customer", "day", "order_no", "value", "items"))
	history = history[history["value"] > 0].sort_values(["customer", "day"], ignore_index=True)
	runs, seconds = [], []
	for seed in SEEDS:
		altered, is_altered = alter(history, seed)
		begun = perf_counter()
		scored = anomalies.score(ibis.memtable(altered))
		seconds.append(perf_counter() - begun)
		scored = scored.merge(is_altered, on=["customer", "day"])
		truth = scored["altered"].to_numpy()
		rules = {
			"score": scored["score"],
			"own z, robust and shrunken (part of the score)": scored["z"].abs(),
		}
		rules |= simple_rules(altered, scored)
		runs.append({name: average_precision_score(truth, values) for name, values in rules.items()})
		flagged = scored["flagged"]
		runs[-1] |= {"_flagged": flagged.sum(), "_precision": truth[flagged].mean(), "_chance": truth.mean()}
	means = pd.DataFrame(runs).mean()

	bar = means["own z of ln value"]
	table = Table(title=f"{len(history):,} orders, {len(SEEDS)} draws: average precision")
	for heading in ("rule", "average precision", "of the own z"):
		table.add_column(heading, justify="left" if heading == "rule" else "right")
	for name, value in means.items():
		if not name.startswith("_"):
			table.add_row(name, f"{value:.3f}", f"{value / bar:.2f}")
	console = Console(width=110)
	console.print(table)
	console.print(
		f"Chance {means['_chance']:.3f}. Flagged: {means['_flagged']:.0f} orders, {means['_precision']:.0%} of them altered. "
		f"One scoring takes {np.mean(seconds):.2f} s."
	)
	console.print(f"Bar: 2.00. {'Met' if means['score'] >= 2 * bar else 'MISSED'}.")


def alter(history: pd.DataFrame, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
	"""(the orders, some of them altered; which)."""
	random = np.random.default_rng(seed)
	able = np.flatnonzero(history.groupby("customer").cumcount().to_numpy() >= anomalies.EARLIER)
	chosen = random.choice(able, int(SHARE * len(history)), replace=False)
	value = history["value"].to_numpy(float).copy()
	value[chosen] *= random.choice(FACTORS, len(chosen))
	is_altered = np.zeros(len(history), bool)
	is_altered[chosen] = True
	return history.assign(value=value), history[["customer", "day"]].assign(altered=is_altered)


def simple_rules(history: pd.DataFrame, scored: pd.DataFrame) -> dict[str, pd.Series]:
	"""|z| by mean and standard deviation of the customer's own earlier orders, of ln value and of value."""
	rules = {}
	for name, values in (("ln value", np.log(history["value"])), ("value", history["value"])):
		own = values.groupby(history["customer"])
		earlier = own.transform(lambda each: each.expanding().mean().shift())
		spread = own.transform(lambda each: each.expanding().std().shift())
		z = ((values - earlier) / spread).abs().replace(np.inf, np.nan).fillna(0)
		z = scored[["customer", "day"]].merge(
			history[["customer", "day"]].assign(z=z), on=["customer", "day"]
		)["z"]
		rules[f"own z of {name}"] = z
	return rules


if __name__ == "__main__":
	main()
