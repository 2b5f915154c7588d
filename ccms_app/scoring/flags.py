"""The high-frequency and high-value flags: rules that a manager edits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

FLAGS = ("high_frequency", "high_value")
OPERATORS = (">=", ">", "<=", "<", "=")
MEASURES = (
	"orders",
	"orders_365",
	"orders_90",
	"orders_rfm",
	"revenue",
	"revenue_365",
	"revenue_90",
	"revenue_rfm",
	"basket_value",
	"basket_items",
	"own_cycle",
	"gap_median",
	"margin_365",
	"expected_orders",
	"expected_revenue",
	"expected_orders_365",
	"expected_revenue_365",
)


class FlagError(ValueError):
	"""A rule that cannot be applied; the text says which and why."""


@dataclass(frozen=True)
class FlagRule:
	"""One condition of a flag. A customer gets the flag when every rule of it holds.

	Either `value`, in the measure's own unit, or `percentile`: 90 with ">=" means at least as much as nine tenths of the
	customers with an order in the last 365 days. An unknown measure never holds.
	"""

	flag: str
	measure: str
	operator: str = ">="
	value: float | None = None
	percentile: float | None = None

	def __post_init__(self) -> None:
		what = f"Flag rule {self.flag} by {self.measure}"
		if self.flag not in FLAGS:
			raise FlagError(f"{what}: there is no such flag; the flags are {', '.join(FLAGS)}.")
		if self.measure not in MEASURES:
			raise FlagError(f"{what}: there is no such measure; choose one of {', '.join(MEASURES)}.")
		if self.operator not in OPERATORS:
			raise FlagError(f"{what}: {self.operator} is no operator; choose one of {' '.join(OPERATORS)}.")
		if (self.value is None) == (self.percentile is None):
			raise FlagError(f"{what}: give either a value or a percentile.")
		if self.percentile is not None and not 0 <= self.percentile <= 100:
			raise FlagError(f"{what}: a percentile lies between 0 and 100.")


READY_MADE = (
	FlagRule("high_frequency", "orders_365", ">=", percentile=90),
	FlagRule("high_frequency", "orders_365", ">=", value=2),
	FlagRule("high_value", "revenue_365", ">=", percentile=90),
	FlagRule("high_value", "revenue_365", ">", value=0),
)


def flags(customers: pd.DataFrame, rules: Iterable[FlagRule] = ()) -> pd.DataFrame:
	"""One bool column a flag, for customers with orders_365 and the measures that the rules name.

	Without rules the ready-made ones hold; a flag without any rule is given to nobody.
	"""
	rules = tuple(rules) or READY_MADE
	active = customers["orders_365"].fillna(0).to_numpy(float) > 0
	found = {}
	for flag in FLAGS:
		own = [rule for rule in rules if rule.flag == flag]
		holds = np.full(len(customers), bool(own))
		for rule in own:
			holds &= _holds(customers, rule, active)
		found[flag] = holds
	return pd.DataFrame(found, index=customers.index)


def _holds(customers: pd.DataFrame, rule: FlagRule, active: np.ndarray) -> np.ndarray:
	if rule.measure not in customers:
		return np.zeros(len(customers), bool)
	measure = customers[rule.measure].to_numpy(float, na_value=np.nan)
	if rule.percentile is not None:
		known = measure[active & ~np.isnan(measure)]
		if not len(known):
			return np.zeros(len(customers), bool)
		limit = float(np.percentile(known, rule.percentile, method="inverted_cdf"))
	else:
		limit = float(rule.value)
	compare = {
		">=": np.greater_equal,
		">": np.greater,
		"<=": np.less_equal,
		"<": np.less,
		"=": np.equal,
	}[rule.operator]
	with np.errstate(invalid="ignore"):
		return compare(measure, limit) & ~np.isnan(measure)
