"""Why a customer's stage changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from .lifecycle import AT_RISK, FIRST_PURCHASE, LOST, LOYAL, PROSPECT, REPEAT

ORDER, TIME, CORRECTION = "Order", "Time", "Correction"
# where time alone leads: each stage only to those after it
_BY_TIME = (LOYAL, REPEAT, FIRST_PURCHASE, AT_RISK, LOST)


@dataclass(frozen=True)
class State:
	"""What a stage was decided on: the orders known, the last of them, and the stage itself."""

	orders: int
	last_order: date | None
	stage: str


NOBODY = State(0, None, PROSPECT)


def cause(before: State, after: State) -> str:
	"""An order newer than all before; time, when nothing else is new and time leads there; else a correction: a return, a
	cancelled or backdated invoice, a merge, a changed setting."""
	if after.last_order and (before.last_order is None or after.last_order > before.last_order):
		return ORDER
	same = (before.orders, before.last_order) == (after.orders, after.last_order)
	if same and before.stage in _BY_TIME and after.stage in _BY_TIME:
		if _BY_TIME.index(after.stage) > _BY_TIME.index(before.stage):
			return TIME
	return CORRECTION


def is_won_back(before: State, after: State) -> bool:
	"""An order by somebody who was At Risk or Lost."""
	return (
		before.stage in (AT_RISK, LOST)
		and cause(before, after) == ORDER
		and after.stage not in (AT_RISK, LOST)
	)
