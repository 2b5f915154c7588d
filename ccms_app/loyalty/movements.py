"""Every movement of points, as functions over a book. They decide; the book records.

A document is posted by one call: `sell`, `give_back` (a return), `cancel`. Payments call `activate` and
`deactivate`; the nightly jobs `catch_up`, `expire`, `lapse`. All of them may be called twice: the second call
finds its idempotency key or the state it wanted, and does nothing.

`posting_date` is the day a movement belongs to; `today` is the day on which it is made, which decides whether a
lot can still be used.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from itertools import chain

from . import dates, money, tiers
from .book import Book, came_due, cancelled, left_of, qualifying_left, stands, value_left
from .model import (
	ACTIVATE,
	ACTIVE,
	CANCEL,
	CLAWBACK,
	EARN,
	EXPIRE,
	EXTEND,
	PENDING,
	REDEEM,
	RESTORE,
	STATUS,
	TRANSFER_IN,
	TRANSFER_OUT,
	ZERO,
	Entry,
	LedgerError,
	Lot,
	Member,
	NotEnoughPoints,
	Posted,
	Program,
	Sale,
)

# --- a sale ----------------------------------------------------------------------------------------------


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
	_settle(book, program, today)
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
	_active_on(member, day)
	if points:
		_pay_arrears(book, book.lot(entry.name), entry, today)
	tiers.count(book, program, value, day, day)
	tiers.promote(book, program, day)
	if program.accrue_when == "When Paid" and sale.paid:
		activate(book, program, entry, sale.paid_on or day, today, today if today > day else None)
	if today > day:  # a back-dated sale may be due, or too long ago, already
		_settle(book, program, today, since=today)
	return entry


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
	_active_on(book.member, sale.posting_date)
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
	_must_be_positive(points)
	today = max(today, posting_date)
	_settle(book, program, today)
	can = spendable(book, program, today)
	if points > can:
		raise NotEnoughPoints(points, can)
	plan, left = _plan(_there(book, posting_date, today), points)
	if left:
		raise NotEnoughPoints(points, points - left)
	entry = book.append(entry_type, -points, posting_date, key, **content)
	for lot, taken in plan:
		book.allocate(entry.name, lot, taken, entry)
	return entry


def _there(book: Book, posting_date: date, today: date) -> Iterator[Lot]:
	"""Usable lots in drawing order that were there on the posting date; one moved here keeps an earlier availability."""
	for lot in book.drawable(posting_date, today):
		if posting_date == today or _opened_on(book, lot, posting_date) <= posting_date:
			yield lot


def _opened_on(book: Book, lot: Lot, otherwise: date) -> date:
	return otherwise if lot.entry_type == EARN else book.entry(lot.name).posting_date


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
		active -= sum((lot.remaining for lot in book.open_lots() if _dateless(lot)), ZERO)
	return max(ZERO, active - arrears - member.points_held)


# --- a return --------------------------------------------------------------------------------------------


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
	_settle(book, program, today)
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
				min(due, _held(book, redemption)),
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
		_sweep_lineage(book, earning, today)
		clawed = earning.points - left_of(book, earning)
		gone = _expired_from(book, earning.name)
		due = money.part(share, earning.points, max(precision, money.decimals(earning.points)))
		due = max(ZERO, due - clawed - gone)
		value = _qualifying_due(book, program, earning, share)
		if due or value:
			for entry in _take_back(
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
	_recount_activity(book, program, today, earning, redemption)
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


# --- cancelling ------------------------------------------------------------------------------------------


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
	_settle(book, program, today)
	for entry in entries:
		_sweep_lineage(book, entry, today)
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
	_recount_activity(book, program, today, *entries)
	return posted


def _uncharge(book: Book, program: Program, entry: Entry, on: date, today: date) -> list[Entry]:
	"""Give back what a debit of this document still holds."""
	value = -qualifying_left(book, entry)
	claimed = -left_of(book, entry)
	made = credit(
		book,
		program,
		entry,
		_held(book, entry),
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
	return _take_back(
		book,
		program,
		entry,
		max(moved - _expired_since(book, entry), ZERO),
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
			yield _expire_lot(book, lot, back, on)


def _again(entry: Entry) -> str:
	return f"cancel:{entry.name}"


# --- giving points back to a debit's lots ----------------------------------------------------------------


def credit(
	book: Book,
	program: Program,
	debit: Entry,
	points: Decimal,
	entry_type: str,
	posting_date: date,
	key: str,
	today: date,
	*,
	monetary_value: Decimal = ZERO,
	claim: Decimal | None = None,
	mark: bool = False,
	**content: object,
) -> list[Entry]:
	"""Undo `points` of a debit: what is still owed for it first, then its lots, last drawn first.

	A lot whose expiry has passed is not refilled: its points stand in a lot of their own that lives the
	programme's grace days. A lot of a merged membership is followed by a new lot with the same expiry. Where an
	earlier restoring was cancelled, that cancel holds the points now, and they go back through it.

	Args:
		mark: let an entry reverse the debit itself in any case, so that it is seen to be cancelled.
	"""
	pieces: list[tuple[Decimal, str, _Fresh | None, list[tuple[Lot, Decimal]]]] = []
	more_claimed = ZERO if claim is None else claim - points
	for carrier, held in _carriers(book, debit):
		part = min(points, held)
		if part > 0:
			points -= part
			settle = min(part, _owed(book, carrier))
			refills, fresh, left = _refill_plan(book, program, carrier, part - settle, posting_date, today)
			inside = settle + sum((taken for _lot, taken in refills), ZERO)
			if inside:
				pieces.append((inside, carrier.name, None, refills))
			fresh += [((_grace(program, today), "", posting_date), left)] if left else []
			pieces += [(taken, carrier.name, new_lot, []) for new_lot, taken in fresh]
	if points > 0:
		pieces.append((points, debit.name, (_grace(program, today), "", posting_date), []))
	if mark and all(carrier != debit.name for _points, carrier, _fresh, _refills in pieces):
		pieces.insert(0, (ZERO, debit.name, None, []))
	made: list[Entry] = []
	for number, (inside, carrier_name, fresh_lot, refills) in enumerate(pieces):
		only_once = _voucher_of(content)
		if not number:
			claimed = _claim(inside + more_claimed, inside)
			only_once = {"monetary_value": monetary_value, "new_value": claimed, **content}
		if fresh_lot:
			expires, origin, available = fresh_lot
			only_once |= {
				"opens_lot": True,
				"origin": origin,
				"expires_on": expires,
				"available_from": available,
			}
		entry = book.append(
			entry_type,
			inside,
			posting_date,
			f"{key}:{number}" if number else key,
			reverses=carrier_name,
			**only_once,
		)
		for lot, taken in refills:
			book.allocate(carrier_name, lot, -taken, entry)
		if fresh_lot:
			_pay_arrears(book, book.lot(entry.name), entry, today)
		made.append(entry)
	return made


_Fresh = tuple[date | None, str, date | None]  # expiry, origin and availability of a new lot


def _carriers(book: Book, debit: Entry) -> Iterator[tuple[Entry, Decimal]]:
	"""(debit, points it holds): the debit and the cancels of its reversals, the latest first."""
	reversals = book.reversals(debit.name)
	for other in reversed(reversals):
		for undoing in reversed(book.reversals(other.name)):
			if undoing.points < 0:
				yield from _carriers(book, undoing)
	yield debit, -debit.points - sum((other.points for other in reversals), ZERO)


def _held(book: Book, debit: Entry) -> Decimal:
	"""The points of a debit that are not back: restored ones that have expired since count as back."""
	return sum((held for _carrier, held in _carriers(book, debit)), ZERO)


def _owed(book: Book, debit: Entry) -> Decimal:
	if book.member.points_arrears <= 0:
		return ZERO
	return sum((owed for other, owed in book.arrears() if other.name == debit.name), ZERO)


def _grace(program: Program, today: date) -> date | None:
	return None if program.expiry_model == "Never" else today + _days(program.restore_grace_days)


def _voucher_of(content: dict) -> dict:
	return {name: content[name] for name in ("voucher_type", "voucher_no", "reason") if name in content}


def _refill_plan(
	book: Book, program: Program, debit: Entry, points: Decimal, posting_date: date, today: date
) -> tuple[list[tuple[Lot, Decimal]], list[tuple[_Fresh, Decimal]], Decimal]:
	"""Where `points` of a debit go back to: lots to refill, new lots, and the rest."""
	drawn: dict[str, Decimal] = {}
	for row in book.draws_of(debit.name):  # the last row of a lot decides its turn
		net = drawn.pop(row.lot, ZERO) + row.points
		drawn[row.lot] = net
	fresh_given: dict[str, Decimal] = {}
	for other in book.reversals(debit.name):
		lot = book.lot(other.name) if other.opens_lot else None
		if lot is not None:
			fresh_given[lot.origin] = fresh_given.get(lot.origin, ZERO) + other.points
	refills, fresh = [], []
	for name in reversed(drawn):
		if points <= 0:
			break
		lot = book.lot(name)
		have = drawn[name]
		already = min(have, fresh_given.get(lot.origin, ZERO))
		if already:
			fresh_given[lot.origin] -= already
			have -= already
		taken = min(have, points)
		if taken <= 0:
			continue
		points -= taken
		gone = lot.lapsed(today)
		if lot.membership == book.member.name and not gone:
			refills.append((lot, taken))
		else:
			expires = _grace(program, today) if gone else lot.expires_on
			fresh.append(((expires, lot.origin, _available_again(book, lot, posting_date)), taken))
	return refills, fresh, points


def _available_again(book: Book, lot: Lot, on: date) -> date | None:
	"""From when on points can be spent that follow a lot: not before its sale is paid."""
	available = lot.available_from
	if lot.membership != book.member.name:  # what was moved from there knows better by now
		moved = [other.available_from for other in book.lineage(lot.origin)]
		if None in moved or (available is None and not moved):
			return None
		available = max(day for day in (available, *moved) if day)
	return available if available is None or available > on else on


# --- taking points back ----------------------------------------------------------------------------------


def _take_back(
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
		new_value=_claim(-(points if claim is None else claim), forgiven - points),
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


def _claim(claimed: Decimal, moved: Decimal) -> str:
	"""What a reversal counts for, written down where it is not what it moved."""
	return str(claimed) if claimed != moved else ""


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
		put_in = _put_in(book, entry)
	for name, points in put_in.items():
		lot = book.lot(name)
		yield [lot] if lot.membership == book.member.name else book.lineage(lot.origin), points


def _put_in(book: Book, entry: Entry) -> dict[str, Decimal]:
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


def _plan(lots: Iterable[Lot], points: Decimal) -> tuple[list[tuple[Lot, Decimal]], Decimal]:
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


def _expired_from(book: Book, origin: str) -> Decimal:
	"""Points of an earning's lots that have expired: they are gone, so no return takes them again."""
	return sum((_expired_of(book, lot) for lot in book.lineage(origin, everywhere=True)), ZERO)


