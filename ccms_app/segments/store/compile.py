"""Rules into the query builder: each rule becomes one query for names of customers, or for everybody but those; rules on
one table share a query.

No query joins another: at 100,000 customers reading one table costs 20 ms and joining two of them 300, so
`evaluate.py` puts the answers together instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import frappe
from frappe.query_builder import Case, CustomFunction, DocType
from frappe.query_builder.functions import Coalesce, Count
from frappe.utils.nestedset import get_descendants_of
from pypika.queries import QueryBuilder
from pypika.terms import Criterion, Term, ValueWrapper

from ccms_app.segments.fields import CUSTOMER, MEMBERSHIP, PROFILE, SCORE, SEGMENT, TAG, Field
from ccms_app.segments.rules import Rule, as_date

from .registry import DOCTYPES

MEMBER = "CCMS Segment Member"
# sources with at most one row a customer
ONE_ROW = (CUSTOMER, PROFILE, SCORE)

Date = CustomFunction("DATE", ["moment"])
Month = CustomFunction("MONTH", ["day"])
DayOfMonth = CustomFunction("DAYOFMONTH", ["day"])
NullIf = CustomFunction("NULLIF", ["value", "other"])


@dataclass(frozen=True)
class Names:
	"""A query for one column of names of customers. `others`: everybody who is not among them is meant."""

	query: QueryBuilder
	others: bool = False


@dataclass(frozen=True)
class Place:
	"""Whose figures are asked, and when. run: the published score run; None before the first."""

	company: str
	run: str | None
	today: date


def names_of(rule: Rule, field: Field, place: Place, customers: Sequence[str] | None = None) -> Names:
	"""The query of a rule that `rules.check` has passed; not for purchases, which `store/purchases.py` answers.

	Args:
		customers: only these are of interest.
	"""
	if field.source == TAG:
		return _tags(rule, customers)
	if field.source == SEGMENT:
		return _segments(rule, customers)
	table, customer, base = _source(rule, field, place)
	if customers is not None:
		base &= customer.isin(list(customers))
	column = table[field.column]
	query = frappe.qb.from_(table).select(customer.as_("customer"))
	if field.source == MEMBERSHIP and rule.operator in ("not_in", "not_under"):
		# a member of several programs: none of them may be
		listed = frappe.qb.from_(table).select(customer)
		listed = listed.where(base & column.isin(_listed(rule, field)))
		return Names(query.where(base & _filled(column, field) & customer.notin(listed)))
	holds, others = _asked(rule, field, column, place.today)
	return Names(query.where(base & holds), others)


def together(
	rules: Sequence[Rule], fields: Mapping[str, Field], place: Place, customers: Sequence[str] | None = None
) -> tuple[QueryBuilder, list[bool]]:
	"""One query for several rules on fields of one source in `ONE_ROW`, which has one row a customer.

	Returns: the query for the columns `customer` and `holds` (a number whose bit i is set where the query of rule i names
	the customer), and for each rule whether everybody but those is meant (`Names.others`).
	"""
	table, customer, base = _source(rules[0], fields[rules[0].field], place)
	if customers is not None:
		base &= customer.isin(list(customers))
	bits, others = ValueWrapper(0), []
	for place_of, rule in enumerate(rules):
		field = fields[rule.field]
		holds, but = _asked(rule, field, table[field.column], place.today)
		bits += Case().when(holds, 1 << place_of).else_(0)
		others.append(but)
	query = frappe.qb.from_(table).select(customer.as_("customer"), bits.as_("holds"))
	return query.where(base), others


def _asked(rule: Rule, field: Field, column: Term, today: date) -> tuple[Criterion, bool]:
	"""The condition on a row that names its customer, and whether everybody but those named is meant."""
	if field.default is not None:
		return _with_default(rule, field, column, today)
	if rule.operator in ("empty", "not_empty"):
		return _filled(column, field), rule.operator == "empty"
	return condition(rule, field, column, today), False


def _source(rule: Rule, field: Field, place: Place) -> tuple[DocType, Term, Criterion]:
	"""The table of a field, its column of customers, and which of its rows are asked."""
	table = DocType(DOCTYPES[field.source])
	if field.source == CUSTOMER:
		return table, table.name, table.name.isnotnull()
	if field.source == PROFILE:
		return table, table.customer, table.company == place.company
	if field.source == SCORE:
		return table, table.customer, table.score_run == (place.run or "")
	base = table.company == place.company
	if rule.scope:
		base &= table.program == rule.scope
	if field.column != "status":
		base &= table.status != "Left"
	return table, table.customer, base


# --- conditions ------------------------------------------------------------------------------------------------


def condition(rule: Rule, field: Field, column: Term, today: date) -> Criterion:
	"""The rule as a condition on a column: true where it holds; false or null where it does not."""
	if field.type in ("number", "money", "share"):
		return _of_number(rule, field, column)
	if field.type == "date":
		return _of_date(rule, field, column, today)
	if field.type == "check":
		return column == (1 if rule.operator == "yes" else 0)
	if field.type == "text":
		return _of_text(rule, column)
	names = _listed(rule, field)
	if rule.operator in ("in", "under"):
		return column.isin(names)
	return column.notin(names) & (column != "")


def _of_number(rule: Rule, field: Field, column: Term) -> Criterion:
	given = rule.value if isinstance(rule.value, list) else [rule.value]
	values = [round(value / 100, 12) if field.type == "share" else value for value in given]
	return {
		"at_least": column >= values[0],
		"more": column > values[0],
		"at_most": column <= values[0],
		"less": column < values[0],
		"equal": column == values[0],
		"not_equal": column != values[0],
		"between": column[values[0] : values[-1]],
	}[rule.operator]


def _of_date(rule: Rule, field: Field, column: Term, today: date) -> Criterion:
	if field.source in (CUSTOMER, MEMBERSHIP):
		column = Date(column)  # may hold a time of day
	if rule.operator == "anniversary":
		return _comes_round(column, today, int(rule.value))
	if rule.operator == "between_dates":
		return column[as_date(rule.value[0]) : as_date(rule.value[1])]
	if rule.operator.startswith("days_"):
		days = timedelta(days=int(rule.value))
		return {
			"days_ago_more": lambda: column < _shift(today, -days),
			"days_ago_within": lambda: column[_shift(today, -days) : today],
			"days_ahead_within": lambda: column[today : _shift(today, days)],
			"days_ahead_more": lambda: column > _shift(today, days),
		}[rule.operator]()
	day = as_date(rule.value)
	return {"on": column == day, "before": column < day, "after": column > day}[rule.operator]


def _shift(day: date, by: timedelta) -> date:
	try:
		return day + by
	except OverflowError:
		return date.min if by.days < 0 else date.max


def _comes_round(column: Term, today: date, days: int) -> Criterion:
	"""The day and month of a date lie in the coming days; 29 February counts as 28 where there is none."""
	if days >= 365:
		return column.isnotnull()
	end = today + timedelta(days=days)
	first, last = (day.month * 100 + day.day for day in (today, end))
	if last == 228 and not _is_leap(end.year):
		last = 229
	of_year = Month(column) * 100 + DayOfMonth(column)
	if today.year == end.year:
		return of_year[first:last]
	return (of_year >= first) | (of_year <= last)


def _is_leap(year: int) -> bool:
	return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _of_text(rule: Rule, column: Term) -> Criterion:
	text = rule.value.strip()
	# an escaped backslash must itself survive the string literal
	like = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
	return {
		"is": lambda: column == text,
		"is_not": lambda: (column != text) & (column != ""),
		"contains": lambda: column.like(f"%{like}%"),
		"contains_not": lambda: column.not_like(f"%{like}%") & (column != ""),
		"starts": lambda: column.like(f"{like}%"),
	}[rule.operator]()


def _filled(column: Term, field: Field) -> Criterion:
	return column.isnotnull() if field.type in ("number", "money", "share", "date", "check") else column != ""


def _listed(rule: Rule, field: Field) -> list[str]:
	if rule.operator in ("under", "not_under"):
		return with_descendants(field.options, rule.value)
	return list(rule.value)


def with_descendants(doctype: str, names: Sequence[str]) -> list[str]:
	"""Names of a tree with everything that stands below them."""
	found = dict.fromkeys(names)
	for name in names:
		found.update(dict.fromkeys(get_descendants_of(doctype, name, ignore_permissions=True)))
	return list(found)


# --- what has no row for some customers ----------------------------------------------------------------------------


def _with_default(rule: Rule, field: Field, column: Term, today: date) -> tuple[Criterion, bool]:
	"""A customer without a row, or with nothing in it, counts as the default: a customer without a profile has no orders."""
	if rule.operator in ("empty", "not_empty"):
		return column != column, rule.operator == "not_empty"
	value = NullIf(column, "") if isinstance(field.default, str) else column
	holds = condition(rule, field, Coalesce(value, field.default), today)
	return (holds.negate(), True) if _default_holds(rule, field) else (holds, False)


def _default_holds(rule: Rule, field: Field) -> bool:
	given, default = rule.value, field.default
	if isinstance(default, str):
		return (default in given) == (rule.operator == "in")
	first, last = (given[0], given[-1]) if isinstance(given, list) else (given, given)
	return {
		"at_least": default >= first,
		"more": default > first,
		"at_most": default <= first,
		"less": default < first,
		"equal": default == first,
		"not_equal": default != first,
		"between": first <= default <= last,
	}[rule.operator]


# --- tags, segments ----------------------------------------------------------------------------------------------


def _tags(rule: Rule, customers: Sequence[str] | None) -> Names:
	link = DocType("Tag Link")
	wanted = (link.document_type == "Customer") & link.tag.isin(rule.value)
	if customers is not None:
		wanted &= link.document_name.isin(list(customers))
	query = frappe.qb.from_(link).select(link.document_name.as_("customer")).where(wanted)
	if rule.operator == "has_all":
		query = query.groupby(link.document_name)
		query = query.having(Count(link.tag).distinct() >= len(set(rule.value)))
	return Names(query, others=rule.operator == "has_none")


def _segments(rule: Rule, customers: Sequence[str] | None) -> Names:
	member = DocType(MEMBER)
	wanted = member.segment.isin(rule.value) & member.left_on.isnull()
	if customers is not None:
		wanted &= member.customer.isin(list(customers))
	query = frappe.qb.from_(member).select(member.customer).where(wanted)
	return Names(query, others=rule.operator == "not_member")
