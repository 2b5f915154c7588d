"""What logged-in customers allow, in words for themselves, and how they take it back on their page."""

from __future__ import annotations

from typing import Any

import frappe
from frappe import _
from frappe.utils import format_date

from ccms_app.privacy import words

from . import consent, overview, portal

SOURCE = "Portal"


def purposes() -> dict[str, str]:
	"""What each purpose means, for the person: in the language of the page."""
	return {
		words.MARKETING: _("offers and news"),
		words.PROFILING: _("working out from your purchases what suits you"),
		words.WEB_TRACKING: _("recording what you open on our web site and in our app"),
		words.THIRD_PARTIES: _("passing your data on to partners"),
	}


def of_customer(customer: str) -> list[dict[str, Any]]:
	"""One row a purpose: {purpose, title, says, is_allowed, channels: [says]}. `is_allowed` is true while anything of it is
	allowed, also by one channel alone. Asks no permission."""
	return [
		_row(customer, title, row)
		for title, row in zip(
			purposes().values(), overview.of_customer(customer, may_record=False)["purposes"], strict=True
		)
	]


def _row(customer: str, title: str, row: dict[str, Any]) -> dict[str, Any]:
	channels = [one for one in row["channels"] if one["is_allowed"] != row["is_allowed"]]
	return {
		"purpose": row["purpose"],
		"title": title,
		"says": _says(row),
		"is_allowed": row["is_allowed"] or any(one["is_allowed"] for one in channels),
		"channels": [
			(_("{0}: allowed") if one["is_allowed"] else _("{0}: not allowed")).format(
				_(one["channel"], context=consent.DOCTYPE)
			)
			for one in channels
		],
	}


def _says(row: dict[str, Any]) -> str:
	day = format_date(row["since"]) if row["since"] else ""
	if row["is_allowed"]:
		return _("Allowed since {0}").format(day)
	if row["state"] == words.GIVEN:
		return _("Not allowed")  # a yes that does not count, such as a child's
	return _("Refused on {0}").format(day) if row["state"] else _("Not allowed: you were not asked yet")


def withdraw(user: str, customer: str, purpose: str) -> None:
	"""A logged-in customer takes back what is allowed for a purpose, by every channel. Pressing twice writes one row.

	Raises:
		frappe.PermissionError: not this user's customer, or no such purpose.
	"""
	if customer not in portal.customers_of(user) or purpose not in words.PURPOSES:
		frappe.throw(_("You cannot ask for this."), frappe.PermissionError)
	found = {row["purpose"]: row for row in of_customer(customer)}
	if found[purpose]["is_allowed"]:
		consent.record(customer, purpose, words.WITHDRAWN, source=SOURCE)
