"""Cells of reports behind which stand what customers bought, when, and what came back: as conditions on scores.

Each reads the facts that its report read, so that a figure and the customers behind it agree. A value of several parts
has them divided by "|", a span of days by "..".
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import frappe
from frappe import _
from frappe.query_builder import DocType
from frappe.utils import escape_html
from pypika.terms import Criterion

from . import reporting
from .periods import Span
from .scope import SCORE

if TYPE_CHECKING:
	from ibis.expr.types import Table

	from .insight import Insight

score = DocType(SCORE)
THINGS = ("item_group", "brand", "item")
LABELS = {
	"gap_from": "Days between Orders, from",
	"gap_below": "Days between Orders, below",
	"came": "Came",
	"thing": "Bought",
	"instead": "Bought One, Not the Other",
	"returned": "Returned",
}


def span(text: str) -> Span:
	"""Days written as "2026-01-01..2026-01-31", both included."""
	start, _dots, end = text.partition("..")
	first, last = (reporting.day(day, _("Days")) for day in (start, end or start))
	if not first or not last:
		_refuse(text)
	return Span(first, last + timedelta(days=1))


def days(of: Span) -> str:
	"""A span as `span` reads it."""
	return f"{of.start}..{of.last}"


def joined(*parts: object) -> str:
	"""Parts as one value of a filter; a name may hold the divider."""
	return "|".join(str(part).replace("%", "%25").replace("|", "%7C") for part in parts)


def _split(value: object) -> list[str]:
	return [part.replace("%7C", "|").replace("%25", "%") for part in str(value).split("|")]


def between(table: Table, of: Span) -> Table:
	"""Rows of those days."""
	import ibis

	return table.filter((table.day >= ibis.date(of.start)) & (table.day < ibis.date(of.end)))


def gap_from(_report: Insight, value: object) -> Criterion:
	return score.gap_median >= _number(value)


def gap_below(_report: Insight, value: object) -> Criterion:
	return score.gap_median < _number(value)


def came(report: Insight, value: object) -> Criterion:
	"""Whose orders fell on a day of the week (0 is Monday) or in an hour: "4|16|DAYS"; either may be empty."""
	weekday, hour, when = _parts(value, 3)
	orders = between(report.orders, span(when))
	if weekday:
		orders = orders.filter(orders.day.day_of_week.index() == int(_number(weekday)))
	if hour:
		orders = orders.filter(orders.first_at.hour() == int(_number(hour)))
	return customers(report, orders)


def thing(report: Insight, value: object) -> Criterion:
	"""Who bought of an item group, brand or item: "item|NAME|DAYS"."""
	by, name, when = _parts(value, 3)
	return customers(report, bought(report, by, name, span(when)))


def instead(report: Insight, value: object) -> Criterion:
	"""Who bought the one thing in those days and never the other: "item|ONE|OTHER|DAYS"."""
	by, one, other, when = _parts(value, 4)
	had = bought(report, by, other, None).select("customer")
	return customers(report, bought(report, by, one, span(when)).anti_join(had, "customer"))


def returned(report: Insight, value: object) -> Criterion:
	"""Who brought back of something: "branch|NAME|DAYS"; the days are those of the return."""
	by, name, when = _parts(value, 3)
	lines = report.known_lines
	if by not in lines.columns:
		_refuse(value)
	lines = between(lines.filter(lines.is_return), span(when))
	return customers(report, lines.filter(lines[by] == name))


def bought(report: Insight, by: str, name: str, when: Span | None) -> Table:
	"""Lines of a thing that went out."""
	from ccms_app.behaviour.selections import sold

	if by not in THINGS:
		_refuse(by)
	lines = sold(report.known_lines)
	lines = lines.filter(lines[by] == name)
	return between(lines, when) if when else lines


CONDITIONS: dict[str, Callable[..., Criterion]] = {
	"gap_from": gap_from,
	"gap_below": gap_below,
	"came": came,
	"thing": thing,
	"instead": instead,
	"returned": returned,
}
# those of customers who bought or brought back; the others are figures of a score
OF_PURCHASES = ("came", "thing", "instead", "returned")


def words(name: str, value: str) -> str:
	"""The value of such a cell for people."""
	if name in ("bought", "cohort") and ".." in str(value):
		return span(str(value)).text()
	parts = _split(value)
	if name == "came" and len(parts) == 3:
		from .words import hours, weekday

		found = [weekday(int(_number(parts[0])), "wide")] if parts[0] else []
		found += [hours(int(_number(parts[1])))] if parts[1] else []
		return " · ".join([*found, span(parts[2]).text()])
	if name in ("thing", "returned") and len(parts) == 3:
		return f"{parts[1]} · {span(parts[2]).text()}"
	if name == "instead" and len(parts) == 4:
		return _("{0}, not {1} · {2}").format(parts[1], parts[2], span(parts[3]).text())
	return str(value)


def customers(report: Insight, rows: Table) -> Criterion:
	"""The customers of orders or lines."""
	names = report.frame(rows.select("customer").distinct())["customer"].tolist()
	return score.customer.isin(names or ("",))


def _parts(value: object, number: int) -> list[str]:
	parts = _split(value)
	if len(parts) != number:
		_refuse(value)
	return parts


def _number(value: object) -> float:
	try:
		return float(str(value))
	except ValueError:
		_refuse(value)


def _refuse(value: object) -> None:
	frappe.throw(_("{0} cannot be read.").format(frappe.bold(escape_html(str(value)))))
