"""What became due: pending lots turn active on their day, and what turns active pays what the member owes."""

from __future__ import annotations

from datetime import date

from ccms_app.loyalty.book import Book
from ccms_app.loyalty.model import (
	ACTIVATE,
	ACTIVE,
	EARN,
	ZERO,
	Entry,
	Lot,
	Posted,
)


def catch_up(book: Book, on: date) -> Posted:
	"""Activate the pending lots whose day has come."""
	posted = Posted()
	if book.member.points_pending:
		for lot in sorted(book.due_lots(on), key=_due_key):
			posted.add(make_available(book, lot, lot.available_from, lot.available_from))
	return posted


def _due_key(lot: Lot) -> tuple[date, int]:
	return (lot.available_from, lot.entry_seq)


def make_available(book: Book, lot: Lot, available: date, on: date) -> Entry:
	"""Write that a lot can be used from a day on; it pays what is owed first."""
	entry = book.append(
		ACTIVATE,
		ZERO,
		on,
		f"activate:{lot.name}:{book.member.last_seq + 1}",
		lot=lot.name,
		old_value=str(lot.available_from or ""),
		new_value=str(available),
	)
	book.set_availability(lot, available, on)
	pay_arrears(book, lot, entry, on)
	return entry


def pay_arrears(book: Book, lot: Lot, by: Entry, today: date) -> None:
	"""A lot that becomes active pays what the member owes, oldest debt first."""
	if lot.state != ACTIVE or book.member.points_arrears <= 0 or lot.lapsed(max(today, by.posting_date)):
		return
	for debit, owed in book.arrears():
		if not lot.remaining:
			break
		if debit.name != by.name:
			book.allocate(debit.name, lot, min(owed, lot.remaining), by)


def opened_on(book: Book, lot: Lot, otherwise: date) -> date:
	"""The day on which a lot came to this membership; for an earning `otherwise`, since no other day matters."""
	return otherwise if lot.entry_type == EARN else book.entry(lot.name).posting_date
