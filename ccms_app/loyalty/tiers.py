"""Tiers: which one a qualifying value earns, when it is reached, kept and lost.

The tier is the highest whose threshold is at most the qualifying value; a threshold is never a ceiling. Going up
happens with the document that reaches it; going down only when the tier's time and its grace are over.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from .book import Book, qualifying_now
from .dates import tier_until, tier_window
from .model import ONE, TIER, ZERO, Entry, Program, Tier
from .money import rounded


def earned(program: Program, value: Decimal) -> Tier | None:
	"""The highest tier whose threshold is at most `value`; None for a programme without tiers."""
	best = None
	for tier in program.tiers:
		if tier.threshold <= value and (best is None or tier.threshold > best.threshold):
			best = tier
	return best


def find(program: Program, name: str) -> Tier | None:
	"""The tier of that name, if the programme (still) has it."""
	return next((tier for tier in program.tiers if tier.name == name), None)


def following(program: Program, name: str) -> Tier | None:
	"""The next tier above the named one."""
	here = find(program, name)
	above = [tier for tier in program.tiers if here is None or tier.threshold > here.threshold]
	return min(above, key=lambda tier: tier.threshold, default=None)


def multiplier(program: Program, name: str) -> Decimal:
	"""How many times the base rate a member of that tier earns."""
	tier = find(program, name)
	return tier.earn_multiplier if tier else ONE


def qualifying(program: Program, base: Decimal, points: Decimal) -> Decimal:
	"""What a document counts towards the tier: its earn base (in cents, as it is stored), its points, or one order."""
	if program.tier_basis == "Points":
		return points
	return ONE if program.tier_basis == "Orders" else rounded(base, 2)


def set_tier(book: Book, program: Program, name: str, on: date, reason: str) -> Entry:
	"""Record a tier with the time through which it is kept (`expires_on` of the entry)."""
	member = book.member
	until = tier_until(program, on)
	entry = book.append(
		TIER,
		ZERO,
		on,
		f"tier:{member.name}:{member.last_seq + 1}",
		old_value=member.tier,
		new_value=name,
		expires_on=until,
		tier=name,
		reason=reason,
	)
	if name != member.tier:
		member.tier, member.tier_since = name, on
	member.tier_until = until
	return entry


def count(book: Book, program: Program, value: Decimal, day: date, on: date) -> None:
	"""Add to the member's running qualifying value what falls in the window of `on`.

	The running value is exact for the day of the last nightly review and otherwise an upper bound: in a rolling
	window old value only drops out.
	"""
	member = book.member
	if (
		program.tier_window == "Calendar Year"
		and member.qualifying_on is not None
		and member.qualifying_on.year != on.year
	):
		if on < member.qualifying_on:
			return
		member.qualifying_value = qualifying_now(book, program, on)
		member.qualifying_on = on
		return
	first, last = tier_window(program, max(on, member.qualifying_on or on))
	if first <= day <= last:
		member.qualifying_value += value
	member.qualifying_on = max(on, member.qualifying_on or on)


def promote(book: Book, program: Program, on: date) -> Entry | None:
	"""Move a member up as soon as the value is there. The exact sum is read only when a step looks near."""
	if not program.tiers:
		return None
	member = book.member
	looks = earned(program, member.qualifying_value)
	if not _above(program, looks, member.tier):
		return None
	on = max(on, member.qualifying_on or on)
	member.qualifying_value, member.qualifying_on = qualifying_now(book, program, on), on
	now = earned(program, member.qualifying_value)
	if not _above(program, now, member.tier):
		return None
	return set_tier(book, program, now.name, on, "upgrade")


def review(book: Book, program: Program, on: date) -> Entry | None:
	"""The nightly look at one member: exact value, and what the tier's end asks for.

	Until `tier_until` plus grace nothing goes down. After it the tier is renewed when it is still earned,
	otherwise lowered as the programme's policy says (Never, One Step, To Earned Tier).
	"""
	member = book.member
	member.qualifying_value, member.qualifying_on = qualifying_now(book, program, on), on
	if not program.tiers:
		return None
	target = earned(program, member.qualifying_value)
	here = find(program, member.tier)
	if here is None or _above(program, target, member.tier):
		return (
			set_tier(book, program, target.name, on, "upgrade" if member.tier else "start")
			if target
			else None
		)
	if member.tier_until is None or on <= member.tier_until + timedelta(days=program.tier_grace_days):
		return None
	if program.tier_window == "Calendar Year" and member.tier_until.year != on.year:
		# the year that has ended decides, unless the new one already earned more
		closed = earned(program, book.qualifying_between(*tier_window(program, member.tier_until)))
		if closed and (target is None or closed.threshold > target.threshold):
			target = closed
	if target is None or target.threshold >= here.threshold or program.downgrade == "Never":
		return set_tier(book, program, here.name, on, "renewed")
	if program.downgrade == "One Step":
		below = [tier for tier in program.tiers if tier.threshold < here.threshold]
		target = max(below, key=lambda tier: tier.threshold)
	return set_tier(book, program, target.name, on, "downgrade")


def deciding_window(program: Program, until: date) -> tuple[date, date]:
	"""The window that decides whether a tier kept through `until` stays, as far as it is known before."""
	if program.tier_window == "Calendar Year":
		return tier_window(program, until)
	return tier_window(program, until + timedelta(days=program.tier_grace_days + 1))


def falls_due(program: Program, tier: str, until: date | None, value: Decimal, by: date) -> bool:
	"""Whether a member is about to lose the tier: its grace ends by `by` and the value does not hold it."""
	here = find(program, tier)
	if here is None or until is None or program.downgrade == "Never":
		return False
	target = earned(program, value)
	lower = target is not None and target.threshold < here.threshold
	return lower and until + timedelta(days=program.tier_grace_days) <= by


def _above(program: Program, tier: Tier | None, current: str) -> bool:
	if tier is None:
		return False
	here = find(program, current)
	return here is None or tier.threshold > here.threshold
