"""A small world for the ledger's tests: members, their documents, a clock, and the checks that must always hold."""

import copy
from collections.abc import Callable
from dataclasses import astuple, dataclass, field
from datetime import date, timedelta
from decimal import Decimal as D

from hypothesis import strategies as st

from ccms_app.loyalty import chain, dates, invariants, money, movements, tiers
from ccms_app.loyalty.book import Book, left_of, qualifying_left, qualifying_now
from ccms_app.loyalty.model import (
	ADJUST,
	CLAWBACK,
	EARN,
	OPENING,
	REDEEM,
	RESTORE,
	ZERO,
	Entry,
	Member,
	NotEnoughPoints,
	Posted,
	Program,
	Sale,
	Tier,
)
from ccms_app.loyalty.replay import fold

KEY = chain.derive_key("not a real secret")
START = date(2023, 11, 20)
INVOICE, RETURN, VOUCHER = "Sales Invoice", "Sales Invoice", "CCMS Points Adjustment"
PLAIN = Program("Club")  # a point for every 1.00, spendable at once, for ever; no tiers
PARTS = 12  # a sale comes back in twelfths


def days(number: int) -> timedelta:
	return timedelta(days=number)


@dataclass
class Return:
	"""A credit note: how many twelfths of its sale, and whether it is still submitted."""

	no: str
	day: date
	parts: int
	cancelled: bool = False


@dataclass
class Document:
	"""A sale, and what has happened to it."""

	no: str
	member: str
	day: date
	paid: bool = True
	cancelled: bool = False
	returns: list[Return] = field(default_factory=list)

	@property
	def parts_back(self) -> int:
		return sum(each.parts for each in self.returns if not each.cancelled)

	@property
	def share_back(self) -> D:
		return D(1) if self.parts_back == PARTS else D(self.parts_back) / PARTS


@dataclass
class Voucher:
	no: str
	members: list[str]
	cancelled: bool = False


