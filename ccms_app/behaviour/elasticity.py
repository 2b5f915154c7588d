"""How much more is sold when the price falls: elasticity by category, and the lift of weeks on promotion.

Weeks run from Monday to Sunday; only whole ones count, and only those in which the item sold (a week without a sale says nothing of
its price).
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
from ibis.expr.types import Table

from .lines import BELOW_LIST
from .selections import frame, quantity, sold, week, window

# sold in fewer weeks, an item's own level is not known well enough to see a price's effect
WEEKS = 26
# ln price that moves less is no experiment
SPREAD = 0.02
# on and off promotion, an item needs this many weeks of each to be compared
PROMOTION_WEEKS = 4
_PANEL = ("item_group", "item", "week", "qty", "ratio", "below", "active")


def item_weeks(lines: Table, as_of: date, days: int | None = 730) -> pd.DataFrame:
	"""One row an item and whole week in which it was sold with a list price.

	Returns: item_group, item, week (its Monday), month (of the week's Thursday, 1 to 12), qty (stock units), ratio (mean paid
	ratio of the lines), below (share of the lines below list), active (customers who bought anything that week).
	"""
	chosen = sold(window(lines, as_of, days))
	chosen = chosen.select(
		"customer", "item_group", "item", "paid_ratio", "day", week=week(chosen.day), qty=quantity(chosen)
	)
	active = chosen.group_by("week").agg(active=chosen.customer.nunique(), first=chosen.day.min())
	priced = chosen.filter(chosen.paid_ratio.notnull(), chosen.item_group.notnull())
	panel = priced.group_by("item_group", "item", "week").agg(
		qty=priced.qty.sum(),
		ratio=priced.paid_ratio.mean(),
		below=(priced.paid_ratio < BELOW_LIST).cast("float64").mean(),
	)
	panel = panel.join(active.select("week", "active"), "week").select(*_PANEL)
	found = frame(panel.order_by("item_group", "item", "week"))
	first = pd.to_datetime(active["first"].min().to_pandas())
	whole = found["week"] + pd.Timedelta(days=7) <= pd.Timestamp(as_of)
	if first is not None and not pd.isna(first):
		whole &= found["week"] >= first
	found = found[whole].reset_index(drop=True)
	found["month"] = (found["week"] + pd.Timedelta(days=3)).dt.month
	return found


def elasticity(lines: Table, as_of: date, days: int | None = 730) -> pd.DataFrame:
	"""One row a category: see :attr:`PriceModel.elasticity_`. Heavy on many lines: a nightly figure."""
	return PriceModel().fit(item_weeks(lines, as_of, days)).elasticity_


class PriceModel:
	"""ln(quantity per active customer) = item + month of category + elasticity of category · ln(mean paid ratio).

	Ordinary least squares with item and month effects (the log-log demand model of marketing texts: Hanssens, Parsons and
	Schultz, *Market Response Models*, 2001); standard errors are clustered by item (Liang and Zeger, 1986).

	Args:
		price: without, the same model knows no price; what the price adds is measured against it.
		weeks: an item needs to be sold in so many to take part.
		spread: least standard deviation of ln(ratio) within the items of a category; with less, its elasticity is empty.
	"""

	def __init__(self, price: bool = True, weeks: int = WEEKS, spread: float = SPREAD):
		self.price = price
		self.weeks = weeks
		self.spread = spread

	def fit(self, panel: pd.DataFrame) -> PriceModel:
		"""Learn from the rows of :func:`item_weeks`.

		Sets ``elasticity_``: item_group, items, weeks (different ones), observations, spread (of ln ratio within items), elasticity,
		standard_error, low, high (95 %). Empty (NaN) where ``items`` is 0 or the price hardly moved. And ``items_``,
		``months_``: the effects.
		"""
		panel = panel.reset_index(drop=True)
		usable = panel[(panel["qty"] > 0) & (panel["ratio"] > 0) & (panel["active"] > 0)]
		sold_weeks = usable.groupby("item", sort=False)["week"].transform("nunique")
		rows = usable[sold_weeks >= self.weeks]
		groups = pd.Index(sorted(panel["item_group"].unique()))
		group = groups.get_indexer(rows["item_group"])
		effects = _Effects(rows)
		x, y = np.log(rows["ratio"].to_numpy(float)), _ln_quantity(rows)
		free_x, free_y = effects.removed_from(x), effects.removed_from(y)
		slopes = _slopes(group, len(groups), effects, free_x, free_y)
		table = pd.DataFrame({"item_group": groups})
		table["items"] = rows.groupby("item_group")["item"].nunique().reindex(groups, fill_value=0).to_numpy()
		table["weeks"] = rows.groupby("item_group")["week"].nunique().reindex(groups, fill_value=0).to_numpy()
		table = pd.concat([table, slopes], axis=1)
		unclear = ~(table["spread"] >= self.spread) | ~(table["weeks"] >= self.weeks)
		table.loc[unclear, ["elasticity", "standard_error"]] = np.nan
		table["low"] = table["elasticity"] - 1.96 * table["standard_error"]
		table["high"] = table["elasticity"] + 1.96 * table["standard_error"]
		self.elasticity_ = table
		slope = np.nan_to_num(table["elasticity"].to_numpy(float)) * self.price
		self._slope = pd.Series(slope, index=groups)
		self.items_, self.months_ = effects.levels(y - slope[group] * x)
		return self

	def predict(self, panel: pd.DataFrame) -> np.ndarray:
		"""ln(quantity per active customer); NaN for an item that was not learnt. A month not seen has no effect of its own."""
		item = self.items_.reindex(pd.MultiIndex.from_frame(panel[["item_group", "item"]])).to_numpy(float)
		months = self.months_.reindex(pd.MultiIndex.from_frame(panel[["item_group", "month"]]))
		slope = self._slope.reindex(panel["item_group"]).to_numpy(float)
		with np.errstate(divide="ignore"):
			price = np.where(slope == 0, 0.0, slope * np.log(panel["ratio"].to_numpy(float)))
		return item + months.fillna(0).to_numpy(float) + price


def error(model: PriceModel, panel: pd.DataFrame) -> float:
	"""Root mean squared error of ln quantity on weeks the model has not seen; rows of unknown items are left out."""
	rows = panel[(panel["ratio"] > 0) & (panel["qty"] > 0)]
	missed = _ln_quantity(rows) - model.predict(rows)
	missed = missed[np.isfinite(missed)]
	return float(np.sqrt(np.mean(missed**2))) if len(missed) else float("nan")


def split(panel: pd.DataFrame, weeks: int) -> tuple[pd.DataFrame, pd.DataFrame]:
	"""(all earlier rows, those of the last so many weeks)."""
	edge = panel["week"].max() - timedelta(weeks=weeks)
	return panel[panel["week"] <= edge], panel[panel["week"] > edge]


def promotion_lift(panel: pd.DataFrame, by: str = "item_group") -> pd.DataFrame:
	"""Quantity per week on promotion against off, for items with four weeks of each.

	A week is on promotion when at least half of the item's lines were below list. Quantities are per active customer, so
	that a busy season is no lift.

	Args:
		panel: of :func:`item_weeks`.
		by: item_group or item.

	Returns: by, items, weeks_on, weeks_off, ratio_on (mean paid ratio on promotion), lift (.5 = half as much again), by lift,
	the highest first.
	"""
	rows = panel.assign(on=panel["below"] >= 0.5, rate=panel["qty"] / panel["active"])
	items = rows.groupby(["item_group", "item", "on"])[["rate", "ratio"]].agg(["mean", "size"])
	items = items.unstack("on") if len(items) else items
	need = [("rate", "size", True), ("rate", "size", False)]
	if not len(items) or not set(need) <= set(items.columns):
		return _no_lift(by)
	items = items[(items[need] >= PROMOTION_WEEKS).all(axis=1)]
	on, off = items["rate", "size", True], items["rate", "size", False]
	flat = pd.DataFrame(
		{
			"weeks_on": on.astype(int),
			"weeks_off": off.astype(int),
			"sold": items["rate", "mean", True] * on,
			"usual": items["rate", "mean", False] * on,
			"paid": items["ratio", "mean", True] * on,
		}
	)
	found = flat.reset_index().groupby(by)
	table = found[["weeks_on", "weeks_off", "sold", "usual", "paid"]].sum()
	table.insert(0, "items", found.size())
	table["ratio_on"] = table["paid"] / table["weeks_on"]
	table["lift"] = table["sold"] / table["usual"] - 1
	table = table.reset_index().drop(columns=["sold", "usual", "paid"])
	return table.sort_values(["lift", by], ascending=[False, True], ignore_index=True)


def _no_lift(by: str) -> pd.DataFrame:
	return pd.DataFrame(
		{by: pd.Series(dtype=object)}
		| {name: pd.Series(dtype="int64") for name in ("items", "weeks_on", "weeks_off")}
		| {name: pd.Series(dtype=float) for name in ("ratio_on", "lift")}
	)


def _ln_quantity(rows: pd.DataFrame) -> np.ndarray:
	return np.log(rows["qty"].to_numpy(float) / rows["active"].to_numpy(float))


class _Effects:
	"""Item effects, and month effects of each category, as codes of the rows."""

	# converges geometrically; more rounds change no digit that is shown
	ROUNDS = 60

	def __init__(self, rows: pd.DataFrame):
		self.item, self._items = _numbered(rows[["item_group", "item"]])
		self.month, self._months = _numbered(rows[["item_group", "month"]])
		self._in_item = np.bincount(self.item, minlength=len(self._items))
		self._in_month = np.bincount(self.month, minlength=len(self._months))

	def _solve(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
		items, months = np.zeros(len(self._items)), np.zeros(len(self._months))
		for _round in range(self.ROUNDS):
			before = items
			items = np.bincount(self.item, values - months[self.month], len(items)) / self._in_item
			months = np.bincount(self.month, values - items[self.item], len(months)) / self._in_month
			if len(items) and np.abs(items - before).max() < 1e-10:
				break
		return items, months

	def removed_from(self, values: np.ndarray) -> np.ndarray:
		"""What is left of the values without both effects."""
		items, months = self._solve(values)
		return values - items[self.item] - months[self.month]

	def levels(self, values: np.ndarray) -> tuple[pd.Series, pd.Series]:
		items, months = self._solve(values)
		return pd.Series(items, index=self._items), pd.Series(months, index=self._months)


def _numbered(rows: pd.DataFrame) -> tuple[np.ndarray, pd.MultiIndex]:
	"""A number for each different row, and what it stands for. (pandas 2 cannot `factorize` an empty MultiIndex.)"""
	groups = rows.groupby(list(rows.columns), sort=False, dropna=False)
	return groups.ngroup().to_numpy(), pd.MultiIndex.from_frame(rows.drop_duplicates())


def _slopes(group: np.ndarray, groups: int, effects: _Effects, x: np.ndarray, y: np.ndarray) -> pd.DataFrame:
	"""Slope of y on x in each group, with errors clustered by item."""

	def total(values: np.ndarray) -> np.ndarray:
		return np.bincount(group, values, groups)

	observations, xx = np.bincount(group, minlength=groups), total(x * x)
	with np.errstate(divide="ignore", invalid="ignore"):
		slope = total(x * y) / xx
		score = np.bincount(effects.item, x * (y - slope[group] * x))
		of_item = np.zeros(len(score), int)
		of_item[effects.item] = group
		clusters = np.bincount(of_item, minlength=groups)
		meat = np.bincount(of_item, score**2, groups) * clusters / (clusters - 1)
		table = {
			"observations": observations,
			"spread": np.sqrt(xx / np.maximum(observations, 1)),
			"elasticity": slope,
			"standard_error": np.sqrt(meat) / xx,
		}
	return pd.DataFrame(table).replace([np.inf, -np.inf], np.nan)
