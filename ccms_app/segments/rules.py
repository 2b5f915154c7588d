"""The rules of a segment: rows that read as sentences, joined by "and" and "or", checked before anything runs.

A rule names a field, an operator of the field's type and a value. Rows of group 0 stand by themselves; rows that share
another group number stand in brackets. "All" joins the rows and brackets by "and" and the rows in a bracket by "or";
"Any" the other way round. An empty field matches only "is empty" (and purchases, tags and segments have no emptiness:
who has none is simply outside them).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from . import operators, purchases
from .fields import MEMBERSHIP, Field

ALL, ANY = "All", "Any"
MAX_DAYS = 36_500
MAX_RULES = 100


@dataclass(frozen=True)
class Rule:
	"""One row. `value` has the shape that the operator takes (see `operators`); `scope` a loyalty program, or empty."""

	field: str
	operator: str
	value: Any = None
	group: int = 0
	scope: str = ""


@dataclass(frozen=True)
class RuleSet:
	"""All rows, and what joins them."""

	match: str = ALL
	rules: tuple[Rule, ...] = ()

	def brackets(self) -> list[list[Rule]]:
		"""The rows as they stand together: each row of group 0 alone, the others by group, in their first order."""
		found: dict[object, list[Rule]] = {}
		for number, rule in enumerate(self.rules):
			found.setdefault(rule.group or ("alone", number), []).append(rule)
		return list(found.values())

	def of_source(self, source: str) -> list[Rule]:
		return [rule for rule in self.rules if rule.field.partition(".")[0] == source]


@dataclass(frozen=True)
class Problem:
	"""Why a row cannot stand: words to be translated, with {0}, {1} … for the values. `row` counts from 1."""

	words: str
	values: tuple = ()
	row: int = 0
	gone: bool = False  # what the row names was there once: the segment becomes invalid, its members stay

	def __str__(self) -> str:
		return self.words.format(*self.values)


def parse(match: str, rows: Iterable[Mapping[str, Any]]) -> RuleSet:
	"""Rules from stored rows, whose value is JSON text. A value that is not JSON is kept as text, for `check` to refuse."""
	return RuleSet(
		ANY if match == ANY else ALL,
		tuple(
			Rule(
				str(row.get("field") or ""),
				str(row.get("operator") or ""),
				_value(row.get("value")),
				int(row.get("group_no") or 0),
				str(row.get("scope") or ""),
			)
			for row in rows
		),
	)


def _value(stored: Any) -> Any:
	if not isinstance(stored, str):
		return stored
	if not stored.strip():
		return None
	try:
		return json.loads(stored)
	except ValueError:
		return stored


def check(rules: RuleSet, fields: Mapping[str, Field]) -> list[Problem]:
	"""Everything that is wrong with the rows, in their order; empty when they can run."""
	if len(rules.rules) > MAX_RULES:
		return [Problem("A segment has at most {0} rules.", (MAX_RULES,))]
	found = []
	for number, rule in enumerate(rules.rules, start=1):
		if problem := _check_rule(rule, fields):
			found.append(Problem(problem.words, problem.values, number, problem.gone))
	return found


def _check_rule(rule: Rule, fields: Mapping[str, Field]) -> Problem | None:
	if not rule.field:
		return Problem("Choose a field.")
	known = fields.get(rule.field)
	if not known:
		return Problem("The field {0} is no longer there.", (rule.field,), gone=True)
	if not rule.operator:
		return Problem("Choose how {0} is compared.", (known.label,))
	operator = operators.find(known.type, rule.operator)
	if not operator:
		return Problem("{0} cannot be compared by {1}.", (known.label, rule.operator))
	if rule.scope and known.source != MEMBERSHIP:
		return Problem("{0} belongs to no loyalty program.", (known.label,))
	return _CHECKS[operator.takes](rule.value, known)


# --- values ---------------------------------------------------------------------------------------------------


def _nothing(value: Any, known: Field) -> Problem | None:
	return None


def _one(value: Any, known: Field) -> Problem | None:
	if not isinstance(value, str) or not value.strip():
		return Problem("{0}: write what to compare with.", (known.label,))
	return None


def _many(value: Any, known: Field) -> Problem | None:
	if not is_names(value) or not value:
		return Problem("{0}: choose at least one value.", (known.label,))
	return None


def _number(value: Any, known: Field) -> Problem | None:
	if not is_number(value):
		return Problem("{0}: write a number.", (known.label,))
	return None


def _two_numbers(value: Any, known: Field) -> Problem | None:
	if not (isinstance(value, list) and len(value) == 2 and all(map(is_number, value))):
		return Problem("{0}: write two numbers.", (known.label,))
	if value[0] > value[1]:
		return Problem("{0}: the first number is greater than the second.", (known.label,))
	return None


def _days(value: Any, known: Field) -> Problem | None:
	if not is_days(value):
		return Problem("{0}: write a number of days between 0 and {1}.", (known.label, MAX_DAYS))
	return None


def _date(value: Any, known: Field) -> Problem | None:
	if as_date(value) is None:
		return Problem("{0}: choose a date.", (known.label,))
	return None


def _two_dates(value: Any, known: Field) -> Problem | None:
	if not (isinstance(value, list) and len(value) == 2 and all(as_date(one) for one in value)):
		return Problem("{0}: choose two dates.", (known.label,))
	if as_date(value[0]) > as_date(value[1]):
		return Problem("{0}: the first date is after the second.", (known.label,))
	return None


def _purchase(value: Any, known: Field) -> Problem | None:
	if not isinstance(value, dict):
		return Problem("{0}: say what was bought.", (known.label,))
	if known.column != "any" and (not is_names(value.get("of")) or not value["of"]):
		return Problem("{0}: choose at least one value.", (known.label,))
	if value.get("measure", purchases.ORDERS) not in purchases.MEASURES:
		return Problem("{0}: count orders, quantity or amount.", (known.label,))
	if not is_number(value.get("n", 1)) or value.get("n", 1) <= 0:
		return Problem("{0}: write a number above 0.", (known.label,))
	if value.get("days") not in (None, ""):
		return _days(value["days"], known)
	start, end = value.get("from"), value.get("to")
	if start or end:
		return _two_dates([start or "0001-01-01", end or "9999-12-31"], known)
	return None


_CHECKS = {
	operators.NOTHING: _nothing,
	operators.ONE: _one,
	operators.MANY: _many,
	operators.NUMBER: _number,
	operators.TWO_NUMBERS: _two_numbers,
	operators.DAYS: _days,
	operators.DATE: _date,
	operators.TWO_DATES: _two_dates,
	operators.PURCHASE: _purchase,
}


def is_names(value: Any) -> bool:
	return isinstance(value, list) and all(isinstance(one, str) and one for one in value)


def is_number(value: Any) -> bool:
	return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15


def is_days(value: Any) -> bool:
	return is_number(value) and value == int(value) and 0 <= value <= MAX_DAYS


def as_date(value: Any) -> date | None:
	"""A date, or ISO text of one; None for anything else."""
	if isinstance(value, date):
		return value
	try:
		return date.fromisoformat(value)
	except (TypeError, ValueError):
		return None


# --- what rules name -----------------------------------------------------------------------------------------


def named(rules: RuleSet, fields: Mapping[str, Field]) -> dict[str, set[str]]:
	"""The documents that rules name, by DocType: a document that is gone makes the rule mean something else."""
	found: dict[str, set[str]] = {}
	for rule in rules.rules:
		known = fields.get(rule.field)
		if known and known.type in ("link", "tree", "segment", "purchase") and known.options:
			value = rule.value.get("of") if isinstance(rule.value, dict) else rule.value
			if is_names(value):
				found.setdefault(known.options, set()).update(value)
		if rule.scope:
			found.setdefault("CCMS Loyalty Program", set()).add(rule.scope)
	return found


def segments_named(rules: RuleSet) -> set[str]:
	"""The segments that rules build on."""
	return {name for rule in rules.of_source("segment") if is_names(rule.value) for name in rule.value}


def renamed(rules: RuleSet, fields: Mapping[str, Field], doctype: str, old: str, new: str) -> RuleSet:
	"""The same rules after a document they name was renamed or merged into another."""
	return RuleSet(rules.match, tuple(_renamed(rule, fields, doctype, old, new) for rule in rules.rules))


def _renamed(rule: Rule, fields: Mapping[str, Field], doctype: str, old: str, new: str) -> Rule:
	value, scope = rule.value, rule.scope
	if scope == old and doctype == "CCMS Loyalty Program":
		scope = new
	known = fields.get(rule.field)
	if known and known.options == doctype and known.type in ("link", "tree", "segment", "purchase", "tags"):
		if isinstance(value, dict) and is_names(value.get("of")):
			value = {**value, "of": _swap(value["of"], old, new)}
		elif is_names(value):
			value = _swap(value, old, new)
	return Rule(rule.field, rule.operator, value, rule.group, scope)


def _swap(names: list[str], old: str, new: str) -> list[str]:
	return list(dict.fromkeys(new if name == old else name for name in names))


# --- segments in segments ------------------------------------------------------------------------------------


def circle(names: Mapping[str, Iterable[str]], start: str) -> list[str]:
	"""A way from a segment back to itself, both ends named; empty when there is none. `names`: segment → those it names."""
	way: list[str] = []
	seen: set[str] = set()

	def walk(segment: str) -> bool:
		way.append(segment)
		for other in sorted(names.get(segment, ())):
			if other == start:
				way.append(start)
				return True
			if other not in seen:
				seen.add(other)
				if walk(other):
					return True
		way.pop()
		return False

	return way if walk(start) else []


def levels(names: Mapping[str, Iterable[str]]) -> list[list[str]]:
	"""Segments in the order they can be worked out: each list needs only those before it. Circles come last, each alone."""
	waiting = {segment: {other for other in others if other in names} for segment, others in names.items()}
	found: list[list[str]] = []
	while waiting:
		ready = sorted(segment for segment, others in waiting.items() if not others & waiting.keys())
		if not ready:
			ready = [min(waiting)]
		found.append(ready)
		for segment in ready:
			del waiting[segment]
	return found
