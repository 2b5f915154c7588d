"""What all reports share: filters that are checked and filled in, columns that everybody may open, sentences."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

import frappe
from babel.core import UnknownLocaleError
from babel.dates import format_skeleton
from frappe import _
from frappe.core.doctype.user_permission.user_permission import get_permitted_documents
from frappe.utils import add_months, cint, escape_html, fmt_money, formatdate, getdate, nowdate

from ccms_app.loyalty.money import dec, decimals

from . import permitted

BLUE, GREEN, AMBER, VIOLET, RED, GREY = "#2490EF", "#29A56C", "#E79913", "#7A4F9A", "#CB2929", "#98A6B3"
COLOURS = (BLUE, GREEN, AMBER, VIOLET, "#2D7F7A", "#8A4B2D")
"""Of the series of a chart, in their order."""

CURRENCY = "currency"
"""The field of every row with money that names its currency."""


# --- filters -------------------------------------------------------------------------------------------------


def read(filters: dict | str | None) -> frappe._dict:
	"""Filters as the desk, an export or an API call sends them.

	Raises:
		frappe.ValidationError: they are none.
	"""
	found = parsed(filters) or {}
	if not isinstance(found, dict):
		frappe.throw(_("These filters cannot be read."))
	return frappe._dict(found)


def parsed(given: object) -> object:
	"""What a page sent as JSON, or as it is.

	Raises:
		frappe.ValidationError: a text that is no JSON.
	"""
	try:
		return frappe.parse_json(given)
	except (ValueError, RecursionError):
		frappe.throw(_("This is no JSON."))


def company(filters: frappe._dict) -> str:
	"""The company asked for, else the user's own; one that the user may see."""
	name = filters.company or frappe.defaults.get_user_default("Company")
	if not filters.company:
		allowed = get_permitted_documents("Company")
		if allowed and name not in allowed:
			name = allowed[0]
		name = name or frappe.db.get_value("Company", {}, "name", order_by="lft")
	if not name:
		frappe.throw(_("Choose a company."), frappe.MandatoryError)
	permitted.check_choice("Company", name)
	return name


def day(value: object, label: str) -> date | None:
	"""A date filter; None when it is empty."""
	if not value:
		return None
	try:
		return getdate(value)
	except (ValueError, TypeError, frappe.ValidationError):
		frappe.clear_last_message()
		frappe.throw(_("{0}: {1} is not a date.").format(label, frappe.bold(escape_html(str(value)))))


def period(filters: frappe._dict, first: date, last: date, latest: date | None = None) -> tuple[date, date]:
	"""From Date and To Date, by default `first` and `last`; never after `latest`."""
	start = day(filters.from_date, _("From Date")) or first
	end = day(filters.to_date, _("To Date")) or last
	if latest:
		end = min(end, latest)
	if start > end:
		frappe.throw(_("From Date ({0}) is after To Date ({1}).").format(formatdate(start), formatdate(end)))
	return start, end


def choice(value: str | None, allowed: Iterable[str], label: str) -> str:
	"""One of the allowed values, the first when none is chosen."""
	allowed = tuple(allowed)
	if not value:
		return allowed[0]
	if value not in allowed:
		frappe.throw(_("{0} must be one of {1}.").format(label, ", ".join(_(name) for name in allowed)))
	return value


def today() -> date:
	return getdate(nowdate())


def months_ago(months: int) -> date:
	return getdate(add_months(today(), -months))


# --- columns -------------------------------------------------------------------------------------------------


def link(fieldname: str, label: str, doctype: str, width: int = 150) -> dict:
	"""A column that leads to a document; plain text for whom it would lead nowhere."""
	column = {"fieldname": fieldname, "label": label, "width": width, "fieldtype": "Data"}
	if permitted.may_link(doctype):
		column |= {"fieldtype": "Link", "options": doctype}
	if doctype == "Customer":
		column["is_person"] = 1  # desk.masking
	return column


def document(fieldname: str, label: str, type_field: str, width: int = 170) -> dict:
	"""A column that leads to a document whose DocType stands in another field of the row."""
	return {
		"fieldname": fieldname,
		"label": label,
		"width": width,
		"fieldtype": "Dynamic Link",
		"options": type_field,
	}


def text(fieldname: str, label: str, width: int = 120) -> dict:
	return {"fieldname": fieldname, "label": label, "width": width, "fieldtype": "Data", "align": "left"}


