"""Folding the journal: lots and membership recomputed from entries and allocations alone.

The journal is the truth. What stands in lots and memberships must equal this fold; today's programme plays no
part in it. With `on`, the fold stops at a posting date, so any past balance can be shown again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from .book import balance_lots, came_due, effect, state_after
from .model import (
	ACTIVATE,
	ACTIVE,
	CANCEL,
	EARN,
	EXTEND,
	PENDING,
	REDEEM,
	STATUS,
	TIER,
	ZERO,
	Allocation,
	Entry,
	Lot,
)


@dataclass
class Folded:
	"""What a membership's journal adds up to."""

	lots: dict[str, Lot] = field(default_factory=dict)
	owed: dict[str, Decimal] = field(default_factory=dict)
	"""Open arrears by debit."""
	points: Decimal = ZERO
	status: str = ""
	tier: str = ""
	tier_since: date | None = None
	tier_until: date | None = None
	last_seq: int = 0
	last_hash: str = ""

	@property
	def points_active(self) -> Decimal:
		return sum((lot.remaining for lot in self.lots.values() if lot.state != PENDING), ZERO)

	@property
	def points_pending(self) -> Decimal:
		return sum((lot.remaining for lot in self.lots.values() if lot.state == PENDING), ZERO)

	@property
	def points_arrears(self) -> Decimal:
		return sum(self.owed.values(), ZERO)

	def balance(self, on: date, last_day: date | None = None) -> tuple[Decimal, Decimal, Decimal]:
		"""(active, pending, arrears) on a day, whether or not jobs had run by then.

		Args:
			last_day: the last day on which points without a date could be used (Inactivity), None = no such day.
		"""
		idle = last_day is not None and last_day < on
		due = [
			lot for lot in self.lots.values() if lot.state == PENDING and lot.remaining and not lot.waits(on)
		]
		rest = [
			lot
			for lot in self.lots.values()
			if lot.state != PENDING or lot.waits(on)
			if not idle or lot.expires_on or lot.waits(on)
		]
		came, paid = came_due(due, on, self.points_arrears, idle)
		active, pending = balance_lots(rest, on)
		return active + came, pending, self.points_arrears - paid


def fold(entries: Iterable[Entry], allocations: Iterable[Allocation], on: date | None = None) -> Folded:
	"""Add up one membership's journal.

	Args:
		entries: all entries of the membership, by seq.
		allocations: all its allocation rows, in the order in which they were written.
		on: leave out what belongs to a later posting date.
	"""
	result = Folded()
	rows: dict[str, list[Allocation]] = {}
	for row in allocations:
		rows.setdefault(row.by_entry, []).append(row)
	waiting: list[tuple[Allocation, Entry]] = []
	lots, owed = result.lots, result.owed
	for entry in entries:
		if on is not None and entry.posting_date > on:
			continue
		result.points += entry.points
		result.last_seq, result.last_hash = entry.seq, entry.chain_hash
		kind = entry.entry_type
		if entry.opens_lot:
			lots[entry.name] = opened_lot(entry)
		elif entry.points < 0:
			owed[entry.name] = owed.get(entry.name, ZERO) - entry.points
		elif entry.points > 0:
			owed[entry.reverses] = owed.get(entry.reverses, ZERO) - entry.points
		elif kind == ACTIVATE and entry.lot in lots:
			lot = lots[entry.lot]
			lot.available_from = date.fromisoformat(entry.new_value) if entry.new_value else None
			if lot.remaining:
				lot.state = PENDING if lot.waits(entry.posting_date) else ACTIVE
		elif kind == EXTEND and entry.lot in lots:
			lots[entry.lot].expires_on = date.fromisoformat(entry.new_value) if entry.new_value else None
		elif kind == STATUS:
			result.status = entry.new_value
		elif kind == TIER:
			if entry.new_value != result.tier:
				# an undone merge gives a tier back with its day
				result.tier, result.tier_since = entry.new_value, entry.available_from or entry.posting_date
			result.tier_until = entry.expires_on
		for row in rows.get(entry.name, ()):
			if not _apply(result, row, entry):
				waiting.append((row, entry))
	for (
		row,
		entry,
	) in waiting:  # a back-dated movement may touch what came later: it counts once both are there
		_apply(result, row, entry)
	result.owed = {name: points for name, points in owed.items() if points}
	return result


def last_activity(entries: Iterable[Entry], on: date) -> date | None:
	"""The day of the last earning or redemption that stood on a day: neither cancelled nor wholly taken back by then.

	Args:
		entries: of the membership, and of those merged into it by that day.
	"""
	known = [entry for entry in entries if entry.posting_date <= on]
	back: dict[str, list[Entry]] = {}
	for entry in known:
		if entry.reverses:
			back.setdefault(entry.reverses, []).append(entry)

	def left(entry: Entry) -> Decimal:
		return effect(entry) + sum((left(other) for other in back.get(entry.name, ())), ZERO)

	days = (
		entry.posting_date
		for entry in known
		if entry.entry_type in (EARN, REDEEM)
		and not any(other.entry_type == CANCEL for other in back.get(entry.name, ()))
		and (not entry.points or left(entry))
	)
	return max(days, default=None)


def opened_lot(entry: Entry) -> Lot:
	"""The lot that an entry opened, as it was on that day."""
	waits = entry.available_from is None or entry.available_from > entry.posting_date
	return Lot(
		name=entry.name,
		membership=entry.membership,
		original=entry.points,
		remaining=entry.points,
		available_from=entry.available_from,
		expires_on=entry.expires_on,
		state=PENDING if waits else ACTIVE,
		origin=origin_of(entry),
		entry_seq=entry.seq,
		entry_type=entry.entry_type,
		voucher_type=entry.voucher_type,
		voucher_no=entry.voucher_no,
	)


def origin_of(entry: Entry) -> str:
	"""The root lot of the lot an entry opened, as the entry itself says."""
	return entry.voucher_detail_no if entry.voucher_detail_no else entry.name


def _apply(result: Folded, row: Allocation, by: Entry) -> bool:
	lot = result.lots.get(row.lot)
	if lot is None or row.entry not in result.owed:
		return False
	result.owed[row.entry] -= row.points
	lot.remaining -= row.points
	lot.state = state_after(lot, lot.remaining, by)
	return True
