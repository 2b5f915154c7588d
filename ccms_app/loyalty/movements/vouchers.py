"""Points moved by voucher: granted, transferred, extended."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from ccms_app.loyalty import dates
from ccms_app.loyalty.book import Book
from ccms_app.loyalty.model import (
	EXTEND,
	TRANSFER_IN,
	TRANSFER_OUT,
	ZERO,
	Entry,
	Lot,
	NotEnoughPoints,
	Posted,
	Program,
)

from .due import pay_arrears
from .expiry import dateless, idle, settle
from .spending import must_be_positive, plan_draws, spendable, there


def grant(
	book: Book,
	program: Program,
	entry_type: str,
	points: Decimal,
	posting_date: date,
	key: str,
	*,
	expires_on: date | None = None,
	today: date | None = None,
	**content: object,
) -> Entry | None:
	"""Credit points by voucher (Opening, Bonus or Adjust); they expire as given, else as the programme says."""
	must_be_positive(points)
	if book.seen(key):
		return None
	today = max(today or posting_date, posting_date)
	settle(book, program, today)
	expires_on = expires_on or dates.expires_on(program, posting_date, posting_date)
	if expires_on is None and idle(program, book.member, today):
		# points given to somebody who has been away must not be gone at once
		expires_on = dates.inactive_after(program, today)
	entry = book.append(
		entry_type,
		points,
		posting_date,
		key,
		opens_lot=True,
		available_from=posting_date,
		expires_on=expires_on,
		**content,
	)
	pay_arrears(book, book.lot(entry.name), entry, today)
	return entry


def extend(
	book: Book, lot: Lot, expires_on: date | None, posting_date: date, key: str, **content: object
) -> Entry | None:
	"""Move the expiry of one lot."""
	if book.seen(key):
		return None
	entry = book.append(
		EXTEND,
		ZERO,
		posting_date,
		key,
		lot=lot.name,
		old_value=str(lot.expires_on or ""),
		new_value=str(expires_on or ""),
		**content,
	)
	book.set_expiry(lot, expires_on)
	return entry


def transfer(
	source: Book,
	target: Book,
	program: Program,
	points: Decimal,
	posting_date: date,
	key: str,
	today: date,
	**content: object,
) -> Posted:
	"""Move points between two members, soonest-expiring first, dates kept; all or nothing."""
	posted = Posted()
	if source.seen(f"{key}:out:1"):
		return posted
	must_be_positive(points)
	today = max(today, posting_date)
	settle(source, program, today)
	settle(target, program, today)
	can = spendable(source, program, today)
	plan, left = plan_draws(there(source, posting_date, today), points)
	if left or points > can:
		raise NotEnoughPoints(points, min(can, points - left))
	for number, (lot, taken) in enumerate(plan, 1):
		move(source, target, program, lot, taken, posting_date, key, number, posted, **content)
	return posted


def move(
	source: Book,
	target: Book,
	program: Program,
	lot: Lot,
	points: Decimal,
	posting_date: date,
	key: str,
	number: int,
	posted: Posted,
	*,
	origin: str = "",
	**content: object,
) -> None:
	"""Move points of one lot to another member, where they stand in a lot of their own with the same dates."""
	expires_on = lot.expires_on
	if dateless(lot) and idle(program, target.member, posting_date):
		# what could be used until then may be used until then: the receiver has been away even longer
		expires_on = dates.inactive_after(program, source.member.last_activity_on or posting_date)
	out = source.append(TRANSFER_OUT, -points, posting_date, f"{key}:out:{number}", lot=lot.name, **content)
	source.allocate(out.name, lot, points, out)
	into = target.append(
		TRANSFER_IN,
		points,
		posting_date,
		f"{key}:in:{number}",
		opens_lot=True,
		origin=origin,
		available_from=lot.available_from,
		expires_on=expires_on,
		**content,
	)
	pay_arrears(target, target.lot(into.name), into, posting_date)
	posted.add(out)
	posted.add(into)
