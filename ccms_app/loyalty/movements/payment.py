"""A document is paid, or no longer: its points become available, or wait again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from ccms_app.loyalty import dates
from ccms_app.loyalty.book import Book
from ccms_app.loyalty.model import (
	ACTIVATE,
	EXPIRE,
	TRANSFER_IN,
	TRANSFER_OUT,
	ZERO,
	Entry,
	Lot,
	Posted,
	Program,
)

from .due import catch_up, make_available, opened_on
from .expiry import expire_lot, settle


def activate(
	book: Book,
	program: Program,
	earning: Entry,
	paid_on: date,
	today: date | None = None,
	since: date | None = None,
) -> Posted:
	"""A document is paid in full: its points become available on max(posting date + pending days, that day).

	Args:
		today: the day on which it is noticed; points that have expired by then do not come back.
		since: as for `lapse`, where the document itself shows only now how long the member was idle.
	"""
	posted = Posted()
	if earning.available_from is not None:
		return posted
	paid_on = max(paid_on, earning.posting_date)
	today = max(today or paid_on, paid_on)
	for entry in settle(book, program, today, since).entries:
		posted.add(entry)
	available = max(paid_on, earning.posting_date + dates.days(program.pending_days))
	for lot in book.lineage(earning.name):
		if lot.available_from is None:
			if lot.remaining and lot.lapsed(today):
				posted.add(expire_lot(book, lot, lot.expires_on))
			posted.add(make_available(book, lot, available, max(paid_on, opened_on(book, lot, paid_on))))
	for entry in settle(book, program, today, since=today).entries:
		posted.add(entry)
	return posted


def deactivate(book: Book, earning: Entry, on: date, program: Program | None = None) -> Posted:
	"""A document is no longer paid: what remains becomes pending again, what was spent becomes arrears.

	A lot that has expired since has nothing left to wait for: what was spent of it in its time stays spent.

	Args:
		program: so that points of an idle member are first seen to have lapsed.
	"""
	posted = Posted()
	if earning.available_from is not None:
		return posted
	for entry in (settle(book, program, on) if program else catch_up(book, on)).entries:
		posted.add(entry)
	lineage = book.lineage(earning.name, everywhere=True)
	kept = {earning.name, *(lot.name for lot in lineage)}
	for lot in lineage:
		if lot.membership != book.member.name:
			for entry in _owe_again(book, lot, kept, on):
				posted.add(entry)
			continue
		if lot.available_from is None:
			continue
		if lot.remaining and lot.lapsed(on):
			posted.add(expire_lot(book, lot, lot.expires_on))
		entry = book.append(
			ACTIVATE,
			ZERO,
			on,
			f"deactivate:{lot.name}:{book.member.last_seq + 1}",
			lot=lot.name,
			old_value=str(lot.available_from),
			new_value="",
		)
		posted.add(entry)
		book.set_availability(lot, None, on)
		for debit, points in book.draws_from(lot.name):
			if not lot.lapsed(on) and _was_spent(debit, kept):
				book.allocate(debit.name, lot, -points, entry)
	return posted


def _was_spent(debit: Entry, kept: set[str]) -> bool:
	"""Whether a debit used points, rather than took them back with their sale, moved them on or let them expire."""
	moved = debit.entry_type == EXPIRE or (debit.entry_type == TRANSFER_OUT and debit.lot)
	return not moved and debit.reverses not in kept


def _owe_again(book: Book, lot: Lot, kept: set[str], on: date) -> Iterator[Entry]:
	"""What was spent of a lot before its membership was merged into this one becomes arrears here."""
	if lot.lapsed(on):
		return
	for debit, points in book.draws_from(lot.name):
		if not _was_spent(debit, kept):
			continue
		for other in book.reversals(debit.name):
			if other.opens_lot and book.lot(other.name).origin == lot.origin:
				points -= other.points
		if points <= 0:
			continue
		key = f"unpaid:{debit.name}:{lot.name}:{book.member.last_seq + 1}"
		waiting = book.append(
			TRANSFER_IN,
			points,
			on,
			key,
			opens_lot=True,
			origin=lot.origin,
			reverses=debit.name,
			expires_on=lot.expires_on,
			reason="unpaid",
		)
		yield waiting
		yield book.append(TRANSFER_OUT, -points, on, f"{key}:owed", reverses=waiting.name, reason="unpaid")
