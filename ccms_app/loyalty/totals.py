"""What a simulation found: sums by month and tier, and the result that people read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import pandas as pd

from . import money
from .baskets import Basket, History
from .model import CLAWBACK, EARN, EXPIRE, REDEEM, RESTORE, TIER, ZERO, Entry, Member, Program
from .stated_behaviour import HUNDRED, Behaviour

# the column of the monthly figures that a movement counts in
COLUMN = {EARN: "earned", REDEEM: "redeemed", EXPIRE: "expired", RESTORE: "restored", CLAWBACK: "clawed_back"}
FLOWS = ("earned", "redeemed", "expired", "restored", "clawed_back", "other")


@dataclass
class Simulation:
	"""What came out. Frames hold floats, for people and charts; the replay itself is in Decimal.

	Attributes:
		months: one row a month. month (its first day); revenue, member_revenue, baskets (sales), buyers (customers with a sale), members at its
			end; points earned, redeemed, expired, restored, clawed_back (all counted upwards), other (signed), open at its end;
			redeemed_value (money paid with points, less what returns gave back), liability at its end (open points x value x expected
			use), cost (redeemed_value plus what the liability grew by) and cost_percent of revenue.
		tiers: one row a month and tier, lowest tier first. month, tier, members who hold it at the month's end; revenue and baskets of
			members who held it when they bought.
		members: one row a member. customer, joined_on, tier, baskets, revenue; points earned, redeemed, expired, open; redeemed_value.
	"""

	program: Program
	behaviour: Behaviour
	from_date: date
	to_date: date
	currency: str
	customers: int
	baskets: int
	months: pd.DataFrame
	tiers: pd.DataFrame
	members: pd.DataFrame
	margin: float | None = None
	messages: list[str] = field(default_factory=list)

	def summary(self) -> dict[str, float | int | str | None]:
		"""The figures of the whole period by name."""
		months, last = self.months, self.months.iloc[-1]
		revenue, cost = float(months["revenue"].sum()), float(months["cost"].sum())
		found = {
			"program": self.program.name,
			"from_date": self.from_date.isoformat(),
			"to_date": self.to_date.isoformat(),
			"currency": self.currency,
			"customers": self.customers,
			"members": len(self.members),
			"baskets": self.baskets,
			"revenue": round(revenue, 2),
			"member_revenue": round(float(months["member_revenue"].sum()), 2),
			**{f"points_{name}": round(float(months[name].sum()), 2) for name in FLOWS},
			"points_open": float(last["open"]),
			"redeemed_value": round(float(months["redeemed_value"].sum()), 2),
			"liability": float(last["liability"]),
			"cost": round(cost, 2),
			"cost_percent": round(100 * cost / revenue, 3) if revenue > 0 else None,
			"margin": None if self.margin is None else round(self.margin, 2),
			"break_even_percent": self.break_even_percent,
		}
		return found

	@property
	def break_even_percent(self) -> float | None:
		"""How much more members must buy, in percent of what they bought, for the margin on it to pay the cost.

		More sales earn more points too, so the cost is taken to grow with them: x = cost / (margin - cost). None where the margin is unknown or
		does not reach the cost.
		"""
		cost = float(self.months["cost"].sum())
		if self.margin is None or self.margin <= cost:
			return None
		return round(100 * cost / (self.margin - cost), 2)


class Totals:
	"""Sums by month while the members are replayed one after the other. A month is year x 12 + month - 1."""

	def __init__(self, program: Program):
		self.program = program
		self.points: dict[int, dict[str, Decimal]] = defaultdict(lambda: dict.fromkeys(FLOWS, ZERO))
		self.value: dict[int, Decimal] = defaultdict(lambda: ZERO)
		self.joined: dict[int, int] = defaultdict(int)
		self.revenue: dict[tuple[int, str], Decimal] = defaultdict(lambda: ZERO)
		self.baskets: dict[tuple[int, str], int] = defaultdict(int)
		self.moves: dict[tuple[int, str], int] = defaultdict(int)
		self.members: list[tuple] = []
		self._net = ZERO
		self._sales = 0

	def bought(self, tier: str, basket: Basket) -> None:
		"""Count a basket of the member who is being replayed, for the tier held before it."""
		at = (_month(basket.day), tier)
		self.revenue[at] += basket.net
		self._net += basket.net
		if not basket.is_return:
			self.baskets[at] += 1
			self._sales += 1

	def closed(self, member: Member, joined_on: date, entries: Iterable[Entry]) -> None:
		"""Count everything that the member's ledger has written, and be ready for the next member."""
		points, mine, value = self.points, dict.fromkeys(FLOWS, ZERO), ZERO
		for entry in entries:
			month = _month(entry.posting_date)
			kind = entry.entry_type
			if entry.points:
				name = COLUMN.get(kind, "other")
				moved = -entry.points if kind in (REDEEM, EXPIRE, CLAWBACK) else entry.points
				points[month][name] += moved
				mine[name] += moved
				if kind in (REDEEM, RESTORE):
					self.value[month] += entry.monetary_value
					value += entry.monetary_value
			elif kind == TIER and entry.old_value != entry.new_value:
				self.moves[month, entry.new_value] += 1
				if entry.old_value:
					self.moves[month, entry.old_value] -= 1
		self.joined[_month(joined_on)] += 1
		self.members.append(
			(
				member.customer,
				joined_on,
				member.tier,
				self._sales,
				self._net,
				mine["earned"] - mine["clawed_back"],
				mine["redeemed"] - mine["restored"],
				mine["expired"],
				member.points_active + member.points_pending - member.points_arrears,
				value,
			)
		)
		self._net, self._sales = ZERO, 0

	def months_frame(self, history: History, first: date, last: date) -> pd.DataFrame:
		frame = history.frame
		numbers = range(_month(first), _month(last) + 1)
		month = frame["posted_at"].dt.year * 12 + frame["posted_at"].dt.month - 1
		sales = ~frame["is_return"]
		revenue = frame["net_amount"].groupby(month).sum()
		baskets = sales.groupby(month).sum()
		buyers = frame["customer_code"][sales].groupby(month[sales]).nunique()
		member_revenue: dict[int, Decimal] = defaultdict(lambda: ZERO)
		for (number, _tier), amount in self.revenue.items():
			member_revenue[number] += amount
		rows = []
		open_points = liability = ZERO
		members = 0
		per_point = self.program.point_value * self.program.expected_redemption_percent / HUNDRED
		for number in numbers:
			flow = self.points[number]
			open_points += flow["earned"] - flow["redeemed"] - flow["expired"] + flow["restored"]
			open_points += flow["other"] - flow["clawed_back"]
			members += self.joined[number]
			before, liability = liability, money.rounded(open_points * per_point, 2)
			cost = self.value[number] + liability - before
			income = round(float(revenue.get(number, 0)), 2)
			rows.append(
				{
					"month": _first_day(number),
					"revenue": income,
					"member_revenue": float(member_revenue[number]),
					"baskets": int(baskets.get(number, 0)),
					"buyers": int(buyers.get(number, 0)),
					"members": members,
					**{name: float(flow[name]) for name in FLOWS},
					"open": float(open_points),
					"redeemed_value": float(self.value[number]),
					"liability": float(liability),
					"cost": float(cost),
					"cost_percent": round(100 * float(cost) / income, 3) if income > 0 else None,
				}
			)
		return pd.DataFrame(rows)

	def tiers_frame(self, first: date, last: date) -> pd.DataFrame:
		names = [tier.name for tier in sorted(self.program.tiers, key=lambda tier: tier.threshold)]
		held = dict.fromkeys(names, 0)
		rows = []
		for number in range(_month(first), _month(last) + 1):
			for name in names:
				held[name] += self.moves[number, name]
				rows.append(
					{
						"month": _first_day(number),
						"tier": name,
						"members": held[name],
						"revenue": float(self.revenue[number, name]),
						"baskets": self.baskets[number, name],
					}
				)
		return pd.DataFrame(rows, columns=["month", "tier", "members", "revenue", "baskets"])

	def members_frame(self) -> pd.DataFrame:
		columns = (
			"customer joined_on tier baskets revenue earned redeemed expired open redeemed_value".split()
		)
		frame = pd.DataFrame(self.members, columns=columns)
		numbers = columns[4:]
		frame[numbers] = frame[numbers].astype(float)
		return frame


def _month(day: date) -> int:
	return day.year * 12 + day.month - 1


def _first_day(number: int) -> date:
	return date(number // 12, number % 12 + 1, 1)


def _month(day: date) -> int:
	return day.year * 12 + day.month - 1


def _first_day(number: int) -> date:
	return date(number // 12, number % 12 + 1, 1)
