"""The kinds of rules: each looks at one customer and tells what is wrong, with the values that show it.

A rule is a document: its kind names the function here, its weight and parameters are a manager's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import phonenumbers

from ccms_app.identity import normalise

from . import domains, names, parameters
from .record import Place, Record, Text

SHORT = 140
"""No value in a reason is longer."""
NOBODY = Place("Customer", "", "")


@dataclass(frozen=True, slots=True)
class Rule:
	"""A rule as a manager keeps it. `weight` is taken off 100 once, however often the rule finds something."""

	name: str
	kind: str
	weight: float = 10.0
	parameters: dict[str, Any] = field(default_factory=dict, hash=False)

	def given(self, name: str) -> Any:
		"""A parameter of this kind of rule; the usual one when it is not set, or nothing to work with."""
		return parameters.read(self.kind, name, self.parameters)


@dataclass(frozen=True, slots=True)
class Found:
	"""Something that a rule found. `values` fill the rule's sentence; `suggestion` is what the text should be."""

	place: Place
	values: dict[str, Any]
	suggestion: str = ""
	source: str = "Customer"


Check = Callable[[Record, Rule, date], Iterator[Found]]


def short(text: object) -> str:
	"""A text as it stands in a reason: plain, without invisible marks, not long."""
	return "".join(sign if sign.isprintable() else " " for sign in str(text)[:SHORT]).strip()


def _of(text: Text, suggestion: str = "", **values: Any) -> Found:
	return Found(text.place, {"value": short(text.value), **values}, suggestion, text.source)


def _person(record: Record, fieldname: str = "", suggestion: str = "", **values: Any) -> Found:
	return Found(Place("Customer", record.customer, fieldname), values, suggestion)


def _phone_invalid(record: Record, rule: Rule, today: date) -> Iterator[Found]:
	for text in record.phones:
		if not normalise.phones(text.value, text.region):
			yield _of(text)


def _email_invalid(record: Record, rule: Rule, today: date) -> Iterator[Found]:
	for text in record.emails:
		if not normalise.email(text.value):
			yield _of(text, _repaired(text.value))


def _repaired(text: str) -> str:
	"""A mail address without what slips in between: blanks, a comma for a dot."""
	candidate = "".join(normalise.plain(text).split()).replace(",", ".").replace("@@", "@").strip(".;:<>")
	return normalise.email(candidate) or ""


def _domain_mistyped(record: Record, rule: Rule, today: date) -> Iterator[Found]:
	common = domains.COMMON + tuple(one for one in rule.given("domains") if "." in one)
	for text in record.emails:
		if address := normalise.email(text.value):
			local, _at, domain = address.rpartition("@")
			if meant := domains.suggestion(domain, common):
				yield _of(text, f"{local}@{meant}", domain=domain, meant=meant)


def _test_data(record: Record, rule: Rule, today: date) -> Iterator[Found]:
	words = frozenset(rule.given("words"))
	for text in record.names:
		if names.is_test_name(text.value, words):
			yield _of(text)
	for text in record.emails:
		if (address := normalise.email(text.value)) and names.is_test_mail(address):
			yield _of(text)
	for text in record.phones:
		if len(text.value) <= normalise.MOST and names.is_test_phone(text.value):
			yield _of(text)


def _birth_date(record: Record, rule: Rule, today: date) -> Iterator[Found]:
	if not (born := record.birth_date):
		return
	if born > today or today.year - born.year > rule.given("years"):
		yield _person(record, "ccms_birth_date", value=str(born))


def _before_birth(record: Record, rule: Rule, today: date) -> Iterator[Found]:
	if record.birth_date and record.first_purchase and record.first_purchase < record.birth_date:
		yield _person(
			record, "ccms_birth_date", value=str(record.birth_date), bought=str(record.first_purchase)
		)


def _before_joining(record: Record, rule: Rule, today: date) -> Iterator[Found]:
	days = timedelta(days=rule.given("days"))
	if record.joined and record.first_purchase and record.first_purchase < record.joined - days:
		yield _person(record, value=str(record.joined), bought=str(record.first_purchase))


def _phone_country(record: Record, rule: Rule, today: date) -> Iterator[Found]:
	if not record.countries:
		return
	for text in record.phones:
		for number in normalise.phones(text.value, text.region):
			where = phonenumbers.region_code_for_number(phonenumbers.parse(number)) or ""
			if where and where != "001" and where not in record.countries:
				yield _of(text, country=where, address=", ".join(sorted(record.countries)))
				break


def _no_way(record: Record, rule: Rule, today: date) -> Iterator[Found]:
	if record.has_other_reach or (record.has_address and rule.given("post_counts")):
		return
	if any(normalise.phones(text.value, text.region) for text in record.phones):
		return
	if not any(normalise.email(text.value) for text in record.emails):
		yield _person(record)


def months_before(today: date, months: int) -> date:
	"""The day so many months ago; the last of its month where that is shorter."""
	year, month = divmod(today.year * 12 + today.month - 1 - months, 12)
	if year < 1:
		return date.min
	first = date(year, month + 1, 1)
	following = (first + timedelta(days=31)).replace(day=1)
	return min(first + timedelta(days=today.day - 1), following - timedelta(days=1))


def _not_confirmed(record: Record, rule: Rule, today: date) -> Iterator[Found]:
	months = rule.given("months")
	if record.confirmed and record.confirmed < months_before(today, months):
		yield _person(record, value=str(record.confirmed), months=months)


def same(customer: str) -> str:
	"""The field of a finding that names another customer; none of a document's."""
	return f"same:{customer}"


def _another_name(record: Record, rule: Rule, today: date) -> Iterator[Found]:
	for other in record.same:
		if names.differ(record.name, other.name):
			yield Found(
				Place("Customer", record.customer, same(other.customer)),
				{"kind": other.kind, "value": other.shown_as, "other": other.customer},
			)


def _name_misplaced(record: Record, rule: Rule, today: date) -> Iterator[Found]:
	for text in record.names:
		if what := names.what_else(text.value, text.region):
			yield _of(text, what=what)


KINDS: dict[str, Check] = {
	"Phone Invalid": _phone_invalid,
	"E-mail Invalid": _email_invalid,
	"Mail Domain Mistyped": _domain_mistyped,
	"Test Data": _test_data,
	"Birth Date Impossible": _birth_date,
	"Purchase before Birth": _before_birth,
	"Purchase before Joining": _before_joining,
	"Phone Country Differs": _phone_country,
	"No Way to Reach": _no_way,
	"Not Confirmed": _not_confirmed,
	"Same Identifier, Another Name": _another_name,
	"Name in Wrong Field": _name_misplaced,
}
"""Kind of rule → what it looks for."""
