"""What must be true of every membership's ledger, as a plain list of functions.

Each function takes one `Ledger` and returns what it found wrong; an empty list is a proof for that ledger. The
numbers are those of `docs/ledger.md`, "Invariants". Nothing here raises on a broken ledger: a finding is a value.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from . import chain
from .book import Writer
from .model import (
	ACTIVATE,
	CANCEL,
	CANCELLED,
	CLAWBACK,
	DEPLETED,
	EXPIRE,
	EXPIRED,
	EXTEND,
	RESTORE,
	STATUS,
	TIER,
	TRANSFER_OUT,
	ZERO,
	Allocation,
	Entry,
	Lot,
	Member,
)
from .replay import fold, opened_lot

# debits that may take points which cannot be spent (yet): they undo or move a lot, whatever its state
TAKES_ANY = frozenset((CLAWBACK, CANCEL, TRANSFER_OUT, EXPIRE))
WITHOUT_POINTS = frozenset((ACTIVATE, EXTEND, TIER, STATUS))


@dataclass(frozen=True, slots=True)
class Finding:
	"""One thing that is wrong: which invariant, in whose ledger, at which row, and what."""

	invariant: int
	membership: str
	row: str
	problem: str

	def __str__(self) -> str:
		return f"invariant {self.invariant}: {self.membership} {self.row}: {self.problem}"


@dataclass(slots=True)
class Ledger:
	"""One membership's rows as they are stored."""

	member: Member
	entries: list[Entry] = field(default_factory=list)
	"""By seq."""
	allocations: list[Allocation] = field(default_factory=list)
	"""In the order in which they were written."""
	lots: dict[str, Lot] = field(default_factory=dict)
	mac: str = ""
	"""The stored MAC over the last number and hash; empty where none is kept."""

	@classmethod
	def of(cls, book: Writer) -> Ledger:
		"""The ledger of a book that holds everything it ever wrote as new."""
		mac = chain.seal(book.chain_key, book.member) if book.chain_key is not None else ""
		return cls(book.member, book.new_entries, book.new_allocations, book.lots, mac)

	def find(self, invariant: int, row: str, problem: str) -> Finding:
		return Finding(invariant, self.member.name, row, problem)


def points_add_up(ledger: Ledger) -> list[Finding]:
	"""2: sum of entries = sum of remaining - arrears = what the membership says."""
	member = ledger.member
	entries = sum((entry.points for entry in ledger.entries), ZERO)
	remaining = sum((lot.remaining for lot in ledger.lots.values()), ZERO)
	says = member.points_active + member.points_pending - member.points_arrears
	found = []
	if entries != remaining - member.points_arrears:
		found.append(
			ledger.find(
				2,
				"",
				f"entries make {entries}, lots {remaining} less arrears {member.points_arrears}",
			)
		)
	if entries != says:
		found.append(ledger.find(2, "", f"entries make {entries}, the membership says {says}"))
	if member.points_arrears < 0:
		found.append(ledger.find(2, "", f"arrears of {member.points_arrears}"))
	return found


def lots_add_up(ledger: Ledger) -> list[Finding]:
	"""3: each lot 0 <= remaining <= original, and original = remaining + its allocations."""
	drawn: dict[str, Decimal] = defaultdict(lambda: ZERO)
	for row in ledger.allocations:
		drawn[row.lot] += row.points
	found = []
	opened = {entry.name: entry for entry in ledger.entries if entry.opens_lot}
	for name, lot in ledger.lots.items():
		if not ZERO <= lot.remaining <= lot.original:
			found.append(ledger.find(3, name, f"{lot.remaining} left of {lot.original}"))
		if lot.original != lot.remaining + drawn[name]:
			found.append(
				ledger.find(3, name, f"{lot.original} opened, {lot.remaining} left, {drawn[name]} allocated")
			)
		if (lot.state in (DEPLETED, EXPIRED, CANCELLED)) != (not lot.remaining):
			found.append(ledger.find(3, name, f"{lot.state} with {lot.remaining} left"))
		entry = opened.get(name)
		if entry is None or entry.points != lot.original:
			found.append(ledger.find(3, name, "no entry opened it with these points"))
	found += [ledger.find(3, name, "an entry without its lot") for name in opened.keys() - ledger.lots.keys()]
	found += [
		ledger.find(3, name, "allocations of an unknown lot") for name in drawn.keys() - ledger.lots.keys()
	]
	return found


