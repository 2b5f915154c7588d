"""What a programme would have done: a history of purchases, replayed through its rules.

There is no second set of rules here. Every customer gets a ledger of their own in memory
(:class:`~ccms_app.loyalty.book.Book`), and each basket goes through the same functions that post a live invoice
(`movements`, `tiers`, `redemption`, `returns`), in time order. What the rules cannot know, who joins and when members use
their points, is stated in a :class:`~ccms_app.loyalty.stated_behaviour.Behaviour`.

A replay cannot know which purchases a programme would have caused. `Simulation.break_even_percent` says instead how
much more members would have to buy for the programme to pay for itself.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from . import money, movements, redemption, returns, tiers
from .baskets import Basket, History, Line
from .book import Book, value_left
from .dates import DAY
from .model import EARN, NEVER, PENDING, REDEEM, ZERO, Entry, Lot, Member, Program, Sale
from .stated_behaviour import HUNDRED, Behaviour
from .totals import Simulation, Totals

VOUCHER = "Invoice"
CENT = Decimal("0.01")


def simulate(
	history: History,
	program: Program,
	behaviour: Behaviour | None = None,
	*,
	currency: str = "",
	progress: Callable[[int, int], None] | None = None,
) -> Simulation:
	"""Replay a history through a programme's rules.

	Args:
		history: the baskets.
		program: its dates hold (nothing is earned or spent outside them); whether it is enabled does not matter.
		behaviour: what customers are taken to do.
		currency: a name for the amounts, for display.
		progress: called with (baskets done, baskets in all) now and then.
	"""
	behaviour = behaviour or Behaviour()
	program = replace(program, enabled=True)
	moments = history.frame["posted_at"]
	first, last = moments.min().date(), moments.max().date()
	totals = Totals(program)
	customers = done = 0
	for customer, baskets in history.customers():
		_replay(customer, baskets, history, program, behaviour, last, totals)
		customers += 1
		done += len(baskets)
		if progress:
			progress(done, len(history))
	margin, messages = _margin(history, behaviour, totals)
	return Simulation(
		program,
		behaviour,
		first,
		last,
		currency,
		customers,
		int((~history.frame["is_return"]).sum()),
		totals.months_frame(history, first, last),
		totals.tiers_frame(first, last),
		totals.members_frame(),
		margin,
		messages,
	)


def _replay(
	customer: str,
	baskets: list[Basket],
	history: History,
	program: Program,
	behaviour: Behaviour,
	last_day: date,
	totals: Totals,
) -> None:
	"""All of one customer's baskets, and then the rest of the time."""
	if not behaviour.joins(customer):
		return
	account = None
	for basket in baskets:
		if account is None:
			if basket.is_return or not program.runs_on(basket.day):
				continue
			account = _Account(customer, basket.day, program, behaviour, history)
		account.advance(basket.day)
		totals.bought(account.member.tier, basket)
		if basket.is_return:
			account.give_back(basket)
		elif program.runs_on(basket.day):
			account.sell(basket)
	if account is not None:
		account.advance(last_day)
		account.close(last_day)
		totals.closed(account.member, account.joined_on, account.book.new_entries)


class _LedgerBook(Book):
	"""A book that remembers on which days the nightly jobs will find something to do."""

	def __init__(self, member: Member):
		super().__init__(member)
		self.waking: list[date] = []
		self.lapsing: list[date] = []

	def lot_opened(self, lot: Lot) -> None:
		super().lot_opened(lot)
		if lot.expires_on is not None:
			heapq.heappush(self.lapsing, lot.expires_on)
		self._wake_later(lot)

	def set_availability(self, lot: Lot, available_from: date | None, on: date) -> None:
		super().set_availability(lot, available_from, on)
		self._wake_later(lot)

	def _wake_later(self, lot: Lot) -> None:
		if lot.state == PENDING and lot.available_from is not None:
			heapq.heappush(self.waking, lot.available_from)


