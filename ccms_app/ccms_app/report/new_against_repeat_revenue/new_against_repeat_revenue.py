"""Revenue month by month: of customers on the day of their first order, and of those who came again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from frappe import _
from frappe.utils import add_months, getdate

from ccms_app.desk import cards, insight, periods, reporting, words

if TYPE_CHECKING:
	import pandas as pd


def execute(filters: dict | None = None) -> tuple:
	"""Columns, rows, the finding, chart and figures for the desk."""
	return insight.answer(NewAgainstRepeatRevenue, filters)


@dataclass(frozen=True)
class Sums:
	"""Of some days: net revenue of both kinds, orders, and customers of both kinds."""

	new_revenue: float
	repeat_revenue: float
	new_customers: int
	repeat_customers: int
	orders: int

	@property
	def revenue(self) -> float:
		return self.new_revenue + self.repeat_revenue


class NewAgainstRepeatRevenue(insight.Insight):
	"""What is new is decided over all sales of the company, whatever the filters show of them."""

	uses_scores, uses_facts = False, True
	period_choices = (
		periods.YEAR,
		periods.THIS_YEAR,
		periods.THIS_MONTH,
		periods.QUARTER,
		periods.MONTH,
		periods.DATES,
	)

	# --- figures ---------------------------------------------------------------------------------------------
	@cached_property
	def _days(self) -> tuple:
		"""Revenue and orders in scope, each row marked as new or not."""
		everybody = self.lake.orders
		firsts = everybody.filter(everybody.order_no == 1).select("customer", first_day="day")
		daily = self.daily.select("customer", "day", "revenue").left_join(firsts, "customer")
		daily = daily.mutate(is_new=(daily.day == daily.first_day).fill_null(False))
		orders = self.orders.select("customer", "day", "order_no")
		return daily, orders.mutate(is_new=orders.order_no == 1)

	def _months(self, span: periods.Span) -> pd.DataFrame:
		"""One row a month: revenue, customers and orders, new and repeat."""
		daily, orders = self._days
		daily = daily.filter((daily.day >= span.start) & (daily.day < span.end))
		orders = orders.filter((orders.day >= span.start) & (orders.day < span.end))
		earned = daily.group_by(month=daily.day.truncate("M")).agg(
			new_revenue=daily.revenue.sum(where=daily.is_new),
			repeat_revenue=daily.revenue.sum(where=~daily.is_new),
		)
		bought = orders.group_by(month=orders.day.truncate("M")).agg(
			new_customers=orders.customer.nunique(where=orders.is_new),
			repeat_customers=orders.customer.nunique(where=~orders.is_new),
			orders=orders.count(),
		)
		found = earned.outer_join(bought, "month")
		found = found.mutate(month=found.month.coalesce(found.month_right)).drop("month_right")
		return self.frame(found.order_by("month")).fillna(0)

	@cached_property
	def months(self) -> pd.DataFrame:
		return self._months(self.periods.this)

	def sums(self, span: periods.Span | None) -> Sums | None:
		"""Of a span of days; None when it lies before the first sale."""
		if not span:
			return None
		daily, orders = self._days
		daily = daily.filter((daily.day >= span.start) & (daily.day < span.end))
		orders = orders.filter((orders.day >= span.start) & (orders.day < span.end))
		earned = self.frame(
			daily.agg(
				new_revenue=daily.revenue.sum(where=daily.is_new),
				repeat_revenue=daily.revenue.sum(where=~daily.is_new),
			)
		).fillna(0)
		bought = self.frame(
			orders.agg(
				new_customers=orders.customer.nunique(where=orders.is_new),
				repeat_customers=orders.customer.nunique(where=~orders.is_new),
				orders=orders.count(),
			)
		)
		found = Sums(
			float(earned.new_revenue[0]),
			float(earned.repeat_revenue[0]),
			int(bought.new_customers[0]),
			int(bought.repeat_customers[0]),
			int(bought.orders[0]),
		)
		return found if found.orders or found.revenue or span is self.periods.this else None

	@cached_property
	def now(self) -> Sums:
		return self.sums(self.periods.this)

	@cached_property
	def before(self) -> Sums | None:
		return self.sums(self.periods.before)

	@cached_property
	def last_year(self) -> Sums | None:
		return self.sums(self.periods.last_year)

	# --- table -----------------------------------------------------------------------------------------------
	def columns(self) -> list[dict[str, Any]]:
		return [
			reporting.text("label", _("Month"), 140),
			reporting.money("new_revenue", _("New Revenue"), 140),
			reporting.money("repeat_revenue", _("Repeat Revenue"), 150),
			reporting.money("revenue", _("Revenue"), 140),
			insight.percent("repeat_share", _("of It Repeat"), 115),
			reporting.money("last_year", _("Last Year"), 140),
			reporting.count("new_customers", _("New Customers"), 130),
			reporting.count("repeat_customers", _("Repeat Customers"), 145),
			reporting.count("orders", _("Orders"), 90),
			reporting.currency_column(),
		]

	def rows(self) -> list[dict[str, Any]]:
		return self.table

	@cached_property
	def table(self) -> list[dict[str, Any]]:
		if not self.now.orders and not self.now.revenue:
			return []
		found = {
			row.month.date() if hasattr(row.month, "date") else row.month: row
			for row in self.months.itertuples()
		}
		earlier = self._months(self.periods.last_year)
		last_year = {
			_plus_year(row.month): row.new_revenue + row.repeat_revenue for row in earlier.itertuples()
		}
		rows = [
			self._row(month, found.get(month), last_year.get(month))
			for month in periods.months(self.periods.this)
		]
		now = self.now
		sums = {
			"new_revenue": now.new_revenue,
			"repeat_revenue": now.repeat_revenue,
			"revenue": now.revenue,
			"repeat_share": insight.hundred(insight.ratio(now.repeat_revenue, now.revenue)),
			"last_year": self.last_year and self.last_year.revenue,
			"new_customers": now.new_customers,
			"repeat_customers": now.repeat_customers,
			"orders": now.orders,
			"currency": self.currency,
		}
		return [*rows, insight.total(sums)]

	def _row(self, month: Any, row: Any, last_year: float | None) -> dict[str, Any]:
		name = f"{month:%Y-%m}"
		span = self.periods.this
		first = max(month, span.start)
		last = min(getdate(add_months(month, 1)), span.end) - timedelta(days=1)
		part = first > month or last < getdate(add_months(month, 1)) - timedelta(days=1)
		found = {
			"month": name,
			"label": reporting.month_label(name) + (" *" if part else ""),
			"new_revenue": float(row.new_revenue) if row else 0.0,
			"repeat_revenue": float(row.repeat_revenue) if row else 0.0,
			"last_year": last_year and float(last_year),
			"new_customers": int(row.new_customers) if row else 0,
			"repeat_customers": int(row.repeat_customers) if row else 0,
			"orders": int(row.orders) if row else 0,
			"currency": self.currency,
			"behind": {
				"orders": {"bought": f"{first}..{last}"},
				"revenue": {"bought": f"{first}..{last}"},
				"new_customers": {"cohort": f"{first}..{last}" if part else name},
			},
		}
		found["revenue"] = found["new_revenue"] + found["repeat_revenue"]
		found["repeat_share"] = insight.hundred(insight.ratio(found["repeat_revenue"], found["revenue"]))
		return found

	# --- finding, figures, chart -----------------------------------------------------------------------------
	def finding(self) -> str:
		span = self.periods.this
		if not self.now.orders and not self.now.revenue:
			return self.said(
				reporting.sentence(
					_("Nothing was sold {0} in these filters. Choose other days."), span.text()
				)
			)
		lines = [
			reporting.sentence(
				_("{0} of the revenue came from customers who had bought before, {1} from {2} new ones."),
				self.money(self.now.repeat_revenue),
				self.money(self.now.new_revenue),
				reporting.number(self.now.new_customers),
			),
			f"{span.text()} · {_('* not the whole month')}",
		]
		return self.said(*lines)

	def figures(self) -> list[dict[str, Any]]:
		now, before, year = self.now, self.before, self.last_year

		def compared(make, label: str, of, **more) -> dict[str, Any]:
			return make(label, of(now), before and of(before), year and of(year), **more)

		if not now.orders and not now.revenue:
			return []
		money = {"currency": self.currency}
		return [
			compared(cards.money, _("Revenue"), lambda sums: sums.revenue, indicator="Blue", **money),
			compared(cards.money, _("New"), lambda sums: sums.new_revenue, indicator="Green", **money),
			compared(cards.money, _("Repeat"), lambda sums: sums.repeat_revenue, **money),
			compared(
				cards.percent,
				_("Repeat, of the revenue"),
				lambda sums: insight.ratio(sums.repeat_revenue, sums.revenue),
			),
			compared(cards.count, _("New customers"), lambda sums: sums.new_customers),
		]

	def chart(self) -> dict[str, Any] | None:
		rows = [row for row in self.table if not row.get("is_total")]
		return reporting.chart(
			"bar",
			_("Revenue by month"),
			[words.axis_month(row["month"]) for row in rows],
			{
				_("Repeat"): [row["repeat_revenue"] for row in rows],
				_("New"): [row["new_revenue"] for row in rows],
			},
			barOptions={"stacked": 1},
			fieldtype="Currency",
			options=reporting.CURRENCY,
			currency=self.currency,
		)


def _plus_year(month: Any) -> Any:
	return getdate(add_months(getdate(str(month)[:10]), 12))
