"""Which customers stand behind a cell of a report: filters of the report "Customers Behind" as conditions on scores.

A report links to it with these filters; a new kind of cell is one more entry here and in `customers_behind.js`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import TYPE_CHECKING

import frappe
from frappe import _
from frappe.query_builder import DocType
from frappe.utils import add_months, cint, escape_html, getdate
from pypika.functions import Floor
from pypika.terms import Criterion

from . import fact_cells, reporting, scope
from .scope import SCORE

if TYPE_CHECKING:
	from .insight import Insight

STAGE_CHANGE = "CCMS Stage Change"
score = DocType(SCORE)

# filter → label; the field of the score has the same name
TEXTS = {
	"stage": "Stage",
	"rfm_group": "RFM Group",
	"value_band": "Value Band",
	"churn_level": "Risk of Leaving",
	"price_band": "Answers to Price",
	"cluster": "Cluster",
	"favourite_group": "Favourite Item Group",
	"favourite_brand": "Favourite Brand",
	"favourite_item": "Favourite Item",
	"home_channel": "Channel",
}
NUMBERS = {
	"r": "Recency",
	"f": "Frequency",
	"m": "Money",
	"peak_hour": "Usual Hour",
	"peak_weekday": "Usual Weekday",
	"peak_month": "Usual Month",
}
FLAGS = {"high_frequency": "High Frequency", "high_value": "High Value"}


def frequency_and_money() -> Floor:
	"""FM of a row of scores: the mean of F and M, halves up (MEASURES 3)."""
	return Floor((score.f + score.m + 1) / 2)


def conditions(report: Insight) -> list[Criterion]:
	"""What the cell's filters ask of a row of scores.

	Raises:
		frappe.ValidationError: a filter that cannot be read.
	"""
	filters = report.filters
	found = []
	for name in TEXTS:
		if filters.get(name):
			found.append(score[name] == str(filters[name]))
	for name, label in NUMBERS.items():
		if filters.get(name) not in (None, ""):
			found.append(score[name] == _integer(filters[name], _(label)))
	for name in FLAGS:
		if cint(filters.get(name)):
			found.append(score[name] == 1)
	for name, condition in OTHERS.items():
		if filters.get(name) not in (None, ""):
			found.append(condition(report, filters[name]))
	return found


def reads_facts(filters: frappe._dict) -> bool:
	"""Whether purchases say who is meant: then a branch that is chosen is where they bought, not where they mostly buy."""
	return any(filters.get(name) not in (None, "") for name in FACTS)


def words(filters: frappe._dict) -> list[tuple[str, str]]:
	"""The cell as (label, value), for people."""
	found = [(_(label), _(str(filters[name]))) for name, label in TEXTS.items() if filters.get(name)]
	found += [
		(_(label), fact_cells.words(name, filters[name]))
		for name, label in {**NUMBERS, **MORE}.items()
		if filters.get(name) not in (None, "")
	]
	return found + [(_(label), _("Yes")) for name, label in FLAGS.items() if cint(filters.get(name))]


# --- cells that are no plain field ---------------------------------------------------------------------------


def _fm(_report: Insight, value: object) -> Criterion:
	return frequency_and_money() == _integer(value, _("Frequency and Money"))


def _cohort(report: Insight, value: object) -> Criterion:
	"""Whose first order fell in a month, "2026-01", or in days of it; where customers are chosen, whose first order was
	made as they say."""
	first, last = _days_of_cohort(value)
	if not report.scope.is_narrowed:
		return (score.first_order >= first) & (score.first_order <= last)
	orders = report.orders
	orders = orders.filter((orders.order_no == 1) & (orders.day >= first) & (orders.day <= last))
	return fact_cells.customers(report, orders)


def _at_least(field: str, label: str) -> Callable:
	return lambda _report, value: score[field] >= _number(value, _(label))


def _below(field: str, label: str) -> Callable:
	return lambda _report, value: score[field] < _number(value, _(label))


def _since(field: str, label: str) -> Callable:
	return lambda _report, value: score[field] >= reporting.day(value, _(label))


def _until(field: str, label: str) -> Callable:
	return lambda _report, value: score[field] <= reporting.day(value, _(label))


def _orders(_report: Insight, value: object) -> Criterion:
	"""At least so many orders of all time."""
	return score.orders >= _integer(value, _("Orders, at Least"))


def _moved(report: Insight, value: object) -> Criterion:
	"""Who changed the stage "from > to" (either may be empty) in the days given; "won back" for every return."""
	change = DocType(STAGE_CHANGE)
	filters = report.filters
	query = frappe.qb.from_(change).select(change.customer).where(change.company == report.company)
	if str(value) == WON_BACK:
		query = query.where(change.is_won_back == 1)
	else:
		start, _arrow, end = (part.strip() for part in str(value).partition(">"))
		if start:
			query = query.where(change.from_stage == start)
		if end:
			query = query.where(change.to_stage == end)
	if since := reporting.day(filters.moved_since, _("Moved Since")):
		query = query.where((change.changed_on >= since) & (change.data_cut > since))
	if until := reporting.day(filters.moved_until, _("Moved Until")):
		query = query.where(change.data_cut <= until + timedelta(days=1))
	return score.customer.isin(query)


def _bought(report: Insight, value: object) -> Criterion:
	"""Who ordered between two days: "2026-01-01..2026-01-31". Who was won there may have come again anywhere."""
	start, _dots, end = str(value).partition("..")
	first, last = (reporting.day(day, _("Bought")) for day in (start, end or start))
	orders = scope.seen(report.lake.orders) if report.filters.get("cohort") else report.orders
	return fact_cells.customers(report, orders.filter((orders.day >= first) & (orders.day <= last)))


WON_BACK = "won back"
FACTS = ("cohort", "bought", *fact_cells.OF_PURCHASES)
OTHERS: dict[str, Callable[..., Criterion]] = {
	"fm": _fm,
	"cohort": _cohort,
	"orders_from": _orders,
	"revenue_from": _at_least("revenue_365", "Revenue of a Year, from"),
	"chance_from": _at_least("churn_probability", "Risk, from"),
	"chance_below": _below("churn_probability", "Risk, below"),
	"last_since": _since("last_order", "Last Order Since"),
	"last_until": _until("last_order", "Last Order Until"),
	"moved": _moved,
	"bought": _bought,
	**fact_cells.CONDITIONS,
}
MORE = {
	"fm": "Frequency and Money",
	"cohort": "First Order in",
	"orders_from": "Orders, at Least",
	"revenue_from": "Revenue of a Year, from",
	"chance_from": "Risk, from",
	"chance_below": "Risk, below",
	"last_since": "Last Order Since",
	"last_until": "Last Order Until",
	"moved": "Moved",
	"moved_since": "Moved Since",
	"moved_until": "Moved Until",
	"bought": "Bought",
	**fact_cells.LABELS,
}


def _integer(value: object, label: str) -> int:
	number = _number(value, label)
	if number != int(number):
		_refuse(value, label)
	return int(number)


def _number(value: object, label: str) -> float:
	try:
		return float(str(value))
	except ValueError:
		_refuse(value, label)


def _days_of_cohort(value: object) -> tuple[date, date]:
	"""First and last day."""
	if ".." in str(value):
		days = fact_cells.span(str(value))
		return days.start, days.last
	first = _month(value)
	return first, getdate(add_months(first, 1)) - timedelta(days=1)


def _month(value: object) -> date:
	try:
		year, month = str(value).split("-")[:2]
		return date(int(year), int(month), 1)
	except ValueError:
		_refuse(value, _("First Order in"))


def _refuse(value: object, label: str) -> None:
	frappe.throw(_("{0}: {1} cannot be read.").format(label, frappe.bold(escape_html(str(value)))))
