"""Undoing a debit: its points go back to what is owed for it and to the lots they came from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from ccms_app.loyalty import dates
from ccms_app.loyalty.book import Book
from ccms_app.loyalty.model import (
	ZERO,
	Entry,
	Lot,
	Program,
)

from .due import pay_arrears


def credit(
	book: Book,
	program: Program,
	debit: Entry,
	points: Decimal,
	entry_type: str,
	posting_date: date,
	key: str,
	today: date,
	*,
	monetary_value: Decimal = ZERO,
	claim: Decimal | None = None,
	mark: bool = False,
	**content: object,
) -> list[Entry]:
	"""Undo `points` of a debit: what is still owed for it first, then its lots, last drawn first.

	A lot whose expiry has passed is not refilled: its points stand in a lot of their own that lives the
	programme's grace days. A lot of a merged membership is followed by a new lot with the same expiry. Where an
	earlier restoring was cancelled, that cancel holds the points now, and they go back through it.

	Args:
		mark: let an entry reverse the debit itself in any case, so that it is seen to be cancelled.
	"""
	pieces: list[tuple[Decimal, str, _Fresh | None, list[tuple[Lot, Decimal]]]] = []
	more_claimed = ZERO if claim is None else claim - points
	for carrier, held in _carriers(book, debit):
		part = min(points, held)
		if part > 0:
			points -= part
			settle = min(part, _owed(book, carrier))
			refills, fresh, left = _refill_plan(book, program, carrier, part - settle, posting_date, today)
			inside = settle + sum((taken for _lot, taken in refills), ZERO)
			if inside:
				pieces.append((inside, carrier.name, None, refills))
			fresh += [((_grace(program, today), "", posting_date), left)] if left else []
			pieces += [(taken, carrier.name, new_lot, []) for new_lot, taken in fresh]
	if points > 0:
		pieces.append((points, debit.name, (_grace(program, today), "", posting_date), []))
	if mark and all(carrier != debit.name for _points, carrier, _fresh, _refills in pieces):
		pieces.insert(0, (ZERO, debit.name, None, []))
	made: list[Entry] = []
	for number, (inside, carrier_name, fresh_lot, refills) in enumerate(pieces):
		only_once = _voucher_of(content)
		if not number:
			claimed = claim_text(inside + more_claimed, inside)
			only_once = {"monetary_value": monetary_value, "new_value": claimed, **content}
		if fresh_lot:
			expires, origin, available = fresh_lot
			only_once |= {
				"opens_lot": True,
				"origin": origin,
				"expires_on": expires,
				"available_from": available,
			}
		entry = book.append(
			entry_type,
			inside,
			posting_date,
			f"{key}:{number}" if number else key,
			reverses=carrier_name,
			**only_once,
		)
		for lot, taken in refills:
			book.allocate(carrier_name, lot, -taken, entry)
		if fresh_lot:
			pay_arrears(book, book.lot(entry.name), entry, today)
		made.append(entry)
	return made


def claim_text(claimed: Decimal, moved: Decimal) -> str:
	"""What a reversal counts for, written down where it is not what it moved."""
	return str(claimed) if claimed != moved else ""


_Fresh = tuple[date | None, str, date | None]  # expiry, origin and availability of a new lot


def _carriers(book: Book, debit: Entry) -> Iterator[tuple[Entry, Decimal]]:
	"""(debit, points it holds): the debit and the cancels of its reversals, the latest first."""
	reversals = book.reversals(debit.name)
	for other in reversed(reversals):
		for undoing in reversed(book.reversals(other.name)):
			if undoing.points < 0:
				yield from _carriers(book, undoing)
	yield debit, -debit.points - sum((other.points for other in reversals), ZERO)


def held_points(book: Book, debit: Entry) -> Decimal:
	"""The points of a debit that are not back: restored ones that have expired since count as back."""
	return sum((held for _carrier, held in _carriers(book, debit)), ZERO)


def _owed(book: Book, debit: Entry) -> Decimal:
	if book.member.points_arrears <= 0:
		return ZERO
	return sum((owed for other, owed in book.arrears() if other.name == debit.name), ZERO)


def _grace(program: Program, today: date) -> date | None:
	return None if program.expiry_model == "Never" else today + dates.days(program.restore_grace_days)


def _voucher_of(content: dict) -> dict:
	return {name: content[name] for name in ("voucher_type", "voucher_no", "reason") if name in content}


def _refill_plan(
	book: Book, program: Program, debit: Entry, points: Decimal, posting_date: date, today: date
) -> tuple[list[tuple[Lot, Decimal]], list[tuple[_Fresh, Decimal]], Decimal]:
	"""Where `points` of a debit go back to: lots to refill, new lots, and the rest."""
	drawn: dict[str, Decimal] = {}
	for row in book.draws_of(debit.name):  # the last row of a lot decides its turn
		net = drawn.pop(row.lot, ZERO) + row.points
		drawn[row.lot] = net
	fresh_given: dict[str, Decimal] = {}
	for other in book.reversals(debit.name):
		lot = book.lot(other.name) if other.opens_lot else None
		if lot is not None:
			fresh_given[lot.origin] = fresh_given.get(lot.origin, ZERO) + other.points
	refills, fresh = [], []
	for name in reversed(drawn):
		if points <= 0:
			break
		lot = book.lot(name)
		have = drawn[name]
		already = min(have, fresh_given.get(lot.origin, ZERO))
		if already:
			fresh_given[lot.origin] -= already
			have -= already
		taken = min(have, points)
		if taken <= 0:
			continue
		points -= taken
		gone = lot.lapsed(today)
		if lot.membership == book.member.name and not gone:
			refills.append((lot, taken))
		else:
			expires = _grace(program, today) if gone else lot.expires_on
			fresh.append(((expires, lot.origin, _available_again(book, lot, posting_date)), taken))
	return refills, fresh, points


def _available_again(book: Book, lot: Lot, on: date) -> date | None:
	"""From when on points can be spent that follow a lot: not before its sale is paid."""
	available = lot.available_from
	if lot.membership != book.member.name:  # what was moved from there knows better by now
		moved = [other.available_from for other in book.lineage(lot.origin)]
		if None in moved or (available is None and not moved):
			return None
		available = max(day for day in (available, *moved) if day)
	return available if available is None or available > on else on