def _expired_since(book: Book, entry: Entry) -> Decimal:
	"""Points of a credit that expired with the lots they stood in."""
	if entry.opens_lot:
		lot = book.lot(entry.name)
		if lot is not None and lot.origin != lot.name:
			return _expired_of(book, lot)
		return _expired_from(book, entry.name)
	gone = ZERO
	for name, points in _put_in(book, entry).items():
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


def _sweep_lineage(book: Book, entry: Entry, today: date) -> None:
	"""Write the expiry of a document's own lots before touching them, so that no result depends on the job."""
	for lots, _most in _own_lots(book, entry):
		for lot in lots:
			if lot.remaining and lot.lapsed(today):
				_expire_lot(book, lot, lot.expires_on)


# --- payment ---------------------------------------------------------------------------------------------


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
	for entry in _settle(book, program, today, since).entries:
		posted.add(entry)
	available = max(paid_on, earning.posting_date + _days(program.pending_days))
	for lot in book.lineage(earning.name):
		if lot.available_from is None:
			if lot.remaining and lot.lapsed(today):
				posted.add(_expire_lot(book, lot, lot.expires_on))
			posted.add(_make_available(book, lot, available, max(paid_on, _opened_on(book, lot, paid_on))))
	for entry in _settle(book, program, today, since=today).entries:
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
	for entry in (_settle(book, program, on) if program else catch_up(book, on)).entries:
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
			posted.add(_expire_lot(book, lot, lot.expires_on))
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


