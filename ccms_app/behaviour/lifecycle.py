"""Where a customer stands: Prospect, First Purchase, Repeat, Loyal, At Risk, Lost.

How long somebody may stay away is measured by their own cycle: the days since the last order ÷ the days that usually
lie between two of their orders. The first rule that holds decides. One rule for one customer, while an invoice is
posted, and for all customers at night.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from .settings import Settings

PROSPECT, FIRST_PURCHASE, REPEAT, LOYAL = "Prospect", "First Purchase", "Repeat", "Loyal"
AT_RISK, LOST = "At Risk", "Lost"
STAGES = (PROSPECT, FIRST_PURCHASE, REPEAT, LOYAL, AT_RISK, LOST)


def stage(
	orders: int,
	orders_365: int,
	last_order: date | None,
	own_cycle: float | None,
	on: date,
	settings: Settings,
) -> str:
	"""The stage of one customer on a day.

	Args:
		orders: of all time, before the day.
		orders_365: of the 365 days before it.
		own_cycle: days; the company's where the customer has none yet (None: the default of the settings).
	"""
	if not orders or last_order is None:
		return PROSPECT
	away = (on - last_order).days
	cycle = settings.default_cycle if own_cycle is None or np.isnan(own_cycle) else own_cycle
	ratio = away / cycle
	if ratio > settings.lost_ratio or away > settings.lost_days:
		return LOST
	if ratio > settings.at_risk_ratio:
		return AT_RISK
	if orders_365 >= settings.loyal_orders:
		return LOYAL
	return REPEAT if orders >= 2 else FIRST_PURCHASE


def stages(frame: pd.DataFrame, on: date, settings: Settings) -> pd.Series:
	"""The stage of every row of a frame with orders, orders_365, last_order and own_cycle."""
	orders = frame["orders"].fillna(0).to_numpy(float)
	year = frame["orders_365"].fillna(0).to_numpy(float)
	away = ((pd.Timestamp(on) - pd.to_datetime(frame["last_order"])) / pd.Timedelta(days=1)).to_numpy(float)
	cycle = frame["own_cycle"].fillna(settings.default_cycle).to_numpy(float)
	ratio = away / cycle
	found = np.select(
		[
			(orders == 0) | np.isnan(away),
			(ratio > settings.lost_ratio) | (away > settings.lost_days),
			ratio > settings.at_risk_ratio,
			year >= settings.loyal_orders,
			orders >= 2,
		],
		[PROSPECT, LOST, AT_RISK, LOYAL, REPEAT],
		FIRST_PURCHASE,
	)
	return pd.Series(found, index=frame.index, name="stage", dtype=object)
