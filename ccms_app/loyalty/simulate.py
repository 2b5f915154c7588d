"""What a programme would have done: a history of purchases, replayed through its rules.

There is no second set of rules here. Every customer gets a ledger of their own in memory (:class:`~ccms_app.loyalty.book.Book`), and
each basket goes through the same functions that post a live invoice (`movements`, `tiers`, `redemption`, `returns`), in time order.
What the rules cannot know, who joins and when members use their points, is stated in a :class:`Behaviour`.

A replay cannot know which purchases a programme would have caused. `Simulation.break_even_percent` says instead how much more
members would have to buy for the programme to pay for itself.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from hashlib import blake2b

import pandas as pd

from . import dates, money, movements, redemption, returns, tiers
from .baskets import Basket, History
from .book import Book
from .model import CLAWBACK, EARN, EXPIRE, REDEEM, RESTORE, STATUS, TIER, ZERO, Entry, Member, Program, Sale

VOUCHER = "Invoice"
HUNDRED = Decimal(100)
# the column of the monthly figures that a movement counts in
COLUMN = {EARN: "earned", REDEEM: "redeemed", EXPIRE: "expired", RESTORE: "restored", CLAWBACK: "clawed_back"}
FLOWS = ("earned", "redeemed", "expired", "restored", "clawed_back", "other")


@dataclass(frozen=True)
class Behaviour:
	"""How customers are taken to behave. Percentages are of customers, chosen by the seed and their name alone.

	Attributes:
		join_percent: customers who become members, at their first purchase.
		redeem_percent: members who use points at all.
		redeem_when_worth: company currency; they use them at the first basket at which their balance is worth this much.
		max_basket_percent: the part of one basket they pay with points at most (the programme's own limits hold too).
		paid_after_days: days from invoice to full payment.
		margin_percent: gross margin on revenue where the facts name none; only for the break-even.
		walk_in: customers who never join (a till's anonymous customer).
		seed: another one gives another choice of customers.
	"""

	join_percent: Decimal = HUNDRED
	redeem_percent: Decimal = Decimal(70)
	redeem_when_worth: Decimal = Decimal(5)
	max_basket_percent: Decimal = HUNDRED
	paid_after_days: int = 0
	margin_percent: Decimal | None = None
	walk_in: tuple[str, ...] = ()
	seed: int = 1

	def mistakes(self) -> list[str]:
		"""What is out of range, one sentence each."""
		found = [
			f"{name} must be between 0 and 100"
			for name in ("join_percent", "redeem_percent", "max_basket_percent", "margin_percent")
			if not 0 <= (getattr(self, name) or 0) <= 100
		]
		return found + [
			f"{name} must not be negative"
			for name in ("redeem_when_worth", "paid_after_days")
			if getattr(self, name) < 0
		]

	def joins(self, customer: str) -> bool:
		return customer not in self.walk_in and self._draw(customer, "join") < self.join_percent

	def redeems(self, customer: str) -> bool:
		return self._draw(customer, "redeem") < self.redeem_percent

	def _draw(self, customer: str, what: str) -> float:
		"""A number in [0, 100) that depends on nothing but seed, customer and question."""
		digest = blake2b(f"{self.seed}:{what}:{customer}".encode(), digest_size=8).digest()
		return int.from_bytes(digest, "big") / 2**64 * 100


@dataclass
class Simulation:
	"""What came out.

	Attributes:
		months: one row a month: month (its first day), revenue, member_revenue, baskets, buyers, members; points earned, redeemed,
			expired, restored, clawed_back, other (all as positive counts of what the name says) and open at its end; redeemed_value (less
			restored), liability at its end, cost (redeemed_value + growth of the liability), cost_percent of revenue.
		tiers: one row a month and tier: members at its end, revenue and baskets of members who held it.
		members: one row a member: customer, joined_on, tier, baskets, revenue, points earned, redeemed, expired, open.
	"""

	program: Program
	behaviour: Behaviour
	from_date: date
	to_date: date
	currency: str
	customers: int
	months: pd.DataFrame
	tiers: pd.DataFrame
	members: pd.DataFrame
	margin: float | None = None
	messages: list[str] = field(default_factory=list)
