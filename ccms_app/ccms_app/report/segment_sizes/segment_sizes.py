"""How many customers each segment holds, how that has grown, and who came and went."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import frappe
from frappe import _
from frappe.query_builder import CustomFunction, DocType
from frappe.query_builder.functions import Count, Max, Min
from frappe.utils import getdate

from ccms_app.desk import cards, insight, periods, permitted, reporting
from ccms_app.segments.store import names

SEGMENT, MEMBER, SIZE = "CCMS Customer Segment", "CCMS Segment Member", "CCMS Segment Size"
Date = CustomFunction("DATE", ["moment"])
ConcatWs = CustomFunction("CONCAT_WS", ["separator", "first", "second", "third"])
FIRST = "First Refresh"
LINES = 6  # of the chart: the largest segments
POINTS = 14


def execute(filters: dict | None = None) -> tuple:
	"""Columns, rows, the finding, chart and figures for the desk."""
	return insight.answer(SegmentSizes, filters)


@dataclass(frozen=True)
class Stay:
	"""The days on which a member entered and left. came: the first again, but for who was there from the beginning."""

	entered: date
	came: date | None
	left: date | None

	@classmethod
	def read(cls, text: str) -> Stay:
		"""From "entered|was there|left"; who is still there has no third part, who has no cause no second."""
		entered, *more = text.split("|")
		day = date.fromisoformat(entered)
		left = next((date.fromisoformat(part) for part in more if len(part) > 1), None)
		return cls(day, day if "0" in more else None, left)


class SegmentSizes(insight.Insight):
	"""Sizes as they were written down each night; counted from the members where only some customers are in scope."""

	uses_scores = False
	period_choices = (periods.QUARTER, periods.MONTH, periods.YEAR, periods.THIS_MONTH, periods.DATES)

	def __init__(self, filters: frappe._dict):
		super().__init__(filters)
		self.segment = filters.segment
		if self.segment:
			permitted.check(SEGMENT, self.segment)

	@cached_property
	def as_of(self) -> date:
		return reporting.today() + timedelta(days=1)

	def basis(self) -> str:
		return ""

	# --- figures ---------------------------------------------------------------------------------------------
	@cached_property
	def segments(self) -> dict[str, frappe._dict]:
		"""The company's segments that the user may see."""
		filters = {"company": self.company}
		if self.segment:
			filters["name"] = self.segment
		rows = frappe.get_list(
			SEGMENT,
			filters=filters,
			fields=["name", "segment_name", "enabled", "status", "reason", "last_refreshed"],
			order_by="segment_name",
			limit=0,
		)
		return {row.name: row for row in rows}

	def at(self, day: date) -> dict[str, int]:
		"""Members by segment at the end of a day; segments that were not counted yet are missing."""
		if not self.segments or not self.counted_from or day < self.counted_from:
			return {}
		return self._written(day) if self.scope.is_whole else self._counted(day)

	def _written(self, day: date) -> dict[str, int]:
		size = DocType(SIZE)
		last = (
			frappe.qb.from_(size)
			.select(size.segment, Max(size.date).as_("date"))
			.where(size.segment.isin(list(self.segments)) & (size.date <= day))
			.groupby(size.segment)
		)
		query = (
			frappe.qb.from_(size)
			.join(last)
			.on((last.segment == size.segment) & (last.date == size.date))
			.select(size.segment, size.size)
		)
		return dict(query.run())

	def _counted(self, day: date) -> dict[str, int]:
		return {
			name: sum(
				number for stay, number in stays.items() if stay.entered <= day < (stay.left or date.max)
			)
			for name, stays in self.stays.items()
		}

	@cached_property
	def stays(self) -> dict[str, Counter[Stay]]:
		"""segment → how many of the customers in scope entered and left on which days.

		The names are compared here: the database takes ten times as long to join a million members with their scores.
		"""
		among = self._in_scope()
		member = DocType(MEMBER)
		text = ConcatWs("|", Date(member.entered_on), member.cause == FIRST, Date(member.left_on))
		found = {}
		for name in self.segments:
			query = frappe.qb.from_(member).select(member.customer, text.as_("stay"))
			query = permitted.own(query.where(member.segment == name), MEMBER)
			members, stayed = names.read_with(query, "stay")
			pairs = zip(members, stayed, strict=True)
			counts = Counter(stay for customer, stay in pairs if among is None or customer in among)
			found[name] = Counter()
			for stay, number in counts.items():
				found[name][Stay.read(stay)] += number
		return found

	def _in_scope(self) -> set[str] | None:
		"""The customers whom filters and permissions leave; None for all."""
		allowed = permitted.customers()
		found = None if allowed is None else set(allowed)
		if self.scope.is_narrowed:
			score = self.score
			query = frappe.qb.from_(score).select(score.customer).where(score.score_run == self.run.name)
			chosen = set(names.read(self.scope.narrow(query)))
			found = chosen if found is None else found & chosen
		return found

	def moved(self, field: str, span: periods.Span) -> dict[str, int]:
		"""Members by segment who entered or left in a span of days; the first filling of a segment is no entering."""
		if not self.scope.is_whole:
			return {name: _moved(stays, field, span) for name, stays in self.stays.items()}
		member = DocType(MEMBER)
		query = frappe.qb.from_(member).select(member.segment, Count(member.name))
		query = query.where(member.segment.isin(list(self.segments) or [""]))
		query = query.where((member[field] >= span.start) & (member[field] < span.end))
		if field == "entered_on":
			query = query.where(member.cause != FIRST)
		return dict(permitted.own(query, MEMBER).groupby(member.segment).run())

	@cached_property
	def counted_from(self) -> date | None:
		"""The first day of which a size is known."""
		size = DocType(SIZE)
		query = (
			frappe.qb.from_(size).select(Min(size.date)).where(size.segment.isin(list(self.segments) or [""]))
		)
		found = query.run()[0][0]
		return getdate(found) if found else None

	@cached_property
	def now(self) -> dict[str, int]:
		return self.at(self.periods.this.last)

	@cached_property
	def before(self) -> dict[str, int]:
		"""At the end of the day before the period."""
		return self.at(self.periods.this.start - timedelta(days=1))

	@cached_property
	def year_ago(self) -> dict[str, int]:
		return self.at(self.periods.last_year.last)

	# --- table -----------------------------------------------------------------------------------------------
	def columns(self) -> list[dict[str, Any]]:
		span = self.periods.this
		return [
			reporting.text("label", _("Segment"), 220),
			reporting.count("size", _("Customers"), 110),
			reporting.count("before", _("Before {0}").format(reporting.date_text(span.start)), 155),
			reporting.count("entered", _("Came in"), 100),
			reporting.count("departed", _("Went out"), 100),
			insight.percent("change", _("Change"), 100),
			reporting.count("year_ago", _("A Year Ago"), 115),
			reporting.text("state", _("State"), 120),
			reporting.link("segment", _("Name"), SEGMENT, 150),
		]

	def rows(self) -> list[dict[str, Any]]:
		return self.table

	@cached_property
	def table(self) -> list[dict[str, Any]]:
		if not self.now:
			return []
		entered, left = (self.moved(field, self.periods.this) for field in ("entered_on", "left_on"))
		found = []
		for name, segment in self.segments.items():
			now, before = self.now.get(name), self.before.get(name)
			found.append(
				{
					"segment": name,
					"label": segment.segment_name,
					"size": now,
					"before": before,
					"entered": entered.get(name, 0),
					"departed": left.get(name, 0),
					"change": insight.hundred((now or 0) / before - 1) if before else None,
					"year_ago": self.year_ago.get(name),
					"state": self._state(segment),
					"href": {"label": f"/app/ccms-customer-segment/{name}"},
				}
			)
		return sorted(found, key=lambda row: -(row["size"] or 0))

	@staticmethod
	def _state(segment: frappe._dict) -> str:
		if segment.status == "Invalid":
			return _("Invalid")
		return _("Active") if segment.enabled else _("Switched off")

	# --- finding, figures, chart -----------------------------------------------------------------------------
	def finding(self) -> str:
		if not self.segments:
			return reporting.finding(
				_("There are no segments yet."),
				_("A segment is a group of customers that rules choose. Make one under {0}.").format(
					f'<a href="/app/ccms-customer-segment">{_("Customer Segment")}</a>'
				),
			)
		if not self.now:
			return reporting.finding(
				_(
					"The segments have not been counted yet. They are counted each night, and when one is refreshed."
				)
			)
		rows = self.table
		grown = max(rows, key=lambda row: (row["size"] or 0) - (row["before"] or row["size"] or 0))
		by = (grown["size"] or 0) - (grown["before"] or grown["size"] or 0)
		span = self.periods.this
		if by > 0:
			line = reporting.sentence(
				_("{0} grew most: {1} customers more than before {2}."),
				grown["label"],
				reporting.number(by),
				reporting.date_text(span.start),
			)
		else:
			line = reporting.sentence(_("No segment has grown since {0}."), reporting.date_text(span.start))
		invalid = [segment.segment_name for segment in self.segments.values() if segment.status == "Invalid"]
		warning = ""
		if invalid:
			warning = reporting.sentence(
				_("Not refreshed, because a rule cannot be read any more: {0}."), ", ".join(invalid)
			)
		since = reporting.sentence(_("Sizes are known from {0} on."), reporting.date_text(self.counted_from))
		return reporting.finding(line, since, warning=warning)

	def figures(self) -> list[dict[str, Any]]:
		if not self.now:
			return []
		largest = sorted(self.now, key=lambda name: -self.now[name])[:4]
		return [
			cards.count(
				self.segments[name].segment_name,
				self.now[name],
				self.before.get(name),
				self.year_ago.get(name),
				good="",
			)
			for name in largest
		]

	def chart(self) -> dict[str, Any] | None:
		span = self.periods.this
		first = max(span.start, self.counted_from) if self.counted_from else span.start
		days = _spread(first, span.last)
		if not self.now or len(days) < 2:
			return None
		sizes = [self.at(day) for day in days]
		largest = sorted(self.now, key=lambda name: -self.now[name])[:LINES]
		return reporting.chart(
			"line",
			_("Customers in the largest segments"),
			[reporting.day_label(day) for day in days],
			{self.segments[name].segment_name: [size.get(name, 0) for size in sizes] for name in largest},
		)


def _moved(stays: Counter[Stay], field: str, span: periods.Span) -> int:
	days = ((stay.left if field == "left_on" else stay.came, number) for stay, number in stays.items())
	return sum(number for day, number in days if day and span.start <= day < span.end)


def _spread(first: date, last: date) -> list[date]:
	"""At most POINTS days from the first to the last, evenly."""
	days = (last - first).days
	if days <= 0:
		return [last]
	number = min(days, POINTS - 1)
	return [first + timedelta(days=round(days * place / number)) for place in range(number + 1)]
