"""Writes that a customer moved from one stage to another, and the event that goes with it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import frappe
from frappe.utils import now

from ccms_app.behaviour import movement
from ccms_app.behaviour.movement import State

from . import events
from .rows import insert

DOCTYPE = "CCMS Stage Change"
CHANGED, WON_BACK = "stage_changed", "won_back"
COLUMNS = (
	"name", "creation", "modified", "owner", "modified_by", "customer", "customer_name", "company", "from_stage",
	"to_stage", "is_won_back", "changed_on", "cause", "data_cut", "voucher_type", "voucher_no", "score_run", "evidence",
)  # fmt: skip


@dataclass(frozen=True)
class Change:
	"""One movement, with what it was decided on before and after.

	on: the day of the change. data_cut: only documents dated before this day were known.
	"""

	customer: str
	customer_name: str
	company: str
	before: State
	after: State
	on: date
	data_cut: date
	own_cycle: float | None
	voucher_type: str | None = None
	voucher_no: str | None = None
	score_run: str | None = None

	@property
	def evidence(self) -> dict:
		return {
			"orders": [self.before.orders, self.after.orders],
			"last_order": [
				str(day) if day else None for day in (self.before.last_order, self.after.last_order)
			],
			"own_cycle": self.own_cycle,
			"days_away": (self.data_cut - self.after.last_order).days if self.after.last_order else None,
		}


def write(changes: Iterable[Change]) -> int:
	"""Write movements and their events, in the caller's transaction; returns how many."""
	stamp, user = now(), frappe.session.user
	rows, happened = [], []
	for change in changes:
		name = frappe.generate_hash(length=16)
		cause = movement.cause(change.before, change.after)
		won_back = movement.is_won_back(change.before, change.after)
		rows.append(
			(
				name, stamp, stamp, user, user, change.customer, change.customer_name, change.company,
				change.before.stage, change.after.stage, int(won_back), change.on, cause, change.data_cut,
				change.voucher_type, change.voucher_no, change.score_run, json.dumps(change.evidence),
			)
		)  # fmt: skip
		payload = {
			"from": change.before.stage,
			"to": change.after.stage,
			"cause": cause,
			"stage_change": name,
		}
		happened.append(
			events.Event(f"{CHANGED}:{name}", CHANGED, change.customer, change.company, stamp, payload)
		)
		if won_back:
			happened.append(
				events.Event(f"{WON_BACK}:{name}", WON_BACK, change.customer, change.company, stamp, payload)
			)
	if rows:
		insert(DOCTYPE, COLUMNS, rows)
		events.write(happened)
	return len(rows)