class World:
	"""Everything one programme's members have. Each act is checked, and repeated, which must change nothing."""

	def __init__(self, program: Program, members: int = 1, repeat: bool = True, checks: bool = True):
		self.program = program
		self.today = START
		self.books: dict[str, Book] = {}
		self.merged: dict[str, str] = {}
		self.documents: list[Document] = []
		self.vouchers: list[Voucher] = []
		self.counter = 0
		self.repeat = repeat
		self.checks = checks
		for _number in range(members):
			self.join()

	# --- who ---------------------------------------------------------------------------------------
	def join(self) -> str:
		name = f"M{len(self.books) + 1}"
		book = self.books[name] = Book(Member(name, self.program.name, status=""), KEY)
		movements.set_status(book, "Active", self.today, "joined")
		if start := tiers.earned(self.program, ZERO):
			tiers.set_tier(book, self.program, start.name, self.today, "start")
		return name

	def current(self, name: str) -> str:
		while name in self.merged:
			name = self.merged[name]
		return name

	def book(self, name: str = "M1") -> Book:
		return self.books[self.current(name)]

	def members(self) -> list[str]:
		return [name for name in self.books if name not in self.merged]

	def number(self, prefix: str) -> str:
		self.counter += 1
		return f"{prefix}-{self.counter:04}"

	# --- looking -----------------------------------------------------------------------------------
	def ledgers(self) -> list[invariants.Ledger]:
		return [invariants.Ledger.of(book) for book in self.books.values()]

	def balance(self, name: str = "M1", on: date | None = None) -> tuple[D, D]:
		"""(active - arrears, pending) on a day from the journal alone, jobs or no jobs."""
		book = self.book(name)
		on = on or self.today
		return net_balance(self.program, book, on)

	def total(self) -> D:
		return invariants.total(self.ledgers())

	def spendable(self, name: str = "M1", back: int = 0) -> D:
		"""What can be spent today, and could be spent on an earlier posting date."""
		can = movements.spendable(self.book(name), self.program, self.today)
		if back:
			can = max(ZERO, min(can, self.balance(name, self.today - days(back))[0]))
		return can

	def posted(self, voucher_type: str, voucher_no: str) -> list[Entry]:
		"""All entries of a document, whichever membership they stand in."""
		return [entry for book in self.books.values() for entry in book.entries_of(voucher_type, voucher_no)]

	def earning(self, document: Document) -> Entry | None:
		return next((e for e in self.posted(INVOICE, document.no) if e.entry_type == EARN), None)

	def redemption(self, document: Document) -> Entry | None:
		return next((e for e in self.posted(INVOICE, document.no) if e.entry_type == REDEEM), None)

	# --- acting ------------------------------------------------------------------------------------
	def act(
		self, what: Callable[[], Posted | Entry | None], since: date | None = None, job: str = ""
	) -> object:
		"""Do something twice; the second time nothing may change, and no day before `since` may ever change.

		Args:
			since: the posting date of what is done: balances of earlier days stay as they were.
			job: the name of a job that may change no balance of any day at all, nor raise the sum.
		"""
		if not self.checks:
			return what()
		before, total = self._past(since, job), self.total()
		done = what()
		if job:
			assert not invariants.not_raised(total, self.total(), job)
		now = self.snapshot()
		if self.repeat:
			what()
			again = self.snapshot()
			assert again == now, f"a second call changed something: {_difference(now, again)}"
		for (name, day), balance in before.items():
			assert net_balance(self.program, self.books[name], day) == balance, (
				f"the balance of {name} on {day} was {balance}, and is now"
				f" {net_balance(self.program, self.books[name], day)}"
			)
		self.check()
		return done

	def _past(self, since: date | None, job: str) -> dict:
		if since is None and not job:
			return {}
		end = self.today + days(40) if job else since - days(1)
		found = {}
		for name in self.books:
			entries = self.books[name].new_entries
			probes = {end, end - days(1), end - days(9), end - days(33)}
			if job:
				probes |= {self.today, self.today - days(1)}
			probes |= {entry.posting_date for entry in entries[-6:] if entry.posting_date <= end}
			for day in probes:
				found[name, day] = net_balance(self.program, self.books[name], day)
		return found

	def snapshot(self) -> dict:
		return {
			name: (
				astuple(book.member),
				len(book.new_entries),
				len(book.new_allocations),
				tuple(astuple(lot) for lot in book.lots.values()),
			)
			for name, book in self.books.items()
		}

	def check(self) -> None:
		found = invariants.check_all(self.ledgers(), KEY)
		assert not found, "\n".join(map(str, found))
		for name in self.members():
			book = self.books[name]
			net, _pending = net_balance(self.program, book, self.today)
			assert self.spendable(name) == max(ZERO, net), f"{name}: {self.spendable(name)} of {net}"
			value = qualifying_now(book, self.program, self.today)
			assert value >= 0
			if book.member.qualifying_on == self.today:
				assert book.member.qualifying_value >= value, "the running value is no upper bound"
		for document in self.documents:
			self.check_document(document)

	def check_document(self, document: Document) -> None:
		"""What is back in full, or cancelled, counts for nothing any more."""
		book = self.book(document.member)
		earning, redemption = self.earning(document), self.redemption(document)
		gone = document.cancelled or document.parts_back == PARTS
		if redemption is not None:
			left = -left_of(book, redemption)
			assert 0 <= left <= -redemption.points
			if gone:
				assert left == 0, f"{document.no} is back, but {left} points paid for it are not"
		if earning is not None:
			assert 0 <= left_of(book, earning) <= earning.points
			assert 0 <= qualifying_left(book, earning) <= earning.qualifying_value
			if gone:
				assert qualifying_left(book, earning) == 0

	# documents
	def sell(
		self, base: D, redeem: D = ZERO, *, member: str = "M1", back: int = 0, paid: bool = True
	) -> Document | None:
		"""A sale that earns on `base`; refused when it would spend more than there is."""
		day = self.today - days(back)
		document = Document(self.number("SI"), self.current(member), day, paid)
		sale = Sale(
			INVOICE,
			document.no,
			day,
			base,
			redeem,
			money.rounded(redeem * self.program.point_value, 2),
			paid,
			day if paid else None,
		)
		book = self.book(member)
		can, net = self.spendable(member), self.balance(member)[0]
		try:
			self.act(lambda: movements.sell(book, self.program, sale, self.today), since=day)
		except NotEnoughPoints:
			assert back or redeem > can, f"{redeem} refused of {can} ({net})"
			self.check()
			return None
		assert redeem <= can
		self.documents.append(document)
		if self.checks and not back and self.program.tiers:
			value = qualifying_now(book, self.program, self.today)
			earned, held = tiers.earned(self.program, value), tiers.find(self.program, book.member.tier)
			assert held.threshold >= earned.threshold, f"{value} earns {earned.name}, held is {held.name}"
		return document

	def give_back(self, document: Document, parts: int, back: int = 0) -> Return | None:
		"""A return of so many twelfths, posted between the sale's day and today."""
		parts = min(parts, PARTS - document.parts_back)
		if document.cancelled or parts <= 0:
			return None
		day = max(document.day, self.today - days(back))
		made = Return(self.number("CN"), day, parts)
		document.returns.append(made)
		share = document.share_back
		book = self.book(document.member)
		earning, redemption = self.earning(document), self.redemption(document)

		def post() -> Posted:
			return movements.give_back(
				book,
				self.program,
				voucher_type=RETURN,
				voucher_no=made.no,
				posting_date=day,
				share=share,
				earning=book.entry(earning.name) if earning else None,
				redemption=book.entry(redemption.name) if redemption else None,
				today=self.today,
			)

		self.act(post, since=day)
		return made

	def cancel_return(self, document: Document, made: Return) -> None:
		if made.cancelled:
			return
		made.cancelled = True
		self._cancel(INVOICE, made.no, document.member)

	def cancel_sale(self, document: Document) -> bool:
		"""As ERPNext has it, a sale with a submitted return cannot be cancelled."""
		if document.cancelled or any(not each.cancelled for each in document.returns):
			return False
		document.cancelled = True
		self._cancel(INVOICE, document.no, document.member)
		return True

	def _cancel(self, voucher_type: str, voucher_no: str, member: str) -> None:
		book = self.book(member)
		self.act(
			lambda: movements.cancel(
				book, self.program, self.posted(voucher_type, voucher_no), self.today, self.today
			),
			since=self.today,
		)

	# payment
	def pay(self, document: Document, back: int = 0) -> None:
		earning = self.earning(document)
		if document.paid or document.cancelled or earning is None:
			return
		document.paid = True
		day = max(document.day, self.today - days(back))
		book = self.book(document.member)
		self.act(
			lambda: movements.activate(book, self.program, book.entry(earning.name), day, self.today),
			since=day,
		)

	def unpay(self, document: Document) -> None:
		earning = self.earning(document)
		if not document.paid or document.cancelled or earning is None:
			return
		document.paid = False
		book = self.book(document.member)
		self.act(
			lambda: movements.deactivate(book, book.entry(earning.name), self.today, self.program),
			since=self.today,
		)

	# vouchers
	def grant(
		self, points: D, *, member: str = "M1", back: int = 0, lives: int | None = None, kind: str = ADJUST
	):
		day = self.today - days(back)
		voucher = Voucher(self.number("ADJ"), [self.current(member)])
		book = self.book(member)
		self.act(
			lambda: movements.grant(
				book,
				self.program,
				kind,
				points,
				day,
				f"adjust:{voucher.no}",
				expires_on=None if lives is None else day + days(lives),
				today=self.today,
				voucher_type=VOUCHER,
				voucher_no=voucher.no,
			),
			since=day,
		)
		self.vouchers.append(voucher)
		return voucher

	def deduct(self, points: D, *, member: str = "M1", back: int = 0) -> Voucher | None:
		voucher = Voucher(self.number("ADJ"), [self.current(member)])
		book = self.book(member)
		key = f"adjust:{voucher.no}"
		day = self.today - days(back)

		def post() -> Entry | None:
			if book.seen(key):
				return None
			return movements.spend(
				book,
				self.program,
				ADJUST,
				points,
				day,
				key,
				self.today,
				voucher_type=VOUCHER,
				voucher_no=voucher.no,
			)

		can = self.spendable(member)
		try:
			self.act(post, since=day)
		except NotEnoughPoints:
			assert back or points > can
			self.check()
			return None
		assert points <= can
		self.vouchers.append(voucher)
		return voucher

	def transfer(self, points: D, source: str, target: str) -> Voucher | None:
		source, target = self.current(source), self.current(target)
		if source == target:
			return None
		voucher = Voucher(self.number("ADJ"), [source, target])
		can = self.spendable(source)
		try:
			self.act(
				lambda: movements.transfer(
					self.books[source],
					self.books[target],
					self.program,
					points,
					self.today,
					f"adjust:{voucher.no}",
					self.today,
					voucher_type=VOUCHER,
					voucher_no=voucher.no,
				),
				since=self.today,
			)
		except NotEnoughPoints:
			assert points > can
			self.check()
			return None
		assert points <= can
		self.vouchers.append(voucher)
		return voucher

	def extend(self, by: int, member: str = "M1") -> Voucher | None:
		voucher = Voucher(self.number("ADJ"), [self.current(member)])
		book = self.book(member)
		until = self.today + days(by)

		def post() -> None:
			for lot in book.open_lots():
				if lot.expires_on and not lot.lapsed(self.today) and lot.expires_on < until:
					movements.extend(
						book,
						lot,
						until,
						self.today,
						f"adjust:{voucher.no}:{lot.name}",
						voucher_type=VOUCHER,
						voucher_no=voucher.no,
					)

		self.act(post, since=self.today)
		self.vouchers.append(voucher)
		return voucher

	def cancel_voucher(self, voucher: Voucher) -> None:
		if voucher.cancelled:
			return
		voucher.cancelled = True
		names = list(dict.fromkeys(self.current(name) for name in voucher.members))

		def undo() -> None:
			for name in reversed(names):
				own = [
					entry
					for entry in self.posted(VOUCHER, voucher.no)
					if self.current(entry.membership) == name
				]
				movements.cancel(self.books[name], self.program, own, self.today, self.today)

		self.act(undo, since=self.today)

	# members
	def merge(self, source: str, target: str) -> None:
		source, target = self.current(source), self.current(target)
		if source == target:
			return
		ours, theirs = self.books[target], self.books[source]
		before = [net_balance(self.program, book, self.today) for book in (ours, theirs)]
		key = f"merge:{source}:{theirs.member.last_seq + 1}"
		higher = max(
			(tiers.find(self.program, book.member.tier) for book in (ours, theirs)),
			key=lambda tier: tier.threshold if tier else -1,
		)
		window = dates.tier_window(self.program, self.today)
		value = sum(book.qualifying_between(*window) for book in (ours, theirs))

		def absorb() -> None:
			movements.absorb(theirs, ours, self.program, self.today, key)
			movements.set_status(theirs, "Left", self.today, "merged")

		ours.merged_on = {
			**getattr(ours, "merged_on", {}),
			**dict.fromkeys([*getattr(theirs, "merged_on", {}), source], self.today),
		}
		self.act(absorb, since=self.today)
		self.merged[source] = target
		self.check()
		if self.checks:
			assert not invariants.not_raised(
				sum(pair[0] + pair[1] for pair in before), sum(self.balance(target)), "merge"
			)
			assert sum(self.balance(target)) == sum(pair[0] + pair[1] for pair in before)
			assert not any(lot.remaining for lot in theirs.lots.values())
			assert theirs.member.points_arrears == 0
			assert qualifying_now(ours, self.program, self.today) == value
			if higher:
				assert tiers.find(self.program, ours.member.tier).threshold >= higher.threshold

	def status(self, status: str, member: str = "M1") -> None:
		book = self.book(member)
		self.act(lambda: movements.set_status(book, status, self.today, "test"), since=self.today)
		assert book.member.status == status

	# the nightly jobs
	def catch_up(self) -> None:
		for name in self.members():
			book = self.books[name]
			self.act(lambda book=book: movements.catch_up(book, self.today), job="activation")

	def expire(self) -> None:
		for name in self.members():
			book = self.books[name]
			self.act(lambda book=book: movements.expire(book, self.program, self.today), job="expiry")
			assert not book.lapsed_lots(self.today)

	def review(self) -> None:
		for name in self.members():
			book = self.books[name]
			self.act(lambda book=book: tiers.review(book, self.program, self.today), job="tier review")
			member = book.member
			assert member.qualifying_value == qualifying_now(book, self.program, self.today)
			if self.program.tiers:
				earned = tiers.earned(self.program, member.qualifying_value)
				assert tiers.find(self.program, member.tier).threshold >= earned.threshold

	def nightly(self) -> None:
		self.catch_up()
		self.expire()
		self.review()

	# --- by numbers --------------------------------------------------------------------------------
	def play(self, what: str, numbers: tuple[int, ...]) -> None:
		"""One step of a random history: what is done, and six numbers from 0 to 11 that say to whom and how much.

		Where nothing fits (no return to cancel, nothing to spend), nothing happens.
		"""
		getattr(self, f"_play_{what}")(*numbers)

	def _who(self, number: int) -> str:
		names = self.members()
		return names[number % len(names)]

	def _some(self, of: D, twelfths: int) -> D:
		"""A part of some points at the programme's precision; 11 is all of them."""
		quantum = D(1).scaleb(-self.program.points_precision)
		return (of * (twelfths + 1) / 12).quantize(quantum, rounding="ROUND_DOWN")

	def _play_days(self, number: int, *_rest: int) -> None:
		self.today += days(PERIODS[number])
		if self.checks:
			self.check()

	def _play_sell(self, who: int, euros: int, cents: int, back: int, paid: int, _free: int) -> None:
		self.sell(AMOUNTS[euros] + D(cents) / 100, member=self._who(who), back=BACK[back], paid=paid < 8)

	def _play_redeem(self, who: int, euros: int, cents: int, back: int, paid: int, spent: int) -> None:
		points = self._some(self.spendable(self._who(who), BACK[back]), spent)
		if points:
			base = AMOUNTS[euros] + D(cents) / 100
			self.sell(base, points, member=self._who(who), back=BACK[back], paid=paid < 8)

	def _play_overdraw(self, who: int, more: int, *_rest: int) -> None:
		can = self.spendable(self._who(who))
		quantum = D(1).scaleb(-self.program.points_precision)
		known = len(self.documents)
		self.sell(D(1), can + quantum * (1 + more), member=self._who(who))
		assert len(self.documents) == known, "more was spent than there is"

	def _play_give_back(self, which: int, parts: int, back: int, *_rest: int) -> None:
		if document := _latest(
			[each for each in self.documents if not each.cancelled and each.parts_back < PARTS], which
		):
			self.give_back(document, parts + 1, BACK[back])

	def _play_cancel_return(self, which: int, *_rest: int) -> None:
		returns = [(each, made) for each in self.documents for made in each.returns if not made.cancelled]
		if found := _latest(returns, which):
			self.cancel_return(*found)

	def _play_cancel_sale(self, which: int, *_rest: int) -> None:
		if document := _latest(
			[each for each in self.documents if not each.cancelled and not each.parts_back], which
		):
			self.cancel_sale(document)

	def _play_pay(self, which: int, back: int, *_rest: int) -> None:
		if document := _latest(
			[each for each in self.documents if not each.paid and not each.cancelled], which
		):
			self.pay(document, BACK[back])

	def _play_unpay(self, which: int, *_rest: int) -> None:
		if self.program.accrue_when == "When Paid":
			if document := _latest(
				[each for each in self.documents if each.paid and not each.cancelled], which
			):
				self.unpay(document)

	def _play_grant(self, who: int, points: int, back: int, lives: int, kind: int, _free: int) -> None:
		quantum = D(1).scaleb(-self.program.points_precision)
		self.grant(
			quantum * (1 + 7 * points),
			member=self._who(who),
			back=BACK[back],
			lives=None if lives < 6 else PERIODS[lives - 4],
			kind=OPENING if kind > 8 else ADJUST,
		)

	def _play_deduct(self, who: int, points: int, back: int, *_rest: int) -> None:
		if points := self._some(self.spendable(self._who(who), BACK[back]), points):
			self.deduct(points, member=self._who(who), back=BACK[back])

	def _play_transfer(self, who: int, to: int, points: int, *_rest: int) -> None:
		if points := self._some(self.spendable(self._who(who)), points):
			self.transfer(points, self._who(who), self._who(to))

	def _play_extend(self, who: int, by: int, *_rest: int) -> None:
		self.extend(PERIODS[by], self._who(who))

	def _play_cancel_voucher(self, which: int, *_rest: int) -> None:
		if voucher := _latest([each for each in self.vouchers if not each.cancelled], which):
			self.cancel_voucher(voucher)

	def _play_merge(self, who: int, to: int, *_rest: int) -> None:
		self.merge(self._who(who), self._who(to))

	def _play_freeze(self, who: int, frozen: int, *_rest: int) -> None:
		self.status("Frozen" if frozen < 6 else "Active", self._who(who))

	def _play_nothing(self, *_rest: int) -> None: ...

	def _play_catch_up(self, *_rest: int) -> None:
		self.catch_up()

	def _play_expire(self, *_rest: int) -> None:
		self.expire()

	def _play_review(self, *_rest: int) -> None:
		self.review()