def catch_up(book: Book, on: date) -> Posted:
	"""Activate the pending lots whose day has come."""
	posted = Posted()
	if book.member.points_pending:
		for lot in sorted(book.due_lots(on), key=_due_key):
			posted.add(_make_available(book, lot, lot.available_from, lot.available_from))
	return posted


def _due_key(lot: Lot) -> tuple[date, int]:
	return (lot.available_from, lot.entry_seq)


def _make_available(book: Book, lot: Lot, available: date, on: date) -> Entry:
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
	_pay_arrears(book, lot, entry, on)
	return entry


def _pay_arrears(book: Book, lot: Lot, by: Entry, today: date) -> None:
	"""A lot that becomes active pays what the member owes, oldest debt first."""
	if lot.state != ACTIVE or book.member.points_arrears <= 0 or lot.lapsed(max(today, by.posting_date)):
		return
	for debit, owed in book.arrears():
		if not lot.remaining:
			break
		if debit.name != by.name:
			book.allocate(debit.name, lot, min(owed, lot.remaining), by)


def _pay_from_refilled(book: Book, posted: Posted, today: date) -> None:
	"""Points that a document has put back into active lots pay what the member owes, once it has taken its own back.

	A lot that came only after the document's day pays nothing that is dated so.
	"""
	for entry in list(posted.entries):
		if book.member.points_arrears <= 0:
			return
		if entry.entry_type in (RESTORE, CANCEL) and entry.points > 0 and not entry.opens_lot:
			by = posted.entries[-1]
			for lot in map(book.lot, _put_in(book, entry)):
				if not lot.waits(by.posting_date):
					_pay_arrears(book, lot, by, today)


