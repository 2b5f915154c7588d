"""How many customers stand in each stage, beside earlier days; who moved where, and who was won back."""

from __future__ import annotations

from collections import Counter
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

import frappe
from frappe import _
from frappe.query_builder import DocType
from frappe.query_builder.builder import QueryBuilder
from frappe.query_builder.functions import Count, Min, Sum
from frappe.utils import add_months, getdate

from ccms_app.behaviour.lifecycle import AT_RISK, FIRST_PURCHASE, LOST, LOYAL, REPEAT, STAGES
from ccms_app.desk import cards, insight, periods, permitted, pictures, reporting, scope

if TYPE_CHECKING:
	import pandas as pd

CHANGE = "CCMS Stage Change"
AWAY = (AT_RISK, LOST)
TONES = {LOYAL: "good", AT_RISK: "warn", LOST: "bad"}


def execute(filters: dict | None = None) -> tuple:
	"""Columns, rows, the finding, chart and figures for the desk."""
	return insight.answer(LifecycleFunnel, filters)


class LifecycleFunnel(insight.Insight):
	"""Stages as the scores have them, and as they were at the start of the period and a year ago."""

	uses_facts = True
	period_choices = (periods.MONTH, periods.QUARTER, periods.YEAR, periods.THIS_MONTH, periods.DATES)

	# --- figures ---------------------------------------------------------------------------------------------
	@cached_property
	def now(self) -> dict[str, frappe._dict]:
		"""stage → customers, revenue of a year, expected revenue."""
		score = self.score
		query = self.scores(
			score.stage,
			Count(score.customer).as_("customers"),
			Sum(score.revenue_365).as_("revenue"),
			Sum(score.expected_revenue).as_("expected"),
		)
		return {row.stage: row for row in query.groupby(score.stage).run(as_dict=True) if row.stage}

	def customers(self, stage: str) -> int:
		return self.now[stage].customers if stage in self.now else 0

	def changes(self, since: date, until: date | None = None) -> Counter:
		"""(from, to, won back) → changes between the starts of two days, by default until the scores' own day.

		A change belongs to the day before its data cut: the first state that knows of it is that of the cut.
		"""
		change = DocType(CHANGE)
		query = (
			self._changes(
				change.from_stage, change.to_stage, change.is_won_back, Count(change.name).as_("number")
			)
			.where((change.changed_on >= since) & (change.data_cut > since))
			.where(change.data_cut <= (until or self.as_of))
			.groupby(change.from_stage, change.to_stage, change.is_won_back)
		)
		return Counter(
			{(row.from_stage, row.to_stage, row.is_won_back): row.number for row in query.run(as_dict=True)}
		)

	def _changes(self, *fields: object) -> QueryBuilder:
		change, score = DocType(CHANGE), self.score
		query = frappe.qb.from_(change).select(*fields).where(change.company == self.company)
		if self.scope.values or not self.scope.is_whole:
			query = query.left_join(score).on(
				(score.score_run == self.run.name) & (score.customer == change.customer)
			)
		return permitted.restrict(self.scope.narrow(query), CHANGE)

	@cached_property
	def history_from(self) -> date | None:
		"""The first day whose stages are known: that of the first scores."""
		run, change = DocType(insight.RUN), DocType(CHANGE)
		of_runs = frappe.qb.from_(run).select(Min(run.data_cut)).where(run.status == "Completed")
		of_changes = frappe.qb.from_(change).select(Min(change.changed_on))
		found = [
			query.where(table.company == self.company).run()[0][0]
			for query, table in ((of_runs, run), (of_changes, change))
		]
		return min((getdate(day) for day in found if day), default=None)

	def at(self, day: date) -> dict[str, int]:
		"""Customers by stage at the start of a day: the scores' with every change since taken back; before there was a history,
		by today's rule from the orders."""
		if not self.is_written_down(day):
			return Counter(self.stages_on(day)["stage"])
		found = Counter({stage: self.customers(stage) for stage in STAGES})
		for (start, end, _won), number in self.changes(day).items():
			found[end] -= number
			found[start] += number
		return found

	def is_written_down(self, day: date) -> bool:
		"""Whether every change since the day was written down when it happened."""
		return bool(self.history_from and day >= self.history_from)

	def stages_on(self, day: date) -> pd.DataFrame:
		"""The stage of everybody in scope who had ordered before a day, from the orders."""
		from ccms_app.behaviour import funnel

		if day not in self._stages_on:
			orders = self.lake.orders
			if not self.scope.is_whole:
				orders = orders.semi_join(scope.names(self.in_scope), "customer")
			self._stages_on[day] = funnel.stages_on(orders, day, self.settings)
		return self._stages_on[day]

	@cached_property
	def _stages_on(self) -> dict[date, pd.DataFrame]:
		return {}

	@cached_property
	def before(self) -> dict[str, int]:
		"""At the start of the period."""
		return self.at(self.periods.this.start)

	@cached_property
	def year_ago(self) -> dict[str, int]:
		return self.at(getdate(add_months(self.as_of, -12)))

	@cached_property
	def moved(self) -> Counter:
		"""(from, to) → customers who changed their stage in the period."""
		span = self.periods.this
		found: Counter = Counter()
		if self.is_written_down(span.start):
			for (start, end, _won), number in self.changes(span.start, span.end).items():
				found[start, end] += number
			return found
		from ccms_app.behaviour import funnel

		for row in funnel.moves(self.stages_on(span.end), self.stages_on(span.start)).itertuples():
			if row.from_stage != row.to_stage:
				found[row.from_stage, row.to_stage] += row.customers
		return found

	def won_back(self, span: periods.Span | None) -> tuple[int, int] | None:
		"""Customers won back in a span, of those who were away at its start or went away in it.

		None for a span that was not written down, unless it is the period itself: then who ordered of those who were
		away at its start.
		"""
		if not span:
			return None
		if not self.is_written_down(span.start):
			return self._won_back if span is self.periods.this else None
		changes = self.changes(span.start, span.end)
		won = sum(number for (_start, _end, won), number in changes.items() if won)
		gone = sum(
			number for (start, end, _won), number in changes.items() if end in AWAY and start not in AWAY
		)
		before = self.at(span.start)
		return won, sum(before[stage] for stage in AWAY) + gone

	@cached_property
	def _won_back(self) -> tuple[int, int]:
		"""In the period, told from the orders."""
		from ccms_app.behaviour import funnel

		span = self.periods.this
		found = funnel.won_back(self.stages_on(span.end), self.stages_on(span.start))
		return found["won_back"], found["away"]

	def rate(self, span: periods.Span | None) -> float | None:
		found = self.won_back(span)
		return insight.ratio(*found) if found else None

	# --- table -----------------------------------------------------------------------------------------------
	def columns(self) -> list[dict[str, Any]]:
		return [
			reporting.text("label", _("Stage"), 150),
			reporting.count("customers", _("Customers"), 105),
			insight.percent("share", _("of Customers"), 115),
			reporting.count("before", _("On {0}").format(reporting.date_text(self.periods.this.start)), 130),
			reporting.count("year_ago", _("A Year Ago"), 110),
			reporting.count("came", _("Came in"), 95),
			reporting.count("went", _("Went out"), 95),
			reporting.money("revenue", _("Revenue (a Year)"), 150),
			reporting.money("expected", _("Expected in {0} Days").format(self.run.horizon), 165),
			reporting.currency_column(),
		]

	def rows(self) -> list[dict[str, Any]]:
		if not self.now:
			return []
		rows = [self._row(stage) for stage in self._stages()]
		summed = ("customers", "before", "year_ago", "revenue", "expected")
		sums = {field: sum(row[field] for row in rows) for field in summed}
		return [*rows, insight.total({**sums, "share": 100.0, "currency": self.currency})]

	def _stages(self) -> list[str]:
		"""Those with anybody, now or before; the others too, but for prospects."""
		return [stage for stage in STAGES if stage != STAGES[0] or self.customers(stage)]

	def _row(self, stage: str) -> dict[str, Any]:
		found = self.now.get(stage) or frappe._dict()
		total = sum(self.customers(each) for each in STAGES)
		span = self.periods.this
		moved = {"moved_since": str(span.start), "moved_until": str(span.last)}
		return {
			"label": _(stage),
			"stage": stage,
			"customers": self.customers(stage),
			"share": insight.hundred(insight.ratio(self.customers(stage), total)),
			"before": self.before.get(stage, 0),
			"year_ago": self.year_ago.get(stage, 0),
			"came": sum(number for (start, end), number in self.moved.items() if end == stage != start),
			"went": sum(number for (start, end), number in self.moved.items() if start == stage != end),
			"revenue": found.revenue or 0,
			"expected": found.expected or 0,
			"currency": self.currency,
			"behind": {
				"customers": {"stage": stage},
				"label": {"stage": stage},
				"came": {"moved": f"> {stage}", **moved},
				"went": {"moved": f"{stage} >", **moved},
			},
		}

	# --- finding, figures, pictures --------------------------------------------------------------------------
	def finding(self) -> str:
		if not self.now:
			return self.said(_("No customers match these filters."))
		span = self.periods.this
		leaving = self.now.get(AT_RISK)
		if not leaving:
			lines = [_("No customer has stayed away for longer than usual for them.")]
		else:
			lines = [
				reporting.sentence(
					_("One customer worth {1} a year has not come for longer than usual for them.")
					if leaving.customers == 1
					else _("{0} customers worth {1} a year have not come for longer than usual for them."),
					reporting.number(leaving.customers),
					self.money(leaving.revenue),
				)
			]
		if (found := self.won_back(span)) and found[1]:
			lines.append(
				reporting.sentence(
					_("{0} of {1} who were away came back, {2} ({3})."),
					reporting.number(found[0]),
					reporting.number(found[1]),
					cards.percent_text(insight.ratio(*found)),
					span.text(),
				)
			)
		if not self.is_written_down(span.start):
			lines.append(_("Stages of earlier days are told from the orders, by the rules of today."))
		return self.said(*lines, picture=pictures.side_by_side(self._funnel(), self._matrix()))

	def _funnel(self) -> str:
		start = reporting.date_text(self.periods.this.start)
		return pictures.bars(
			[
				pictures.Bar(
					_(stage),
					self.customers(stage),
					reporting.number(self.customers(stage)),
					self.behind(stage=stage),
					beside=self.before.get(stage, 0),
					beside_text=_("was {0}").format(reporting.number(self.before.get(stage, 0))),
					tone=TONES.get(stage, ""),
				)
				for stage in self._stages()
			],
			_("Customers by stage; the thin line is {0}").format(start),
		)

	def _matrix(self) -> str:
		"""From each stage (down) to each (across), in the period."""
		if not self.moved:
			return ""
		span, most = self.periods.this, max(self.moved.values())
		stages = [stage for stage in STAGES if any(stage in pair for pair in self.moved)]

		def cell(start: str, end: str) -> pictures.Cell:
			number = self.moved.get((start, end))
			if not number:
				return pictures.Cell()
			href = self.behind(
				moved=f"{start} > {end}", moved_since=str(span.start), moved_until=str(span.last)
			)
			return pictures.Cell(
				number / most, (reporting.number(number),), href, f"{_(start)} → {_(end)}: {number}"
			)

		return pictures.heat_map(
			[_(stage) for stage in stages],
			[(_(start), [cell(start, end) for end in stages]) for start in stages],
			corner=_("from ↓ to →"),
			caption=_("Movements, {0}").format(span.text()),
		)

	def figures(self) -> list[dict[str, Any]]:
		if not self.now:
			return []
		spans = self.periods

		def compared(*stages: str) -> tuple[int, ...]:
			return tuple(
				sum(found.get(stage, 0) for stage in stages)
				for found in ({each: self.customers(each) for each in STAGES}, self.before, self.year_ago)
			)

		alive = (FIRST_PURCHASE, REPEAT, LOYAL)
		return [
			cards.count(_("Active customers"), *compared(*alive), indicator="Blue"),
			cards.percent(
				_("Repeat and loyal"),
				*(
					insight.ratio(part, whole)
					for part, whole in zip(compared(REPEAT, LOYAL), compared(*STAGES[1:]), strict=True)
				),
				indicator="Green",
			),
			cards.count(_("At risk"), *compared(AT_RISK), good=cards.DOWN, indicator="Orange"),
			cards.count(_("Lost"), *compared(LOST), good=cards.DOWN, indicator="Red"),
			cards.percent(
				_("Won back"), self.rate(spans.this), self.rate(spans.before), self.rate(spans.last_year)
			),
		]
