"""One membership's ledger while it is being worked on.

A `Book` holds the member, the lots and the journal rows a movement needs, and collects what the movement adds.
This one keeps everything in memory: the simulator, the backfill and the property tests use it as it is. The
site's book (`store/ledger.py`) overrides the reading half with locking queries; the writing half is the same.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal

from . import chain
from .dates import tier_window
from .model import (
	ACTIVE,
	CANCEL,
	CANCELLED,
	CLAWBACK,
	DEPLETED,
	EARN,
	EXPIRE,
	EXPIRED,
	PENDING,
	REDEEM,
	RESTORE,
	ZERO,
	Allocation,
	Entry,
	Lot,
	Member,
	Program,
)

# the state of a lot that this kind of debit has emptied
EMPTIED_BY = {EXPIRE: EXPIRED, CLAWBACK: CANCELLED, CANCEL: CANCELLED}


def entry_name(membership: str, seq: int) -> str:
	"""The name of a membership's entry number `seq`, so that a repeated write meets itself.

	A membership's name is a hash; its entries, and its lots with them, stand together in the table's own order. A
	million of them are read from end to end, a member's from one place.
	"""
	return f"{membership}-{seq:08d}"


def state_after(lot: Lot, remaining: Decimal, by: Entry) -> str:
	"""The state of a lot once the allocation rows of `by` have left `remaining` in it.

	A lot that was active stays so, whatever day a back-dated document bears. What a restored debit had drawn was
	active when it was drawn.
	"""
	if not remaining:
		return EMPTIED_BY.get(by.entry_type, DEPLETED)
	if lot.state in (PENDING, ACTIVE):
		return lot.state
	if lot.available_from is None:
		return PENDING
	return PENDING if by.entry_type != RESTORE and lot.waits(by.posting_date) else ACTIVE


class Writer:
	"""The writing half of a book: the only place where entries, allocations and lots come into being."""

	def __init__(self, member: Member, chain_key: bytes | None = None):
		self.member = member
		self.chain_key = chain_key
		self.lots: dict[str, Lot] = {}
		self.new_entries: list[Entry] = []
		self.new_allocations: list[Allocation] = []
		self.changed_lots: dict[str, Lot] = {}
		self.fresh_lots: set[str] = set()
		self._rows_by: dict[str, int] = {}
		self.merged: set[str] = set()
		"""Memberships this one has absorbed while it was open."""

	def append(
		self,
		entry_type: str,
		points: Decimal,
		posting_date: date,
		key: str,
		*,
		opens_lot: bool = False,
		origin: str = "",
		**content: object,
	) -> Entry:
		"""Write one entry, and the lot it opens.

		Args:
			entry_type: one of the types in `model`.
			points: signed.
			key: idempotency key, unique over the whole site.
			opens_lot: whether the points stand in a lot of their own, available and expiring as in `content`.
			origin: the root lot of the new lot's lineage; by default the lot itself.
			content: further fields of `Entry`.
		"""
		member = self.member
		member.last_seq += 1
		seq = member.last_seq
		name = entry_name(member.name, seq)
		if opens_lot:
			content["lot"] = name
			content["voucher_detail_no"] = origin  # so that the journal alone tells a lot's lineage
		entry = Entry(
			name=name,
			membership=member.name,
			seq=seq,
			entry_type=entry_type,
			points=points,
			posting_date=posting_date,
			idempotency_key=key,
			**content,
		)
		if self.chain_key is not None:
			entry.chain_hash = chain.link(self.chain_key, member.last_hash, chain.content(entry))
			member.last_hash = entry.chain_hash
		if opens_lot:
			waits = entry.available_from is None or entry.available_from > posting_date
			lot = Lot(
				name,
				member.name,
				points,
				ZERO,
				entry.available_from,
				entry.expires_on,
				PENDING if waits else ACTIVE,
				origin or name,
				seq,
				entry_type,
				entry.voucher_type,
				entry.voucher_no,
			)
			self.lots[name] = lot
			self.fresh_lots.add(name)
			self._set_remaining(lot, points, lot.state)
			self.lot_opened(lot)
		elif points < 0:
			member.points_arrears -= points  # owed until lots are allocated to it
		elif points > 0:
			member.points_arrears -= points  # settles what `allocate` with negative points opens again
		self.new_entries.append(entry)
		self.entry_added(entry)
		return entry

	def allocate(self, debit: str, lot: Lot, points: Decimal, by: Entry) -> None:
		"""Let the debit of that name consume `points` of a lot (negative: give them back), because of `by`."""
		number = self._rows_by[by.name] = self._rows_by.get(by.name, 0) + 1
		row = Allocation(self.member.name, debit, lot.name, points, by.name, by.posting_date, number)
		self.new_allocations.append(row)
		self.member.points_arrears -= points
		remaining = lot.remaining - points
		self._set_remaining(lot, remaining, state_after(lot, remaining, by))
		self.allocation_added(row)

	def set_availability(self, lot: Lot, available_from: date | None, on: date) -> None:
		"""Make a lot available from a day (None: waiting for payment again)."""
		lot.available_from = available_from
		state = lot.state
		if lot.remaining:
			state = PENDING if lot.waits(on) else ACTIVE
		self._set_remaining(lot, lot.remaining, state)

	def set_expiry(self, lot: Lot, expires_on: date | None) -> None:
		"""Move a lot's expiry date."""
		lot.expires_on = expires_on
		self.changed_lots[lot.name] = lot
		self.expiry_moved(lot)

	def _set_remaining(self, lot: Lot, remaining: Decimal, state: str) -> None:
		member = self.member
		if lot.state == PENDING:
			member.points_pending -= lot.remaining
		else:
			member.points_active -= lot.remaining
		lot.remaining, lot.state = remaining, state
		if state == PENDING:
			member.points_pending += remaining
		else:
			member.points_active += remaining
		self.changed_lots[lot.name] = lot

	# what a book with indexes of its own keeps up to date
	def entry_added(self, entry: Entry) -> None: ...
	def allocation_added(self, row: Allocation) -> None: ...
	def lot_opened(self, lot: Lot) -> None: ...
	def expiry_moved(self, lot: Lot) -> None: ...