def debits_are_covered(ledger: Ledger) -> list[Finding]:
	"""4: each debit: allocations + open arrears = what is left of it, nothing drawn twice or given back twice."""
	debits = {entry.name: entry for entry in ledger.entries if entry.points < 0}
	drawn: dict[str, Decimal] = defaultdict(lambda: ZERO)
	by_lot: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
	settled: dict[str, Decimal] = defaultdict(lambda: ZERO)
	found = []
	for row in ledger.allocations:
		drawn[row.entry] += row.points
		by_lot[row.entry, row.lot] += row.points
		if row.membership != ledger.member.name:
			found.append(ledger.find(4, row.entry, f"an allocation of {row.membership}"))
		if row.entry not in debits:
			found.append(ledger.find(4, row.entry, "an allocation to what is no debit"))
	for entry in ledger.entries:
		if entry.points > 0 and not entry.opens_lot:
			settled[entry.reverses] += entry.points
			if entry.reverses not in debits:
				found.append(ledger.find(4, entry.name, "points that stand in no lot and settle no debit"))
		if entry.points and entry.entry_type in WITHOUT_POINTS:
			found.append(ledger.find(4, entry.name, f"{entry.points} points on a {entry.entry_type}"))
	arrears = ZERO
	for name, debit in debits.items():
		owed = -debit.points - settled[name] - drawn[name]
		arrears += owed
		if owed < 0:
			found.append(ledger.find(4, name, f"{-owed} more allocated than is left of it"))
		if owed and debit.entry_type == EXPIRE:
			found.append(ledger.find(4, name, "an expiry that its lot did not cover"))
	for (debit, lot), points in by_lot.items():
		if points < 0:
			found.append(ledger.find(4, debit, f"{-points} more given back to {lot} than it took"))
	if arrears != ledger.member.points_arrears:
		found.append(
			ledger.find(
				4, "", f"debits leave {arrears} open, the membership says {ledger.member.points_arrears}"
			)
		)
	return found


def draws_were_valid(ledger: Ledger) -> list[Finding]:
	"""4: a debit draws only lots of its membership that were there and valid on the day of drawing."""
	lots: dict[str, Lot] = {}
	rows: dict[str, list[Allocation]] = defaultdict(list)
	kinds = {entry.name: entry.entry_type for entry in ledger.entries}
	for row in ledger.allocations:
		rows[row.by_entry].append(row)
	found = []
	for entry in ledger.entries:
		if entry.opens_lot:
			lots[entry.name] = opened_lot(entry)
		elif entry.lot in lots and entry.entry_type == ACTIVATE:
			lots[entry.lot].available_from = _day(entry.new_value)
		elif entry.lot in lots and entry.entry_type == EXTEND:
			lots[entry.lot].expires_on = _day(entry.new_value)
		for row in rows.pop(entry.name, ()):
			lot = lots.get(row.lot)
			if lot is None:
				found.append(ledger.find(4, entry.name, f"touches lot {row.lot}, which is not there"))
			elif row.posting_date != entry.posting_date:
				found.append(ledger.find(4, entry.name, f"an allocation dated {row.posting_date}"))
			elif row.points > 0 and entry.entry_type != EXPIRE:
				if lot.lapsed(entry.posting_date):
					found.append(ledger.find(4, entry.name, f"draws {row.lot}, valid until {lot.expires_on}"))
				own = kinds.get(row.entry) if row.entry == entry.name else ""
				if own not in TAKES_ANY and lot.waits(entry.posting_date):
					found.append(
						ledger.find(4, entry.name, f"draws {row.lot}, available from {lot.available_from}")
					)
			elif row.points < 0 and entry.entry_type != ACTIVATE and lot.lapsed(entry.posting_date):
				found.append(ledger.find(4, entry.name, f"refills {row.lot}, valid until {lot.expires_on}"))
	found += [ledger.find(4, name, "made allocations but is not in the journal") for name in rows]
	return found


def numbers_and_keys_are_unique(ledger: Ledger) -> list[Finding]:
	"""5: numbers run 1, 2, 3 … and an idempotency key occurs once."""
	found = []
	for expected, entry in enumerate(ledger.entries, 1):
		if entry.seq != expected:
			found.append(ledger.find(5, entry.name, f"number {entry.seq} where {expected} belongs"))
			break
		if entry.membership != ledger.member.name:
			found.append(ledger.find(5, entry.name, f"an entry of {entry.membership}"))
	keys = Counter(entry.idempotency_key for entry in ledger.entries if entry.idempotency_key)
	found += [ledger.find(5, key, f"used {times} times") for key, times in keys.items() if times > 1]
	names = Counter(entry.name for entry in ledger.entries)
	found += [ledger.find(5, name, f"named {times} times") for name, times in names.items() if times > 1]
	return found


