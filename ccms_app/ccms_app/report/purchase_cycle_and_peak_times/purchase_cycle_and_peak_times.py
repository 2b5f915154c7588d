"""How long customers wait between orders, on which weekdays and hours they come, and in which months."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import frappe
from frappe import _
from frappe.query_builder import Case
from frappe.query_builder.functions import Count, Sum

from ccms_app.desk import cards, fact_cells, insight, periods, pictures, reporting
from ccms_app.desk.words import hours, month_of_year, weekday

if TYPE_CHECKING:
	import pandas as pd
	from ibis.expr.types import Table

CYCLE, TIMES, SEASON = "Days between Orders", "Weekdays", "Months"
# days between orders of a customer, from … to below …
BANDS = ((0, 8), (8, 15), (15, 31), (31, 61), (61, 91), (91, 181), (181, None))


def execute(filters: dict | None = None) -> tuple:
	"""Columns, rows, the finding, chart and figures for the desk."""
	return insight.answer(PurchaseCycleAndPeakTimes, filters)


class PurchaseCycleAndPeakTimes(insight.Insight):
	"""Cycles are of all time, by the published scores; times of the period; the season of all data there are."""

	uses_facts = True

	def __init__(self, filters: frappe._dict):
		super().__init__(filters)
		self.show = reporting.choice(filters.show, (CYCLE, TIMES, SEASON), _("Table"))

	# --- figures ---------------------------------------------------------------------------------------------
	@cached_property
	def bands(self) -> list[frappe._dict]:
		"""Customers by their median gap, the shortest first; those with one order have none."""
		score = self.score
		band = Case()
		for place, (_low, high) in enumerate(BANDS):
			band = band.when(score.gap_median < high, place) if high else band.else_(place)
		late = Case().when(score.ratio > self.settings.at_risk_ratio, 1).else_(0)
		query = self.scores(
			band.as_("band"),
			Count(score.customer).as_("customers"),
			Sum(late).as_("late"),
			Sum(score.orders_365).as_("orders"),
			Sum(score.revenue_365).as_("revenue"),
		)
		return query.where(score.gap_median.isnotnull()).groupby(band).orderby(band).run(as_dict=True)

	@cached_property
	def customers(self) -> int:
		return sum(row.customers for row in self.bands)

	@cached_property
	def median_gap(self) -> float | None:
		"""Of the customers' own medians."""
		score = self.score
		query = self.scores(score.gap_median).where(score.gap_median.isnotnull()).orderby(score.gap_median)
		if not self.customers:
			return None
		middle = query.offset((self.customers - 1) // 2).limit(2 - self.customers % 2).run(pluck=True)
		return sum(middle) / len(middle)

	def _orders(self, span: periods.Span) -> Table:
		return fact_cells.between(self.orders, span)

	def times_of(self, span: periods.Span | None) -> pd.DataFrame | None:
		"""All 168 cells of weekday × hour; None for days without an order."""
		if not span:
			return None
		from ccms_app.behaviour import preferences

		found = preferences.peak_times(self._orders(span), span.end, span.days)
		return found if found.orders.sum() or span is self.periods.this else None

	@cached_property
	def times(self) -> pd.DataFrame:
		return self.times_of(self.periods.this)

	@cached_property
	def before(self) -> pd.DataFrame | None:
		return self.times_of(self.periods.before)

	@cached_property
	def last_year(self) -> pd.DataFrame | None:
		return self.times_of(self.periods.last_year)

	@cached_property
	def season(self) -> pd.DataFrame:
		from ccms_app.behaviour import preferences

		return preferences.season(self.orders, self.daily, self.as_of)

	@property
	def anything(self) -> bool:
		return bool(self.customers or self.times.orders.sum())

	# --- table -----------------------------------------------------------------------------------------------
	def columns(self) -> list[dict[str, Any]]:
		return {CYCLE: self._cycle_columns, TIMES: self._time_columns, SEASON: self._season_columns}[
			self.show
		]()

	def rows(self) -> list[dict[str, Any]]:
		if not self.anything:
			return []
		return {CYCLE: self._cycle_rows, TIMES: self._time_rows, SEASON: self._season_rows}[self.show]()

	@staticmethod
	def _cycle_columns() -> list[dict[str, Any]]:
		return [
			reporting.text("label", _("Days between Orders"), 170),
			reporting.count("customers", _("Customers"), 110),
			insight.percent("share", _("of Customers"), 120),
			reporting.count("late", _("Late"), 90),
			insight.percent("late_share", _("of Them Late"), 120),
			reporting.count("orders", _("Orders (a Year)"), 130),
			reporting.money("revenue", _("Revenue (a Year)"), 150),
			reporting.money("each", _("Each"), 130),
			reporting.currency_column(),
		]

	def _cycle_rows(self) -> list[dict[str, Any]]:
		rows = [self._cycle_row(row, *BANDS[row.band]) for row in self.bands]
		sums = frappe._dict(
			{
				key: sum(row[key] or 0 for row in self.bands)
				for key in ("customers", "late", "orders", "revenue")
			}
		)
		return [*rows, insight.total(self._cycle_row(sums, 0, None))] if rows else []

	def _cycle_row(self, row: frappe._dict, low: int, high: int | None) -> dict[str, Any]:
		cell = {"gap_from": low or None, "gap_below": high}
		return {
			"label": _band_label(low, high),
			"customers": row.customers,
			"share": insight.hundred(insight.ratio(row.customers, self.customers)),
			"late": int(row.late or 0),
			"late_share": insight.hundred(insight.ratio(row.late, row.customers)),
			"orders": row.orders or 0,
			"revenue": row.revenue or 0,
			"each": insight.ratio(row.revenue, row.customers),
			"currency": self.currency,
			"behind": {key: cell for key in ("label", "customers", "revenue")},
		}

	@staticmethod
	def _time_columns() -> list[dict[str, Any]]:
		return [
			reporting.text("label", _("Weekday"), 130),
			reporting.count("orders", _("Orders"), 100),
			insight.percent("share", _("of Orders"), 105),
			reporting.text("peak", _("Busiest Hour"), 120),
			reporting.money("revenue", _("Value of the Orders"), 160),
			reporting.money("each", _("per Order"), 120),
			reporting.count("before", _("Orders before"), 130),
			reporting.count("last_year", _("Orders Last Year"), 145),
			reporting.currency_column(),
		]

	def _time_rows(self) -> list[dict[str, Any]]:
		rows = [self._time_row(weekday(day, "wide"), day) for day in range(7)]
		return [*rows, insight.total(self._time_row("", None))]

	def _time_row(self, label: str, day: int | None) -> dict[str, Any]:
		def chosen(table: pd.DataFrame | None) -> pd.DataFrame | None:
			return table if table is None or day is None else table[table.weekday == day]

		now, before, last_year = (chosen(table) for table in (self.times, self.before, self.last_year))
		orders = int(now.orders.sum())
		by_hour = now.groupby("hour").orders.sum()
		cell = {"came": fact_cells.joined("" if day is None else day, "", self.days)}
		return {
			"label": label,
			"orders": orders,
			"share": insight.hundred(insight.ratio(orders, self.times.orders.sum())),
			"peak": hours(by_hour.idxmax()) if orders else "",
			"revenue": float(now.revenue.sum()),
			"each": insight.ratio(now.revenue.sum(), orders),
			"before": None if before is None else int(before.orders.sum()),
			"last_year": None if last_year is None else int(last_year.orders.sum()),
			"currency": self.currency,
			"behind": {"orders": cell, "label": cell} if orders else {},
		}

	@staticmethod
	def _season_columns() -> list[dict[str, Any]]:
		return [
			reporting.text("label", _("Month"), 130),
			reporting.count("days", _("Days Known"), 110),
			reporting.count("orders", _("Orders"), 100),
			insight.percent("index_orders", _("Orders a Day, of Usual"), 175),
			reporting.money("revenue", _("Revenue"), 140),
			insight.percent("index_revenue", _("Revenue a Day, of Usual"), 185),
			reporting.currency_column(),
		]

	def _season_rows(self) -> list[dict[str, Any]]:
		found = []
		for row in self.season.itertuples():
			found.append(
				{
					"label": month_of_year(row.month, "wide") + ("" if row.whole else " *"),
					"days": row.days,
					"orders": row.orders,
					"index_orders": _index(row.index_orders),
					"revenue": row.revenue,
					"index_revenue": _index(row.index_revenue),
					"currency": self.currency,
				}
			)
		return found

	# --- finding, figures, pictures --------------------------------------------------------------------------
	@property
	def days(self) -> str:
		return fact_cells.days(self.periods.this)

	def finding(self) -> str:
		if not self.anything:
			return self.said(_("No orders in these filters. Choose other days, or take a filter away."))
		lines = []
		if self.customers:
			late = sum(int(row.late or 0) for row in self.bands)
			lines.append(
				reporting.sentence(
					_(
						"Half of the customers who came again wait {0} days or less between orders; {1} of {2} are late by their own habit."
					),
					reporting.number(round(self.median_gap)),
					reporting.number(late),
					reporting.number(self.customers),
				)
			)
		lines += [self._peak_line(), self._season_line()]
		return self.said(
			*lines, self.periods.this.text(), picture=pictures.side_by_side(self.heat_map(), self.cycles())
		)

	def _peak_line(self) -> str:
		known = int(self.times.orders.sum())
		if not known:
			return _("The time of day of these orders is not known.")
		best = self.times.loc[self.times.orders.idxmax()]
		day = self.times.groupby("weekday").orders.sum()
		return reporting.sentence(
			_("The busiest time is {0} {1}; {2} brings {3} of the orders."),
			weekday(best.weekday, "wide"),
			hours(best.hour),
			weekday(day.idxmax(), "wide"),
			cards.percent_text(day.max() / known),
		)

	def _season_line(self) -> str:
		whole = self.season[self.season.whole & self.season.index_revenue.notna()]
		if len(whole) < 12:
			return ""
		best, least = (
			whole.loc[place] for place in (whole.index_revenue.idxmax(), whole.index_revenue.idxmin())
		)
		return reporting.sentence(
			_("{0} is the strongest month, {1} of an average day; {2} the weakest, {3}."),
			month_of_year(best.month, "wide"),
			cards.percent_text(best.index_revenue),
			month_of_year(least.month, "wide"),
			cards.percent_text(least.index_revenue),
		)

	def heat_map(self) -> str:
		"""Weekdays down, hours across; the deeper, the more orders."""
		times = self.times
		busy = times[times.orders > 0]
		if busy.empty:
			return ""
		across = range(int(busy.hour.min()), int(busy.hour.max()) + 1)
		most = busy.orders.max()
		known = {(row.weekday, row.hour): row for row in busy.itertuples()}
		rows = [
			(weekday(day), [self._cell(known.get((day, hour)), most) for hour in across]) for day in range(7)
		]
		return pictures.heat_map(
			[str(hour) for hour in across], rows, caption=_("Orders by weekday and hour of the day")
		)

	def _cell(self, row: Any, most: int) -> pictures.Cell:
		if row is None:
			return pictures.Cell()
		title = f"{weekday(row.weekday, 'wide')} {hours(row.hour)}: {reporting.number(int(row.orders))} · {self.money(row.revenue)}"
		return pictures.Cell(
			row.orders / most,
			(reporting.number(int(row.orders)),),
			self.behind(came=fact_cells.joined(row.weekday, row.hour, self.days)),
			title,
		)

	def cycles(self) -> str:
		"""Customers by the days between their orders; thin beneath: those who are late."""
		return pictures.bars(
			[
				pictures.Bar(
					_band_label(*BANDS[row.band]),
					row.customers,
					reporting.number(row.customers),
					self.behind(gap_from=BANDS[row.band][0] or None, gap_below=BANDS[row.band][1]),
					beside=float(row.late or 0),
					beside_text=_("{0} late").format(reporting.number(int(row.late or 0)))
					if row.late
					else "",
				)
				for row in self.bands
			],
			_("Customers by their usual days between orders, and how many of them are late"),
		)

	def figures(self) -> list[dict[str, Any]]:
		if not self.anything:
			return []
		late = sum(int(row.late or 0) for row in self.bands)
		return [
			cards.count(_("Orders"), *self._over(lambda table: int(table.orders.sum())), indicator="Blue"),
			cards.percent(_("At the weekend"), *self._over(_weekend), good=""),
			cards.percent(_("From 17 h on"), *self._over(_evening), good=""),
			cards.number(_("Usual days between orders"), self.median_gap),
			cards.percent(
				_("Late by their own habit"), insight.ratio(late, self.customers), indicator="Orange"
			),
		]

	def _over(self, measure) -> tuple[float | None, ...]:
		"""A measure of this period, the one before, and last year."""
		tables = (self.times, self.before, self.last_year)
		return tuple(None if table is None or not table.orders.sum() else measure(table) for table in tables)

	def chart(self) -> dict[str, Any] | None:
		season = self.season
		if not self.anything or (season.days > 0).sum() < 2:
			return None
		return reporting.chart(
			"bar",
			_("Revenue of a day in each month, in % of a usual day"),
			[month_of_year(month) for month in season.month],
			{_("Revenue"): [_index(value) or 0 for value in season.index_revenue]},
			colours=(reporting.GREEN,),
		)


def _weekend(times: pd.DataFrame) -> float:
	return float(times[times.weekday >= 5].orders.sum() / times.orders.sum())


def _evening(times: pd.DataFrame) -> float:
	return float(times[times.hour >= 17].orders.sum() / times.orders.sum())


def _index(value: float) -> float | None:
	return insight.hundred(value) if value == value else None


def _band_label(low: int, high: int | None) -> str:
	if high is None:
		return _("over {0} days").format(low - 1) if low else ""
	if not low:
		return _("up to {0} days").format(high - 1)
	return _("{0} to {1} days").format(low, high - 1)