class Book(Writer):
	"""A membership's whole ledger in memory: the writer above plus every question a movement asks."""

	def __init__(self, member: Member, chain_key: bytes | None = None):
		super().__init__(member, chain_key)
		self._draw_order: list[tuple[date, int, str]] = []
		self._open: dict[str, Lot] = {}  # the lots of the drawing order: those with anything left
		self._pending: dict[str, Lot] = {}
		self._entries: dict[str, Entry] = {}
		self._keys: set[str] = set()
		self._vouchers: dict[tuple[str, str], list[Entry]] = defaultdict(list)
		self._reversed_by: dict[str, list[Entry]] = defaultdict(list)
		self._allocations_of: dict[str, list[Allocation]] = defaultdict(list)
		self._allocations_by: dict[str, list[Allocation]] = defaultdict(list)
		self._allocations_from: dict[str, list[Allocation]] = defaultdict(list)
		self._lineage: dict[str, list[Lot]] = defaultdict(list)
		self._debits: list[Entry] = []
		self._qualifying: list[tuple[date, Decimal]] = []
		self._merged_lots: dict[str, Lot] = {}

	def load(
		self, entries: Iterable[Entry] = (), allocations: Iterable[Allocation] = (), lots: Iterable[Lot] = ()
	) -> None:
		"""Take in rows that are already in the journal; none of them counts as new."""
		for lot in lots:
			self.lots[lot.name] = lot
			self.lot_opened(lot)
		for entry in entries:
			self.entry_added(entry)
		for row in allocations:
			self.allocation_added(row)

	def adopt(self, source: Book) -> None:
		"""Remember the history of a merged membership, so that reversals of its documents are understood here."""
		self._merged_lots.update(source.lots)
		self._merged_lots.update(source._merged_lots)
		self._entries.update(source._entries)
		self._keys |= source._keys
		self._qualifying += source._qualifying
		for mine, theirs in (
			(self._reversed_by, source._reversed_by),
			(self._allocations_of, source._allocations_of),
			(self._allocations_by, source._allocations_by),
			(self._allocations_from, source._allocations_from),
			(self._lineage, source._lineage),
		):
			for name, rows in theirs.items():
				mine[name] = rows + [row for row in mine.get(name, ()) if row not in rows]

	# --- indexes ---------------------------------------------------------------------------------------
	def entry_added(self, entry: Entry) -> None:
		self._entries[entry.name] = entry
		if entry.idempotency_key:
			self._keys.add(entry.idempotency_key)
		if entry.voucher_no:
			self._vouchers[entry.voucher_type, entry.voucher_no].append(entry)
		if entry.reverses:
			self._reversed_by[entry.reverses].append(entry)
		if entry.points < 0:
			self._debits.append(entry)
		if entry.qualifying_value and entry.qualifying_date:
			self._qualifying.append((entry.qualifying_date, entry.qualifying_value))

	def allocation_added(self, row: Allocation) -> None:
		self._allocations_of[row.entry].append(row)
		self._allocations_by[row.by_entry].append(row)
		self._allocations_from[row.lot].append(row)

	def lot_opened(self, lot: Lot) -> None:
		self._keep_order(lot)
		self._lineage[lot.origin].append(lot)

	def _set_remaining(self, lot: Lot, remaining: Decimal, state: str) -> None:
		super()._set_remaining(lot, remaining, state)
		self._keep_order(lot)

	def _keep_order(self, lot: Lot) -> None:
		"""Only lots with anything left stand in the drawing order, so that long histories draw as fast as short ones."""
		name = lot.name
		if lot.remaining:
			if name not in self._open:
				self._open[name] = lot
				insort(self._draw_order, (*lot.draw_key, name))
		elif name in self._open:
			del self._open[name]
			del self._draw_order[bisect_left(self._draw_order, (*lot.draw_key, name))]
		if lot.remaining and lot.state == PENDING:
			self._pending[name] = lot
		else:
			self._pending.pop(name, None)

	def expiry_moved(self, lot: Lot) -> None:
		self._draw_order = sorted((*other.draw_key, other.name) for other in self._open.values())

	# --- questions -------------------------------------------------------------------------------------
	def seen(self, key: str) -> bool:
		"""Whether an idempotency key has been used."""
		return key in self._keys

	def entry(self, name: str) -> Entry | None:
		return self._entries.get(name)

	def entries_of(self, voucher_type: str, voucher_no: str) -> list[Entry]:
		"""What a document posted here, in order."""
		return list(self._vouchers.get((voucher_type, voucher_no), ()))

	def reversals(self, name: str) -> list[Entry]:
		"""The entries that reverse this one, wholly or in part."""
		return self._reversed_by.get(name, [])

	def draws_of(self, debit: str) -> list[Allocation]:
		"""The allocation rows of a debit, in order."""
		return self._allocations_of.get(debit, [])

	def rows_by(self, entry: str) -> list[Allocation]:
		"""The allocation rows an entry made, in order."""
		return self._allocations_by.get(entry, [])

	def draws_from(self, lot: str) -> list[tuple[Entry, Decimal]]:
		"""(debit, net points) for every debit that still holds points of a lot, oldest first."""
		net: dict[str, Decimal] = defaultdict(lambda: ZERO)
		for row in self._allocations_from.get(lot, ()):
			net[row.entry] += row.points
		return [(self._entries[name], points) for name, points in net.items() if points]

	def lot(self, name: str) -> Lot | None:
		"""A lot by name, also one of a membership that was merged into this one."""
		return self.lots.get(name) or self._merged_lots.get(name)

	def lineage(self, origin: str, everywhere: bool = False) -> list[Lot]:
		"""The lots of this membership that descend from one earning, oldest first.

		With `everywhere` also those of memberships that were merged into this one.
		"""
		lots = self._lineage.get(origin, ())
		return [lot for lot in lots if everywhere or lot.membership == self.member.name]

	def drawable(self, available_by: date, valid_on: date) -> Iterator[Lot]:
		"""Usable lots in drawing order."""
		for _expires, _seq, name in list(self._draw_order):
			lot = self.lots[name]
			if lot.usable(available_by, valid_on):
				yield lot

	def open_lots(self) -> list[Lot]:
		"""Lots with anything left, in drawing order."""
		return [self._open[name] for _expires, _seq, name in self._draw_order]

	def due_lots(self, on: date) -> list[Lot]:
		"""Pending lots whose day has come, oldest first."""
		found = [lot for lot in self._pending.values() if not lot.waits(on)]
		return sorted(found, key=lambda lot: lot.entry_seq)

	def lapsed_lots(self, on: date) -> list[Lot]:
		"""Lots with points left past their expiry, in drawing order."""
		found = []
		for expires, _seq, name in self._draw_order:
			if expires >= on:
				break
			found.append(self._open[name])
		return found

	def arrears(self) -> list[tuple[Entry, Decimal]]:
		"""(debit, points still owed), oldest first."""
		found = []
		for debit in self._debits:
			owed = -debit.points - sum((row.points for row in self.draws_of(debit.name)), ZERO)
			owed -= sum(
				(
					other.points
					for other in self.reversals(debit.name)
					if other.points > 0 and not other.opens_lot
				),
				ZERO,
			)
			if owed:
				found.append((debit, owed))
		return found

	def qualifying_between(self, first: date, last: date) -> Decimal:
		"""Qualifying value earned in a window, both days included."""
		return sum((value for day, value in self._qualifying if first <= day <= last), ZERO)

	def last_activity(self) -> date | None:
		"""The day of the last earning or redemption that still stands."""
		days = [
			entry.posting_date
			for entry in self._entries.values()
			if entry.entry_type in (EARN, REDEEM) and stands(self, entry)
		]
		return max(days, default=None)


