"""Fitting BG/NBD and Gamma-Gamma on all 23,570 customers of CDNOW, against the bar and beside `lifetimes`.

`lifetimes` is what one would install for the same two models; its published data is what both are fitted on. The
parameters beside each other say that both found the same maximum.

Run: python -m benchmarks.fit        (needs pip install 'ccms_app[test]')
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter

import pandas as pd
from rich.console import Console
from rich.table import Table
from threadpoolctl import threadpool_limits

from ccms_app.scoring.bgnbd import BGNBD
from ccms_app.scoring.gamma_gamma import GammaGamma

BAR = 0.3
AS_OF = pd.Timestamp("1998-07-01")
ROUNDS = 5


def histories() -> pd.DataFrame:
	"""A row a customer: x, t_x, T in days; orders and mean value of repeat orders with a value above 0."""
	path = Path(find_spec("lifetimes").origin).parent / "datasets" / "CDNOW_master.txt"
	names = ["customer", "day", "cds", "value"]
	lines = pd.read_csv(path, sep=r"\s+", skiprows=1, names=names, dtype={"customer": str})
	lines["day"] = pd.to_datetime(lines["day"].astype(str), format="%Y%m%d")
	orders = lines.groupby(["customer", "day"], as_index=False)["value"].sum()
	days = orders.groupby("customer")["day"].agg(["min", "max", "size"])
	found = pd.DataFrame(
		{
			"x": days["size"] - 1,
			"t_x": (days["max"] - days["min"]).dt.days,
			"T": (AS_OF - days["min"]).dt.days,
		}
	)
	repeat = orders[orders.duplicated("customer") & (orders["value"] > 0)].groupby("customer")["value"]
	return found.join(repeat.agg(valued="size", mean="mean")).fillna({"valued": 0})


def best(run: Callable[[], object], rounds: int) -> tuple[float, object]:
	"""(seconds of the fastest round, its result)."""
	found = []
	for _ in range(rounds):
		begun = perf_counter()
		result = run()
		found.append((perf_counter() - begun, result))
	return min(found, key=lambda one: one[0])


def main() -> None:
	console = Console(highlight=False)
	if find_spec("lifetimes") is None:
		console.print("needs the data sets of lifetimes: pip install 'ccms_app[test]'")
		raise SystemExit(1)
	from lifetimes import BetaGeoFitter, GammaGammaFitter

	data = histories()
	spend = data[data["valued"] > 0]
	table = Table(title=f"{len(data):,} customers, best of {ROUNDS}")
	table.add_column("fit")
	for heading in ("here", "lifetimes", "ratio", "parameters here", "lifetimes"):
		table.add_column(heading, justify="right")
	missed = False
	with threadpool_limits(1), warnings.catch_warnings():
		warnings.simplefilter("ignore")
		for name, ours, theirs in (
			(
				"BG/NBD",
				lambda: BGNBD().fit(data["x"], data["t_x"], data["T"]),
				lambda: BetaGeoFitter().fit(data["x"], data["t_x"], data["T"]),
			),
			(
				"Gamma-Gamma",
				lambda: GammaGamma().fit(spend["valued"], spend["mean"]),
				lambda: GammaGammaFitter().fit(spend["valued"], spend["mean"]),
			),
		):
			(here, model), (there, other) = best(ours, ROUNDS), best(theirs, 2)
			missed |= here > BAR
			table.add_row(
				name,
				f"{here:.3f} s",
				f"{there:.3f} s",
				f"{there / here:.1f} ×",
				_shown(model.r_, model.alpha_, model.a_, model.b_)
				if name == "BG/NBD"
				else _shown(model.p_, model.q_, model.v_),
				_shown(*other.params_),
			)
	console.print(table)
	console.print(f"bar: {BAR} s each: {'missed' if missed else 'kept'}")
	raise SystemExit(1 if missed else 0)


def _shown(*parameters: float) -> str:
	return " ".join(f"{one:.3f}" for one in parameters)


if __name__ == "__main__":
	main()