def projection_is_the_fold(ledger: Ledger) -> list[Finding]:
	"""9: lots and membership are what the journal adds up to."""
	folded = fold(ledger.entries, ledger.allocations)
	found = []
	for name in sorted(ledger.lots.keys() | folded.lots.keys()):
		stored, made = ledger.lots.get(name), folded.lots.get(name)
		if stored is None or made is None:
			found.append(ledger.find(9, name, "not in the journal" if made is None else "lot missing"))
		elif stored != made:
			found.append(ledger.find(9, name, f"stored as {stored}, the journal makes it {made}"))
	member = ledger.member
	for name in (
		"points_active",
		"points_pending",
		"points_arrears",
		"status",
		"tier",
		"tier_since",
		"tier_until",
		"last_seq",
		"last_hash",
	):
		stored, made = getattr(member, name), getattr(folded, name)
		if name == "status" and not made:
			continue  # a membership that nothing was said about
		if stored != made:
			found.append(ledger.find(9, name, f"stored as {stored}, the journal makes it {made}"))
	return found


def nothing_touches_a_lot_before_it_is_there(ledger: Ledger) -> list[Finding]:
	"""9: on every past day a lot is opened before anything happens to it, so that the day can be shown again.

	Only a return or a cancel may be dated back behind a lot it takes from or fills: until that lot is there its
	points are owed.
	"""
	opened: dict[str, date] = {}
	found = []
	rows: dict[str, set[str]] = defaultdict(set)
	for row in ledger.allocations:
		rows[row.by_entry].add(row.lot)
	for entry in ledger.entries:
		if entry.opens_lot:
			opened[entry.name] = entry.posting_date
		if entry.entry_type in (RESTORE, CLAWBACK, CANCEL):
			continue
		for lot in {entry.lot, *rows[entry.name]} & opened.keys():
			if entry.posting_date < opened[lot]:
				found.append(
					ledger.find(9, entry.name, f"of {entry.posting_date}, touches {lot} of {opened[lot]}")
				)
	return found


def chain_holds(ledger: Ledger, key: bytes) -> list[Finding]:
	"""11: the hash chain verifies, and the membership's seal says that nothing is missing at its end."""
	rows = [(entry.seq, chain.content(entry), entry.chain_hash) for entry in ledger.entries]
	found = [ledger.find(11, str(seq), problem) for seq, problem in chain.verify(key, rows)]
	member = ledger.member
	last_seq, last_hash = (
		(ledger.entries[-1].seq, ledger.entries[-1].chain_hash) if ledger.entries else (0, "")
	)
	if (member.last_seq, member.last_hash) != (last_seq, last_hash):
		problem = f"the membership ends with number {member.last_seq}, the journal with {last_seq}"
		found.append(ledger.find(11, str(max(last_seq, member.last_seq)), problem))
	if ledger.mac != chain.seal(key, member):
		found.append(ledger.find(11, "", "the membership's seal is broken"))
	return found


CHECKS: tuple[Callable[[Ledger], list[Finding]], ...] = (
	points_add_up,
	lots_add_up,
	debits_are_covered,
	draws_were_valid,
	numbers_and_keys_are_unique,
	projection_is_the_fold,
	nothing_touches_a_lot_before_it_is_there,
)


def check(ledger: Ledger, key: bytes | None = None) -> list[Finding]:
	"""Everything that is wrong with one membership's ledger; the chain only when its key is given."""
	found = [finding for function in CHECKS for finding in function(ledger)]
	return found + chain_holds(ledger, key) if key is not None else found


def check_all(ledgers: Iterable[Ledger], key: bytes | None = None) -> list[Finding]:
	"""Everything that is wrong with a site's ledgers, each for itself and together."""
	ledgers = list(ledgers)
	found = [finding for ledger in ledgers for finding in check(ledger, key)]
	users: dict[str, set[str]] = defaultdict(set)
	for ledger in ledgers:
		for entry in ledger.entries:
			users[entry.idempotency_key].add(ledger.member.name)
	return found + [
		Finding(5, ", ".join(sorted(members)), used, "one key in several ledgers")
		for used, members in users.items()
		if used and len(members) > 1
	]


def total(ledgers: Iterable[Ledger]) -> Decimal:
	"""Points of all members together."""
	return sum((entry.points for ledger in ledgers for entry in ledger.entries), ZERO)


def not_raised(before: Decimal, after: Decimal, what: str) -> list[Finding]:
	"""8: no expiry, tier change, merge, rebuild or replay raises the sum over all members."""
	return [Finding(8, "", what, f"raised the sum from {before} to {after}")] if after > before else []


def _day(text: str) -> date | None:
	return date.fromisoformat(text) if text else None


__all__ = ["CHECKS", "Finding", "Ledger", "check", "check_all", "not_raised", "total"]
