"""What the Customer form shows of consent: one row a purpose, the words behind it, and the wordings a dialog offers."""

from __future__ import annotations

from typing import Any

import frappe
from frappe import _

from ccms_app.privacy import words

from . import consent, handler, profiling, wordings

DESK_SOURCES = ("Desk", "Till", "Phone Call", "Letter", "Web Site")
HISTORY = 20
SHOWN = ("name", "purpose", "channel", "state", "said_by", "said_at", "source", "recorded_by", "wording", "wording_version", "wording_text", "identity", "proof")  # fmt: skip


def of_customer(customer: str, may_record: bool) -> dict[str, Any]:
	"""Purposes, history, and what a dialog needs. Asks no permission: callers have.

	Returns: purposes (each: purpose, state or "" when nothing was said, since, source, is_allowed, channels with another
	answer), history (the last twenty words, newest first), total, is_child, may_record, sources, channels, wordings by
	purpose.
	"""
	language = frappe.db.get_value("Customer", customer, "language") or frappe.local.lang
	history = handler.said_by(customer, list(SHOWN))[::-1]
	addresses = _masked([row.identity for row in history if row.identity])
	for row in history:
		row.address = addresses.get(row.identity, "")
	return {
		"purposes": [_purpose(customer, purpose, history) for purpose in words.PURPOSES],
		"history": history[:HISTORY],
		"total": len(history),
		"is_child": profiling.is_child_now(customer),
		"may_record": may_record,
		"sources": list(DESK_SOURCES),
		"channels": list(words.CHANNELS),
		"wordings": {purpose: wordings.current(purpose, language) for purpose in words.PURPOSES},
	}


def record(customer: str, purpose: str, state: str, source: str, **said: str) -> dict[str, Any]:
	"""Write down what was said at a desk, and answer as `of_customer`."""
	if source not in DESK_SOURCES:
		frappe.throw(_("Say where this was said."))
	consent.record(customer, purpose, state, source=source, **said)
	return of_customer(customer, may_record=True)


def _purpose(customer: str, purpose: str, history: list[dict]) -> dict[str, Any]:
	standing = consent.standing_many([customer], purpose).get(customer)
	channels = []
	for channel in dict.fromkeys(row.channel for row in history if row.purpose == purpose and row.channel):
		word = consent.standing_many([customer], purpose, channel).get(customer)
		if word and (not standing or word.is_yes != standing.is_yes):
			channels.append({"channel": channel, "state": word.state, "is_allowed": word.is_yes})
	return {
		"purpose": purpose,
		"state": standing.state if standing else "",
		"since": standing.at if standing else None,
		"source": standing.source if standing else "",
		"is_allowed": bool(standing and standing.is_yes),
		"channels": channels,
	}


def _masked(identities: list[str]) -> dict[str, str]:
	rows = frappe.get_all(
		consent.IDENTITY, filters={"name": ["in", identities or ["-"]]}, fields=["name", "shown_as"]
	)
	return {row.name: row.shown_as for row in rows}
