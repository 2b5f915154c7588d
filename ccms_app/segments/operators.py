"""How a field may be compared, in words that read as a sentence behind the field's name."""

from __future__ import annotations

from dataclasses import dataclass

# what a person gives an operator
NOTHING, ONE, MANY, NUMBER, TWO_NUMBERS = "nothing", "one", "many", "number", "two_numbers"
DAYS, DATE, TWO_DATES, PURCHASE = "days", "date", "two_dates", "purchase"


@dataclass(frozen=True)
class Operator:
	"""code: what is stored. words: what is read; {0} and {1} are the values. takes: what it needs."""

	code: str
	words: str
	takes: str


_EMPTY = (Operator("empty", "is empty", NOTHING), Operator("not_empty", "is not empty", NOTHING))
_NUMBERS = (
	Operator("at_least", "at least {0}", NUMBER),
	Operator("more", "more than {0}", NUMBER),
	Operator("at_most", "at most {0}", NUMBER),
	Operator("less", "less than {0}", NUMBER),
	Operator("equal", "exactly {0}", NUMBER),
	Operator("not_equal", "other than {0}", NUMBER),
	Operator("between", "between {0} and {1}", TWO_NUMBERS),
	*_EMPTY,
)
_CHOICES = (
	Operator("in", "is one of {0}", MANY),
	Operator("not_in", "is none of {0}", MANY),
)
_DATES = (
	Operator("days_ago_more", "more than {0} days ago", DAYS),
	Operator("days_ago_within", "in the last {0} days", DAYS),
	Operator("days_ahead_within", "in the next {0} days", DAYS),
	Operator("days_ahead_more", "more than {0} days ahead", DAYS),
	Operator("on", "on {0}", DATE),
	Operator("before", "before {0}", DATE),
	Operator("after", "after {0}", DATE),
	Operator("between_dates", "between {0} and {1}", TWO_DATES),
	Operator("anniversary", "comes round in the next {0} days", DAYS),
	*_EMPTY,
)

BY_TYPE: dict[str, tuple[Operator, ...]] = {
	"number": _NUMBERS,
	"money": _NUMBERS,
	"share": _NUMBERS,
	"date": _DATES,
	"choice": (*_CHOICES, *_EMPTY),
	"link": (*_CHOICES, *_EMPTY),
	"tree": (
		Operator("under", "is in {0} or below", MANY),
		Operator("not_under", "is outside {0}", MANY),
		*_CHOICES,
		*_EMPTY,
	),
	"text": (
		Operator("is", "is {0}", ONE),
		Operator("is_not", "is not {0}", ONE),
		Operator("contains", "contains {0}", ONE),
		Operator("contains_not", "does not contain {0}", ONE),
		Operator("starts", "starts with {0}", ONE),
		*_EMPTY,
	),
	"check": (Operator("yes", "is so", NOTHING), Operator("no", "is not so", NOTHING)),
	"tags": (
		Operator("has_any", "has one of {0}", MANY),
		Operator("has_all", "has all of {0}", MANY),
		Operator("has_none", "has none of {0}", MANY),
	),
	"segment": (
		Operator("member", "is in one of {0}", MANY),
		Operator("not_member", "is in none of {0}", MANY),
	),
	"purchase": (
		Operator("bought", "bought", PURCHASE),
		Operator("bought_less", "bought less than", PURCHASE),
		Operator("not_bought", "not bought", PURCHASE),
	),
}

TYPES = tuple(BY_TYPE)


def find(field_type: str, code: str) -> Operator | None:
	"""The operator of a type of field; None where the type has no such operator."""
	return next((one for one in BY_TYPE.get(field_type, ()) if one.code == code), None)
