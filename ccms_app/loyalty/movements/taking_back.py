"""Undoing a credit: its points are taken from where they stand, and owed where they are gone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from itertools import chain

from ccms_app.loyalty import tiers
from ccms_app.loyalty.book import Book
from ccms_app.loyalty.model import (
	EARN,
	EXPIRE,
	PENDING,
	ZERO,
	Entry,
	Lot,
	Program,
)

from .expiry import expire_lot
from .giving_back import (
	claim_text,
)


def take_back(
	book: Book,
	program: Program,
	credit_entry: Entry,
	points: Decimal,
	entry_type: str,
	posting_date: date,
	key: str,
	today: date,
	*,
	qualifying_value: Decimal = ZERO,
	claim: Decimal | None = None,
	**content: object,
) -> list[Entry]:
	"""Take back a credit: from its own pending part, its own lot, other lots, then as `on_shortfall` says.

	Args:
		claim: what counts as taken back, by default `points`; more when some of it expired before.
	"""
	plan, left = {}, points
	others = ((lot, lot.remaining) for lot in book.drawable(today, today))
	for lot, most in chain(_own_first(book, credit_entry, today), others):
		if not left:
			break
		_lot, already = plan.get(lot.name, (lot, ZERO))
		taken = min(most, lot.remaining - already, left)
		if taken > 0:
			plan[lot.name] = (lot, already + taken)
			left -= taken
	forgiven = left if program.on_shortfall == "Forgive" and credit_entry.entry_type == EARN else ZERO
	entry = book.append(
		entry_type,
		forgiven - points,
		posting_date,
		key,
		reverses=credit_entry.name,
		new_value=claim_text(-(points if claim is None else claim), forgiven - points),
		reason="forgiven" if forgiven else "",
		qualifying_value=qualifying_value,
		qualifying_date=credit_entry.qualifying_date if qualifying_value else None,
		rate=credit_entry.rate,
		**content,
	)
	for lot, taken in plan.values():
		book.allocate(entry.name, lot, taken, entry)
	if qualifying_value:
		tiers.count(book, program, qualifying_value, credit_entry.qualifying_date, posting_date)
	return [entry]


def _own_lots(book: Book, entry: Entry) -> Iterator[tuple[list[Lot], Decimal | None]]:
	"""(lots, points of theirs at most) that hold a credit's points: its own and what descends from it, or the lots it
	refilled with what it put in. What has been moved here in a merge is found by its origin."""
	if entry.opens_lot:
		lot = book.lot(entry.name)
		if lot.origin == lot.name:
			yield book.lineage(lot.name), None
			return
		put_in = {lot.name: entry.points}
	else:
		put_in = put_back(book, entry)
	for name, points in put_in.items():
		lot = book.lot(name)
		yield [lot] if lot.membership == book.member.name else book.lineage(lot.origin), points


def put_back(book: Book, entry: Entry) -> dict[str, Decimal]:
	"""{lot: points} that an entry has given back to lots."""
	found: dict[str, Decimal] = {}
	for row in book.rows_by(entry.name):
		if row.points < 0:
			found[row.lot] = found.get(row.lot, ZERO) - row.points
	return found


def _own_first(book: Book, entry: Entry, today: date) -> Iterator[tuple[Lot, Decimal]]:
	"""(lot, points at most) that hold a credit's points, the pending ones first."""
	for lots, most in _own_lots(book, entry):
		for lot in sorted(lots, key=lambda lot: (lot.state != PENDING, lot.draw_key)):
			if lot.remaining and not lot.lapsed(today) and most != 0:
				taken = lot.remaining if most is None else min(most, lot.remaining)
				most = None if most is None else most - taken
				yield lot, taken


def expired_from(book: Book, origin: str) -> Decimal:
	"""Points of an earning's lots that have expired: they are gone, so no return takes them again."""
	return sum((_expired_of(book, lot) for lot in book.lineage(origin, everywhere=True)), ZERO)


def expired_since(book: Book, entry: Entry) -> Decimal:
	"""Points of a credit that expired with the lots they stood in."""
	if entry.opens_lot:
		lot = book.lot(entry.name)
		if lot is not None and lot.origin != lot.name:
			return _expired_of(book, lot)
		return expired_from(book, entry.name)
	gone = ZERO
	for name, points in put_back(book, entry).items():
		lot = book.lot(name)
		if lot is not None:
			gone += min(points, _expired_of(book, lot, entry.seq))
	return gone


def _expired_of(book: Book, lot: Lot, after: int = 0) -> Decimal:
	"""Points of a lot that have expired, by entries after number `after` of its membership."""
	return sum(
		(
			points
			for debit, points in book.draws_from(lot.name)
			if debit.entry_type == EXPIRE and debit.seq > after
		),
		ZERO,
	)


def sweep_lineage(book: Book, entry: Entry, today: date) -> None:
	"""Write the expiry of a document's own lots before touching them, so that no result depends on the job."""
	for lots, _most in _own_lots(book, entry):
		for lot in lots:
			if lot.remaining and lot.lapsed(today):
				expire_lot(book, lot, lot.expires_on)
