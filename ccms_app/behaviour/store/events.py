"""The one writer of customer events: what happens to a customer, in one list that only grows."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

import frappe
from frappe.utils import now

from .rows import insert

DOCTYPE = "CCMS Customer Event"
COLUMNS = (
	"name", "creation", "modified", "owner", "modified_by",
	"event_key", "event_type", "customer", "company", "occurred_on", "payload",
)  # fmt: skip


@dataclass(frozen=True)
class Event:
	"""Something that happened.

	key: says the same event again in the same words, so that it is kept once.
	payload: what later features may ask about it; JSON.
	"""

	key: str
	type: str
	customer: str
	company: str
	occurred_on: datetime | date
	payload: dict = field(default_factory=dict)


def write(events: Iterable[Event]) -> None:
	"""Keep events; one whose key is there already changes nothing. Part of the caller's transaction."""
	stamp, user = now(), frappe.session.user
	rows = [
		(
			frappe.generate_hash(length=16), stamp, stamp, user, user,
			event.key[:255], event.type, event.customer, event.company, event.occurred_on,
			json.dumps(event.payload, default=str, ensure_ascii=False),
		)
		for event in events
	]  # fmt: skip
	insert(DOCTYPE, COLUMNS, rows, ignore=True)
