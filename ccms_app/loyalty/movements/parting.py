"""Undoing a merge of two members: each gets back what is left of what was theirs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from ccms_app.loyalty import tiers
from ccms_app.loyalty.book import Book, qualifying_now
from ccms_app.loyalty.model import (
	ACTIVATE,
	EXTEND,
	TIER,
	TRANSFER_IN,
	TRANSFER_OUT,
	ZERO,
	Entry,
	Lot,
	Posted,
	Program,
)

from .expiry import expire
from .vouchers import extend, move


@dataclass
class Parted(Posted):
	"""What an undone merge posted, and what could not go back."""

	spent: Decimal = ZERO
	"""Points of the source that were spent, clawed back or expired since."""
	settled: Decimal = ZERO
	"""Points that the source owed and the target has paid since."""


def part(
	source: Book, target: Book, program: Program, merge: Iterable[Entry], posting_date: date, key: str
) -> Parted:
	"""Undo `absorb`: what is left of each moved lot returns to the lot it came from, with its dates as they are now.

	The sum of both never changes. What the source's points paid of the target's debts on the day of the merge, they
	take back; what the target paid since of the source's debts stays paid.

	Args:
		merge: the entries that `absorb` wrote into both books.
		key: idempotency key of this undoing.
	"""
	parted = Parted()
	for book in (source, target):
		for entry in expire(book, program, posting_date).entries:
			parted.add(entry)
	by_key = {entry.idempotency_key: entry for entry in merge}
	# all is asked before anything is written: a book on a site writes before it answers
	lots, debts, kept = [], [], []
	for merge_key, entry in by_key.items():
		if ":in:" in merge_key:
			lot = target.lot(entry.name)
			paid = (
				{}
				if lot.remaining == lot.original or lot.lapsed(posting_date)
				else _paid_on_arrival(target, entry)
			)
			out = by_key[merge_key.replace(":in:", ":out:")]
			lots.append((_number(merge_key), out, entry, lot, source.lot(out.lot), paid))
		elif ":owed-out:" in merge_key:
			debts.append((_number(merge_key), by_key[merge_key.replace(":owed-out:", ":owed-in:")], entry))
		elif ":keep:" in merge_key and entry.entry_type == EXTEND:
			kept.append((entry, target.lot(entry.lot)))
	owed = {debit.name: points for debit, points in target.arrears()} if debts else {}
	for number, out, into, lot, home, paid in lots:
		_return_lot(source, target, out, into, lot, home, paid, posting_date, f"{key}:{number}", parted)
	for number, settled, moved in debts:
		points = owed.get(moved.name, ZERO)
		_return_debt(source, target, settled, moved, points, posting_date, f"{key}:{number}", parted)
	for entry, lot in kept:
		if str(lot.expires_on or "") == entry.new_value:
			back = date.fromisoformat(entry.old_value) if entry.old_value else None
			parted.add(extend(target, lot, back, posting_date, f"{key}:keep:{lot.name}", reason="unmerge"))
	return parted


def _number(key: str) -> str:
	return key.rpartition(":")[2]


def _return_lot(
	source: Book,
	target: Book,
	out: Entry,
	into: Entry,
	lot: Lot,
	home: Lot,
	paid: dict[str, Decimal],
	on: date,
	key: str,
	parted: Parted,
) -> None:
	points = lot.remaining + sum(paid.values(), ZERO)
	parted.spent += into.points - points
	if not points:
		return
	back = target.append(TRANSFER_OUT, -points, on, f"{key}:out", lot=lot.name, reason="unmerge")
	for debit, taken in paid.items():
		target.allocate(debit, lot, -taken, back)
	target.allocate(back.name, lot, points, back)
	home_again = source.append(TRANSFER_IN, points, on, f"{key}:in", reverses=out.name, reason="unmerge")
	source.allocate(out.name, home, -points, home_again)
	for entry in (back, home_again):
		parted.add(entry)
	if lot.available_from != into.available_from and lot.available_from != home.available_from:
		parted.add(_available_again(source, home, lot.available_from, on, f"{key}:available"))
	if lot.expires_on != into.expires_on and lot.expires_on != home.expires_on:
		parted.add(extend(source, home, lot.expires_on, on, f"{key}:expires", reason="unmerge"))


def _paid_on_arrival(target: Book, into: Entry) -> dict[str, Decimal]:
	"""{debit: points} that a moved lot paid of the target's debts when it came, as far as it still does."""
	still = {debit.name: points for debit, points in target.draws_from(into.name)}
	found: dict[str, Decimal] = {}
	for row in target.rows_by(into.name):
		if row.lot == into.name and row.points > 0 and still.get(row.entry, ZERO) > 0:
			found[row.entry] = min(row.points, still[row.entry])
	return found


def _available_again(book: Book, lot: Lot, available: date | None, on: date, key: str) -> Entry:
	entry = book.append(
		ACTIVATE,
		ZERO,
		on,
		key,
		lot=lot.name,
		old_value=str(lot.available_from or ""),
		new_value=str(available or ""),
		reason="unmerge",
	)
	book.set_availability(lot, available, on)
	return entry


def _return_debt(
	source: Book,
	target: Book,
	settled: Entry,
	moved: Entry,
	owed: Decimal,
	on: date,
	key: str,
	parted: Parted,
) -> None:
	parted.settled += -moved.points - owed
	if not owed:
		return
	parted.add(target.append(TRANSFER_IN, owed, on, f"{key}:owed-in", reverses=moved.name, reason="unmerge"))
	# the debt becomes a part of what it was owed for again, so that undoing that settles it
	parted.add(
		source.append(TRANSFER_OUT, -owed, on, f"{key}:owed-out", reverses=settled.name, reason="unmerge")
	)


def hand_over(
	source: Book, target: Book, program: Program, lots: Iterable[str], posting_date: date, key: str
) -> Decimal:
	"""Move what is left of some lots to another member, with dates and lineage. Returns the points."""
	posted, total = Posted(), ZERO
	for number, name in enumerate(lots, 1):
		lot = source.lot(name)
		total += lot.remaining
		move(
			source,
			target,
			program,
			lot,
			lot.remaining,
			posting_date,
			key,
			number,
			posted,
			origin=lot.origin,
			reason="unmerge",
		)
	return total


def stand_alone(
	book: Book,
	program: Program,
	on: date,
	*,
	tier: str,
	since: date | None,
	until: date | None,
) -> Entry | None:
	"""After the parting: what counts for the tier is the member's own again, and so is the tier.

	A tier that the member has earned alone meanwhile stays.

	Args:
		tier, since, until: the tier before the merge, as it stood in the membership.
	"""
	member = book.member
	member.qualifying_on = on
	member.qualifying_value = qualifying_now(book, program, on)
	member.last_activity_on = book.last_activity()
	own = tiers.earned(program, member.qualifying_value)
	before = tiers.find(program, tier)
	if own and (before is None or own.threshold > before.threshold):
		return None if own.name == member.tier else tiers.set_tier(book, program, own.name, on, "unmerge")
	if (tier, until) == (member.tier, member.tier_until):
		return None
	entry = book.append(
		TIER,
		ZERO,
		on,
		f"tier:{member.name}:{member.last_seq + 1}",
		old_value=member.tier,
		new_value=tier,
		available_from=since,
		expires_on=until,
		tier=tier,
		reason="unmerge",
	)
	member.tier, member.tier_since, member.tier_until = tier, since, until
	return entry