def points(fieldname: str, label: str, width: int = 110) -> dict:
	return {"fieldname": fieldname, "label": label, "width": width, "fieldtype": "Float", "precision": 2}


def count(fieldname: str, label: str, width: int = 90) -> dict:
	return {"fieldname": fieldname, "label": label, "width": width, "fieldtype": "Int"}


def money(fieldname: str, label: str, width: int = 140) -> dict:
	"""An amount in the currency that the row names."""
	return {
		"fieldname": fieldname,
		"label": label,
		"width": width,
		"fieldtype": "Currency",
		"options": CURRENCY,
	}


def date_column(fieldname: str, label: str, width: int = 115) -> dict:
	return {"fieldname": fieldname, "label": label, "width": width, "fieldtype": "Date"}


def currency_column() -> dict:
	"""The hidden column that tells the currency of a row."""
	return {
		"fieldname": CURRENCY,
		"label": _("Currency"),
		"fieldtype": "Data",
		"hidden": 1,
		"width": 60,
	}


def month_label(month: str) -> str:
	"""A month given as "YYYY-MM" as the reader's language writes it: Nov 2026, 2026年11月."""
	return _in_words(date(int(month[:4]), int(month[5:]), 1), "yMMM")


def day_label(day: date) -> str:
	"""A day without its year, for the axis of a chart: 3 Nov, 11月3日."""
	return _in_words(day, "MMMd")


def _in_words(day: date, skeleton: str) -> str:
	language = (frappe.local.lang or "en").replace("-", "_")
	for locale in (language, language.partition("_")[0], "en_GB"):
		if locale != "en":
			try:
				return format_skeleton(skeleton, day, locale=locale)
			except (UnknownLocaleError, ValueError):
				continue
	return str(day)


# --- words ---------------------------------------------------------------------------------------------------


def currency_of(company_name: str) -> str:
	return frappe.get_cached_value("Company", company_name, "default_currency")


def number(value: object) -> str:
	"""Points as people read them: grouped, with decimals only where there are any."""
	value = dec(value.item() if hasattr(value, "item") else value)  # of NumPy: a plain number
	return fmt_money(float(value), precision=min(decimals(value), 2))


def amount(value: object, currency: str) -> str:
	"""Money with its sign and its decimals."""
	return fmt_money(float(dec(value)), currency=currency)


def date_text(value: date | None) -> str:
	return formatdate(value) if value else ""


def sentence(words: str, *values: object) -> str:
	"""A translated sentence whose values stand out. Values are text, never markup."""
	return words.format(*(f"<b>{escape_html(str(value))}</b>" for value in values))


def finding(*sentences: str, warning: str = "") -> str:
	"""What a report says on top: the finding, then what is to be known about it."""
	lines = [f"<div>{line}</div>" for line in sentences if line]
	if warning:
		lines.append(f'<div class="text-danger" role="alert">{warning}</div>')
	return f'<div class="ccms-finding">{"".join(lines)}</div>'


def card(
	label: str, value: object, datatype: str = "Float", currency: str | None = None, indicator: str = ""
) -> dict:
	"""One figure above the chart."""
	found = {"label": label, "value": float(dec(value)), "datatype": datatype}
	if datatype == "Float":
		found |= {"value": number(value), "datatype": "Data"}
	if currency:
		found["currency"] = currency
	if indicator:
		found["indicator"] = indicator
	return found


def chart(
	kind: str,
	title: str,
	labels: list[str],
	datasets: dict[str, list],
	colours: Iterable[str] = COLOURS,
	**options: object,
) -> dict | None:
	"""A chart of named series that stands still, so that it can be printed; None when there is nothing to draw."""
	series = [
		{"name": name, "values": [float(value) for value in values]} for name, values in datasets.items()
	]
	if not labels or not any(any(one["values"]) for one in series):
		return None
	return {
		"type": kind,
		"title": title,
		"data": {"labels": labels, "datasets": series},
		"colors": list(colours),
		"animate": 0,
		"disableEntryAnimation": 1,
		**options,
	}


def checked(value: object) -> bool:
	return bool(cint(value))


def share(part: Decimal, whole: Decimal) -> float:
	"""How many percent a part is of the whole."""
	return float(round(part * 100 / whole, 1)) if whole else 0.0
