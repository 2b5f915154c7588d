"""A return or a cancel: what a document did is undone, by its share or wholly."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal

from ccms_app.loyalty import money, tiers
from ccms_app.loyalty.book import Book, cancelled, left_of, qualifying_left, value_left
from ccms_app.loyalty.model import (
	CANCEL,
	CLAWBACK,
	EARN,
	EXTEND,
	RESTORE,
	ZERO,
	Entry,
	Posted,
	Program,
)

from .due import pay_arrears
from .expiry import expire_lot, recount_activity, settle
from .giving_back import (
	credit,
	held_points,
)
from .taking_back import (
	expired_from,
	expired_since,
	put_back,
	sweep_lineage,
	take_back,
)
from .vouchers import extend


def give_back(
	book: Book,
	program: Program,
	*,
	voucher_type: str,
	voucher_no: str,
	posting_date: date,
	share: Decimal,
	earning: Entry | None,
	redemption: Entry | None,
	restored_value: Decimal = ZERO,
	today: date | None = None,
) -> Posted:
	"""Post a return: first restore what the sale had spent, then claw back what it had earned.

	Args:
		share: the part of the original that is back after this return, all earlier ones included (0 to 1).
		earning, redemption: the original's entries; they may stand in a membership that was merged into this.
		restored_value: money of the points row on this credit note, in company currency.
	"""
	posted = Posted()
	today = max(today or posting_date, posting_date)
	settle(book, program, today)
	voucher = {"voucher_type": voucher_type, "voucher_no": voucher_no}
	precision = program.points_precision
	if redemption is not None and not _has(book, "restore", voucher_no, voucher_type):
		spent = -redemption.points
		due = money.part(share, spent, max(precision, money.decimals(spent)))
		due -= spent + left_of(book, redemption)
		if due > 0:
			for entry in credit(
				book,
				program,
				redemption,
				min(due, held_points(book, redemption)),
				RESTORE,
				posting_date,
				f"restore:{voucher_type}:{voucher_no}",
				today,
				monetary_value=-restored_value,
				claim=due,
				mark=True,
				**voucher,
			):
				posted.add(entry)
	if earning is not None and not _has(book, "clawback", voucher_no, voucher_type):
		sweep_lineage(book, earning, today)
		clawed = earning.points - left_of(book, earning)
		gone = expired_from(book, earning.name)
		due = money.part(share, earning.points, max(precision, money.decimals(earning.points)))
		due = max(ZERO, due - clawed - gone)
		value = _qualifying_due(book, program, earning, share)
		if due or value:
			for entry in take_back(
				book,
				program,
				earning,
				due,
				CLAWBACK,
				posting_date,
				f"clawback:{voucher_type}:{voucher_no}",
				today,
				qualifying_value=-value,
				**voucher,
			):
				posted.add(entry)
	_pay_from_refilled(book, posted, today)
	recount_activity(book, program, today, earning, redemption)
	return posted


def _qualifying_due(book: Book, program: Program, earning: Entry, share: Decimal) -> Decimal:
	"""What a return takes off the qualifying value: the share of spend or points, an order when all is back."""
	counts = earning.qualifying_value
	left = qualifying_left(book, earning)
	if program.tier_basis == "Orders":
		due = counts if share >= 1 else ZERO
	else:
		digits = program.points_precision if program.tier_basis == "Points" else 2
		due = money.part(share, counts, max(digits, money.decimals(counts)))
	return max(ZERO, due - (counts - left))


def _has(book: Book, kind: str, voucher_no: str, voucher_type: str) -> bool:
	key = f"{kind}:{voucher_type}:{voucher_no}"
	return book.seen(key) or book.seen(f"{key}:1")


def cancel(
	book: Book,
	program: Program,
	entries: Iterable[Entry],
	posting_date: date,
	today: date,
) -> Posted:
	"""Reverse whatever of a document still stands: first what it gave to the member, last what it took.

	Args:
		entries: the document's own entries, in order; each is reversed by what is outstanding of it.
	"""
	posted = Posted()
	entries = [entry for entry in entries if entry.entry_type != CANCEL and not cancelled(book, entry)]
	settle(book, program, today)
	for entry in entries:
		sweep_lineage(book, entry, today)
	taken = [entry for entry in entries if entry.points < 0 or entry.entry_type == CLAWBACK]
	given = [entry for entry in entries if entry.points > 0 or entry.entry_type in (EARN, RESTORE)]
	for entry in reversed(taken):
		for made in _uncharge(book, program, entry, posting_date, today):
			posted.add(made)
	for entry in reversed(given):
		for made in _uncredit(book, program, entry, posting_date, today):
			posted.add(made)
	for entry in reversed(entries):
		if entry.entry_type == EXTEND and not entry.reverses:
			for made in _unextend(book, entry, posting_date):
				posted.add(made)
	_pay_from_refilled(book, posted, today)
	recount_activity(book, program, today, *entries)
	return posted


def _uncharge(book: Book, program: Program, entry: Entry, on: date, today: date) -> list[Entry]:
	"""Give back what a debit of this document still holds."""
	value = -qualifying_left(book, entry)
	claimed = -left_of(book, entry)
	made = credit(
		book,
		program,
		entry,
		held_points(book, entry),
		CANCEL,
		on,
		_again(entry),
		today,
		qualifying_value=value,
		qualifying_date=entry.qualifying_date,
		monetary_value=-value_left(book, entry),
		claim=claimed,
		voucher_type=entry.voucher_type,
		voucher_no=entry.voucher_no,
		mark=True,
	)
	if value:
		tiers.count(book, program, value, entry.qualifying_date, on)
		tiers.promote(book, program, on)
	return made


def _uncredit(book: Book, program: Program, entry: Entry, on: date, today: date) -> list[Entry]:
	"""Take back what a credit of this document has left standing."""
	left = left_of(book, entry)
	moved = left if entry.entry_type == EARN else min(left, entry.points)
	return take_back(
		book,
		program,
		entry,
		max(moved - expired_since(book, entry), ZERO),
		CANCEL,
		on,
		_again(entry),
		today,
		claim=left,
		qualifying_value=-qualifying_left(book, entry),
		monetary_value=-value_left(book, entry),
		voucher_type=entry.voucher_type,
		voucher_no=entry.voucher_no,
	)


def _unextend(book: Book, entry: Entry, on: date) -> Iterator[Entry]:
	if book.reversals(entry.name):
		return
	lot = book.lot(entry.lot)
	lots = [lot] if lot is not None and lot.membership == book.member.name else []
	if lot is not None and not lots:  # the lot has moved here in a merge
		lots = book.lineage(lot.origin)
	back = date.fromisoformat(entry.old_value) if entry.old_value else None
	for number, lot in enumerate(lots):
		if str(lot.expires_on or "") != entry.new_value:
			continue  # moved again since: the later date stands
		made = extend(
			book,
			lot,
			back,
			on,
			f"{_again(entry)}:{number}" if number else _again(entry),
			reverses=entry.name,
			voucher_type=entry.voucher_type,
			voucher_no=entry.voucher_no,
		)
		if made:
			yield made
		if lot.remaining and lot.lapsed(on):
			# until now it could be used: no balance of an earlier day may change
			yield expire_lot(book, lot, back, on)


def _again(entry: Entry) -> str:
	return f"cancel:{entry.name}"


def _pay_from_refilled(book: Book, posted: Posted, today: date) -> None:
	"""Points that a document has put back into active lots pay what the member owes, once it has taken its own back.

	A lot that came only after the document's day pays nothing that is dated so.
	"""
	for entry in list(posted.entries):
		if book.member.points_arrears <= 0:
			return
		if entry.entry_type in (RESTORE, CANCEL) and entry.points > 0 and not entry.opens_lot:
			by = posted.entries[-1]
			for lot in map(book.lot, put_back(book, entry)):
				if not lot.waits(by.posting_date):
					pay_arrears(book, lot, by, today)
