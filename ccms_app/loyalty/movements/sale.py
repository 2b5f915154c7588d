"""A selling document: first what it spends, then what it earns."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from ccms_app.loyalty import dates, money, tiers
from ccms_app.loyalty.book import Book
from ccms_app.loyalty.model import (
	EARN,
	Entry,
	Posted,
	Program,
	Sale,
)

from .due import pay_arrears
from .expiry import active_on, settle
from .payment import activate
from .spending import redeem


def sell(book: Book, program: Program, sale: Sale, today: date) -> Posted:
	"""Post a selling document: first what it spends, then what it earns at the tier held before it."""
	posted = Posted()
	if sale.redeem_points > 0:
		posted.add(redeem(book, program, sale, today))
	posted.add(earn(book, program, sale, today))
	return posted


def quote_points(program: Program, tier: str, earn_base: Decimal) -> Decimal:
	"""The points a sale with this base earns at a tier: base / amount per point x multiplier, rounded once."""
	return money.points_for(
		earn_base,
		program.amount_per_point,
		tiers.multiplier(program, tier),
		program.points_precision,
		program.rounding,
	)


def earn(book: Book, program: Program, sale: Sale, today: date | None = None) -> Entry | None:
	"""Post what a sale earns. A base of zero or less earns nothing; so does a second call."""
	key = f"earn:{sale.voucher_type}:{sale.voucher_no}"
	if sale.earn_base <= 0 or book.seen(key):
		return None
	member, day = book.member, sale.posting_date
	today = max(today or day, day)
	settle(book, program, today)
	tier = member.tier
	points = quote_points(program, tier, sale.earn_base)
	available = dates.available_from(program, day)
	value = tiers.qualifying(program, sale.earn_base, points)
	entry = book.append(
		EARN,
		points,
		day,
		key,
		opens_lot=points > 0,
		available_from=available,
		expires_on=dates.expires_on(program, day, available),
		qualifying_value=value,
		qualifying_date=day,
		voucher_type=sale.voucher_type,
		voucher_no=sale.voucher_no,
		tier=tier,
		base_amount=sale.earn_base,
		rate=program.amount_per_point,
	)
	active_on(member, day)
	if points:
		pay_arrears(book, book.lot(entry.name), entry, today)
	tiers.count(book, program, value, day, day)
	tiers.promote(book, program, day)
	if program.accrue_when == "When Paid" and sale.paid:
		activate(book, program, entry, sale.paid_on or day, today, today if today > day else None)
	if today > day:  # a back-dated sale may be due, or too long ago, already
		settle(book, program, today, since=today)
	return entry
