"""Debits that usable lots must cover, soonest-expiring first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal

from ccms_app.loyalty.book import Book, came_due
from ccms_app.loyalty.model import (
	PENDING,
	REDEEM,
	ZERO,
	Entry,
	LedgerError,
	Lot,
	NotEnoughPoints,
	Program,
	Sale,
)

from .due import opened_on
from .expiry import active_on, dateless, idle, settle


def redeem(book: Book, program: Program, sale: Sale, today: date) -> Entry | None:
	"""Spend points on a sale, all or nothing.

	Raises:
		NotEnoughPoints: more than the member can spend; nothing has been written.
	"""
	key = f"redeem:{sale.voucher_type}:{sale.voucher_no}"
	if book.seen(key):
		return None
	entry = spend(
		book,
		program,
		REDEEM,
		sale.redeem_points,
		sale.posting_date,
		key,
		today,
		voucher_type=sale.voucher_type,
		voucher_no=sale.voucher_no,
		tier=book.member.tier,
		rate=program.point_value,
		monetary_value=sale.redeem_value,
	)
	active_on(book.member, sale.posting_date)
	return entry


def spend(
	book: Book,
	program: Program,
	entry_type: str,
	points: Decimal,
	posting_date: date,
	key: str,
	today: date,
	**content: object,
) -> Entry:
	"""A debit that must be covered by usable lots, soonest-expiring first.

	What could be spent on an earlier `posting_date` takes the whole journal to say: the caller asks that.
	"""
	must_be_positive(points)
	today = max(today, posting_date)
	settle(book, program, today)
	can = spendable(book, program, today)
	if points > can:
		raise NotEnoughPoints(points, can)
	plan, left = plan_draws(there(book, posting_date, today), points)
	if left:
		raise NotEnoughPoints(points, points - left)
	entry = book.append(entry_type, -points, posting_date, key, **content)
	for lot, taken in plan:
		book.allocate(entry.name, lot, taken, entry)
	return entry


def spendable(book: Book, program: Program, on: date) -> Decimal:
	"""active - arrears - held, not below zero, whether or not the nightly jobs have run."""
	member = book.member
	active, arrears = member.points_active, member.points_arrears
	active -= sum((lot.remaining for lot in book.lapsed_lots(on) if lot.state != PENDING), ZERO)
	gone = idle(program, member, on)
	if member.points_pending:
		came, paid = came_due(book.due_lots(on), on, arrears, gone)
		active += came
		arrears -= paid
	if gone:
		active -= sum((lot.remaining for lot in book.open_lots() if dateless(lot)), ZERO)
	return max(ZERO, active - arrears - member.points_held)


def there(book: Book, posting_date: date, today: date) -> Iterator[Lot]:
	"""Usable lots in drawing order that were there on the posting date; one moved here keeps an earlier availability."""
	for lot in book.drawable(posting_date, today):
		if posting_date == today or opened_on(book, lot, posting_date) <= posting_date:
			yield lot


def plan_draws(lots: Iterable[Lot], points: Decimal) -> tuple[list[tuple[Lot, Decimal]], Decimal]:
	"""Take `points` from lots in turn, reading no more of them than needed: [(lot, points)], what is missing."""
	plan = []
	if points > 0:
		for lot in lots:
			taken = min(lot.remaining, points)
			plan.append((lot, taken))
			points -= taken
			if not points:
				break
	return plan, points


def must_be_positive(points: Decimal) -> None:
	"""Refuse to move nothing, or less."""
	if points <= 0:
		raise LedgerError(f"{points} points cannot be moved")
