"""A member's statement: every movement between two days, between an opening and a closing balance that add up.

The journal says what was posted. What has expired without a job having written it yet is a line of its own, on
the day on which it will be posted, so that a statement does not depend on when the jobs ran.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from .book import came_due
from .dates import DAY
from .model import ACTIVATE, EXTEND, PENDING, ZERO, Allocation, Entry, Lot
from .replay import Folded, fold


@dataclass(slots=True)
class Standing:
	"""What a member has at the end of a day."""

	on: date
	active: Decimal = ZERO
	pending: Decimal = ZERO
	arrears: Decimal = ZERO

	@property
	def points(self) -> Decimal:
		"""All points that count: usable and waiting, less what is owed."""
		return self.active + self.pending - self.arrears


@dataclass(slots=True)
class Line:
	"""One movement. `entry` is None for an expiry that no job has written yet; then `lot` says of what."""

	day: date
	points: Decimal
	entry: Entry | None
	lot: Lot | None = None
	balance: Decimal = ZERO


@dataclass
class Statement:
	"""Opening balance, lines, closing balance."""

	opening: Standing
	closing: Standing
	lines: list[Line] = field(default_factory=list)

	@property
	def points_in(self) -> Decimal:
		return sum((line.points for line in self.lines if line.points > 0), ZERO)

	@property
	def points_out(self) -> Decimal:
		return -sum((line.points for line in self.lines if line.points < 0), ZERO)

	@property
	def adds_up(self) -> bool:
		"""Whether opening + lines = closing."""
		return self.opening.points + self.points_in - self.points_out == self.closing.points


def statement(
	entries: list[Entry],
	allocations: list[Allocation],
	first: date,
	last: date,
	idle_after: tuple[date | None, date | None] = (None, None),
) -> Statement:
	"""One membership's statement from `first` to `last`, both days included.

	Args:
		entries, allocations: the whole journal of the membership, in the order in which it was written.
		idle_after: the last day on which points without a date of their own can be used (Inactivity), as it was
			known at the opening and at the closing.
	"""
	before = first - DAY
	then, now = fold(entries, allocations, before), fold(entries, allocations, last)
	gone_then, gone_now = gone(then, before, idle_after[0]), gone(now, last, idle_after[1])
	lines = [
		Line(entry.posting_date, entry.points, entry)
		for entry in entries
		if first <= entry.posting_date <= last
	]
	touched = {entry.lot: entry.posting_date for entry in entries if entry.entry_type in (ACTIVATE, EXTEND)}
	for name in {*gone_then, *gone_now}:
		points = gone_then.get(name, ZERO) - gone_now.get(name, ZERO)
		if points:
			lot = now.lots[name]
			day = max(first, _day_after(lot, idle_after[1]), touched.get(name, first))
			lines.append(Line(min(day, last), points, None, lot))
	lines.sort(
		key=lambda line: (line.day, line.entry is None, line.entry.seq if line.entry else line.lot.entry_seq)
	)
	result = Statement(_standing(then, before, idle_after[0]), _standing(now, last, idle_after[1]), lines)
	balance = result.opening.points
	for line in lines:
		balance += line.points
		line.balance = balance
	return result


def gone(folded: Folded, on: date, idle_after: date | None) -> dict[str, Decimal]:
	"""Points that can no longer be used on a day though no job has written their expiry: {lot: points}.

	What such a lot has paid of the member's debts before it expired is not among them.
	"""
	idle = idle_after is not None and idle_after < on
	due, found = [], {}
	for lot in folded.lots.values():
		if not lot.remaining:
			continue
		if lot.state == PENDING and not lot.waits(on):
			due.append(lot)
		elif lot.lapsed(on) or (idle and lot.expires_on is None and not lot.waits(on)):
			found[lot.name] = lot.remaining
	kept = ZERO
	due.sort(key=lambda lot: (lot.available_from, lot.entry_seq))
	for place, lot in enumerate(due, 1):
		so_far = sum(came_due(due[:place], on, folded.points_arrears, idle), ZERO)
		if left := lot.remaining - (so_far - kept):
			found[lot.name] = left
		kept = so_far
	return found


def _standing(folded: Folded, on: date, idle_after: date | None) -> Standing:
	return Standing(on, *folded.balance(on, idle_after))


def _day_after(lot: Lot, idle_after: date | None) -> date:
	"""The first day without the lot's points."""
	last = lot.expires_on or idle_after
	return max(last + DAY, lot.available_from or date.min) if last else date.min
