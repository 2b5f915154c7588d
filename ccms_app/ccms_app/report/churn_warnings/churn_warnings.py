"""Who may be leaving, for somebody to call: sorted by what is at risk, as many as a day can take."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import frappe
from frappe import _
from frappe.query_builder import Case, DocType
from frappe.query_builder.builder import QueryBuilder
from frappe.query_builder.functions import Count, Sum
from frappe.utils import get_fullname

from ccms_app.desk import cards, insight, periods, permitted, pictures, reporting
from ccms_app.loyalty.store.upcoming import reachable
from ccms_app.scoring.store import warnings

TODAY, ALL_OPEN, CONTACTED, SNOOZED, CLOSED = "Today's List", "All Open", "Contacted", "Snoozed", "Closed"
STATUSES = {
	TODAY: (warnings.OPEN,),
	ALL_OPEN: (warnings.OPEN,),
	CONTACTED: (warnings.CONTACTED,),
	SNOOZED: (warnings.SNOOZED,),
	CLOSED: warnings.CLOSED,
}
MOST = 500


def execute(filters: dict | None = None) -> tuple:
	"""Columns, rows, the finding, chart and figures for the desk."""
	return insight.answer(ChurnWarnings, filters)


@dataclass(frozen=True)
class Returned:
	"""Of warnings whose days are over: how many, and how many of those customers came back."""

	warned: int
	came_back: int

	@property
	def rate(self) -> float | None:
		return insight.ratio(self.came_back, self.warned)


class ChurnWarnings(insight.Insight):
	"""Warnings of a company, worked through by people; figures as the last scores say."""

	def __init__(self, filters: frappe._dict):
		super().__init__(filters)
		self.show = reporting.choice(filters.show, STATUSES, _("Show"))
		self.owner = filters.owner

	@cached_property
	def as_of(self) -> date:
		return reporting.today() + timedelta(days=1)

	# --- figures ---------------------------------------------------------------------------------------------
	def query(self, *fields: object) -> QueryBuilder:
		"""Warnings of the customers in scope that the user may see, each beside its published score and profile."""
		warning, score = DocType(warnings.DOCTYPE), self.score
		profile = DocType(warnings.PROFILE)
		query = (
			frappe.qb.from_(warning)
			.left_join(score)
			.on((score.score_run == self.run.name) & (score.customer == warning.customer))
			.left_join(profile)
			.on((profile.company == warning.company) & (profile.customer == warning.customer))
			.select(*fields)
			.where(warning.company == self.company)
		)
		return permitted.restrict(self.scope.narrow(query), warnings.DOCTYPE)

	def open(self, *fields: object) -> QueryBuilder:
		"""Those to be worked on: open, and the customer has not come meanwhile."""
		warning, profile = DocType(warnings.DOCTYPE), DocType(warnings.PROFILE)
		still_away = profile.last_order.isnull() | (profile.last_order < warning.warned_on)
		return self.query(*fields).where((warning.status == warnings.OPEN) & still_away)

	def _chosen(self, *fields: object) -> QueryBuilder:
		warning = DocType(warnings.DOCTYPE)
		if self.show in (TODAY, ALL_OPEN):
			query = self.open(*fields)
		else:
			query = self.query(*fields).where(warning.status.isin(STATUSES[self.show]))
		if self.owner:
			query = query.where(warning._assign.like(f'%"{self.owner}"%'))
		return query

	@cached_property
	def found(self) -> list[frappe._dict]:
		warning, score = DocType(warnings.DOCTYPE), self.score
		names = (
			"name",
			"customer",
			"customer_name",
			"status",
			"warned_on",
			"churn_probability",
			"expected_revenue",
			"at_risk",
			"churn_reasons",
			"outcome",
			"next_step",
			"note",
			"contacted_on",
			"snoozed_until",
			"came_back_on",
			"closed_on",
			"_assign",
		)
		query = self._chosen(*(warning[name] for name in names), score.last_order, score.own_cycle)
		order = warning.closed_on if self.show == CLOSED else warning.at_risk
		query = query.orderby(order, order=frappe.qb.desc).orderby(warning.name)
		return query.limit(warnings.a_day() if self.show == TODAY else MOST).run(as_dict=True)

	@cached_property
	def waiting(self) -> frappe._dict:
		"""All open ones, whether on today's list or not."""
		warning = DocType(warnings.DOCTYPE)
		return self.open(Count(warning.name).as_("number"), Sum(warning.at_risk).as_("at_risk")).run(
			as_dict=True
		)[0]

	def came_back(self, contacted: bool) -> Returned:
		"""Customers of whom was warned so long ago that the days are over, contacted or not. What became of those whose
		warning was dismissed was not looked at."""
		warning = DocType(warnings.DOCTYPE)
		back = Case().when(warning.came_back_on.isnotnull(), 1).else_(0)
		query = self.query(Count(warning.name), Sum(back))
		query = query.where(warning.warned_on <= reporting.today() - timedelta(days=self.run.horizon))
		query = query.where(warning.status != warnings.DISMISSED)
		reached = warning.contacted_on
		query = query.where(reached.isnotnull() if contacted else reached.isnull())
		number, returned = query.run()[0]
		return Returned(number, int(returned or 0))

	def _count(self, field: str, span: periods.Span) -> int:
		warning = DocType(warnings.DOCTYPE)
		query = self.query(Count(warning.name))
		return query.where((warning[field] >= span.start) & (warning[field] < span.end)).run()[0][0]

	# --- table -----------------------------------------------------------------------------------------------
	def columns(self) -> list[dict[str, Any]]:
		found = [
			*insight.customer_columns(),
			reporting.money("at_risk", _("Revenue at Risk"), 140),
			insight.percent("churn", _("Risk of Leaving"), 125),
			reporting.money("expected_revenue", _("Expected Revenue"), 150),
			reporting.text("reason", _("Why"), 320),
			reporting.date_column("last_order", _("Last Order")),
			insight.decimal("own_cycle", _("Usual Days Between"), 150, 0),
			reporting.text("owner", _("Owner"), 120),
			reporting.text("next_step", _("Next Step"), 160),
			reporting.date_column("warned_on", _("Warned On")),
		]
		if self.show != TODAY:
			found += [
				reporting.text("status", _("Status"), 100),
				reporting.text("outcome", _("Outcome"), 120),
				reporting.date_column("contacted_on", _("Contacted On"), 120),
				reporting.date_column("snoozed_until", _("Snoozed Until"), 125),
				reporting.date_column("came_back_on", _("Came Back On"), 125),
			]
		if frappe.has_permission("Customer", "read"):
			found += [reporting.text("mobile", _("Phone"), 130), reporting.text("email", _("E-mail"), 180)]
		if self.works:
			found.insert(2, reporting.text("work", _("To Do"), 235))
		return [
			*found,
			reporting.link("warning", _("Warning"), warnings.DOCTYPE, 110),
			reporting.currency_column(),
		]

	@property
	def works(self) -> bool:
		"""Whether the user may write down what was done, and these warnings still run."""
		return self.show != CLOSED and frappe.has_permission(warnings.DOCTYPE, "write")

	def rows(self) -> list[dict[str, Any]]:
		names = [row.customer for row in self.found]
		contact = reachable(names) if names and frappe.has_permission("Customer", "read") else {}
		return [self._row(row) | contact.get(row.customer, {}) for row in self.found]

	def _row(self, row: frappe._dict) -> dict[str, Any]:
		said = warnings.reasons(row.churn_reasons)
		return {
			**row,
			"customer_name": row.customer_name if insight.sees_names() else None,
			"warning": row.name,
			"churn": row.churn_probability,
			"reason": "; ".join(said),
			"status": _(row.status),
			"outcome": _(row.outcome) if row.outcome else None,
			"owner": ", ".join(get_fullname(user) for user in json.loads(row._assign or "[]")),
			"currency": self.currency,
		}

	# --- finding, figures, picture ---------------------------------------------------------------------------
	def finding(self) -> str:
		waiting = self.waiting
		if not waiting.number:
			lines = [
				_(
					"Nobody to call: no customer with something to lose is likely to leave, or all have been worked through."
				)
			]
		else:
			lines = [
				reporting.sentence(
					_("One customer may be leaving; {1} of the revenue expected in {2} days is at risk.")
					if waiting.number == 1
					else _(
						"{0} customers may be leaving; {1} of the revenue expected in {2} days is at risk."
					),
					reporting.number(waiting.number),
					self.money(waiting.at_risk),
					self.run.horizon,
				)
			]
			if self.show == TODAY and waiting.number > len(self.found) and not self.owner:
				lines.append(
					reporting.sentence(
						_(
							"The list of today holds the {0} with most at risk; its length is in the CCMS Settings."
						),
						reporting.number(len(self.found)),
					)
				)
		return self.said(*lines, picture=self.picture())

	def picture(self) -> str:
		"""How many came back of those contacted and of those not; warnings whose days are over."""
		days = self.run.horizon
		found = {_("Contacted"): self.came_back(True), _("Not contacted"): self.came_back(False)}
		if not any(returned.warned for returned in found.values()):
			return ""
		rows = [
			pictures.Bar(
				label,
				returned.rate or 0,
				cards.percent_text(returned.rate),
				note=_("{0} of {1}").format(
					reporting.number(returned.came_back), reporting.number(returned.warned)
				),
				tone="good" if place == 0 else "",
			)
			for place, (label, returned) in enumerate(found.items())
		]
		return pictures.bars(
			rows,
			_(
				"Came back within {0} days of the warning; dismissed warnings are in neither. This is no proof that a call helps: who is called is not left to chance."
			).format(days),
		)

	def figures(self) -> list[dict[str, Any]]:
		month = periods.Span(self.as_of - timedelta(days=30), self.as_of)
		before = periods.Span(month.start - timedelta(days=30), month.start)
		year = month.shifted(-12)
		first = frappe.db.get_value(
			warnings.DOCTYPE, {"company": self.company}, "warned_on", order_by="warned_on asc"
		)
		if not first:
			return []

		def counted(field: str) -> tuple[int, int | None, int | None]:
			return (
				self._count(field, month),
				self._count(field, before) if first < month.start else None,
				self._count(field, year) if first < year.end else None,
			)

		return [
			cards.count(_("Open"), self.waiting.number, indicator="Orange"),
			cards.money(
				_("Revenue at risk"), self.waiting.at_risk or 0, currency=self.currency, indicator="Red"
			),
			cards.count(_("Warned in 30 days"), *counted("warned_on"), good=""),
			cards.count(_("Contacted in 30 days"), *counted("contacted_on")),
			cards.count(_("Came back in 30 days"), *counted("came_back_on"), indicator="Green"),
		]
