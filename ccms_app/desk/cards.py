"""Figures above a report, each beside the period before and last year."""

from __future__ import annotations

from typing import Any

import frappe
from frappe import _
from frappe.utils import escape_html, flt

from . import reporting

UP, DOWN = "▲", "▼"


def money(
	label: str, now: float, before: float | None = None, last_year: float | None = None, **more
) -> dict:
	"""An amount; `currency` says in what."""
	currency = more.pop("currency")
	return figure(label, now, before, last_year, text=lambda value: money_text(value, currency), **more)


def count(
	label: str, now: float, before: float | None = None, last_year: float | None = None, **more
) -> dict:
	return figure(label, now, before, last_year, text=lambda value: reporting.number(round(value)), **more)


def number(
	label: str, now: float | None, before: float | None = None, last_year: float | None = None, **more
):
	"""A mean or a number of days, with one decimal."""
	return figure(label, now, before, last_year, text=lambda value: reporting.number(round(value, 1)), **more)


def percent(
	label: str, now: float | None, before: float | None = None, last_year: float | None = None, **more
):
	"""A share given as 0 to 1; compared in percentage points."""
	return figure(label, now, before, last_year, text=percent_text, points=True, **more)


def figure(
	label: str,
	now: float | None,
	before: float | None = None,
	last_year: float | None = None,
	*,
	text,
	good: str = UP,
	points: bool = False,
	indicator: str = "",
	note: str = "",
) -> dict[str, Any]:
	"""One card.

	Args:
		now, before, last_year: None where it is not known; what is not known is not shown.
		text: writes a value.
		good: the direction that is welcome (UP or DOWN), or "" when neither is.
		points: compared by difference in percentage points, not in percent.
		note: a few words in small print.
	"""
	html = f'<span class="ccms-value">{escape_html(text(now)) if now is not None else "–"}</span>'
	lines = [
		_compared(now, other, words, text, good, points)
		for other, words in ((before, _("before")), (last_year, _("last year")))
		if other is not None and now is not None
	]
	if note:
		lines.append(escape_html(note))
	html += "".join(f'<div class="ccms-delta">{line}</div>' for line in lines)
	found = {"label": label, "value": html, "datatype": "Data"}
	if indicator:
		found["indicator"] = indicator
	return found


def _compared(now: float, other: float, words: str, text, good: str, points: bool) -> str:
	was = escape_html(f"{words}: {text(other)}")
	change = change_text(now, other, points)
	if not change:
		return f"<span>{was}</span>"
	tone = (
		""
		if not good or change[0] not in (UP, DOWN)
		else "text-success"
		if change[0] == good
		else "text-danger"
	)
	return f'<span class="{tone}">{change}</span> <span>{was}</span>'


def change_text(now: float, other: float, points: bool = False) -> str:
	"""How a value moved: "▲ 12 %", "▼ 3 pp", "=" when it did not; empty when there is nothing to compare with."""
	if points:
		change = round((now - other) * 100, 1)
		unit = _("pp")
	else:
		if not other:
			return ""
		change = round((now - other) * 100 / abs(other), 0 if abs(now - other) >= 0.1 * abs(other) else 1)
		unit = "%"
	if not change:
		return "="
	return f"{UP if change > 0 else DOWN} {reporting.number(abs(change))} {unit}"


def percent_text(value: float | None) -> str:
	"""A share of 0 to 1 as people read it."""
	if value is None:
		return "–"
	value = flt(value) * 100
	return f"{reporting.number(round(value, 1 if abs(value) < 10 else 0))} %"


def customers(number: int) -> str:
	"""So many customers, in words."""
	return _("1 customer") if number == 1 else _("{0} customers").format(reporting.number(number))


def money_text(value: float, currency: str) -> str:
	"""An amount as people read it, without cents where there are thousands."""
	places = 0 if abs(value) >= 1000 else None
	return frappe.utils.fmt_money(round(value) if places == 0 else value, precision=places, currency=currency)
