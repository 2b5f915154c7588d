"""Who buys when it is cheaper, what a lower price does to a category, and what promotions sell more."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import frappe
from frappe import _
from frappe.query_builder.functions import Avg, Count, Sum

from ccms_app.desk import cards, fact_cells, insight, periods, pictures, reporting

if TYPE_CHECKING:
	import pandas as pd

CUSTOMERS, CATEGORIES, PROMOTIONS = "Customers", "Categories", "Items in Promotion"
BANDS = ("High", "Medium", "Low", "Unknown")
TONES = {"High": "warn", "Medium": "", "Low": "good", "Unknown": ""}
DRAWN, MOST = 12, 500


def execute(filters: dict | None = None) -> tuple:
	"""Columns, rows, the finding, chart and figures for the desk."""
	return insight.answer(PriceSensitivity, filters)


class PriceSensitivity(insight.Insight):
	"""Bands of 365 days, elasticity and lift of two years, of the customers in scope."""

	uses_facts = True

	def __init__(self, filters: frappe._dict):
		super().__init__(filters)
		self.show = reporting.choice(filters.show, (CUSTOMERS, CATEGORIES, PROMOTIONS), _("Table"))

	# --- figures ---------------------------------------------------------------------------------------------
	@cached_property
	def bands(self) -> dict[str, frappe._dict]:
		"""Customers active in a year by how they answer to price."""
		score = self.score
		query = self.scores(
			score.price_band,
			Count(score.customer).as_("customers"),
			Sum(score.orders_365).as_("orders"),
			Sum(score.revenue_365).as_("revenue"),
			Sum(score.discount_365).as_("discount"),
			Sum(score.margin_365).as_("margin"),
			Avg(score.below_list_share).as_("below"),
			Avg(score.price_response).as_("response"),
		).where(score.orders_365 > 0)
		found = {row.price_band: row for row in query.groupby(score.price_band).run(as_dict=True)}
		return {band: found[band] for band in BANDS if band in found}

	@cached_property
	def customers(self) -> int:
		return sum(row.customers for row in self.bands.values())

	def precomputed(self, name: str) -> pd.DataFrame | None:
		"""What was counted in the night over all customers, or is counted now over those in scope; None where nothing could be."""
		if not self.scope.is_whole:
			found = self._now(name)
		else:
			table = self.lake.precomputed(name)
			found = None if table is None else self.frame(table)
		return found if found is not None and len(found) else None

	@cached_property
	def _panel(self) -> pd.DataFrame:
		from ccms_app.behaviour import elasticity

		return elasticity.item_weeks(self.known_lines, self.as_of)

	def _now(self, name: str) -> pd.DataFrame:
		from ccms_app.behaviour import elasticity
		from ccms_app.behaviour.store import precomputed

		return {
			precomputed.ELASTICITY: lambda: elasticity.PriceModel().fit(self._panel).elasticity_,
			precomputed.LIFT_GROUPS: lambda: elasticity.promotion_lift(self._panel),
			precomputed.LIFT_ITEMS: lambda: elasticity.promotion_lift(self._panel, by="item"),
		}[name]()

	@cached_property
	def categories(self) -> pd.DataFrame | None:
		"""Elasticity and lift by item group: those that answer most to price first, then those of which too little is known."""
		from ccms_app.behaviour.store import precomputed

		found = self.precomputed(precomputed.ELASTICITY)
		if found is None:
			return None
		lift = self.precomputed(precomputed.LIFT_GROUPS)
		columns = ["item_group", "lift", "ratio_on", "weeks_on"]
		if lift is None:
			found = found.assign(lift=float("nan"), ratio_on=float("nan"), weeks_on=0)
		else:
			found = found.merge(lift[columns], on="item_group", how="left")
		return found.sort_values(["elasticity", "item_group"], na_position="last", ignore_index=True)

	def below(self, years_ago: int) -> float | None:
		"""The share of lines with a list price that were sold below it, in the 365 days so many years ago."""
		from ccms_app.behaviour.lines import BELOW_LIST
		from ccms_app.behaviour.selections import sold

		end = frappe.utils.add_days(self.as_of, -365 * years_ago)
		lines = sold(
			fact_cells.between(self.known_lines, periods.Span(frappe.utils.add_days(end, -365), end))
		)
		priced = lines.filter(lines.paid_ratio.notnull())
		below = (priced.paid_ratio < BELOW_LIST).cast("int64")
		found = self.frame(priced.agg(lines=priced.count(), below=below.sum())).fillna(0)
		return insight.ratio(found["below"].iloc[0], found["lines"].iloc[0])

	@cached_property
	def promotions(self) -> pd.DataFrame | None:
		from ccms_app.behaviour.store import precomputed

		return self.precomputed(precomputed.LIFT_ITEMS)

	@property
	def known(self) -> pd.DataFrame | None:
		"""Categories whose elasticity is known."""
		if self.categories is None:
			return None
		found = self.categories[self.categories.elasticity.notna()]
		return found if len(found) else None

	# --- table -----------------------------------------------------------------------------------------------
	def columns(self) -> list[dict[str, Any]]:
		if self.show == CUSTOMERS:
			return [
				reporting.text("label", _("Answers to Price"), 150),
				reporting.count("customers", _("Customers"), 110),
				insight.percent("share", _("of Customers"), 120),
				reporting.money("revenue", _("Revenue (a Year)"), 150),
				insight.percent("revenue_share", _("of Revenue"), 110),
				reporting.money("discount", _("Below List, Together"), 165),
				insight.percent("discount_share", _("of List Price"), 125),
				insight.percent("below", _("Lines below List"), 140),
				insight.decimal("response", _("Price Response"), 130, 2),
				reporting.money("each", _("Revenue, Each"), 130),
				reporting.currency_column(),
			]
		if self.show == CATEGORIES:
			return [
				reporting.text("label", _("Item Group"), 180),
				insight.decimal("elasticity", _("Elasticity"), 110, 2),
				insight.decimal("low", _("from"), 80, 2),
				insight.decimal("high", _("to"), 80, 2),
				reporting.text("means", _("10 % Cheaper Sells"), 160),
				insight.percent("lift", _("More Sold in Promotion"), 180),
				insight.percent("ratio_on", _("Price in Promotion"), 155),
				reporting.count("weeks_on", _("Weeks in Promotion"), 155),
				reporting.count("items", _("Items"), 80),
				reporting.count("weeks", _("Weeks"), 80),
			]
		return [
			reporting.text("label", _("Item"), 200),
			insight.percent("lift", _("More Sold in Promotion"), 180),
			insight.percent("ratio_on", _("Price in Promotion"), 155),
			reporting.count("weeks_on", _("Weeks in Promotion"), 155),
			reporting.count("weeks_off", _("Weeks without"), 130),
		]

	def rows(self) -> list[dict[str, Any]]:
		if self.show == CUSTOMERS:
			rows = [self._band(band, row) for band, row in self.bands.items()]
			return [*rows, insight.total(self._band("", self._sums()))] if rows else []
		if self.show == CATEGORIES:
			return (
				[]
				if self.categories is None
				else [self._category(row) for row in self.categories.itertuples()]
			)
		return (
			[]
			if self.promotions is None
			else [self._item(row) for row in self.promotions.head(MOST).itertuples()]
		)

	def _sums(self) -> frappe._dict:
		rows = self.bands.values()
		sums = frappe._dict(
			{
				key: sum(row[key] or 0 for row in rows)
				for key in ("customers", "orders", "revenue", "discount")
			}
		)
		for key in ("below", "response"):
			known = [(row[key], row.customers) for row in rows if row[key] is not None]
			sums[key] = insight.ratio(sum(a * b for a, b in known), sum(b for _a, b in known))
		return sums

	def _band(self, band: str, row: frappe._dict) -> dict[str, Any]:
		revenue = sum(one.revenue or 0 for one in self.bands.values())
		cell = {"price_band": band, "orders_from": 1, "last_since": str(self._year_ago)}
		return {
			"label": _(band) if band else "",
			"price_band": band,
			"customers": row.customers,
			"share": insight.hundred(insight.ratio(row.customers, self.customers)),
			"revenue": row.revenue or 0,
			"revenue_share": insight.hundred(insight.ratio(row.revenue, revenue)),
			"discount": row.discount or 0,
			"discount_share": insight.hundred(
				insight.ratio(row.discount, (row.revenue or 0) + (row.discount or 0))
			),
			"below": insight.hundred(row.below),
			"response": None if row.response is None else round(float(row.response), 3),
			"each": insight.ratio(row.revenue, row.customers),
			"currency": self.currency,
			"behind": {key: cell for key in ("label", "customers", "revenue")},
		}

	@property
	def _year_ago(self):
		return frappe.utils.add_days(self.run.data_cut, -365)

	def _category(self, row: Any) -> dict[str, Any]:
		unknown = row.elasticity != row.elasticity
		return {
			"label": row.item_group,
			"elasticity": None if unknown else float(row.elasticity),
			"low": None if unknown else float(row.low),
			"high": None if unknown else float(row.high),
			"means": _("price hardly moved, or too few weeks") if unknown else _more(0.9**row.elasticity - 1),
			"lift": _percent(row.lift),
			"ratio_on": _percent(row.ratio_on),
			"weeks_on": None if row.weeks_on != row.weeks_on else int(row.weeks_on),
			"items": int(row.items),
			"weeks": int(row.weeks),
		}

	@staticmethod
	def _item(row: Any) -> dict[str, Any]:
		return {
			"label": row.item,
			"lift": _percent(row.lift),
			"ratio_on": _percent(row.ratio_on),
			"weeks_on": int(row.weeks_on),
			"weeks_off": int(row.weeks_off),
		}

	# --- finding, figures, pictures --------------------------------------------------------------------------
	def finding(self) -> str:
		if not self.customers:
			return self.said(_("No customers match these filters."))
		lines = [self._who(), self._what()]
		return self.said(*lines, picture=pictures.side_by_side(self.bands_picture(), self.elasticities()))

	def _who(self) -> str:
		high = self.bands.get("High")
		if not high:
			return _(
				"No customer is known to wait for a lower price. It takes 20 lines of a customer with a list price to tell."
			)
		return reporting.sentence(
			_(
				"{0} of {1} customers, with {2} of the year's revenue, buy below list price clearly more often than others do of the same things."
			),
			reporting.number(high.customers),
			reporting.number(self.customers),
			cards.percent_text(
				insight.ratio(high.revenue, sum(row.revenue or 0 for row in self.bands.values()))
			),
		)

	def _what(self) -> str:
		if self.known is None:
			return _(
				"What a lower price does to a category is not known: prices must have moved, and 26 weeks be there."
			)
		sure = self.known[self.known.high < 0]
		if sure.empty:
			return _("No category answers to price beyond doubt.")
		most = sure.iloc[0]
		return reporting.sentence(
			_("{0} answers most to price: 10 % cheaper sells {1} (elasticity {2})."),
			most.item_group,
			_more(0.9**most.elasticity - 1),
			_decimal(most.elasticity),
		)

	def bands_picture(self) -> str:
		return pictures.bars(
			[
				pictures.Bar(
					_(band),
					row.customers,
					reporting.number(row.customers),
					self.behind(price_band=band, orders_from=1, last_since=str(self._year_ago)),
					note=self.money(row.revenue),
					tone=TONES[band],
				)
				for band, row in self.bands.items()
			],
			_("Customers of a year by how they answer to price"),
		)

	def elasticities(self) -> str:
		if self.known is None:
			return ""
		return pictures.bars(
			[
				pictures.Bar(
					row.item_group,
					max(-row.elasticity, 0),
					_decimal(row.elasticity),
					note=_("{0} to {1}").format(_decimal(row.low), _decimal(row.high)),
				)
				for row in self.known.head(DRAWN).itertuples()
			],
			_("Elasticity: −2 means that 1 % cheaper sells 2 % more"),
		)

	def figures(self) -> list[dict[str, Any]]:
		if not self.customers:
			return []
		sums = self._sums()
		high = self.bands.get("High", frappe._dict(customers=0))
		told = self.customers - self.bands.get("Unknown", frappe._dict(customers=0)).customers
		lift = None
		if self.promotions is not None:
			lift = float(
				(self.promotions.lift * self.promotions.weeks_on).sum() / self.promotions.weeks_on.sum()
			)
		return [
			cards.count(
				_("Answer to price"),
				high.customers,
				indicator="Red",
				note=_("of {0} of whom it is known").format(told),
			),
			cards.money(_("Given below list in a year"), sums.discount, currency=self.currency),
			cards.percent(_("Lines below list"), self.below(0), None, self.below(1), good=""),
			cards.percent(_("More sold in promotion"), lift, indicator="Green"),
		]

	def chart(self) -> dict[str, Any] | None:
		"""The lift of the categories that were on promotion."""
		if self.categories is None:
			return None
		found = self.categories[self.categories.lift.notna()].sort_values("lift", ascending=False).head(DRAWN)
		if len(found) < 2:
			return None
		return reporting.chart(
			"bar",
			_("How much more is sold in weeks of promotion (%)"),
			list(found.item_group),
			{_("More sold"): [round(value * 100, 1) for value in found.lift]},
			colours=(reporting.GREEN,),
		)


def _more(share: float) -> str:
	"""A change of quantity in words."""
	text = f"{abs(share) * 100:.0f} %"
	return _("{0} more").format(text) if share >= 0 else _("{0} less").format(text)


def _decimal(value: float) -> str:
	text = f"{abs(value):.1f}"
	return f"−{text}" if value < 0 and text != "0.0" else text


def _percent(value: float) -> float | None:
	return None if value != value else insight.hundred(value)
