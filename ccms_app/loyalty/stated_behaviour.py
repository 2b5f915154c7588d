"""What a replay must be told because no history knows it: who joins, and when members use their points."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from hashlib import blake2b

HUNDRED = Decimal(100)


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
		walk_in: customers who never join: a till's anonymous customer, or whom the programme is not for.
		seed: another one gives another choice of customers.
	"""

	join_percent: Decimal = HUNDRED
	redeem_percent: Decimal = Decimal(70)
	redeem_when_worth: Decimal = Decimal(5)
	max_basket_percent: Decimal = HUNDRED
	paid_after_days: int = 0
	margin_percent: Decimal | None = None
	walk_in: frozenset[str] = frozenset()
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
