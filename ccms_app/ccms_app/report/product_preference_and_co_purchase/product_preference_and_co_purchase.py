"""What customers like and buy again, and which things they buy together."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import frappe
from frappe import _

from ccms_app.desk import cards, fact_cells, insight, periods, pictures, reporting

if TYPE_CHECKING:
	import pandas as pd

GROUPS, BRANDS, ITEMS = "Item Groups", "Brands", "Items"
PAIRS, GROUP_PAIRS = "Items Bought Together", "Item Groups Bought Together"
BY = {GROUPS: "item_group", BRANDS: "brand", ITEMS: "item", PAIRS: "item", GROUP_PAIRS: "item_group"}
DOCTYPES = {"item_group": "Item Group", "brand": "Brand", "item": "Item"}
FAVOURITE = {"item_group": "favourite_group", "brand": "favourite_brand", "item": "favourite_item"}
DRAWN, MOST = 12, 500
PAIR_DAYS = 365
LIFTED = 1.2
"""Under this lift two things are bought together hardly more often than by chance."""


def execute(filters: dict | None = None) -> tuple:
	"""Columns, rows, the finding, chart and figures for the desk."""
	return insight.answer(
		Together if (filters and reporting.read(filters).show in (PAIRS, GROUP_PAIRS)) else Preference,
		filters,
	)


class Products(insight.Insight):
	"""What both tables share: which things, and the customers who count."""

	uses_scores, uses_facts = False, True

	def __init__(self, filters: frappe._dict):
		super().__init__(filters)
		self.show = reporting.choice(filters.show, BY, _("Show"))
		self.by = BY[self.show]

	@property
	def names(self) -> dict[str, str]:
		"""Names of items, where they differ from their codes."""
		if self.by != "item":
			return {}
		return dict(frappe.get_all("Item", fields=["name", "item_name"], as_list=True, limit=0))

	def named(self, thing: str) -> str:
		return self._names.get(thing) or thing

	@cached_property
	def _names(self) -> dict[str, str]:
		return self.names


class Preference(Products):
	"""Groups, brands or items by how many customers buy them, and buy them again."""

	# --- figures ---------------------------------------------------------------------------------------------
	def of(self, span: periods.Span) -> pd.DataFrame:
		from ccms_app.behaviour import preferences

		lines = fact_cells.between(self.known_lines, span)
		return preferences.favourites(lines, span.end, self.by, span.days).set_index(self.by)

	@cached_property
	def found(self) -> pd.DataFrame:
		return self.of(self.periods.this)

	@cached_property
	def last_year(self) -> pd.DataFrame:
		return self.of(self.periods.last_year)

	@cached_property
	def before(self) -> pd.DataFrame | None:
		return self.of(self.periods.before) if self.periods.before else None

	@cached_property
	def customers(self) -> int:
		"""Everybody who bought anything in the period."""
		first = self.found.iloc[0]
		return round(first.customers / first.customer_share)

	# --- table -----------------------------------------------------------------------------------------------
	def columns(self) -> list[dict[str, Any]]:
		return [
			reporting.text("label", _(DOCTYPES[self.by]), 190),
			reporting.count("customers", _("Customers"), 105),
			insight.percent("customer_share", _("of Customers"), 120),
			reporting.count("repeat_customers", _("Came Again for It"), 145),
			insight.percent("repeat_share", _("of Its Customers"), 130),
			reporting.count("favourite_of", _("Favourite of"), 115),
			reporting.count("orders", _("Orders"), 90),
			reporting.money("revenue", _("Revenue"), 130),
			reporting.count("customers_last_year", _("Customers Last Year"), 165),
			reporting.money("revenue_last_year", _("Revenue Last Year"), 155),
			insight.percent("change", _("Change"), 95),
			reporting.currency_column(),
		]

	def rows(self) -> list[dict[str, Any]]:
		return [self._row(thing, row) for thing, row in self.found.head(MOST).iterrows()]

	def _row(self, thing: str, row: Any) -> dict[str, Any]:
		before = self.last_year.loc[thing] if thing in self.last_year.index else None
		cell = {"thing": fact_cells.joined(self.by, thing, fact_cells.days(self.periods.this))}
		return {
			"thing": thing,
			"label": self.named(thing),
			"customers": int(row.customers),
			"customer_share": insight.hundred(row.customer_share),
			"repeat_customers": int(row.repeat_customers),
			"repeat_share": insight.hundred(row.repeat_share),
			"favourite_of": int(row.favourite_of),
			"orders": int(row.orders),
			"revenue": float(row.revenue),
			"customers_last_year": None if before is None else int(before.customers),
			"revenue_last_year": None if before is None else float(before.revenue),
			"change": None
			if before is None or before.revenue <= 0
			else insight.hundred(row.revenue / before.revenue - 1),
			"currency": self.currency,
			"behind": {key: cell for key in ("label", "customers", "orders", "revenue")},
		}

	# --- finding, figures, picture ---------------------------------------------------------------------------
	def finding(self) -> str:
		span = self.periods.this
		if self.found.empty:
			return self.said(
				reporting.sentence(
					_("Nothing was sold {0} in these filters. Choose other days."), span.text()
				)
			)
		lines = [
			reporting.sentence(
				_("{0} reaches most customers: {1} of {2}."),
				self.named(self.found.index[0]),
				reporting.number(self.found.customers.iloc[0]),
				reporting.number(self.customers),
			),
			self._again(),
			span.text(),
		]
		return self.said(*lines, picture=self.picture())

	def _again(self) -> str:
		"""The thing that is bought again most surely, among those that enough customers buy."""
		enough = self.found[self.found.customers >= max(20, self.customers * 0.05)]
		if enough.empty:
			return ""
		best = enough.sort_values(["repeat_share", "customers"], ascending=False).iloc[0]
		return reporting.sentence(
			_("{0} brings people back most: {1} of its customers bought it again."),
			self.named(best.name),
			cards.percent_text(best.repeat_share),
		)

	def picture(self) -> str:
		rows = []
		for thing, row in self.found.head(DRAWN).iterrows():
			before = self.last_year.customers.get(thing)
			rows.append(
				pictures.Bar(
					self.named(thing),
					row.customers,
					reporting.number(row.customers),
					self.behind(thing=fact_cells.joined(self.by, thing, fact_cells.days(self.periods.this))),
					beside=None if before is None else float(before),
					beside_text=_("last year: {0}").format(reporting.number(before)) if before else "",
				)
			)
		return pictures.bars(rows, _("Customers who bought it; thin beneath: in the same days last year"))

	def figures(self) -> list[dict[str, Any]]:
		if self.found.empty:
			return []

		def over(measure) -> list[float | None]:
			tables = (self.found, self.before, self.last_year)
			return [None if table is None or table.empty else measure(table) for table in tables]

		return [
			cards.count(_("Bought at all"), *over(len), indicator="Blue"),
			cards.number(_("Different ones, each customer"), *over(_kinds)),
			cards.percent(_("Bought again"), *over(_again), indicator="Green"),
			cards.percent(_("Revenue of the first three"), *over(_first_three), good=""),
		]

	def chart(self) -> dict[str, Any] | None:
		"""Revenue of the things with most customers, beside last year's."""
		shown = self.found.head(DRAWN)
		if len(shown) < 2:
			return None
		last_year = self.last_year.revenue.reindex(shown.index).fillna(0)
		return reporting.chart(
			"bar",
			_("Revenue, this year over last"),
			[self.named(thing) for thing in shown.index],
			{_("This period"): list(shown.revenue), _("Last year"): list(last_year)},
			colours=(reporting.BLUE, reporting.GREY),
		)


