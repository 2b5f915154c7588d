"""What a rule found, as a sentence for people."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

import frappe
from frappe import _
from frappe.utils import escape_html


def field(place: Any) -> str:
	"""The field that a finding or a fix is about, as its form names it in the reader's language."""
	kind = place.row_doctype or place.reference_doctype
	return _(frappe.get_meta(kind).get_label(place.fieldname), context=kind) if place.fieldname else ""


def reason(kind: str, values: Any) -> str:
	"""A finding's reason in the reader's language, as HTML. Values are text, never markup."""
	try:
		given = json.loads(values) if isinstance(values, str) else values
	except ValueError:
		given = {}
	shown: dict[str, str] = defaultdict(str)
	for name, value in (given if isinstance(given, dict) else {}).items():
		shown[name] = f"<b>{escape_html(str(_(value) if name in ('kind', 'what') else value))}</b>"
	return _sentences().get(kind, kind or "").format_map(shown)


def _sentences() -> dict[str, str]:
	return {
		"Phone Invalid": _("{value} is not a valid phone number."),
		"E-mail Invalid": _("{value} is not a valid mail address."),
		"Mail Domain Mistyped": _("{value}: {domain} is probably {meant}."),
		"Test Data": _("{value} looks as if typed to try something out."),
		"Birth Date Impossible": _("Nobody who buys was born on {value}."),
		"Purchase before Birth": _("Born on {value}, but the first purchase was on {bought}."),
		"Purchase before Joining": _("Joined on {value}, but the first purchase was on {bought}."),
		"Phone Country Differs": _("{value} is a number of {country}, the addresses are in {address}."),
		"No Way to Reach": _("No phone, mailbox, account or address leads to this customer."),
		"Not Confirmed": _("Nothing has been noted or verified since {value}."),
		"Same Identifier, Another Name": _("{kind} {value} is also that of {other}, who has another name."),
		"Name in Wrong Field": _("{value} stands where a name should, and is: {what}."),
	}
