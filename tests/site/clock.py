"""The day on which a test takes place. Documents are real; only what Frappe answers to "now" is moved."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta

import frappe.utils.data


@contextmanager
def at(day: str | date) -> Iterator[None]:
	"""`with at("2026-03-01"): …` runs the block on that day; `nowdate`, `getdate()` and `now` follow.

	A module that took `now_datetime` itself by name keeps the real time (ERPNext's automatic posting date does).
	"""
	real = frappe.utils.data.now_datetime
	now = real()
	shift = frappe.utils.getdate(day) - now.date()
	frappe.utils.data.now_datetime = lambda: moved(real(), shift)
	others = [module for module in (frappe.utils,) if getattr(module, "now_datetime", None) is real]
	for module in others:
		module.now_datetime = frappe.utils.data.now_datetime
	try:
		yield
	finally:
		frappe.utils.data.now_datetime = real
		for module in others:
			module.now_datetime = real


def moved(now: datetime, shift: timedelta) -> datetime:
	return now + shift


def day(number: int) -> str:
	"""The date so many days from today (negative: ago)."""
	return str(frappe.utils.add_days(frappe.utils.nowdate(), number))