# --- expiry ----------------------------------------------------------------------------------------------


def expire(book: Book, program: Program, on: date) -> Posted:
	"""Write the expiry of everything that could be used until yesterday at the latest."""
	posted = catch_up(book, on)  # what came due in time pays debts before it expires
	for entry in lapse(book, program, on).entries:
		posted.add(entry)
	for lot in book.lapsed_lots(on):
		if lot.remaining:
			posted.add(_expire_lot(book, lot, lot.expires_on))
	return posted


def _settle(book: Book, program: Program, today: date, since: date | None = None) -> Posted:
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
			if _dateless(lot) and lot.remaining:
				first = max(day for day in (since, lot.available_from, last) if day)
				posted.add(_expire_lot(book, lot, last, first))
	return posted


def idle(program: Program, member: Member, on: date) -> bool:
	"""Whether a member of an Inactivity programme has been idle too long on a day."""
	last = dates.inactive_after(program, member.last_activity_on)
	return last is not None and last < on


def _dateless(lot: Lot) -> bool:
	return lot.expires_on is None and lot.state != PENDING


def _expire_lot(book: Book, lot: Lot, last_day: date, on: date | None = None) -> Entry:
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


# --- vouchers --------------------------------------------------------------------------------------------


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
	_must_be_positive(points)
	if book.seen(key):
		return None
	today = max(today or posting_date, posting_date)
	_settle(book, program, today)
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
	_pay_arrears(book, book.lot(entry.name), entry, today)
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
	_must_be_positive(points)
	today = max(today, posting_date)
	_settle(source, program, today)
	_settle(target, program, today)
	can = spendable(source, program, today)
	plan, left = _plan(_there(source, posting_date, today), points)
	if left or points > can:
		raise NotEnoughPoints(points, min(can, points - left))
	for number, (lot, taken) in enumerate(plan, 1):
		_move(source, target, program, lot, taken, posting_date, key, number, posted, **content)
	return posted


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
		for lot in filter(_dateless, target.open_lots()):
			until = dates.inactive_after(program, posting_date)
			posted.add(extend(target, lot, until, posting_date, f"{key}:keep:{lot.name}", **content))
	for number, lot in enumerate(source.open_lots(), 1):
		rest = lot.remaining
		_move(
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


def _move(
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
	expires_on = lot.expires_on
	if _dateless(lot) and idle(program, target.member, posting_date):
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
	_pay_arrears(target, target.lot(into.name), into, posting_date)
	posted.add(out)
	posted.add(into)


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


# --- small change ----------------------------------------------------------------------------------------


def _days(number: int):
	return dates.DAY * int(number or 0)


def _active_on(member: Member, day: date) -> None:
	if member.last_activity_on is None or day > member.last_activity_on:
		member.last_activity_on = day


def _must_be_positive(points: Decimal) -> None:
	if points <= 0:
		raise LedgerError(f"{points} points cannot be moved")


def _recount_activity(book: Book, program: Program, today: date, *entries: Entry | None) -> None:
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
			_active_on(member, entry.posting_date)
		elif entry.posting_date == member.last_activity_on:
			member.last_activity_on = book.last_activity()
	_settle(book, program, today, since=today)


def _has(book: Book, kind: str, voucher_no: str, voucher_type: str) -> bool:
	key = f"{kind}:{voucher_type}:{voucher_no}"
	return book.seen(key) or book.seen(f"{key}:1")
