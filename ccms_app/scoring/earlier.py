"""RFM groups of an earlier day, told from the orders as they are known today.

A sale that came back after that day is missing on it too, and an order's money is what is left of it now: near enough to
say how a group has grown, without having kept the scores of every night.
"""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
from ibis.expr.types import Table

from ccms_app.behaviour.settings import Settings

from .rfm import rfm


def groups_on(orders: Table, on: date, settings: Settings) -> pd.DataFrame:
	"""customer and rfm_group of everybody who had ordered before the day.

	Args:
		orders: ORDERS of one whole company, of an as-of not before the day.
	"""
	known = orders.filter(orders.day < on)
	inside = known.day >= on - timedelta(days=settings.rfm_days)
	people = known.group_by("customer").agg(
		last_order=known.day.max(),
		all_orders=known.count(),
		orders=known.count(where=inside),
		revenue=known.value.sum(where=inside).fill_null(0.0),
	)
	found = people.order_by("customer").to_pandas()
	days = (pd.Timestamp(on) - pd.to_datetime(found["last_order"])).dt.days
	scored = rfm(
		days.to_numpy(float),
		found["orders"].to_numpy(float),
		found["revenue"].to_numpy(float),
		found["all_orders"].to_numpy(float),
		settings,
	)
	return pd.DataFrame({"customer": found["customer"], "rfm_group": scored["rfm_group"]})
