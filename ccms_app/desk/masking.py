"""What of a report leaves the store for those who see persons masked: pseudonyms for customers, "< 5" for small groups.

Every report ends here, whichever way it is asked: desk, REST, export, print, prepared. For whoever may know persons
nothing changes.
"""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import frappe
from frappe import _

from ccms_app.privacy import masks
from ccms_app.privacy.store import reading

from . import reporting

PERSON = "is_person"
"""Marks the column of a customer (reporting.link)."""
# columns that say who somebody is, or hold what people typed about somebody
NAMING = (
	"customer_name",
	"member_no",
	"email",
	"mobile",
	"note",
	"work",
	"warning",
	"anomaly",
	"entry",
	"membership",
)
# columns that count persons; the first of them that a report has says how large a group is
PEOPLE = (
	"customers", "members", "size", "new_customers", "joined", "repeat_customers", "favourite_of", "customers_last_year",
	"before", "year_ago", "month_ago", "came", "went", "entered", "departed", "up", "down", "renewed", "went_up",
	"went_down", "late",
)  # fmt: skip
NUMBERS = ("Int", "Float", "Currency", "Percent")
BOLD = re.compile(r"<b>(.*?)</b>", re.DOTALL)
PICTURE = '<div class="ccms-picture">'
# of a row, what the desk needs to draw it beside its columns
DRAWN = (
	"bold",
	"is_total",
	"indent",
	"currency",
	"state",
	"doctype",
	"invoice_type",
	"has_value",
	"parent_label",
)


def answer(
	columns: list[dict],
	rows: list,
	finding: str | None,
	chart: dict | None,
	figures: list | None,
	*rest: Any,
	hides_few: bool = False,
) -> tuple:
	"""The parts of a report as the session's user may see them.

	Args:
		hides_few: the report lists who stands behind a count: a list of fewer than five tells what the count hides.
	"""
	if not reading.is_masked() or not columns:
		return (columns, rows, finding, chart, figures, *rest)
	persons = [column["fieldname"] for column in columns if column.get(PERSON)]
	kept = [
		_column(column)
		for column in columns
		if column["fieldname"] not in NAMING and not _is_named(column, persons)
	]
	fields = {column["fieldname"] for column in kept}
	rows = [_row(row, fields, persons) for row in rows if isinstance(row, dict)]
	if persons:
		listed = {row.get(persons[0]) for row in rows if not row.get("is_total")}
		if hides_few and masks.is_few(len(listed)):
			return (kept, [], _too_few(), None, [], *rest)
		return (
			kept,
			rows,
			_unnamed((finding or "").partition(PICTURE)[0]),
			_unlabelled(chart),
			figures,
			*rest,
		)
	counts = [name for name in PEOPLE if name in fields] + sorted(
		name for name in fields if name.startswith("to_")
	)
	numbers = {column["fieldname"] for column in kept if column["fieldtype"] in NUMBERS}
	rows, covered = masks.cover(rows, counts, (fields | set(DRAWN)) - numbers)
	if not covered:
		return (kept, rows, finding, chart, figures, *rest)
	for column in kept:
		if column["fieldname"] in counts:
			column.update(fieldtype="Data", align="right")
	# sentences, pictures and cards would tell what the table hides
	return (kept, rows, _covered(), None, [], *rest)


def _unnamed(finding: str) -> str:
	"""A finding whose values (`reporting.sentence` sets them bold) name nobody."""
	said = BOLD.findall(finding)
	known = _pseudonyms([unescape(one) for one in said])
	return BOLD.sub(lambda match: f"<b>{known.get(unescape(match[1]), match[1])}</b>", finding)


def _unlabelled(chart: dict | None) -> dict | None:
	"""A chart whose labels name nobody."""
	if chart and (labels := chart.get("data", {}).get("labels")):
		known = _pseudonyms([str(label) for label in labels])
		chart["data"]["labels"] = [known.get(str(label), label) for label in labels]
	return chart


def _pseudonyms(words: list[str]) -> dict[str, str]:
	"""Those of some words that are the id or the name of a customer, with the pseudonym."""
	if not words:
		return {}
	either = {"name": ["in", words], "customer_name": ["in", words]}
	rows = frappe.get_all("Customer", or_filters=either, fields=["name", "customer_name"])
	return {word: reading.pseudonym(row.name) for row in rows for word in (row.customer_name, row.name)}


def _is_named(column: dict, persons: list[str]) -> bool:
	"""A column "name" beside a customer is the customer's name."""
	return bool(persons) and column["fieldname"] == "name" and column["fieldtype"] == "Data"


def _column(column: dict) -> dict:
	if column.get(PERSON):
		return {**column, "fieldtype": "Data", "options": None}
	return dict(column)


def _row(row: dict, fields: set[str], persons: list[str]) -> dict[str, Any]:
	kept = {name: value for name, value in row.items() if name in fields or name in DRAWN}
	for name in persons:
		if kept.get(name) and not row.get("is_total"):
			kept[name] = reading.pseudonym(kept[name])
	if not persons and isinstance(row.get("behind"), dict):
		kept["behind"] = row["behind"]
	return kept


def _covered() -> str:
	return reporting.finding(
		_(
			"Groups of fewer than {0} customers are not counted out for you, and their figures are not shown."
		).format(masks.FEW)
	)


def _too_few() -> str:
	return reporting.finding(
		_("Fewer than {0} customers: they are not listed for you. Widen the filters.").format(masks.FEW)
	)


def is_masked() -> bool:
	"""Whether the user in session sees persons masked."""
	return reading.is_masked()


def name_of(customer: str) -> str:
	"""A customer as the user in session may see them."""
	return reading.name_of(customer)


def is_few(number: int) -> bool:
	"""Whether a number of persons must not be told to the user in session."""
	return reading.is_masked() and masks.is_few(number)


def small(number: float | int | None) -> float | int | str | None:
	"""A number of persons on a card or in a sentence."""
	return reading.few(number)


def drawn(number: int) -> int:
	"""A number of persons in a chart: a small group draws nothing."""
	return 0 if is_few(number) else number


def refuse(*chosen: Any) -> None:
	"""Refuse to choose persons, for whoever may not know them: the answer would tell whether they are there.

	Raises:
		frappe.PermissionError: something was chosen by a user who sees persons masked.
	"""
	if any(reporting.parsed(one) for one in chosen if one):
		reading.refuse_masked()
