"""A rule as words: what the field is called, how it is compared, with what. The store translates and joins them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import operators, purchases
from .fields import Field
from .rules import Rule

# what stands for a value: plain text, a number, an amount, a percentage, a date, names to be joined by "or"
TEXT, NUMBER, MONEY, SHARE, DATE, NAMES, WORD = "text", "number", "money", "share", "date", "names", "word"
_OF_TYPE = {"money": MONEY, "share": SHARE, "date": DATE, "number": NUMBER}


@dataclass(frozen=True)
class Words:
	"""Words with {0}, {1} … for values, each (kind, value)."""

	words: str
	values: tuple[tuple[str, Any], ...] = ()


def phrases(rule: Rule, field: Field) -> list[Words]:
	"""The parts of the sentence, in order: field, comparison, and whatever a purchase adds."""
	operator = operators.find(field.type, rule.operator)
	if operator.takes == operators.PURCHASE:
		return [Words(field.label), *_of_purchase(rule, field)]
	return [Words(field.label), Words(operator.words, tuple(_values(operator.takes, rule.value, field)))]


def _values(takes: str, value: Any, field: Field) -> list[tuple[str, Any]]:
	kind = {
		operators.NOTHING: None,
		operators.ONE: TEXT,
		operators.MANY: NAMES,
		operators.NUMBER: _OF_TYPE.get(field.type, NUMBER),
		operators.TWO_NUMBERS: _OF_TYPE.get(field.type, NUMBER),
		operators.DAYS: NUMBER,
		operators.DATE: DATE,
		operators.TWO_DATES: DATE,
	}[takes]
	if kind is None:
		return []
	if kind == NAMES or not isinstance(value, list):
		return [(kind, value)]
	return [(kind, one) for one in value]


def _of_purchase(rule: Rule, field: Field) -> list[Words]:
	value = rule.value or {}
	found = [
		Words(
			{"bought": "bought", "bought_less": "bought less than", "not_bought": "not bought"}[rule.operator]
		)
	]
	if rule.operator != "not_bought":
		measure, n = value.get("measure") or purchases.ORDERS, value.get("n", 1)
		words = {
			purchases.ORDERS: "{0} times" if rule.operator == "bought_less" else "at least {0} times",
			purchases.QUANTITY: "{0} pieces" if rule.operator == "bought_less" else "at least {0} pieces",
			purchases.AMOUNT: "{0} in money" if rule.operator == "bought_less" else "for at least {0}",
		}[measure]
		found.append(Words(words, ((MONEY if measure == purchases.AMOUNT else NUMBER, n),)))
	if value.get("of"):
		found.append(Words("{0}", ((NAMES, value["of"]),)))
	return [*found, _when(value)]


def _when(value: dict) -> Words:
	if value.get("days") not in (None, ""):
		return Words("in the last {0} days", ((NUMBER, value["days"]),))
	start, end = value.get("from"), value.get("to")
	if start and end:
		return Words("between {0} and {1}", ((DATE, start), (DATE, end)))
	if start:
		return Words("since {0}", ((DATE, start),))
	return Words("until {0}", ((DATE, end),)) if end else Words("ever")
