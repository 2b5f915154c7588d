"""Points that can no longer be used: past their date, or their member idle too long. Every movement settles this first."""

from __future__ import annotations

from datetime import date

from ccms_app.loyalty import dates
from ccms_app.loyalty.book import Book, stands
from ccms_app.loyalty.model import (
	CLAWBACK,
	EARN,
	EXPIRE,
	PENDING,
	REDEEM,
	RESTORE,
	Entry,
	Lot,
	Member,
	Posted,
	Program,
)

from .due import catch_up


def expire(book: Book, program: Program, on: date) -> Posted:
	"""Write the expiry of everything that could be used until yesterday at the latest."""
	posted = catch_up(book, on)  # what came due in time pays debts before it expires
	for entry in lapse(book, program, on).entries:
		posted.add(entry)
	for lot in book.lapsed_lots(on):
		if lot.remaining:
			posted.add(expire_lot(book, lot, lot.expires_on))
	return posted


def settle(book: Book, program: Program, today: date, since: date | None = None) -> Posted:
	"""Write what the nightly jobs would have written by now and a movement depends on."""
	posted = catch_up(book, today)
	for entry in lapse(book, program, today, since).entries:
		posted.add(entry)
	return posted


def lapse(book: Book, program: Program, on: date, since: date | None = None) -> Posted:
	"""Inactivity: write the expiry of dateless points if the member was idle too long before `on`.

	Args:
		since: the day on which the member turned out to have been idle, where that was later: up to then the
			points could be used.
	"""
	posted = Posted()
	if idle(program, book.member, on):
		last = dates.inactive_after(program, book.member.last_activity_on)
		for lot in book.open_lots():
			if dateless(lot) and lot.remaining:
				first = max(day for day in (since, lot.available_from, last) if day)
				posted.add(expire_lot(book, lot, last, first))
	return posted


def idle(program: Program, member: Member, on: date) -> bool:
	"""Whether a member of an Inactivity programme has been idle too long on a day."""
	last = dates.inactive_after(program, member.last_activity_on)
	return last is not None and last < on


def dateless(lot: Lot) -> bool:
	"""Whether a lot is in use and has no expiry of its own."""
	return lot.expires_on is None and lot.state != PENDING


def expire_lot(book: Book, lot: Lot, last_day: date, on: date | None = None) -> Entry:
	"""Write that a lot's points are gone: the day after its last one, or on a later day `on`."""
	entry = book.append(
		EXPIRE,
		-lot.remaining,
		max(last_day + dates.DAY, on or last_day),
		f"expire:{lot.name}:{book.member.last_seq + 1}",
		lot=lot.name,
		expires_on=last_day,
	)
	book.allocate(entry.name, lot, lot.remaining, entry)
	return entry


def active_on(member: Member, day: date) -> None:
	"""An earning or redemption on a day counts as activity."""
	if member.last_activity_on is None or day > member.last_activity_on:
		member.last_activity_on = day


def recount_activity(book: Book, program: Program, today: date, *entries: Entry | None) -> None:
	"""After a reversal or its undoing: the last activity is the last one that stands.

	Who turns out to have been idle loses dateless points today: up to now they could be used.
	"""
	member = book.member
	for entry in entries:
		if entry is not None and entry.entry_type in (CLAWBACK, RESTORE):
			entry = book.entry(entry.reverses)
		if entry is None or entry.entry_type not in (EARN, REDEEM):
			continue
		if stands(book, entry):
			active_on(member, entry.posting_date)
		elif entry.posting_date == member.last_activity_on:
			member.last_activity_on = book.last_activity()
	settle(book, program, today, since=today)