def cancelled(book: Book, entry: Entry) -> bool:
	"""Whether a later entry has cancelled this one (a cancel is always whole)."""
	return any(other.entry_type == CANCEL for other in book.reversals(entry.name))


def effect(entry: Entry) -> Decimal:
	"""What an entry counts for when documents are reckoned up (signed).

	A reversal that moved less than it settles, because a debt was forgiven or points had expired before, says so
	in `new_value`.
	"""
	if entry.new_value and entry.entry_type in (CLAWBACK, CANCEL, RESTORE):
		return Decimal(entry.new_value)
	return entry.points


def left_of(book: Book, entry: Entry) -> Decimal:
	"""The points of an entry that nothing has undone, counting undone reversals back in (signed)."""
	return effect(entry) + sum((left_of(book, other) for other in book.reversals(entry.name)), ZERO)


def qualifying_left(book: Book, entry: Entry) -> Decimal:
	"""The qualifying value of an entry that still counts."""
	others = book.reversals(entry.name)
	return entry.qualifying_value + sum((qualifying_left(book, other) for other in others), ZERO)


def value_left(book: Book, entry: Entry) -> Decimal:
	"""The money of an entry that has not been given back."""
	others = book.reversals(entry.name)
	return entry.monetary_value + sum((value_left(book, other) for other in others), ZERO)


