"""What comes back and what people complain about: by item, customer, branch, group or brand."""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import frappe
from frappe import _
from frappe.query_builder import DocType
from frappe.query_builder.functions import Coalesce, NullIf

from ccms_app.desk import cards, fact_cells, insight, periods, permitted, pictures, reporting
from ccms_app.desk.words import axis_month

if TYPE_CHECKING:
	import pandas as pd

BY = {
	"Item": "item",
	"Customer": "customer",
	"Branch": "branch",
	"Item Group": "item_group",
	"Brand": "brand",
}
DRAWN, MOST = 10, 500
NOTABLE = 1.5
"""A rate so many times the usual one is named in the finding."""


def execute(filters: dict | None = None) -> tuple:
	"""Columns, rows, the finding, chart and figures for the desk."""
	return insight.answer(ReturnsAndComplaints, filters)


class ReturnsAndComplaints(insight.Insight):
	"""Returns of what was sold in the period, against those sales; complaints opened in the period, against its orders."""

	uses_scores, uses_facts = False, True

	def __init__(self, filters: frappe._dict):
		super().__init__(filters)
		self.show = reporting.choice(filters.by, BY, _("By"))
		self.by = BY[self.show]

	# --- figures ---------------------------------------------------------------------------------------------
	def returns_of(self, span: periods.Span) -> pd.DataFrame:
		from ccms_app.behaviour import service

		return service.returns(self.known_lines, span.end, self.by, span.days).set_index(self.by)

	@cached_property
	def returns(self) -> pd.DataFrame:
		return self.returns_of(self.periods.this)

	@cached_property
	def last_year(self) -> pd.DataFrame:
		return self.returns_of(self.periods.last_year)

	@cached_property
	def before(self) -> pd.DataFrame | None:
		return self.returns_of(self.periods.before) if self.periods.before else None

	@cached_property
	def issues(self) -> pd.DataFrame:
		"""Complaints of the customers in scope that the user may see: opened_on, customer, voucher_type, invoice, item."""
		import pandas as pd

		from ccms_app.behaviour.store import complaints

		issue, types = DocType("Issue"), self.settings.complaint_types
		query = (
			frappe.qb.from_(issue)
			.select(
				issue.opening_date,
				issue.customer,
				NullIf(issue.ccms_invoice_type, ""),
				NullIf(issue.ccms_invoice, ""),
				NullIf(issue.ccms_item, ""),
			)
			.where((Coalesce(issue.customer, "") != "") & (issue.opening_date < self.as_of))
			.where(issue.opening_date >= min(span.start for span in self._spans))
			.where(complaints.of_company(self.company))
		)
		if types is not None:
			query = query.where(issue.issue_type.isin(sorted(types) or [""]))
		rows = permitted.restrict(query, "Issue").run()
		found = pd.DataFrame(rows, columns=["opened_on", "customer", "voucher_type", "invoice", "item"])
		if not self.scope.is_whole and len(found):
			found = found[self._in_scope(found)]
		return found.reset_index(drop=True)

	def _in_scope(self, issues: pd.DataFrame) -> pd.Series:
		"""Whose invoice lies in scope; where none is named, whose customer has bought there."""
		lines = self.known_lines
		invoices = set(self.frame(lines.select("invoice").distinct())["invoice"])
		customers = set(self.frame(lines.select("customer").distinct())["customer"])
		return issues["invoice"].isin(invoices) | (
			issues["invoice"].isna() & issues["customer"].isin(customers)
		)

	@property
	def _spans(self) -> list[periods.Span]:
		found = (self.periods.this, self.periods.before, self.periods.last_year)
		return [span for span in found if span]

	@cached_property
	def complaints(self) -> pd.DataFrame:
		from ccms_app.behaviour import service

		span = self.periods.this
		return service.complaints(self.known_lines, self.issues, span.end, self.by, span.days)

	def opened(self, span: periods.Span | None) -> int | None:
		"""Complaints opened in a span of days."""
		if not span:
			return None
		import pandas as pd

		days = pd.to_datetime(self.issues["opened_on"])
		return int(((days >= pd.Timestamp(span.start)) & (days < pd.Timestamp(span.end))).sum())

	@cached_property
	def table(self) -> pd.DataFrame:
		"""Returns and complaints together; the highest amounts returned first, then the most complaints."""
		found = self.returns
		named = self.complaints[self.complaints[self.by].notna()].set_index(self.by)
		found = found.join(named[["complaints", "complaint_rate"]], how="outer")
		found[["complaints", "orders"]] = found[["complaints", "orders"]].fillna(0)
		found[["sold", "returned", "unlinked"]] = found[["sold", "returned", "unlinked"]].fillna(0.0)
		found = found.reset_index(names="thing")
		order = ["returned", "complaints", "sold", "thing"]
		return found.sort_values(order, ascending=[False, False, False, True], ignore_index=True)

	@property
	def unattributed(self) -> int:
		"""Complaints that name nothing of what is asked for."""
		return int(self.complaints[self.complaints[self.by].isna()]["complaints"].sum())

	def rate(self, table: pd.DataFrame | None) -> float | None:
		return None if table is None else insight.ratio(table.returned.sum(), table.sold.sum())

	# --- table -----------------------------------------------------------------------------------------------
	def columns(self) -> list[dict[str, Any]]:
		found = [self._thing_column()]
		if self.by == "customer" and insight.sees_names():
			found.append(reporting.text("name", _("Name"), 150))
		found += [
			reporting.money("sold", _("Sold"), 130),
			reporting.money("returned", _("Returned"), 130),
			insight.percent("return_rate", _("Return Rate"), 115),
			insight.percent("rate_last_year", _("Rate Last Year"), 135),
			reporting.count("return_lines", _("Lines Returned"), 130),
			reporting.money("unlinked", _("Returned without a Sale"), 180),
			reporting.count("orders", _("Orders"), 90),
			reporting.count("complaints", _("Complaints"), 110),
			insight.percent("complaint_rate", _("of Orders"), 100),
		]
		return [*found, reporting.currency_column()]

	def _thing_column(self) -> dict[str, Any]:
		if self.by == "customer":
			return reporting.link("thing", _("Customer"), "Customer", 160)
		return reporting.text("thing", _(self.show), 190)

	def rows(self) -> list[dict[str, Any]]:
		if self.table.empty:
			return []
		names = self._names()
		found = [self._row(row, names) for row in self.table.head(MOST).itertuples()]
		return [*found, insight.total(self._sums(), None)]

	def _names(self) -> dict[str, str]:
		if self.by != "customer" or not insight.sees_names():
			return {}
		shown = list(self.table.thing.head(MOST))
		return dict(
			frappe.get_all(
				"Customer", filters={"name": ["in", shown]}, fields=["name", "customer_name"], as_list=True
			)
		)

	def _row(self, row: Any, names: dict[str, str]) -> dict[str, Any]:
		rate = self.last_year.return_rate.get(row.thing)
		found = {
			"thing": row.thing,
			"name": names.get(row.thing),
			"sold": float(row.sold),
			"returned": float(row.returned),
			"return_rate": _known(row.return_rate),
			"rate_last_year": _known(rate),
			"return_lines": _whole(row.return_lines),
			"unlinked": float(row.unlinked),
			"orders": int(row.orders),
			"complaints": int(row.complaints),
			"complaint_rate": _known(row.complaint_rate),
			"currency": self.currency,
		}
		if self.by != "customer":
			# the returns of what was sold in the period may come until the last day known
			until = periods.Span(self.periods.this.start, self.as_of)
			cell = {"returned": fact_cells.joined(self.by, row.thing, fact_cells.days(until))}
			found["behind"] = {"returned": cell, "return_lines": cell} if row.returned else {}
		if row.complaints and (path := self._issues_path(row.thing)):
			found["href"] = {"complaints": path}
		return found

	def _issues_path(self, thing: str) -> str:
		"""The list of Issues of a customer or an item, for whoever may open it."""
		field = {"customer": "customer", "item": "ccms_item"}.get(self.by)
		if not field or not permitted.may_link("Issue"):
			return ""
		span = self.periods.this
		days = json.dumps(["Between", [str(span.start), str(span.last)]])
		return f"/app/issue?{urlencode({field: thing, 'opening_date': days})}"

	def _sums(self) -> dict[str, Any]:
		table = self.table
		return {
			"thing": _("Total"),
			"sold": float(table.sold.sum()),
			"returned": float(table.returned.sum()),
			"return_rate": insight.hundred(self.rate(self.returns)),
			"rate_last_year": insight.hundred(self.rate(self.last_year)),
			"return_lines": int(table.return_lines.fillna(0).sum()),
			"unlinked": float(table.unlinked.sum()),
			"complaints": int(table.complaints.sum()),
			"currency": self.currency,
		}

	# --- finding, figures, picture ---------------------------------------------------------------------------
	def finding(self) -> str:
		span = self.periods.this
		if self.table.empty:
			return self.said(
				reporting.sentence(
					_("Nothing was sold {0} in these filters. Choose other days."), span.text()
				)
			)
		lines = [
			reporting.sentence(
				_("{0} of {1} sold came back: {2}."),
				self.money(self.returns.returned.sum()),
				self.money(self.returns.sold.sum()),
				cards.percent_text(self.rate(self.returns)),
			),
			self._worst(),
			self._complaints_line(),
			span.text(),
		]
		return self.said(*lines, picture=self.picture())

	def _worst(self) -> str:
		"""Where returns are far above the usual rate, among what is sold often enough to tell."""
		usual = self.rate(self.returns) or 0
		often = self.returns[(self.returns.orders >= 10) & (self.returns.return_rate > usual * NOTABLE)]
		if often.empty or not usual:
			return ""
		worst = often.sort_values("return_rate", ascending=False).iloc[0]
		return reporting.sentence(
			_("{0} comes back most for what is sold of it: {1}, {2} times the usual rate.")
			if self.by != "customer"
			else _("{0} brings back most for what they buy: {1}, {2} times the usual rate."),
			worst.name,
			cards.percent_text(worst.return_rate),
			reporting.number(round(worst.return_rate / usual, 1)),
		)

	def _complaints_line(self) -> str:
		number = self.opened(self.periods.this)
		if not number:
			return _("No complaints: an Issue that names its customer counts as one.")
		line = reporting.sentence(_("{0} complaints were opened."), reporting.number(number))
		if self.unattributed:
			line += " " + reporting.sentence(
				_("{0} of them do not say what they are about: fill in Invoice and Item on the Issue."),
				reporting.number(self.unattributed),
			)
		return line

	def picture(self) -> str:
		"""What came back, the most first; its rate beside."""
		rows = self.table[self.table.returned > 0].head(DRAWN)
		until = fact_cells.days(periods.Span(self.periods.this.start, self.as_of))
		return pictures.bars(
			[
				pictures.Bar(
					row.thing,
					row.returned,
					self.money(row.returned),
					self.behind(returned=fact_cells.joined(self.by, row.thing, until)),
					note=_("{0} of what was sold").format(cards.percent_text(_share(row.return_rate))),
					tone="bad",
				)
				for row in rows.itertuples()
			],
			_("Returned, the highest amounts first"),
		)

	def figures(self) -> list[dict[str, Any]]:
		if self.table.empty:
			return []
		tables = (self.returns, self.before, self.last_year)

		def over(measure) -> list[float | None]:
			return [None if table is None or table.empty else measure(table) for table in tables]

		spans = (self.periods.this, self.periods.before, self.periods.last_year)
		return [
			cards.money(
				_("Returned"),
				*over(lambda table: float(table.returned.sum())),
				currency=self.currency,
				good=cards.DOWN,
				indicator="Red",
			),
			cards.percent(_("Return rate"), *over(self.rate), good=cards.DOWN),
			cards.money(
				_("Returned without a sale"),
				*over(lambda table: float(table.unlinked.sum())),
				currency=self.currency,
				good=cards.DOWN,
			),
			cards.count(
				_("Complaints"),
				*(self.opened(span) for span in spans),
				good=cards.DOWN,
				indicator="Orange",
			),
		]

	def chart(self) -> dict[str, Any] | None:
		"""What came back in each month, on the day it came back."""
		if self.table.empty:
			return None
		this = periods.months(self.periods.this)
		if len(this) < 2:
			return None
		lines = self.known_lines
		lines = fact_cells.between(lines.filter(lines.is_return), _both(self.periods))
		sums = self.frame(lines.group_by(month=lines.day.truncate("M")).agg(amount=(-lines.net_amount).sum()))
		known = {f"{row.month:%Y-%m}": float(row.amount) for row in sums.itertuples()}
		before = [month.replace(year=month.year - 1) for month in this]
		return reporting.chart(
			"bar",
			_("Returned by month, this year over last"),
			[axis_month(f"{month:%Y-%m}") for month in this],
			{
				_("This period"): [known.get(f"{month:%Y-%m}", 0) for month in this],
				_("Last year"): [known.get(f"{month:%Y-%m}", 0) for month in before],
			},
			colours=(reporting.RED, reporting.GREY),
		)


def _both(of: periods.Periods) -> periods.Span:
	"""From the first day of last year's period to the last of this one."""
	first = of.last_year.start.replace(day=1)
	return periods.Span(first, of.this.end)


def _share(value: float) -> float | None:
	return None if value != value else float(value)


def _known(value: float | None) -> float | None:
	"""A share in percent; None where it is not known."""
	return None if value is None or value != value else insight.hundred(value)


def _whole(value: float) -> int:
	return 0 if value != value else int(value)
