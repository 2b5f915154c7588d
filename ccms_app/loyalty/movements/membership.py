"""What happens to a membership as a whole: its status, and its merging into another."""

from __future__ import annotations

from datetime import date

from ccms_app.loyalty import dates, tiers
from ccms_app.loyalty.book import Book
from ccms_app.loyalty.model import (
	STATUS,
	TRANSFER_IN,
	TRANSFER_OUT,
	ZERO,
	Entry,
	Posted,
	Program,
)

from .expiry import dateless, expire, idle
from .vouchers import extend, move


def set_status(book: Book, status: str, on: date, reason: str) -> Entry | None:
	"""Record that a member joined, was frozen, left or came back."""
	member = book.member
	if member.status == status and member.last_seq:
		return None
	entry = book.append(
		STATUS,
		ZERO,
		on,
		f"status:{member.name}:{member.last_seq + 1}",
		old_value=member.status if member.last_seq else "",
		new_value=status,
		reason=reason,
	)
	member.status = status
	return entry


def absorb(
	source: Book, target: Book, program: Program, posting_date: date, key: str, **content: object
) -> Posted:
	"""Merge: every lot of `source` moves to `target` with its dates, state and lineage; so does what is owed.

	The sum of both never changes. The higher tier wins.
	"""
	posted = Posted()
	if source.member.name in target.merged:
		return posted
	target.merged.add(source.member.name)
	for book in (source, target):
		for entry in expire(book, program, posting_date).entries:
			posted.add(entry)
	ours, theirs = target.member, source.member
	ours.last_activity_on = max(
		(day for day in (ours.last_activity_on, theirs.last_activity_on) if day), default=None
	)
	if idle(program, ours, posting_date):
		# who was never active never idled: the other's long absence must not take these points
		for lot in filter(dateless, target.open_lots()):
			until = dates.inactive_after(program, posting_date)
			posted.add(extend(target, lot, until, posting_date, f"{key}:keep:{lot.name}", **content))
	for number, lot in enumerate(source.open_lots(), 1):
		rest = lot.remaining
		move(
			source,
			target,
			program,
			lot,
			rest,
			posting_date,
			key,
			number,
			posted,
			origin=lot.origin,
			**content,
		)
	for number, (debit, owed) in enumerate(source.arrears(), 1):
		into = source.append(
			TRANSFER_IN, owed, posting_date, f"{key}:owed-in:{number}", reverses=debit.name, **content
		)
		# the debt stays a part of what it was owed for, so that undoing that settles it here
		out = target.append(
			TRANSFER_OUT, -owed, posting_date, f"{key}:owed-out:{number}", reverses=into.name, **content
		)
		posted.add(into)
		posted.add(out)
	ours.qualifying_on = max(
		(day for day in (ours.qualifying_on, theirs.qualifying_on, posting_date) if day), default=None
	)
	window = dates.tier_window(program, ours.qualifying_on)
	ours.qualifying_value = target.qualifying_between(*window) + source.qualifying_between(*window)
	target.adopt(source)
	best = max(
		(
			tier
			for tier in (
				tiers.find(program, theirs.tier),
				tiers.find(program, ours.tier),
				tiers.earned(program, ours.qualifying_value),
			)
			if tier
		),
		key=lambda tier: tier.threshold,
		default=None,
	)
	if best and best.name != ours.tier:
		posted.add(tiers.set_tier(target, program, best.name, posting_date, "merge"))
	return posted
