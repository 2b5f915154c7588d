"""CDNOW, the purchases of 23,570 people at an online music shop, 1997-01-01 to 1998-06-30 (Fader & Hardie 2001).

All of them bought first in the first quarter of 1997. The package `lifetimes` publishes the data; none of its code runs.
"""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ccms_app.scoring.histories import Histories, Orders, Revenue


def folder() -> Path:
	"""Where the data lies; skips the test that asks where `lifetimes` is not installed."""
	found = find_spec("lifetimes")
	if found is None:
		pytest.skip("needs the data sets of lifetimes: pip install 'ccms_app[test]'")
	return Path(found.origin).parent / "datasets"


@cache
def summary() -> pd.DataFrame:
	"""The 1/10 sample in weeks 1 to 39, a row a customer: x, t_x, T (weeks), zbar (mean value of repeat orders)."""
	return pd.read_csv(folder() / "cdnow_customers_summary_with_transactions.csv")


@cache
def sample() -> pd.DataFrame:
	"""Every purchase of the 1/10 sample: customer, day, value."""
	names = ["master", "customer", "day", "cds", "value"]
	return _days(pd.read_csv(folder() / "CDNOW_sample.txt", sep=r"\s+", header=None, names=names))


@cache
def master() -> pd.DataFrame:
	"""Every purchase: customer, day, value."""
	names = ["customer", "day", "cds", "value"]
	text = {"customer": str}
	return _days(pd.read_csv(folder() / "CDNOW_master.txt", sep=r"\s+", skiprows=1, names=names, dtype=text))


def _days(lines: pd.DataFrame) -> pd.DataFrame:
	lines["day"] = pd.to_datetime(lines["day"].astype(str), format="%Y%m%d")
	return lines


def histories(lines: pd.DataFrame) -> Histories:
	"""Purchases (customer, day, value) as the models read them; no returns."""
	orders = lines.groupby(["customer", "day"], as_index=False)["value"].sum()
	customers = pd.Index(sorted(orders["customer"].unique()))
	code = customers.get_indexer(orders["customer"])
	day = orders["day"].to_numpy("datetime64[D]").astype(np.int64)
	value = orders["value"].to_numpy(float)
	size = len(customers)
	return Histories(customers, Orders.of(size, code, day, value), Revenue(size, code, day, value))
