"""Days of the week, months and hours in the reader's language."""

from __future__ import annotations

import frappe
from babel.core import Locale, UnknownLocaleError
from babel.dates import get_day_names, get_month_names
from frappe import _


def weekday(number: int, width: str = "abbreviated") -> str:
	"""0 is Monday: Mon, 周一."""
	return get_day_names(width, context="stand-alone", locale=_locale())[int(number)]


def month_of_year(number: int, width: str = "abbreviated") -> str:
	"""1 is January: Jan, 1月."""
	return get_month_names(width, context="stand-alone", locale=_locale())[int(number)]


def axis_month(month: str) -> str:
	"""A month given as "YYYY-MM", short enough for the axis of a chart: Nov, Dec, 2027, Feb."""
	return month[:4] if month.endswith("-01") else month_of_year(int(month[5:]))


def hours(hour: int) -> str:
	"""An hour of the day as the two full hours it lies between."""
	return _("{0}–{1} h").format(int(hour), int(hour) + 1)


def _locale() -> Locale:
	language = (frappe.local.lang or "en").replace("-", "_")
	for name in (language, language.partition("_")[0], "en"):
		try:
			return Locale.parse(name)
		except (UnknownLocaleError, ValueError):
			continue
	return Locale("en")