class Together(Products):
	"""Pairs of a year, whoever buys the one also buys the other; the period of the filters is not asked."""

	@cached_property
	def days(self) -> str:
		"""The days in which the pairs were counted, for links."""
		return fact_cells.days(periods.Span(self.as_of - timedelta(days=PAIR_DAYS), self.as_of))

	@cached_property
	def found(self) -> pd.DataFrame:
		"""Pairs in both directions; counted in the night for everybody, at once for a part of the customers."""
		from ccms_app.behaviour import pairs
		from ccms_app.behaviour.store import precomputed

		known = self.lake.precomputed(precomputed.PAIRS[self.by]) if self.scope.is_whole else None
		if known is not None:
			return self.frame(known)
		return pairs.pairs(self.known_lines, self.as_of, PAIR_DAYS, by=self.by)

	@cached_property
	def pairs(self) -> pd.DataFrame:
		"""Each pair once, the strongest ties first."""
		from ccms_app.behaviour.pairs import together

		return together(self.found) if len(self.found) else self.found

	# --- table -----------------------------------------------------------------------------------------------
	def columns(self) -> list[dict[str, Any]]:
		return [
			reporting.text("first", _("Who Buys"), 190),
			reporting.text("second", _("Also Buys"), 190),
			reporting.count("support", _("Orders with Both"), 140),
			insight.percent("confidence", _("of the First's Orders"), 160),
			insight.decimal("lift", _("Times Chance"), 120),
			reporting.count("orders_first", _("Orders with the First"), 165),
			reporting.count("orders_second", _("Orders with the Second"), 175),
			reporting.text("offer", _("Offer It To"), 170),
		]

	def rows(self) -> list[dict[str, Any]]:
		found = []
		for row in self.pairs.head(MOST).itertuples():
			found.append(
				{
					"first": self.named(row.first),
					"second": self.named(row.second),
					"first_thing": row.first,
					"second_thing": row.second,
					"support": int(row.support),
					"confidence": insight.hundred(row.confidence),
					"lift": float(row.lift),
					"orders_first": int(row.orders_first),
					"orders_second": int(row.orders_second),
					"offer": _("who has only the first"),
					"behind": {
						"offer": {"instead": fact_cells.joined(self.by, row.first, row.second, self.days)},
						"orders_first": {"thing": fact_cells.joined(self.by, row.first, self.days)},
						"orders_second": {"thing": fact_cells.joined(self.by, row.second, self.days)},
					},
				}
			)
		return found

	# --- finding, figures, picture ---------------------------------------------------------------------------
	def finding(self) -> str:
		strong = self._strong()
		if not len(self.pairs):
			return self.said(
				_(
					"No pairs yet: two things must be in ten orders together, and each of them in twenty, within a year."
				)
			)
		if not len(strong):
			return self.said(_("Nothing is bought together much more often than chance would have it."))
		best = strong.iloc[0]
		return self.said(
			reporting.sentence(
				_(
					"{0} and {1} are bought together {2} times as often as by chance: in {3} of the orders with {0}."
				),
				self.named(best["first"]),
				self.named(best["second"]),
				reporting.number(round(best.lift, 1)),
				cards.percent_text(best.confidence),
			),
			_("An order is all that a customer buys on one day. Of the last {0} days.").format(PAIR_DAYS),
			picture=self.picture(strong),
		)

	def _strong(self) -> pd.DataFrame:
		return self.pairs[self.pairs["lift"] >= LIFTED] if len(self.pairs) else self.pairs

	def picture(self, strong: pd.DataFrame) -> str:
		return pictures.bars(
			[
				pictures.Bar(
					f"{self.named(row.first)} → {self.named(row.second)}",
					row.lift,
					_("{0} × chance").format(reporting.number(round(row.lift, 1))),
					self.behind(instead=fact_cells.joined(self.by, row.first, row.second, self.days)),
					note=_("{0} orders").format(reporting.number(row.support)),
				)
				for row in strong.head(DRAWN).itertuples()
			],
			_(
				"How many times as often as by chance; a click shows who has bought the first and never the second"
			),
		)

	def figures(self) -> list[dict[str, Any]]:
		if not len(self.pairs):
			return []
		return [
			cards.count(_("Pairs"), len(self.pairs), indicator="Blue"),
			cards.count(_("Well above chance"), len(self._strong()), indicator="Green"),
			cards.number(_("Strongest tie, times chance"), float(self.pairs.lift.max())),
		]


def _kinds(table: pd.DataFrame) -> float:
	first = table.iloc[0]
	return float(table.customers.sum() / (first.customers / first.customer_share))


def _again(table: pd.DataFrame) -> float:
	return float(table.repeat_customers.sum() / table.customers.sum())


def _first_three(table: pd.DataFrame) -> float | None:
	return insight.ratio(table.revenue.nlargest(3).sum(), table.revenue.sum())