class _Account:
	"""One member's ledger, and the clock that runs its nightly jobs on the days on which they matter."""

	def __init__(self, customer: str, day: date, program: Program, behaviour: Behaviour, history: History):
		self.program = program
		self.behaviour = behaviour
		self.history = history
		self.joined_on = day
		self.member = Member(name=customer, program=program.name, customer=customer, company=program.company)
		self.book = _LedgerBook(self.member)
		self.redeems = behaviour.redeems(customer)
		self.limits = program
		most = behaviour.max_basket_percent
		if most < HUNDRED:
			percent = min(most, program.max_redeem_percent) if program.max_redeem_percent else most
			self.limits = replace(program, max_redeem_percent=percent)
			self.redeems = self.redeems and most > 0
		self.enough = behaviour.redeem_when_worth / program.point_value
		self.payments: list[tuple[date, int, Entry]] = []
		self.back: dict[str, list[returns.ReturnedLine]] = defaultdict(list)
		movements.set_status(self.book, "Active", day, "joined")
		tiers.review(self.book, program, day)

	def advance(self, day: date) -> None:
		"""Let the time up to the morning of a day pass: run each nightly job on the days on which it finds something."""
		book, program, member = self.book, self.program, self.member
		waking, lapsing, payments = book.waking, book.lapsing, self.payments
		grace = program.tier_grace_days + 1
		while True:
			wakes = waking[0] if waking else NEVER
			lapses = lapsing[0] + DAY if lapsing else NEVER
			reviewed = member.tier_until + timedelta(days=grace) if member.tier_until else NEVER
			paid = payments[0][0] if payments else NEVER
			due = min(wakes, lapses, reviewed, paid)
			if due > day or due == NEVER:
				return
			if wakes == due:
				movements.catch_up(book, due)
				while waking and waking[0] <= due:
					heapq.heappop(waking)
			elif lapses == due:
				movements.expire(book, program, due)
				while lapsing and lapsing[0] < due:
					heapq.heappop(lapsing)
			elif reviewed == due:
				tiers.review(book, program, due)
			else:
				_, _, earning = heapq.heappop(payments)
				movements.activate(book, program, earning, due)

	def close(self, day: date) -> None:
		"""What the last night's job writes (dateless points of members who have been idle too long)."""
		movements.expire(self.book, self.program, day)

	def sell(self, basket: Basket) -> None:
		program, day = self.program, basket.day
		points, value = self._points_to_use(basket)
		amount = basket.gross if program.earn_basis == "Grand Total" else basket.net
		paid = not self.behaviour.paid_after_days
		sale = Sale(
			VOUCHER,
			basket.invoice,
			day,
			money.earn_base(amount, value, basket.gross),
			points,
			value,
			paid,
			day,
		)
		posted = movements.sell(self.book, program, sale, day)
		if not paid and program.accrue_when == "When Paid":
			due = day + timedelta(days=self.behaviour.paid_after_days)
			for entry in posted.entries:
				if entry.entry_type == EARN:
					heapq.heappush(self.payments, (due, entry.seq, entry))

	def _points_to_use(self, basket: Basket) -> tuple[Decimal, Decimal]:
		"""(points, money) that the member pays this basket with."""
		# the balance is never above points_active: most baskets need no closer look
		if not self.redeems or self.member.points_active < self.enough or basket.gross <= 0:
			return ZERO, ZERO
		can = movements.spendable(self.book, self.program, basket.day)
		if can < self.enough:
			return ZERO, ZERO
		points = redemption.most_points(self.limits, basket.gross, can)
		quote = redemption.quote(
			self.program, points, basket.gross, can, posting_date=basket.day, today=basket.day
		)
		return (quote.points, quote.amount) if quote.refusal is None else (ZERO, ZERO)

	def give_back(self, basket: Basket) -> None:
		"""A return takes and gives by the share of its sale that is back, all returns of that sale together."""
		entries = self.book.entries_of(VOUCHER, basket.return_against)
		earning = next((entry for entry in entries if entry.entry_type == EARN), None)
		spending = next((entry for entry in entries if entry.entry_type == REDEEM), None)
		if earning is None and spending is None:
			return
		share = self._share(basket)
		restored = ZERO
		if spending is not None:
			already = spending.monetary_value - value_left(self.book, spending)
			restored = money.part(share, spending.monetary_value, 2) - already
		movements.give_back(
			self.book,
			self.program,
			voucher_type=VOUCHER,
			voucher_no=basket.invoice,
			posting_date=basket.day,
			share=share,
			earning=earning,
			redemption=spending,
			restored_value=restored,
		)

	def _share(self, basket: Basket) -> Decimal:
		sold = {
			line.item: returns.SoldLine(line.item, line.qty, line.net, line.net, line.net / (line.qty or 1))
			for line in self.history.lines(basket.return_against)
		}
		back = self.back[basket.return_against]
		back += [_returned(line, sold) for line in self.history.lines(basket.invoice)]
		return returns.share(sold, back)


def _returned(line: Line, sold: dict[str, returns.SoldLine]) -> returns.ReturnedLine:
	qty, net = -line.qty, -line.net
	rate = net / qty if qty else ZERO
	original = sold.get(line.item)
	# facts hold amounts, not prices: a cent of rounding is no reduced price
	if qty and original and abs(net - qty * original.rate) <= CENT:
		rate = original.rate
	return returns.ReturnedLine(line.item, qty, net, rate)


def _margin(history: History, behaviour: Behaviour, totals: Totals) -> tuple[float | None, list[str]]:
	"""Gross margin on what members bought: by the stated percentage, else from the facts, as far as they name it."""
	revenue = float(sum(totals.revenue.values(), ZERO))
	if behaviour.margin_percent is not None:
		return revenue * float(behaviour.margin_percent) / 100, []
	frame = history.frame[["customer", "net_amount", "margin"]].dropna()
	frame = frame[frame["customer"].isin({row[0] for row in totals.members})]
	known = frame["net_amount"].sum()
	if known <= 0 or revenue <= 0:
		return None, []
	margin = float(frame["margin"].sum() / known * revenue)
	if known >= 0.995 * revenue:
		return margin, []
	share = f"{100 * known / revenue:.0f} %"
	return margin, [
		f"the margin is known for {share} of what members bought, and taken to be the same on the rest"
	]
