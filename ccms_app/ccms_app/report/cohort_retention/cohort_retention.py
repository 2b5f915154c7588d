"""Customers by the month of their first order: how many came again in the months after, and what they spent."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import frappe
from frappe import _
from frappe.utils import add_months, getdate

from ccms_app.desk import cards, insight, pictures, reporting

if TYPE_CHECKING:
	import pandas as pd
	from ibis.expr.types import Table

RETENTION, REVENUE, VALUE = "Retention", "Revenue", "Value So Far, Each"
COHORTS = {"12 Months": 12, "24 Months": 24, "36 Months": 36}
MONTHS = 12
"""Columns of months after the first; the picture shows them all, the table too."""
WITHIN = 90


def execute(filters: dict | None = None) -> tuple:
	"""Columns, rows, the finding, chart and figures for the desk."""
	return insight.answer(CohortRetention, filters)


class CohortRetention(insight.Insight):
	"""Cohorts of the last months. A customer belongs to the branch, group, territory, seller of the first order."""

	uses_scores, uses_facts = False, True

	def __init__(self, filters: frappe._dict):
		super().__init__(filters)
		self.measure = reporting.choice(filters.measure, (RETENTION, REVENUE, VALUE), _("Show"))
		self.months = COHORTS[reporting.choice(filters.cohorts, COHORTS, _("Cohorts"))]

	# --- figures ---------------------------------------------------------------------------------------------
	@property
	def first(self) -> date:
		"""The first cohort shown."""
		last = self.as_of - timedelta(days=1)
		return getdate(add_months(last.replace(day=1), 1 - self.months))

	def _won(self, table: Table) -> Table:
		"""Rows of the customers whose first order of all lies in scope."""
		if self.scope.is_whole:
			return table
		orders = self.orders
		return table.semi_join(orders.filter(orders.order_no == 1), "customer")

	@cached_property
	def begin(self) -> date | None:
		"""The day of the first order of all: where the data begin, whatever the filters show of them."""
		orders = self.lake.orders
		day = self.frame(orders.agg(day=orders.day.min()))["day"].iloc[0]
		return None if day is None or day != day else getdate(day)

	@cached_property
	def cells(self) -> pd.DataFrame:
		from ccms_app.behaviour import cohorts

		lake = self.lake
		return cohorts.retention(self._won(lake.orders), self._won(lake.daily), self.as_of, self.begin)

	@cached_property
	def second(self) -> pd.DataFrame:
		from ccms_app.behaviour import cohorts

		return cohorts.second_purchase(self._won(self.lake.orders), self.as_of, begin=self.begin)

	@cached_property
	def shown(self) -> pd.DataFrame:
		"""The cells of the cohorts and months that are shown."""
		cells = self.cells
		return cells[(cells.cohort.dt.date >= self.first) & (cells.offset <= MONTHS)]

	@cached_property
	def average(self) -> dict[int, float]:
		"""Months since → the mean of the measure over the cohorts shown; complete months only."""
		from ccms_app.behaviour import cohorts

		if self.measure == REVENUE:
			return {}
		field = "retention" if self.measure == RETENTION else "cumulative_each"
		found = cohorts.average(self.shown)
		return dict(zip(found.offset, found[field], strict=True))

	def value(self, cell: Any) -> float:
		return {RETENTION: cell.retention, REVENUE: cell.revenue, VALUE: cell.cumulative_each}[self.measure]

	def text(self, value: float) -> str:
		return cards.percent_text(value) if self.measure == RETENTION else self.money(value)

	# --- table -----------------------------------------------------------------------------------------------
	def columns(self) -> list[dict[str, Any]]:
		return [
			reporting.text("label", _("First Order in"), 120),
			reporting.count("customers", _("Customers"), 100),
			insight.percent("second_rate", _("Came Again"), 110),
			insight.percent("rate_within", _("within {0} Days").format(WITHIN), 135),
			insight.decimal("days_to_second", _("Days to It"), 100, 0),
			reporting.money("cumulative", _("Value So Far"), 130),
			reporting.money("each", _("Each"), 110),
			*(self._month_column(offset) for offset in range(MONTHS + 1)),
			reporting.currency_column(),
		]

	def _month_column(self, offset: int) -> dict[str, Any]:
		name, label = f"m{offset}", _("+{0} Mo.").format(offset)
		if self.measure == RETENTION:
			return insight.percent(name, label, 80)
		return reporting.money(name, label, 105)

	def rows(self) -> list[dict[str, Any]]:
		seconds = {row.cohort: row for row in self.second.itertuples() if row.cohort == row.cohort}
		rows = [
			self._row(cohort, cells, seconds.get(cohort)) for cohort, cells in self.shown.groupby("cohort")
		]
		return [*rows, self._total(rows)] if rows else []

	def _total(self, rows: list[dict[str, Any]]) -> dict[str, Any]:
		"""All cohorts shown together: sums of customers and revenue; shares and months are the means that the picture shows."""
		told = _counted(self.second[self.second.cohort.isin(self.shown.cohort)])
		second_rate, rate_within = _rates(told)
		customers, cumulative = (sum(row[field] for row in rows) for field in ("customers", "cumulative"))
		months = {f"{cohort:%Y-%m}" for cohort in told.cohort}
		meant = [row for row in rows if row["cohort"] in months]
		found = {
			"customers": customers,
			"second_rate": insight.hundred(second_rate),
			"rate_within": insight.hundred(rate_within),
			"cumulative": cumulative,
			"each": insight.ratio(
				*(sum(row[field] for row in meant) for field in ("cumulative", "customers"))
			),
			"currency": self.currency,
		}
		for offset in range(MONTHS + 1):
			name = f"m{offset}"
			if self.measure == REVENUE:
				found[name] = sum(row.get(name) or 0 for row in rows)
			elif offset in self.average:
				value = self.average[offset]
				found[name] = insight.hundred(value) if self.measure == RETENTION else float(value)
		return insight.total(found, _("All"))

	def _row(self, cohort: Any, cells: pd.DataFrame, second: Any) -> dict[str, Any]:
		month = f"{cohort:%Y-%m}"
		last = cells.iloc[-1]
		row = {
			"cohort": month,
			"label": reporting.month_label(month) + (" *" if last.early else ""),
			"customers": int(last.customers),
			"second_rate": _hundred(second.second_rate),
			"rate_within": _hundred(second[second._fields.index(f"rate_{WITHIN}")]),
			"days_to_second": _known(second.days_to_second),
			"cumulative": float(self.cells[self.cells.cohort == cohort].cumulative.iloc[-1]),
			"each": float(self.cells[self.cells.cohort == cohort].cumulative_each.iloc[-1]),
			"currency": self.currency,
			"behind": {
				"label": {"cohort": month},
				"customers": {"cohort": month},
				"second_rate": {"cohort": month, "orders_from": 2},
			},
		}
		for cell in cells.itertuples():
			value = self.value(cell)
			row[f"m{cell.offset}"] = _hundred(value) if self.measure == RETENTION else float(value)
			row["behind"][f"m{cell.offset}"] = self._behind(month, cell)
		return row

	def _behind(self, cohort: str, cell: Any) -> dict[str, str]:
		first = cell.month.date()
		last = getdate(add_months(first, 1)) - timedelta(days=1)
		return {"cohort": cohort, "bought": f"{first}..{last}"}

	# --- finding, figures, picture ---------------------------------------------------------------------------
	@cached_property
	def all(self) -> Any:
		"""Second purchases of everybody."""
		return next(row for row in self.second.itertuples() if row.cohort != row.cohort)

	def came_again(self, years_ago: int) -> float | None:
		"""Of the customers won in the twelve months up to a day so many years ago, who had the time: those who came again."""
		month = self.as_of.replace(day=1)
		first, end = (add_months(month, -12 * (years_ago + each)) for each in (1, 0))
		won = self.second[
			~self.second.early
			& (self.second.cohort >= str(first))
			& (self.second.cohort < str(end))
			& (self.second[f"had_{WITHIN}"] > 0)
		]
		return insight.ratio((won[f"rate_{WITHIN}"] * won[f"had_{WITHIN}"]).sum(), won[f"had_{WITHIN}"].sum())

	def finding(self) -> str:
		if self.shown.empty:
			return self.said(
				_(
					"Nobody bought for the first time in these months. Choose more months, or widen the filters."
				)
			)
		known = self.all
		lines = []
		if known.second:
			lines.append(
				reporting.sentence(
					_("{0} of {1} customers came a second time; half of them within {2} days."),
					reporting.number(known.second),
					reporting.number(known.customers),
					reporting.number(round(known.days_to_second)),
				)
			)
		else:
			lines.append(_("No customer has come a second time yet."))
		notes = [_("The running month is hatched and counted in no mean.")]
		if self.shown.early.any():
			notes.append(
				_(
					"* The first three months of the data: customers from before look new there; they count in no mean."
				)
			)
		return self.said(*lines, " ".join(notes), picture=self.picture())

	def picture(self) -> str:
		"""One line a cohort, one column a month since; the deeper, the more."""
		cells = self.shown
		later = cells[cells.offset > 0]
		most = (
			max((self.value(cell) for cell in (later if len(later) else cells).itertuples()), default=0) or 1
		)
		rows = []
		for cohort, own in cells.groupby("cohort", sort=True):
			month = f"{cohort:%Y-%m}"
			label = f"{reporting.month_label(month)}{' *' if own.early.any() else ''} ({int(own.customers.iloc[0])})"
			line = [self._cell(month, cell, most) for cell in own.itertuples()]
			rows.append((label, line + [pictures.Cell()] * (MONTHS + 1 - len(line))))
		if self.average:
			mean = [
				pictures.Cell(
					self.average[offset] / most if offset else 0.4, (self.text(self.average[offset]),)
				)
				if offset in self.average
				else pictures.Cell()
				for offset in range(MONTHS + 1)
			]
			rows.append((_("Mean"), mean))
		captions = {
			RETENTION: _("Share of each month's new customers who ordered again, by months since"),
			REVENUE: _("Net revenue of each month's new customers, by months since"),
			VALUE: _("Net revenue so far of each month's new customers, each, by months since"),
		}
		heads = [str(offset) for offset in range(MONTHS + 1)]
		return pictures.heat_map(heads, rows, corner=_("First order"), caption=captions[self.measure])

	def _cell(self, cohort: str, cell: Any, most: float) -> pictures.Cell:
		value = self.value(cell)
		if self.measure == RETENTION and not cell.active:
			return pictures.Cell(0, ("–",), hatched=bool(cell.running))
		strength = 0.4 if not cell.offset and self.measure != VALUE else value / most
		title = f"{reporting.number(cell.active)} / {reporting.number(cell.customers)} · {self.money(cell.revenue)}"
		href = self.behind(**self._behind(cohort, cell)) if cell.active else ""
		return pictures.Cell(strength, (self.text(value),), href, title, bool(cell.running))

	def figures(self) -> list[dict[str, Any]]:
		if self.shown.empty:
			return []
		known = self.all
		second_rate, rate_within = _rates(_counted(self.second[self.second.cohort.notna()]))
		mean = self.average if self.measure == RETENTION else {}
		found = [
			cards.count(_("Customers"), known.customers, indicator="Blue"),
			cards.percent(_("Came a second time"), second_rate, indicator="Green"),
			cards.percent(_("within {0} days").format(WITHIN), rate_within),
			cards.percent(
				_("within {0} days, won in a year").format(WITHIN),
				self.came_again(0),
				None,
				self.came_again(1),
			),
			cards.number(_("Days to the second order"), _known(known.days_to_second)),
		]
		if 1 in mean:
			found.append(cards.percent(_("Bought in the next month"), mean[1]))
		return found


def _counted(second: pd.DataFrame) -> pd.DataFrame:
	"""The cohorts that means are made of: neither the first ones of the data nor the running month, as long as there are
	others."""
	closed = second[~second.running] if (~second.running).any() else second
	return closed[~closed.early] if (~closed.early).any() else closed


def _rates(second: pd.DataFrame) -> tuple[float | None, float | None]:
	"""Of cohorts: the share that came a second time, and within so many days of those who have had the time."""
	had = second[f"had_{WITHIN}"]
	came = (second[f"rate_{WITHIN}"].fillna(0) * had).sum()
	return insight.ratio(second.second.sum(), second.customers.sum()), insight.ratio(came, had.sum())


def _known(value: float) -> float | None:
	"""None for what is not known (NaN)."""
	return None if value is None or value != value else float(value)


def _hundred(value: float) -> float | None:
	return insight.hundred(_known(value))
