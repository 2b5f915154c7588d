"""What a manager may set about customer figures; the defaults are those of docs/behaviour.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

# one row a score of recency, one name a mean score of frequency and money (1 to 5)
_RFM_NAMES = {
	5: ("New", "Promising", "Loyal", "Champions", "Champions"),
	4: ("Promising", "Promising", "Loyal", "Loyal", "Champions"),
	3: ("Needs Attention", "Needs Attention", "Needs Attention", "Loyal", "Loyal"),
	2: ("Hibernating", "Hibernating", "At Risk", "At Risk", "Cannot Lose"),
	1: ("Lost", "Lost", "Hibernating", "At Risk", "Cannot Lose"),
}
RFM_GROUPS: Mapping[tuple[int, int], str] = MappingProxyType(
	{(r, fm): name for r, names in _RFM_NAMES.items() for fm, name in enumerate(names, start=1)}
)


@dataclass(frozen=True)
class Settings:
	"""Settings of one company's figures. Days are days, ratios are multiples of a customer's own cycle.

	rfm_days: the window of recency, frequency and money.
	rfm_edges: fixed edges instead of ranks: "r", "f", "m" → four rising limits; None scores by rank.
	rfm_groups: (r, fm) → name of the group. "New" is given to buyers of exactly one order, else "Promising" stands.
	default_cycle: days between orders where the company has too few gaps of its own.
	at_risk_ratio, lost_ratio, lost_days, loyal_orders: limits of the lifecycle stages.
	active_days: who ordered in these last days is scored.
	horizon: days that predictions look ahead.
	branch_source: "cost_center", "pos_profile", "warehouse", "territory" or an accounting dimension's field.
	max_order_days_a_year, max_invoices_a_day: above these a customer looks like a walk-in and is left out.
	anonymous: customers who are never counted. overruled: customers counted although they look like a walk-in.
	value_bands, value_band_names: top shares of customers by revenue, in percent, which sum to 100; and their names.
	price_edges: a price response at or below the first is Low, at or above the second High. price_lines: under as many lines
		that can be compared it is Unknown.
	complaint_types: types of Issue that are complaints; None means all.
	cost_per_ticket: company currency. acquisition_costs: source → company currency for one customer.
	flag_rules: rules of the high-frequency and high-value flags; empty means the ready-made ones (scoring/flags.py).
	seed: of everything drawn at random.
	"""

	rfm_days: int = 730
	rfm_edges: Mapping[str, tuple[float, ...]] | None = None
	rfm_groups: Mapping[tuple[int, int], str] = field(default_factory=lambda: RFM_GROUPS)
	default_cycle: float = 30.0
	at_risk_ratio: float = 2.0
	lost_ratio: float = 4.0
	lost_days: int = 730
	loyal_orders: int = 4
	active_days: int = 365
	horizon: int = 90
	branch_source: str = "cost_center"
	max_order_days_a_year: int = 365
	max_invoices_a_day: int = 20
	anonymous: frozenset[str] = frozenset()
	overruled: frozenset[str] = frozenset()
	value_bands: tuple[float, ...] = (5, 15, 30, 50)
	value_band_names: tuple[str, ...] = ("A", "B", "C", "D")
	price_edges: tuple[float, float] = (-0.05, 0.05)
	price_lines: int = 20
	complaint_types: frozenset[str] | None = None
	cost_per_ticket: float = 0.0
	acquisition_costs: Mapping[str, float] = field(default_factory=dict)
	flag_rules: tuple = ()
	seed: int = 7
