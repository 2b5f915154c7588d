"""Orders unlike the customer's own, for somebody to look at: slips, frauds, changed lives."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import Any

import frappe
from frappe import _
from frappe.query_builder import DocType
from frappe.query_builder.builder import QueryBuilder
from frappe.query_builder.functions import Count, Min, Sum
from frappe.utils import get_fullname, getdate

from ccms_app.desk import cards, insight, periods, permitted, pictures, reporting
from ccms_app.scoring.store import anomalies

ALL = "All"
STATUSES = (anomalies.NEW, *anomalies.SETTLED)
TONES = {anomalies.NEW: "", anomalies.LOOKED_AT: "", anomalies.EXPLAINED: "good", anomalies.WRONG: "bad"}
MOST = 500


def execute(filters: dict | None = None) -> tuple:
	"""Columns, rows, the finding, chart and figures for the desk."""
	return insight.answer(PurchaseAnomalies, filters)


class PurchaseAnomalies(insight.Insight):
	"""What was found in a year, by the day of the order; those still new are shown however old."""

	period_choices = (
		periods.QUARTER,
		periods.MONTH,
		periods.YEAR,
		periods.THIS_MONTH,
		periods.DATES,
	)

	def __init__(self, filters: frappe._dict):
		super().__init__(filters)
		self.show = reporting.choice(filters.show, (*STATUSES, ALL), _("Show"))

	# --- figures ---------------------------------------------------------------------------------------------
	def query(self, *fields: object) -> QueryBuilder:
		"""Unusual orders of the customers in scope that the user may see, each beside its customer's score."""
		anomaly, score = DocType(anomalies.DOCTYPE), self.score
		query = (
			frappe.qb.from_(anomaly)
			.left_join(score)
			.on((score.score_run == self.run.name) & (score.customer == anomaly.customer))
			.select(*fields)
			.where(anomaly.company == self.company)
		)
		return permitted.restrict(self.scope.narrow(query), anomalies.DOCTYPE)

	def within(self, span: periods.Span, *fields: object) -> QueryBuilder:
		anomaly = DocType(anomalies.DOCTYPE)
		return self.query(*fields).where((anomaly.day >= span.start) & (anomaly.day < span.end))

	@cached_property
	def found(self) -> list[frappe._dict]:
		anomaly, score = DocType(anomalies.DOCTYPE), self.score
		names = (
			"name",
			"customer",
			"customer_name",
			"status",
			"day",
			"invoice_type",
			"invoice",
			"note",
			"looked_at_by",
			*anomalies.FIGURES,
		)
		fields = [*(anomaly[name] for name in names), score.orders, score.customer_group]
		query = self.query(*fields) if self.show == anomalies.NEW else self.within(self.periods.this, *fields)
		if self.show != ALL:
			query = query.where(anomaly.status == self.show)
		query = query.orderby(anomaly.score, order=frappe.qb.desc).orderby(anomaly.name)
		return query.limit(MOST).run(as_dict=True)

	@cached_property
	def by_status(self) -> Counter:
		"""Of the period."""
		anomaly = DocType(anomalies.DOCTYPE)
		query = self.within(self.periods.this, anomaly.status, Count(anomaly.name))
		return Counter(dict(query.groupby(anomaly.status).run()))

	@cached_property
	def waiting(self) -> frappe._dict:
		"""Those nobody has looked at: number, value, oldest."""
		anomaly = DocType(anomalies.DOCTYPE)
		fields = (
			Count(anomaly.name).as_("number"),
			Sum(anomaly.value).as_("value"),
			Min(anomaly.day).as_("oldest"),
		)
		return self.query(*fields).where(anomaly.status == anomalies.NEW).run(as_dict=True)[0]

	def number(self, span: periods.Span | None) -> int | None:
		"""Unusual orders of some days; None for days in which nobody looked for them."""
		if not span or not self._first or self._first >= span.end:
			return None
		return self.within(span, Count("*")).run()[0][0]

	@cached_property
	def _first(self):
		"""The day of the oldest unusual order."""
		found = frappe.db.get_value(anomalies.DOCTYPE, {"company": self.company}, "day", order_by="day asc")
		return found and getdate(found)

	# --- table -----------------------------------------------------------------------------------------------
	def columns(self) -> list[dict[str, Any]]:
		found = [
			*insight.customer_columns(),
			reporting.date_column("day", _("Day"), 120),
			reporting.document("invoice", _("Invoice"), "invoice_type", 160),
			reporting.money("value", _("Value"), 120),
			reporting.money("usual_value", _("Usual Value"), 125),
			reporting.text("times", _("Against Usual"), 125),
			reporting.money("per_item", _("of an Item"), 120),
			reporting.money("usual_per_item", _("Usual of an Item"), 145),
			insight.percent("score", _("Stranger than"), 120),
			reporting.count("orders", _("Orders"), 85),
			reporting.text("status", _("Status"), 105),
			reporting.text("note", _("Note"), 200),
			reporting.text("by", _("Looked At By"), 130),
		]
		if frappe.has_permission(anomalies.DOCTYPE, "write"):
			found.insert(2 if insight.sees_names() else 1, reporting.text("work", _("What Came of It"), 275))
		hidden = {"fieldname": "invoice_type", "label": _("Invoice Type"), "fieldtype": "Data", "hidden": 1}
		return [*found, hidden, reporting.currency_column()]

	def rows(self) -> list[dict[str, Any]]:
		return [self._row(row) for row in self.found]

	def _row(self, row: frappe._dict) -> dict[str, Any]:
		return {
			**row,
			"anomaly": row.name,
			"customer_name": row.customer_name if insight.sees_names() else None,
			"times": _times(row.value, row.usual_value),
			"score": round(row.score, 1),
			"state": row.status,
			"status": _(row.status, context=anomalies.DOCTYPE),
			"by": get_fullname(row.looked_at_by) if row.looked_at_by else "",
			"work": " ",
			"currency": self.currency,
			"href": {"times": f"/app/ccms-purchase-anomaly/{row.name}"},
		}

	# --- finding, figures, picture ---------------------------------------------------------------------------
	def finding(self) -> str:
		waiting = self.waiting
		if not self._first:
			return self.said(
				_(
					"No unusual orders yet. An order is compared with at least five earlier ones of the same customer; the strangest of a year are listed here each night."
				)
			)
		if not waiting.number:
			lines = [_("Nothing to look at: every unusual order has been worked through.")]
		else:
			lines = [
				reporting.sentence(
					_("One order of {1} is unlike what its customer usually buys; it waits since {2}.")
					if waiting.number == 1
					else _(
						"{0} orders, of {1} together, are unlike what their customers usually buy; the oldest waits since {2}."
					),
					reporting.number(waiting.number),
					self.money(waiting.value),
					reporting.date_text(waiting.oldest),
				)
			]
		settled = sum(self.by_status[status] for status in (anomalies.EXPLAINED, anomalies.WRONG))
		if settled:
			lines.append(
				reporting.sentence(
					_("Of {0} worked through in this period {1} were wrong."),
					reporting.number(settled),
					reporting.number(self.by_status[anomalies.WRONG]),
				)
			)
		lines.append(self.periods.this.text())
		return self.said(*lines, picture=self.picture())

	def picture(self) -> str:
		"""What became of the unusual orders of the period."""
		return pictures.bars(
			[
				pictures.Bar(
					_(status, context=anomalies.DOCTYPE),
					self.by_status[status],
					reporting.number(self.by_status[status]),
					insight.report_path(
						"Purchase Anomalies", **self.scope.filters(), show=status, period=self.filters.period
					),
					tone=TONES[status],
				)
				for status in STATUSES
				if self.by_status[status]
			],
			_("Unusual orders of the period, by what came of them"),
		)

	def figures(self) -> list[dict[str, Any]]:
		if not self._first:
			return []
		spans = (self.periods.this, self.periods.before, self.periods.last_year)
		return [
			cards.count(_("To look at"), self.waiting.number, indicator="Orange"),
			cards.money(_("Their value"), self.waiting.value or 0, currency=self.currency),
			cards.count(_("Found in the period"), *(self.number(span) for span in spans), good=""),
			cards.count(_("Explained"), self.by_status[anomalies.EXPLAINED], indicator="Green"),
			cards.count(_("Wrong"), self.by_status[anomalies.WRONG], indicator="Red"),
		]

	def chart(self) -> dict[str, Any] | None:
		"""Value against the usual value of the orders listed, the strangest first."""
		shown = self.found[:12]
		if len(shown) < 2:
			return None
		return reporting.chart(
			"bar",
			_("Value of the orders against what is usual"),
			[reporting.day_label(getdate(row.day)) for row in shown],
			{_("This order"): [row.value for row in shown], _("Usual"): [row.usual_value for row in shown]},
			colours=(reporting.AMBER, reporting.GREY),
		)


def _times(value: float, usual: float) -> str:
	"""How many times the usual value, or what part of it."""
	if not usual:
		return ""
	ratio = value / usual
	if ratio >= 1:
		return _("{0} times").format(reporting.number(round(ratio, 1)))
	return cards.percent_text(ratio)