def stands(book: Book, entry: Entry) -> bool:
	"""Whether anything of an earning or redemption still holds."""
	return not cancelled(book, entry) and (not entry.points or bool(left_of(book, entry)))


def balance_lots(lots: Iterable[Lot], on: date) -> tuple[Decimal, Decimal]:
	"""(active, pending) points of lots on a day, whether or not any job has run."""
	active = pending = ZERO
	for lot in lots:
		if not lot.remaining or lot.lapsed(on):
			continue
		if lot.waits(on):
			pending += lot.remaining
		else:
			active += lot.remaining
	return active, pending


def came_due(lots: Iterable[Lot], on: date, arrears: Decimal, idle: bool = False) -> tuple[Decimal, Decimal]:
	"""What pending lots whose day has come add, had their activation been written: (active points, arrears paid).

	A lot pays debts on the day on which it becomes active, also when it has expired since.
	"""
	active = paid = ZERO
	for lot in sorted(lots, key=lambda lot: (lot.available_from, lot.entry_seq)):
		left = lot.remaining
		if not lot.lapsed(lot.available_from):
			pays = min(left, arrears - paid)
			paid += pays
			left -= pays
		if not lot.lapsed(on) and not (idle and lot.expires_on is None):
			active += left
	return active, paid


def qualifying_now(book: Book, program: Program, on: date) -> Decimal:
	"""Qualifying value in the window that counts on a day."""
	return book.qualifying_between(*tier_window(program, on))
