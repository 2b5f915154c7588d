"""What customers were worth: from revenue to value step by step, how concentrated it is, and the bands."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import frappe
from frappe import _
from frappe.query_builder.functions import Count, Sum
from frappe.utils import add_days, getdate
from pypika.analytics import Count as CountOver
from pypika.analytics import RowNumber
from pypika.functions import Floor

from ccms_app.desk import cards, fact_cells, insight, periods, pictures, reporting

COSTS = ("cost_of_goods", "points_cost", "service_cost", "acquisition_cost")
TOPS = (1, 5, 10, 20, 50)
"""Best so many percent of customers, whose share of the revenue is told."""


def execute(filters: dict | None = None) -> tuple:
	"""Columns, rows, the finding, chart and figures for the desk."""
	return insight.answer(CustomerValue, filters)


@dataclass(frozen=True)
class YearBefore:
	"""revenue and orders of a year; customers: who had ordered before its end."""

	revenue: float
	orders: int
	customers: int


class CustomerValue(insight.Insight):
	"""Historic value of all time; bands and concentration by net revenue of 365 days."""

	# --- figures ---------------------------------------------------------------------------------------------
	@cached_property
	def bands(self) -> list[frappe._dict]:
		"""Sums by value band, in the order of the settings; who is in none last."""
		score = self.score
		fields = (
			"revenue",
			*COSTS,
			"discounts",
			"historic_value",
			"orders_365",
			"revenue_365",
			"expected_revenue_365",
		)
		query = self.scores(
			score.value_band,
			score.missing_costs,
			Count(score.customer).as_("customers"),
			Count(score.cost_of_goods).as_("with_goods"),
			*(Sum(score[field]).as_(field) for field in fields),
		)
		found: dict[str | None, frappe._dict] = {}
		for row in query.groupby(score.value_band, score.missing_costs).run(as_dict=True):
			into = found.setdefault(
				row.value_band or None, frappe._dict(value_band=row.value_band, missing=set())
			)
			into.missing |= {name.strip() for name in (row.missing_costs or "").split(",") if name.strip()}
			for field in ("customers", "with_goods", *fields):
				into[field] = (into.get(field) or 0) + (row[field] or 0)
		rows = found.values()
		place = {name: place for place, name in enumerate(self.settings.value_band_names)}
		return sorted(rows, key=lambda row: (place.get(row.value_band, len(place)), row.value_band or "~"))

	@cached_property
	def year_before(self) -> YearBefore | None:
		"""The 365 days before those of the scores, as they are known today; None where sales do not go back so far."""
		end = getdate(add_days(self.as_of, -365))
		span = periods.Span(getdate(add_days(end, -365)), end)
		try:
			orders, daily, every = self.orders, self.daily, self.lake.orders
		except insight.NothingYet:  # the scores are there without the files they were made from
			return None
		first = self.frame(every.agg(day=every.day.min()))["day"].iloc[0]
		if first != first or first is None or getdate(first) > span.start:
			return None
		found = self.frame(
			orders.agg(
				orders=orders.count(where=(orders.day >= span.start) & (orders.day < span.end)),
				customers=orders.customer.nunique(where=orders.day < span.end),
			)
		).iloc[0]
		daily = fact_cells.between(daily, span)
		revenue = self.frame(daily.agg(revenue=daily.revenue.sum())).fillna(0)["revenue"].iloc[0]
		return YearBefore(float(revenue), int(found["orders"]), int(found["customers"]))

	def total(self, field: str) -> float:
		return float(sum(row[field] or 0 for row in self.bands))

	@cached_property
	def customers(self) -> int:
		return sum(row.customers for row in self.bands)

	@cached_property
	def percentiles(self) -> list[frappe._dict]:
		"""Revenue of 365 days by hundredth of the customers who brought any, the best hundredth first."""
		score = self.score
		place = RowNumber().over().orderby(score.revenue_365, order=frappe.qb.desc)
		everybody = CountOver(score.name).over()
		ranked = self.scores(score.revenue_365, Floor((place - 1) * 100 / everybody).as_("hundredth"))
		ranked = ranked.where(score.revenue_365 > 0)
		query = frappe.qb.from_(ranked).select(
			(ranked.hundredth + 1).as_("hundredth"),
			Count("*").as_("customers"),
			Sum(ranked.revenue_365).as_("revenue"),
		)
		return query.groupby(ranked.hundredth).orderby(ranked.hundredth).run(as_dict=True)

	@property
	def buyers(self) -> int:
		"""Customers with any net revenue in 365 days."""
		return sum(row.customers for row in self.percentiles)

	def share_of_top(self, percent: int) -> float | None:
		"""The part of the year's revenue that the best so many percent of its buyers brought."""
		total = sum(row.revenue for row in self.percentiles)
		return insight.ratio(sum(row.revenue for row in self.percentiles if row.hundredth <= percent), total)

	# --- table -----------------------------------------------------------------------------------------------
	def columns(self) -> list[dict[str, Any]]:
		return [
			reporting.text("label", _("Value Band"), 190),
			reporting.count("customers", _("Customers"), 105),
			reporting.money("year", _("Revenue (a Year)"), 150),
			insight.percent("year_share", _("of Revenue"), 105),
			reporting.count("orders", _("Orders (a Year)"), 125),
			reporting.money("per_order", _("Mean Order"), 120),
			reporting.money("per_customer", _("Mean of a Customer"), 155),
			insight.decimal("frequency", _("Orders, Each"), 110),
			reporting.money("historic", _("Historic Value"), 145),
			reporting.money("expected", _("Expected in 365 Days"), 165),
			reporting.currency_column(),
		]

	def rows(self) -> list[dict[str, Any]]:
		if not self.customers:
			return []
		sums = frappe._dict(customers=self.customers)
		for field in ("revenue_365", "orders_365", "historic_value", "expected_revenue_365"):
			sums[field] = self.total(field)
		return [*(self._row(row) for row in self.bands), insight.total(self._row(sums))]

	def _row(self, row: frappe._dict) -> dict[str, Any]:
		return {
			"label": row.value_band or _("No order in 365 days"),
			"value_band": row.value_band,
			"customers": row.customers,
			"year": row.revenue_365 or 0,
			"year_share": insight.hundred(insight.ratio(row.revenue_365, self.total("revenue_365"))),
			"orders": row.orders_365 or 0,
			"per_order": insight.ratio(row.revenue_365, row.orders_365),
			"per_customer": insight.ratio(row.revenue_365, row.customers),
			"frequency": insight.ratio(row.orders_365, row.customers),
			"historic": row.historic_value or 0,
			"expected": row.expected_revenue_365 or 0,
			"currency": self.currency,
			"behind": {key: {"value_band": row.value_band} for key in ("label", "customers", "year")}
			if row.value_band
			else {},
		}

	# --- finding, figures, pictures --------------------------------------------------------------------------
	def finding(self) -> str:
		if not self.customers:
			return self.said(_("No customers match these filters."))
		lines = [
			reporting.sentence(
				_(
					"The best 10 % of this year's buyers bring {0} of the revenue; all {1} customers were worth {2} after costs."
				),
				cards.percent_text(self.share_of_top(10)),
				reporting.number(self.customers),
				self.money(self.total("historic_value")),
			),
			self._missing(),
		]
		return self.said(*lines, picture=pictures.side_by_side(self.bridge(), self.concentration()))

	def _missing(self) -> str:
		"""Which costs are not known, so that nobody takes the value for profit."""
		names = set().union(*(row.missing for row in self.bands))
		if not names:
			return ""
		return reporting.sentence(
			_("Not known for every customer, and not deducted there: {0}."),
			", ".join(sorted(_(frappe.unscrub(name)) for name in names)),
		)

	def bridge(self) -> str:
		"""From net revenue to value, one step a cost."""
		labels = {
			"cost_of_goods": _("Cost of goods"),
			"points_cost": _("Points redeemed"),
			"service_cost": _("Service"),
			"acquisition_cost": _("Acquisition"),
		}
		revenue = self.total("revenue")
		steps = [pictures.Bar(_("Net revenue"), revenue, self.money(revenue))]
		left = revenue
		for field in COSTS:
			cost = self.total(field)
			if not cost:
				continue
			left -= cost
			steps.append(
				pictures.Bar(
					labels[field], cost, self.money(-cost), start=left, tone="bad" if cost > 0 else "good"
				)
			)
		value = self.total("historic_value")
		steps.append(pictures.Bar(_("Historic value"), value, self.money(value), tone="sum"))
		note = _("Of all time. Discounts (of the last 365 days: {0}) are in the revenue already.").format(
			self.money(self.total("discounts"))
		)
		return pictures.bars(steps, f"{_('From revenue to value')} · {note}")

	def concentration(self) -> str:
		"""The share of the revenue that the best customers bring."""
		found = []
		for percent in TOPS:
			share = self.share_of_top(percent)
			if share is None:
				continue
			number = sum(row.customers for row in self.percentiles if row.hundredth <= percent)
			found.append(
				pictures.Bar(
					_("Best {0} %").format(percent),
					share,
					cards.percent_text(share),
					note=cards.customers(number),
				)
			)
		return pictures.bars(found, _("Share of the revenue of 365 days"))

	def figures(self) -> list[dict[str, Any]]:
		if not self.customers:
			return []
		revenue, orders = self.total("revenue_365"), self.total("orders_365")
		before = self.year_before
		goods = insight.ratio(sum(row.with_goods for row in self.bands), self.customers)
		return [
			cards.count(
				_("Customers"), self.customers, last_year=before and before.customers, indicator="Blue"
			),
			cards.money(
				_("Historic value"),
				self.total("historic_value"),
				currency=self.currency,
				indicator="Green",
				note=_("cost of goods known for {0}").format(cards.percent_text(goods)),
			),
			cards.money(
				_("Revenue of a year, each"),
				revenue / self.customers,
				last_year=before and insight.ratio(before.revenue, before.customers),
				currency=self.currency,
			),
			cards.money(
				_("Mean order"),
				insight.ratio(revenue, orders) or 0,
				last_year=before and insight.ratio(before.revenue, before.orders),
				currency=self.currency,
			),
			cards.money(
				_("Expected in 365 days"), self.total("expected_revenue_365"), currency=self.currency
			),
		]

	def chart(self) -> dict[str, Any] | None:
		"""The Pareto curve: how much of the revenue the best so many percent bring."""
		total = sum(row.revenue for row in self.percentiles)
		if not total or self.buyers < 10:
			return None
		every = range(0, 101, 5)
		curve = [
			round(sum(row.revenue for row in self.percentiles if row.hundredth <= share) * 100 / total, 1)
			for share in every
		]
		return reporting.chart(
			"line",
			_("Share of the revenue (%) that the best so many percent of the customers bring"),
			[str(share) for share in every],
			{_("Revenue"): curve, _("If all were equal"): list(every)},
			colours=(reporting.BLUE, reporting.GREY),
			lineOptions={"hideDots": 1},
			axisOptions={"xIsSeries": 1},
		)