# what the numbers of a random history mean
AMOUNTS = [
	D(text)
	for text in ("0.01", "1", "3.33", "9.99", "20", "33.3", "50", "75.25", "100", "150", "199.9", "900")
]
BACK = (0, 0, 0, 0, 0, 0, 0, 1, 5, 14, 31, 50)
PERIODS = (1, 2, 5, 14, 20, 29, 31, 31, 46, 70, 200, 366)
# what happens in one, and how often
PLAYS = {
	"days": 12,
	"sell": 12,
	"redeem": 14,
	"give_back": 12,
	"cancel_return": 7,
	"cancel_sale": 5,
	"pay": 7,
	"unpay": 7,
	"grant": 4,
	"deduct": 3,
	"transfer": 4,
	"extend": 4,
	"cancel_voucher": 4,
	"merge": 2,
	"freeze": 1,
	"overdraw": 1,
	"catch_up": 2,
	"expire": 4,
	"review": 3,
}


def _latest(found: list, number: int):
	"""One of what was found, the latest being the likeliest."""
	return found[-1 - (number * number // 11) % len(found)] if found else None


def net_balance(program: Program, book: Book, on: date) -> tuple[D, D]:
	"""(active - arrears, pending) on a day, from the journal alone, whether or not jobs had run."""
	folded = fold(book.new_entries, book.new_allocations, on)
	active, pending, arrears = folded.balance(on, dates.inactive_after(program, activity_on(book, on)))
	return active - arrears, pending


def activity_on(book: Book, on: date) -> date | None:
	"""The last earning or redemption that stands on a day, as documents posted by then have it."""
	merged_on = getattr(book, "merged_on", {})
	entries = [entry for entry in book._entries.values() if merged_on.get(entry.membership, on) <= on]
	back: dict[str, list[Entry]] = {}
	for entry in entries:
		if entry.posting_date <= on and entry.reverses:
			back.setdefault(entry.reverses, []).append(entry)

	def left(entry: Entry) -> D:
		moved = entry.points
		if entry.new_value and entry.entry_type in (CLAWBACK, RESTORE, "Cancel"):
			moved = D(entry.new_value)
		return moved + sum((left(other) for other in back.get(entry.name, ())), ZERO)

	found = [
		entry.posting_date
		for entry in entries
		if entry.entry_type in (EARN, REDEEM)
		and entry.posting_date <= on
		and not any(other.entry_type == "Cancel" for other in back.get(entry.name, ()))
		and (not entry.points or left(entry))
	]
	return max(found, default=None)


def twin(world: World) -> World:
	"""The same world once more, to see what would have been."""
	return copy.deepcopy(world)


def programs(**fixed: object) -> st.SearchStrategy[Program]:
	"""Any programme a shop could set up; its periods are short, so that a history of months crosses all of them."""
	rules = {
		"amount_per_point": st.sampled_from([D(1), D("0.01"), D("0.3"), D("2.5"), D(7)]),
		"points_precision": st.integers(0, 2),
		"rounding": st.sampled_from(["Down", "Nearest", "Up"]),
		"accrue_when": st.sampled_from(["On Submit", "When Paid"]),
		"pending_days": st.sampled_from([0, 0, 0, 1, 14, 45]),
		"expiry_model": st.sampled_from(["Never", "Rolling", "Fixed Date", "Inactivity"]),
		"expiry_months": st.integers(1, 3),
		"expiry_day_month": st.sampled_from(["12-31", "02-29", "06-30"]),
		"point_value": st.sampled_from([D("0.01"), D("0.5"), D("0.003")]),
		"on_shortfall": st.sampled_from(["Arrears", "Forgive"]),
		"restore_grace_days": st.sampled_from([30, 3, 0]),
		"tiers": st.sampled_from(TIERS),
		"tier_basis": st.sampled_from(["Spend", "Points", "Orders"]),
		"tier_window": st.sampled_from(["Rolling 12 Months", "Calendar Year", "Lifetime"]),
		"downgrade": st.sampled_from(["Never", "One Step", "To Earned Tier"]),
		"tier_grace_days": st.sampled_from([0, 20]),
	}
	return st.builds(
		Program, st.just("Club"), **(rules | {name: st.just(value) for name, value in fixed.items()})
	)


TIERS = (
	(),
	(Tier("Basic"), Tier("Silver", D(60), D("1.5")), Tier("Gold", D(150), D("2.25"))),
	(Tier("Basic", D(0), D("0.7")), Tier("Silver", D(3), D(1)), Tier("Gold", D(5), D(3))),
	(Tier("Low"), Tier("High", D("33.3"), D("1.2"))),
)
numbers = st.tuples(*[st.integers(0, 11)] * 6)


def histories(
	most: int, without: tuple[str, ...] = ()
) -> st.SearchStrategy[list[tuple[str, tuple[int, ...]]]]:
	"""Random steps for `World.play`, as likely as PLAYS says."""
	names = [name for name, weight in PLAYS.items() for _each in range(weight) if name not in without]
	return st.lists(
		st.tuples(st.sampled_from(["nothing", *names]), numbers), min_size=most * 2 // 3, max_size=most
	)


def _difference(one: dict, other: dict) -> str:
	for name in one:
		if one[name] != other[name]:
			return f"{name}: {one[name]} -> {other[name]}"
	return ""
