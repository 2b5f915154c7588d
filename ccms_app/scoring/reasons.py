"""Why a customer is likely to stay away, or to come: what stands out about them, as codes and values.

Whatever model is published, its log odds are explained by a plain linear regression on a few measures that a person can
check. A measure's contribution is its weight times the customer's distance from the median customer; the largest ones are
told, if the fact itself is worth telling. wording.py makes sentences of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.special import logit

MOST = 3
# facts below these are no news
_LATE, _CHANGE, _RETURNED, _FEW, _OFTEN = 1.3, 0.2, 0.2, 3, 4
# money that fell this much more than orders is news of its own
_APART = 0.15
LOW = 0.25


def reasons(customers: pd.DataFrame, probability: np.ndarray) -> list[str | None]:
	"""JSON lists of {"code", "values"}, the weightiest first; None where the probability is NaN.

	customers: FEATURES (first_order, last_order as dates, orders, orders_365, ratio, own_cycle, gaps, trend_orders,
	trend_revenue, return_rate). Of customers below 25 %, what keeps them is told.
	"""
	found: list[str | None] = [None] * len(customers)
	known = np.flatnonzero(~np.isnan(probability))
	if not len(known):
		return found
	told = customers.iloc[known]
	contributions = _contributions(told, probability[known])
	facts = {code: _facts(told, code) for code in _CODES}
	leaving = probability[known] >= LOW
	codes = list(_CODES)
	weight = np.stack([contributions[_CODES[code][0]] for code in codes], axis=1)
	wanted = np.array([_CODES[code][1] for code in codes])
	holds = np.stack([facts[code][0] for code in codes], axis=1)
	# a reason must be true, pull the way of the verdict, and speak for that verdict
	usable = holds & (wanted[None, :] == leaving[:, None])
	strength = np.where(usable, np.abs(weight) + 1e-9, 0.0)
	strength[np.sign(weight) * np.where(leaving, 1, -1)[:, None] < 0] *= 0.1
	order = np.argsort(-np.round(strength, 9), axis=1, kind="stable")[:, :MOST]
	for place, row in enumerate(known):
		chosen = [codes[j] for j in order[place] if strength[place, j] > 0]
		found[row] = json.dumps([{"code": code, "values": facts[code][1](place)} for code in chosen])
	return found


# code → (measure that carries it, whether it speaks for leaving)
_CODES: dict[str, tuple[str, bool]] = {
	"away_cycles": ("away", True),
	"away_since": ("away", True),
	"fewer_orders": ("trend_orders", True),
	"spent_less": ("trend_revenue", True),
	"one_order": ("orders", True),
	"few_orders": ("orders", True),
	"returns": ("returns", True),
	"in_time": ("away", False),
	"often": ("orders", False),
	"more_orders": ("trend_orders", False),
	"spent_more": ("trend_revenue", False),
}


def _measures(customers: pd.DataFrame) -> dict[str, np.ndarray]:
	def change(name: str) -> np.ndarray:
		return np.clip(customers[name].to_numpy(float, na_value=np.nan), -1, 2)

	return {
		"away": np.log(np.maximum(customers["ratio"].to_numpy(float), 1e-3)),
		"orders": np.log1p(customers["orders_365"].to_numpy(float)),
		"trend_orders": np.nan_to_num(change("trend_orders")),
		"trend_revenue": np.nan_to_num(change("trend_revenue")),
		"returns": np.nan_to_num(customers["return_rate"].to_numpy(float, na_value=np.nan)),
	}


def _contributions(customers: pd.DataFrame, probability: np.ndarray) -> dict[str, np.ndarray]:
	measures = _measures(customers)
	matrix = np.stack(list(measures.values()), axis=1)
	middle = np.median(matrix, axis=0)
	spread = matrix.std(axis=0)
	scaled = (matrix - middle) / np.where(spread > 1e-9, spread, 1.0)
	odds = logit(np.clip(probability, 1e-4, 1 - 1e-4))
	# a little ridge: few customers, or measures that move together, must not make weights explode
	design = np.column_stack([np.ones(len(scaled)), scaled])
	penalty = np.diag([0.0, *[0.01 * len(scaled) + 1.0] * scaled.shape[1]])
	weights = np.linalg.solve(design.T @ design + penalty, design.T @ odds)[1:]
	return dict(zip(measures, (scaled * weights).T, strict=True))


def _changed(orders: np.ndarray, revenue: np.ndarray, code: str) -> tuple[np.ndarray, Callable[[int], dict]]:
	"""Trends of the last 90 days. No order at all in them is told as the time away, and money only beside orders that
	do not tell the same."""
	own, other = (orders, revenue) if "orders" in code else (revenue, orders)
	sign = -1 if code in ("fewer_orders", "spent_less") else 1
	holds = (sign * own >= _CHANGE) & (own > -1 + 1e-9)
	if own is revenue:
		holds &= ~(sign * other >= _CHANGE) | (sign * own >= sign * other + _APART)
	return holds, lambda n: {"percent": round(100 * abs(float(own[n])))}


def _facts(customers: pd.DataFrame, code: str) -> tuple[np.ndarray, Callable[[int], dict]]:
	"""(who it is true of, the values of the n-th)."""

	def column(name: str) -> np.ndarray:
		return customers[name].to_numpy(float, na_value=np.nan)

	with np.errstate(invalid="ignore"):
		ratio, gaps, orders = column("ratio"), column("gaps"), column("orders")
		if code in ("away_cycles", "in_time"):
			cycle = column("own_cycle")
			values = lambda n: {"times": round(float(ratio[n]), 1), "cycle": round(float(cycle[n]))}  # noqa: E731
			return (ratio >= _LATE if code == "away_cycles" else ratio <= 1) & (gaps >= 2), values
		if code == "away_since":
			last = pd.to_datetime(customers["last_order"]).dt.strftime("%Y-%m-%d").to_numpy()
			return (ratio >= _LATE) & (gaps < 2), lambda n: {"date": last[n]}
		if code in ("fewer_orders", "more_orders", "spent_less", "spent_more"):
			return _changed(column("trend_orders"), column("trend_revenue"), code)
		if code == "one_order":
			return orders == 1, lambda n: {}
		if code == "few_orders":
			return (orders > 1) & (orders <= _FEW), lambda n: {"orders": int(orders[n])}
		if code == "often":
			year = column("orders_365")
			return year >= _OFTEN, lambda n: {"orders": int(year[n])}
		share = column("return_rate")
		return share >= _RETURNED, lambda n: {"percent": round(100 * float(share[n]))}
