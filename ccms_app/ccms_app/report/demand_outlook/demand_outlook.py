"""What will be sold in the coming months, how sure that is, and for how long the stock lasts."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import frappe
from frappe import _
from frappe.query_builder import DocType
from frappe.query_builder.functions import Sum

from ccms_app.desk import cards, fact_cells, insight, periods, permitted, pictures, reporting
from ccms_app.desk.words import axis_month

if TYPE_CHECKING:
	import pandas as pd

BY = {"Item Group": "item_group", "Item": "item", "Brand": "brand", "Branch": "branch"}
QUANTITY, REVENUE = "Quantity", "Revenue"
MEASURES = {QUANTITY: "qty", REVENUE: "revenue"}
AHEAD, HISTORY, DRAWN, MOST = 3, 15, 10, 500
SHORT_DAYS = 14
"""Stock that lasts no longer is told."""


def execute(filters: dict | None = None) -> tuple:
	"""Columns, rows, the finding, chart and figures for the desk."""
	return insight.answer(DemandOutlook, filters)


class DemandOutlook(insight.Insight):
	"""All sales of the company, walk-in customers among them: stock is sold to everybody."""

	uses_scores, uses_facts = False, True

	def __init__(self, filters: frappe._dict):
		super().__init__(filters)
		self.show = reporting.choice(filters.by, BY, _("By"))
		self.by = BY[self.show]
		self.measure = reporting.choice(filters.measure, MEASURES, _("Measure"))

	# --- figures ---------------------------------------------------------------------------------------------
	@cached_property
	def outlook(self) -> pd.DataFrame:
		from ccms_app.behaviour import demand

		return demand.outlook(self.lines, self.as_of, self.by, MEASURES[self.measure], AHEAD)

	@cached_property
	def first(self) -> pd.DataFrame:
		"""The first month to come by thing; what sells most first, what nobody buys any more left away."""
		found = self.outlook[self.outlook.step == 1]
		found = found[(found.forecast > 0) | (found.last_month > 0)]
		return found.sort_values(["forecast", "group"], ascending=[False, True]).set_index("group")

	def step(self, number: int) -> pd.DataFrame:
		return self.outlook[self.outlook.step == number].set_index("group")

	@cached_property
	def history(self) -> pd.DataFrame:
		"""What was sold in each whole month: a row a month, a column a thing."""
		from ccms_app.behaviour import demand

		return demand.monthly(self.lines, self.as_of, self.by, MEASURES[self.measure])

	@property
	def has_stock(self) -> bool:
		"""Whether stock stands against this forecast: of the whole company, in stock units, for whoever may see stock."""
		return bool(
			self.measure == QUANTITY
			and self.by != "branch"
			and self.scope.is_whole
			and permitted.may_link("Bin")
			and len(self.stock)
		)

	@cached_property
	def stock(self) -> pd.DataFrame:
		"""thing → actual_qty, per_day, days."""
		import pandas as pd

		from ccms_app.behaviour import demand

		bins, item, warehouse = DocType("Bin"), DocType("Item"), DocType("Warehouse")
		thing = {"item": item.name, "item_group": item.item_group, "brand": item.brand}[self.by]
		query = (
			frappe.qb.from_(bins)
			.join(item)
			.on(item.name == bins.item_code)
			.join(warehouse)
			.on(warehouse.name == bins.warehouse)
			.select(thing, Sum(bins.actual_qty))
			.where((warehouse.company == self.company) & thing.isnotnull())
			.groupby(thing)
		)
		rows = query.run()
		stock = pd.DataFrame(rows, columns=["group", "actual_qty"])
		return demand.stock_days(self.outlook, stock).set_index("group")

	# --- table -----------------------------------------------------------------------------------------------
	@property
	def months(self) -> list[str]:
		return [f"{month:%Y-%m}" for month in sorted(self.outlook.month.unique())]

	def _amount(self, name: str, label: str, width: int = 120) -> dict[str, Any]:
		if self.measure == REVENUE:
			return reporting.money(name, label, width + 15)
		return insight.decimal(name, label, width, 0)

	def _month_head(self, number: int, month: str) -> str:
		return reporting.month_label(month) + (" *" if number == 1 and self.as_of.day > 1 else "")

	def columns(self) -> list[dict[str, Any]]:
		if self.first.empty:
			return []
		found = [reporting.text("label", _(self.show), 180)]
		for number, month in enumerate(self.months, 1):
			found.append(self._amount(f"forecast_{number}", self._month_head(number, month), 125))
			if number == 1:
				found += [self._amount("low", _("from"), 85), self._amount("high", _("to"), 85)]
		found += [
			self._amount("last_month", _("Last Month"), 110),
			self._amount("same_month", _("A Year Before"), 125),
		]
		if self.has_stock:
			found += [
				insight.decimal("stock", _("In Stock"), 95, 0),
				insight.decimal("days", _("Lasts Days"), 105, 0),
			]
		return [
			*found,
			insight.percent("error", _("Error of This Rule"), 145),
			insight.percent("error_last_month", _("of Last Month's Figure"), 175),
			reporting.text("basis", _("From"), 150),
			reporting.currency_column(),
		]

	def rows(self) -> list[dict[str, Any]]:
		return [self._row(thing, row) for thing, row in self.first.head(MOST).iterrows()]

	def _row(self, thing: str, row: Any) -> dict[str, Any]:
		from ccms_app.behaviour import demand

		cell = {"thing": fact_cells.joined(self.by, thing, self._year)}
		found = {
			"thing": thing,
			"label": thing,
			"low": _known(row.low),
			"high": _known(row.high),
			"last_month": _known(row.last_month),
			"same_month": _known(row.same_month_last_year),
			"error": _percent(row.error),
			"error_last_month": _percent(row.error_last_month),
			"basis": _("the year before, with the trend")
			if row.basis == demand.LAST_YEAR
			else _("mean of three months"),
			"currency": self.currency,
			"behind": {"label": cell} if self.by != "branch" else {},
		}
		for number in range(1, AHEAD + 1):
			found[f"forecast_{number}"] = _known(self.step(number).forecast.get(thing))
		if self.has_stock and thing in self.stock.index:
			known = self.stock.loc[thing]
			found |= {"stock": _known(known.actual_qty), "days": _known(known.days)}
		return found

	@property
	def _year(self) -> str:
		return fact_cells.days(periods.Span(frappe.utils.add_days(self.as_of, -365), self.as_of))

	# --- finding, figures, picture ---------------------------------------------------------------------------
	def finding(self) -> str:
		if self.first.empty:
			return self.said(
				_(
					"No whole month of sales yet in these filters: an outlook needs one, and gets better with fifteen."
				)
			)
		lines = [self._most(), self._stock_line(), self._accuracy()]
		if self.as_of.day > 1:
			lines.append(_("* the whole of the month that is running"))
		return self.said(*lines, picture=self.picture())

	def _most(self) -> str:
		"""The thing that grows most in what is expected, among those that matter."""
		month = reporting.month_label(self.months[0])
		large = self.first[self.first.forecast >= self.first.forecast.sum() * 0.02]
		grows = large[(large.last_month > 0) & (large.forecast > large.last_month)]
		if grows.empty:
			return reporting.sentence(
				_("In {0} nothing of weight is expected to sell more than last month."), month
			)
		best = grows.loc[(grows.forecast / grows.last_month).idxmax()]
		return reporting.sentence(
			_("In {0} {1} is expected to grow most: {2} after {3} last month."),
			month,
			best.name,
			self.text(best.forecast),
			self.text(best.last_month),
		)

	def _stock_line(self) -> str:
		if not self.has_stock:
			return ""
		short = self.stock[(self.stock.days <= SHORT_DAYS) & (self.stock.per_day > 0)].sort_values("days")
		if short.empty:
			return reporting.sentence(
				_("What is in stock lasts for more than {0} days of what is expected to be sold."),
				SHORT_DAYS,
			)
		return reporting.sentence(
			_("Stock is short of {0}: the first lasts {1} days."),
			", ".join(map(str, short.index[:5])),
			reporting.number(round(short.days.iloc[0])),
		)

	def _accuracy(self) -> str:
		error, simple = self.errors
		if error is None or simple is None:
			return _("How good this is can be told when three months are there to try it on.")
		return reporting.sentence(
			_("Tried on past months, this rule was wrong by {0}; taking last month's figure by {1}.")
			if error <= simple
			else _(
				"Tried on past months, this rule was wrong by {0}; taking last month's figure by {1}, which was the better guide."
			),
			cards.percent_text(error),
			cards.percent_text(simple),
		)

	@property
	def errors(self) -> tuple[float | None, float | None]:
		"""Of this rule and of "as much as last month", over all things, weighted by what is sold."""
		known = self.first[self.first.error.notna() & self.first.error_last_month.notna()]
		weight = known.forecast.sum()
		return tuple(
			insight.ratio((known[name] * known.forecast).sum(), weight)
			for name in ("error", "error_last_month")
		)

	def text(self, value: float) -> str:
		return self.money(value) if self.measure == REVENUE else reporting.number(round(float(value)))

	def picture(self) -> str:
		rows = []
		for thing, row in self.first.head(DRAWN).iterrows():
			note = ""
			if row.low == row.low:
				note = _("{0} to {1}").format(self.text(row.low), self.text(row.high))
			rows.append(
				pictures.Bar(
					thing,
					float(row.forecast),
					self.text(row.forecast),
					self.behind(thing=fact_cells.joined(self.by, thing, self._year))
					if self.by != "branch"
					else "",
					note=note,
					beside=float(row.last_month),
					beside_text=_("last month: {0}").format(self.text(row.last_month)),
				)
			)
		return pictures.bars(
			rows,
			_("Expected in {0}, four times out of five within the range; thin beneath: last month").format(
				reporting.month_label(self.months[0])
			),
		)

	def figures(self) -> list[dict[str, Any]]:
		if self.first.empty:
			return []
		expected, last = float(self.first.forecast.sum()), float(self.first.last_month.sum())
		year = self.first.same_month_last_year.sum(min_count=1)
		label = _("Expected in {0}").format(reporting.month_label(self.months[0]))
		before, last_year = last, None if year != year else float(year)
		found = [
			cards.money(label, expected, before, last_year, currency=self.currency, indicator="Blue")
			if self.measure == REVENUE
			else cards.count(label, expected, before, last_year, indicator="Blue")
		]
		error, simple = self.errors
		found += [
			cards.percent(_("Error of this rule"), error),
			cards.percent(_("Error of last month's figure"), simple),
		]
		if self.has_stock:
			short = int(((self.stock.days <= SHORT_DAYS) & (self.stock.per_day > 0)).sum())
			found.append(
				cards.count(
					_("Short within {0} days").format(SHORT_DAYS),
					short,
					indicator="Red" if short else "Green",
				)
			)
		return found

	def chart(self) -> dict[str, Any] | None:
		"""What was sold, and what is expected, all things together."""
		if self.first.empty:
			return None
		past = self.history.sum(axis=1).tail(HISTORY)
		coming = self.outlook.groupby("month").forecast.sum()
		months = [f"{month:%Y-%m}" for month in [*past.index, *coming.index]]
		return reporting.chart(
			"bar",
			_("Sold, and expected, by month"),
			[axis_month(month) for month in months],
			{
				_("Sold"): [*map(float, past), *([0] * len(coming))],
				_("Expected"): [*([0] * len(past)), *map(float, coming)],
			},
			colours=(reporting.BLUE, reporting.AMBER),
			barOptions={"stacked": 1},
		)


def _known(value: float | None) -> float | None:
	return None if value is None or value != value else float(value)


def _percent(value: float) -> float | None:
	return None if value != value else insight.hundred(value)
