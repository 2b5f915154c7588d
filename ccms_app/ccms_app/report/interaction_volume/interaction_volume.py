"""How much happens between customers and us: day by day, by type, branch or channel, beside the period before."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cached_property
from typing import Any

import frappe
from frappe import _

from ccms_app.desk import cards, dealing_reports, insight, masking, periods, reporting
from ccms_app.desk.dealing_reports import NONE, Dealings, change
from ccms_app.desk.words import month_of_year
from ccms_app.interactions.store import figures

BY = {"Type": "interaction_type", "Day": "day", "Channel": "channel", "Branch": "branch"}
DAYS, WEEKS = 35, 120
"""So many days are drawn day by day, so many week by week; more of them by month."""


def execute(filters: dict | None = None) -> tuple:
	"""Columns, rows, the finding, chart and figures for the desk."""
	return dealing_reports.answer(InteractionVolume, filters)


class InteractionVolume(Dealings):
	"""Events by a dimension, this period beside the one before."""

	def __init__(self, filters):
		super().__init__(filters)
		self.show = reporting.choice(filters.by, BY, _("By"))
		self.by = BY[self.show]

	# --- figures -------------------------------------------------------------------------------------------------
	@cached_property
	def found(self) -> dict[Any, dict[str, Any]]:
		return {row[self.by]: row for row in figures.sums(self.where(self.this), self.by)}

	@cached_property
	def earlier(self) -> dict[Any, dict[str, Any]]:
		"""Sums of the period before; days are those that stand at the same place."""
		rows = figures.sums(self.where(self.before), self.by)
		if self.by != "day":
			return {row[self.by]: row for row in rows}
		ahead = self.this.start - self.before.start
		return {row.day + ahead: row for row in rows if row.day + ahead < self.this.end}

	@cached_property
	def by_day(self) -> dict[date, int]:
		if self.by == "day":
			return {day: int(row.events) for day, row in self.found.items()}
		return {row.day: int(row.events) for row in figures.sums(self.where(self.this), "day")}

	@cached_property
	def by_day_before(self) -> dict[date, int]:
		return {row.day: int(row.events) for row in figures.sums(self.where(self.before), "day")}

	@cached_property
	def total(self) -> int:
		return sum(self.by_day.values())

	@cached_property
	def total_before(self) -> int:
		return sum(self.by_day_before.values())

	# --- table ---------------------------------------------------------------------------------------------------
	def columns(self) -> list[dict[str, Any]]:
		return [
			reporting.date_column("thing", _("Day"))
			if self.by == "day"
			else reporting.text("thing", _(self.show), 170),
			reporting.count("events", _("Interactions"), 115),
			reporting.count("events_before", _("Before"), 95),
			insight.percent("change", _("Change"), 95),
			reporting.count("customers", _("People"), 90),
			insight.decimal("minutes", _("Minutes each"), 120),
			reporting.money("amount", _("Amount"), 125),
			reporting.currency_column(),
		]

	def rows(self) -> list[dict[str, Any]]:
		keys = {*self.found, *self.earlier}
		if self.by == "day":
			ordered = sorted(keys, reverse=True)
		else:
			ordered = sorted(keys, key=lambda key: (-self._events(self.found, key), str(key)))
		rows = [self._row(key) for key in ordered]
		if not rows:
			return []
		sums = {
			"thing": None if self.by == "day" else _("Total"),
			"events": self.total,
			"events_before": self.total_before,
			"change": change(self.total, self.total_before),
			"amount": sum(row["amount"] for row in rows),
			"currency": self.currency,
		}
		return [*rows, insight.total(sums, _("Total"))]

	def _row(self, key: Any) -> dict[str, Any]:
		row = self.found.get(key)
		events, before = self._events(self.found, key), self._events(self.earlier, key)
		seconds = float(row.dwell + row.duration) if row else 0.0
		path = self._path(key) if events else ""
		return {
			"thing": key if self.by == "day" else (key if self.by == "branch" else _(key)) or NONE,
			"events": events,
			"events_before": before,
			"change": change(events, before),
			"customers": int(row.customers) if row else 0,
			"minutes": round(seconds / 60 / events, 1) if events and seconds else None,
			"amount": float(row.amount) if row else 0.0,
			"currency": self.currency,
			"href": {"events": path} if path else {},
		}

	def _path(self, key: Any) -> str:
		if self.by != "day":
			return self.list_path(**{self.by: key}) if key else ""
		path = self.list_path()
		days = frappe.as_json(["Between", [str(key), str(key)]], indent=None)
		return f"{path.rpartition('&occurred_at=')[0]}&{_query(occurred_at=days)}" if path else ""

	@staticmethod
	def _events(rows: dict, key: Any) -> int:
		return int(rows[key].events) if key in rows else 0

	# --- finding, figures, picture -------------------------------------------------------------------------------
	def finding(self) -> str:
		moved = change(self.total, self.total_before)
		if moved is None:
			first = reporting.sentence(
				_("{0} interactions; there were none before."), reporting.number(self.total)
			)
		elif moved >= 0:
			first = reporting.sentence(
				_("{0} interactions, {1} more than before."), reporting.number(self.total), _percent(moved)
			)
		else:
			first = reporting.sentence(
				_("{0} interactions, {1} fewer than before."), reporting.number(self.total), _percent(-moved)
			)
		return self.said(first, self._busiest())

	def _busiest(self) -> str:
		if not self.by_day:
			return ""
		day = max(sorted(self.by_day), key=lambda one: self.by_day[one])
		return reporting.sentence(
			_("The busiest day was {0}, with {1}."),
			reporting.date_text(day),
			reporting.number(self.by_day[day]),
		)

	def figures(self) -> list[dict[str, Any]]:
		return [
			cards.count(_("Interactions"), self.total, self.total_before, indicator="Blue"),
			cards.number(
				_("a day"), self.total / max(self.this.days, 1), self.total_before / max(self.before.days, 1)
			),
			cards.count(
				_("People"),
				None if masking.is_masked() else self._people(self.this),
				None if masking.is_masked() else self._people(self.before),
			),
		]

	def _people(self, span: periods.Span) -> int:
		rows = figures.sums(self.where(span))
		return int(rows[0].customers) if rows else 0

	def chart(self) -> dict[str, Any] | None:
		"""Days, or weeks or months of a longer period; the period before lies over it, from the same start."""
		now, before = _parts(self.this), _parts(self.before)
		step = (now[0].end - now[0].start).days if len(now) > 1 else 1
		title = _("Interactions a day, over the period before")
		if step > 1:
			title = _("Interactions a week, over the period before")
		if step > 7:
			title = _("Interactions a month, over the period before")
		return reporting.chart(
			"line",
			title,
			[_label(part.start, step) for part in now],
			{
				_("This period"): [_within(self.by_day, part) for part in now],
				_("Before"): [_within(self.by_day_before, part) for part in before[: len(now)]]
				+ [0] * (len(now) - len(before)),
			},
			colours=(reporting.BLUE, reporting.GREY),
			lineOptions={"hideDots": 1, "regionFill": 1},
		)


def _parts(span: periods.Span) -> list[periods.Span]:
	"""The days, weeks or months of a period: as many as have room on an axis."""
	if span.days > WEEKS:
		starts = [max(month, span.start) for month in periods.months(span)]
	else:
		step = 1 if span.days <= DAYS else 7
		starts = [span.start + timedelta(days=start) for start in range(0, span.days, step)]
	ends = [*starts[1:], span.end]
	return [periods.Span(start, end) for start, end in zip(starts, ends, strict=True)]


def _label(start: date, step: int) -> str:
	"""Short, for the desk cuts what has no room."""
	if step > 7:
		return month_of_year(start.month)
	if step > 1:
		return reporting.day_label(start)
	return month_of_year(start.month) if start.day == 1 else str(start.day)


def _within(by_day: dict[date, int], part: periods.Span) -> int:
	return sum(events for day, events in by_day.items() if part.start <= day < part.end)


def _percent(value: float) -> str:
	return f"{reporting.number(value)} %"


def _query(**given: str) -> str:
	from urllib.parse import urlencode

	return urlencode(given)
