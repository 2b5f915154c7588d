"""Historic value: from the revenue of a customer to what was left of it, and what is not known."""

from __future__ import annotations

import numpy as np
import pandas as pd

# field → what it is called where it is missing
COSTS = {
	"cost_of_goods": "cost of goods",
	"points_cost": "points",
	"service_cost": "service",
	"acquisition_cost": "acquisition",
}


def bridge(customers: pd.DataFrame, costs: pd.DataFrame | None = None) -> pd.DataFrame:
	"""Columns cost_of_goods, margin_share_covered, points_cost, service_cost, acquisition_cost, discounts,
	historic_value, missing_costs (comma list), in the index of customers.

	customers: FEATURES. costs: a row a customer with any of the last four costs, in company currency; NaN is not known.

	historic value = net revenue - cost of goods (of the share whose cost is known) - points redeemed, net of restored -
	service - acquisition. Discounts are already in the revenue: they are shown, not deducted.
	"""
	found = pd.DataFrame(index=customers.index)
	revenue = customers["revenue"].to_numpy(float)
	covered = customers["margin_covered"].to_numpy(float)
	margin = customers["margin"].to_numpy(float)
	known = ~np.isnan(margin) & ~np.isnan(covered) & (covered != 0)
	found["cost_of_goods"] = np.where(known, revenue * np.nan_to_num(covered) - np.nan_to_num(margin), np.nan)
	found["margin_share_covered"] = np.where(known, covered, np.where(revenue != 0, 0.0, np.nan))
	given = None if costs is None else costs.set_index("customer")
	for name in ("points_cost", "service_cost", "acquisition_cost"):
		column = np.nan
		if given is not None and name in given:
			own = given[name].reindex(customers["customer"]).to_numpy(float)
			# a cost that is kept at all is 0 for whom it names not, but a source of unknown cost stays unknown
			kept = name != "acquisition_cost" and bool(given[name].notna().any())
			column = np.where(np.isnan(own) & kept, 0.0, own)
		found[name] = column
	found["discounts"] = customers["discount_365"].to_numpy(float)
	found["historic_value"] = revenue - found[list(COSTS)].fillna(0.0).sum(axis=1)
	missing = found[list(COSTS)].isna()
	# few patterns occur: word each once
	patterns = missing.to_numpy() @ (1 << np.arange(len(COSTS)))
	words = {
		pattern: ", ".join(text for bit, text in enumerate(COSTS.values()) if pattern >> bit & 1)
		for pattern in np.unique(patterns)
	}
	found["missing_costs"] = [words[pattern] for pattern in patterns]
	return found
