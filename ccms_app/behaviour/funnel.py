"""The lifecycle funnel of two days: how many customers stood where, who moved, and who was won back.

Stages of a past day are told by the rule of today from the orders before that day, with the company's own gap of that day.
"""

from __future__ import annotations

from datetime import date

import pandas as pd
from ibis.expr.types import Table

from .cycle import company_gap, own_cycles, with_gaps
from .lifecycle import AT_RISK, LOST, PROSPECT, STAGES, stages
from .selections import frame, window
from .settings import Settings


def stages_on(orders: Table, on: date, settings: Settings) -> pd.DataFrame:
	"""The stage of every customer who had ordered before the day.

	Args:
		orders: the contract's, of an as-of not before the day. A sale that came back after the day is missing on the day too.

	Returns: customer, orders, orders_365, last_order, own_cycle (days), stage.
	"""
	gaps = with_gaps(window(orders, on).select("customer", "day"))
	recent = window(orders, on, 365)
	recent = recent.group_by("customer").agg(orders_365=recent.count())
	people = gaps.group_by("customer").agg(
		orders=gaps.count(), last_order=gaps.day.max(), gaps=gaps.gap.count(), gap_median=gaps.gap.median()
	)
	people = people.left_join(recent, "customer").drop("customer_right")
	people = people.cross_join(company_gap(gaps, settings))
	people = people.select(
		"customer",
		"orders",
		"last_order",
		orders_365=people.orders_365.fill_null(0),
		own_cycle=own_cycles(people.gap_median, people.gaps, people.company_gap),
	)
	found = frame(people.order_by("customer"))
	found["stage"] = stages(found, on, settings)
	return found[["customer", "orders", "orders_365", "last_order", "own_cycle", "stage"]]


def funnel(now: pd.DataFrame, before: pd.DataFrame, prospects: int = 0) -> pd.DataFrame:
	"""How many customers stand in each stage, beside the earlier day.

	Args:
		now, before: of :func:`stages_on`.
		prospects: customers who never ordered, whom orders cannot know; the same number is taken for both days.

	Returns: stage (all six, in order), now, before, share (of customers with an order, now; NaN for prospects), entered (are in it now and
	were not), left (were in it and are not).
	"""
	moved = _both(now, before)
	table = pd.DataFrame({"stage": list(STAGES)})
	for name, column in (("now", "to_stage"), ("before", "from_stage")):
		counts = moved[column].value_counts()
		table[name] = table["stage"].map(counts).fillna(0).astype("int64")
	changed = moved[moved["from_stage"] != moved["to_stage"]]
	table["entered"] = table["stage"].map(changed["to_stage"].value_counts()).fillna(0).astype("int64")
	table["left"] = table["stage"].map(changed["from_stage"].value_counts()).fillna(0).astype("int64")
	prospect = table["stage"] == PROSPECT
	# whoever bought for the first time in between was one more prospect before
	table.loc[prospect, "now"] += prospects
	table.loc[prospect, "before"] += prospects
	bought = table.loc[~prospect, "now"].sum()
	table["share"] = (table["now"] / bought if bought else pd.Series(float("nan"), table.index)).where(
		~prospect
	)
	return table[["stage", "now", "before", "share", "entered", "left"]]


def moves(now: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
	"""Who went where: from_stage, to_stage, customers; a row for each pair of stages that occurs, most customers first."""
	counts = _both(now, before).groupby(["from_stage", "to_stage"]).size()
	table = counts.rename("customers").reset_index()
	return table.sort_values(
		["customers", "from_stage", "to_stage"], ascending=[False, True, True], ignore_index=True
	)


def won_back(now: pd.DataFrame, before: pd.DataFrame) -> dict[str, float]:
	"""Of those who were At Risk or Lost, how many ordered since: away, won_back, rate (NaN when nobody was away).

	The same by stage: away_at_risk, won_back_at_risk, rate_at_risk, and _lost.
	"""
	moved = _both(now, before)
	came = moved["last_now"] > moved["last_before"]
	found = {}
	for suffix, names in (("", (AT_RISK, LOST)), ("_at_risk", (AT_RISK,)), ("_lost", (LOST,))):
		away = moved["from_stage"].isin(names)
		found[f"away{suffix}"] = int(away.sum())
		found[f"won_back{suffix}"] = int((away & came).sum())
		found[f"rate{suffix}"] = float((away & came).sum() / away.sum()) if away.any() else float("nan")
	return found


def _both(now: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
	"""Every customer of either day: from_stage, to_stage, last_before, last_now."""
	pair = before[["customer", "stage", "last_order"]].merge(
		now[["customer", "stage", "last_order"]], on="customer", how="outer", suffixes=("_before", "_now")
	)
	return pd.DataFrame(
		{
			"customer": pair["customer"],
			"from_stage": pair["stage_before"].fillna(PROSPECT),
			"to_stage": pair["stage_now"].fillna(PROSPECT),
			"last_before": pair["last_order_before"],
			"last_now": pair["last_order_now"],
		}
	)
