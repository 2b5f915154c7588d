"""Value bands: customers by what they brought in a year, from the few who bring most to the many who bring little."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ccms_app.behaviour.settings import Settings


def bands(revenue_365: np.ndarray, orders_365: np.ndarray, settings: Settings) -> np.ndarray:
	"""The name of each customer's band, None without an order in the last 365 days.

	By net revenue of 365 days, highest first: the top 5 %, the next 15 %, … of the customers. Equal revenue shares the
	better band: names must not decide.
	"""
	revenue, orders = np.asarray(revenue_365, float), np.asarray(orders_365, float)
	found = np.full(len(revenue), None, object)
	active = orders > 0
	if not active.any():
		return found
	own = np.nan_to_num(revenue[active])
	# customers with strictly more, as a share of all
	above = len(own) - np.searchsorted(np.sort(own), own, side="right")
	edges = np.cumsum(settings.value_bands)[:-1] * len(own) / 100
	# ten customers of whom the top 5 % is half a person: the first is in the first band all the same
	place = np.searchsorted(np.ceil(edges - 1e-9), above, side="right")
	found[active] = np.array(settings.value_band_names, object)[place]
	return found


def averages(scores: pd.DataFrame, settings: Settings) -> pd.DataFrame:
	"""A row a band, best first: customers, orders, revenue, and what one order, one customer, one year means.

	Columns: value_band, customers, orders, revenue, share_of_revenue, average_order (revenue ÷ orders), average_customer
	(revenue ÷ customers), average_frequency (orders ÷ customers), all of the last 365 days.
	"""
	active = scores[scores["value_band"].notna()]
	grouped = active.groupby("value_band").agg(
		customers=("customer", "size"), orders=("orders_365", "sum"), revenue=("revenue_365", "sum")
	)
	table = grouped.reindex(list(settings.value_band_names)).fillna(0.0)
	whole = table["revenue"].sum()
	table["share_of_revenue"] = table["revenue"] / whole if whole > 0 else np.nan
	orders, customers = table["orders"].replace(0, np.nan), table["customers"].replace(0, np.nan)
	table["average_order"] = table["revenue"] / orders
	table["average_customer"] = table["revenue"] / customers
	table["average_frequency"] = table["orders"] / customers
	table["customers"] = table["customers"].astype("int64")
	table["orders"] = table["orders"].astype("int64")
	return table.rename_axis("value_band").reset_index()
