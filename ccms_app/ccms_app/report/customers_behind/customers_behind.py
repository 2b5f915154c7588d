"""The customers behind a figure of another report, one row each."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import frappe
from frappe import _
from frappe.query_builder.functions import Count, Sum
from frappe.utils import escape_html

from ccms_app.desk import cards, cells, insight, reporting

MOST = 1000
BY_REVENUE, BY_RISK, BY_LAST, BY_VALUE = (
	"Revenue of a Year",
	"Revenue at Risk",
	"Last Order",
	"Historic Value",
)


def execute(filters: dict | None = None) -> tuple:
	"""Columns, rows, the finding, chart and figures for the desk."""
	return insight.answer(CustomersBehind, filters)


class CustomersBehind(insight.Insight):
	"""Customers that the filters choose, the largest first."""

	hides_few = True

	def __init__(self, filters: frappe._dict):
		super().__init__(filters)
		score = self.score
		self.order = {
			BY_REVENUE: score.revenue_365,
			BY_RISK: score.churn_probability * score.expected_revenue,
			BY_LAST: score.last_order,
			BY_VALUE: score.historic_value,
		}
		self.by = reporting.choice(filters.sort_by, self.order, _("Sort by"))

	@cached_property
	def conditions(self) -> list:
		return cells.conditions(self)

	def query(self, *fields: object):
		query = self.scope.scores(self.run.name, *fields, chosen=not cells.reads_facts(self.filters))
		for condition in self.conditions:
			query = query.where(condition)
		return query

	@cached_property
	def sums(self) -> frappe._dict:
		score = self.score
		return self.query(
			Count(score.customer).as_("customers"),
			Sum(score.orders_365).as_("orders"),
			Sum(score.revenue_365).as_("revenue"),
			Sum(score.expected_revenue).as_("expected"),
			Sum(score.churn_probability * score.expected_revenue).as_("at_risk"),
		).run(as_dict=True)[0]

	# --- table -----------------------------------------------------------------------------------------------
	def columns(self) -> list[dict[str, Any]]:
		return [
			*insight.customer_columns(),
			reporting.text("stage", _("Stage"), 120),
			reporting.text("rfm", _("RFM"), 70),
			reporting.text("rfm_group", _("RFM Group"), 130),
			reporting.text("value_band", _("Band"), 65),
			reporting.date_column("last_order", _("Last Order")),
			reporting.count("orders_365", _("Orders (a Year)"), 125),
			reporting.money("revenue_365", _("Revenue (a Year)"), 140),
			insight.percent("churn", _("Risk of Leaving"), 125),
			reporting.money("expected_revenue", _("Expected Revenue"), 150),
			reporting.date_column("next_purchase_on", _("Next Order"), 110),
			reporting.money("historic_value", _("Historic Value"), 130),
			reporting.text("customer_group", _("Customer Group"), 140),
			reporting.text("home_branch", _("Branch"), 140),
			reporting.currency_column(),
		]

	def rows(self) -> list[dict[str, Any]]:
		score = self.score
		fields = (
			"customer",
			"customer_name",
			"stage",
			"rfm",
			"rfm_group",
			"value_band",
			"last_order",
			"orders_365",
			"revenue_365",
			"churn_probability",
			"expected_revenue",
			"next_purchase_on",
			"historic_value",
			"customer_group",
			"home_branch",
		)
		query = self.query(*(score[field] for field in fields))
		found = (
			query.orderby(self.order[self.by], order=frappe.qb.desc)
			.orderby(score.customer)
			.limit(MOST)
			.run(as_dict=True)
		)
		for row in found:
			row.update(
				churn=insight.hundred(row.churn_probability),
				stage=_(row.stage),
				rfm_group=_(row.rfm_group) if row.rfm_group else None,
				currency=self.currency,
			)
			if not insight.sees_names():
				row.customer_name = None
		return found

	# --- finding, figures ------------------------------------------------------------------------------------
	def finding(self) -> str:
		chosen = " · ".join(
			f"{escape_html(label)}: <b>{escape_html(value)}</b>" for label, value in cells.words(self.filters)
		)
		if not self.sums.customers:
			return self.said(_("No customers match these filters. Widen them, or take one away."), chosen)
		lines = [
			reporting.sentence(
				_("One customer, with {1} of revenue in the last 365 days.")
				if self.sums.customers == 1
				else _("{0} customers, with {1} of revenue in the last 365 days."),
				reporting.number(self.sums.customers),
				self.money(self.sums.revenue),
			),
			chosen,
		]
		if self.sums.customers > MOST:
			lines.append(
				reporting.sentence(
					_("The list shows the first {0}; the figures above it are of all."),
					reporting.number(MOST),
				)
			)
		return self.said(*lines)

	def figures(self) -> list[dict[str, Any]]:
		sums = self.sums
		if not sums.customers:
			return []
		days = self.run.horizon
		return [
			cards.count(_("Customers"), sums.customers, indicator="Blue"),
			cards.money(_("Revenue of a year"), sums.revenue or 0, currency=self.currency),
			cards.number(_("Orders a year, each"), insight.ratio(sums.orders, sums.customers)),
			cards.money(
				_("Expected in {0} days").format(days),
				sums.expected or 0,
				currency=self.currency,
				indicator="Green",
			),
			cards.money(_("Of which at risk"), sums.at_risk or 0, currency=self.currency, indicator="Red"),
		]
