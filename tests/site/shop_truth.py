"""The shop's figures counted by hand: plain loops over its submitted documents, beside which the reports are held."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise
from statistics import median

import frappe
from frappe.utils import getdate, nowdate

from . import shop


@dataclass
class Order:
	customer: str
	day: date
	sold: float = 0
	value: float = 0
	amounts: dict[str, float] = field(default_factory=lambda: defaultdict(float))  # branch → sold


@dataclass
class Truth:
	"""orders: customer → orders by day. revenue: (customer, day, branch, group) → net revenue of that day."""

	as_of: date
	orders: dict[str, list[Order]]
	revenue: dict[tuple[str, date, str, str], float]
	group: dict[str, str]

	def first(self, customer: str) -> date:
		return self.orders[customer][0].day

	def year(self, customer: str) -> float:
		"""Net revenue of the last 365 days."""
		since = self.as_of - timedelta(days=365)
		return sum(net for (who, day, *_), net in self.revenue.items() if who == customer and day >= since)

	def earned(self, chosen: Callable[[str, date, str, str], bool]) -> float:
		return sum(net for key, net in self.revenue.items() if chosen(*key))


@lru_cache
def _lines(today: str) -> list[dict]:
	found = []
	for doctype in ("Sales Invoice", "POS Invoice"):
		returned = "sales_invoice_item" if doctype == "Sales Invoice" else "pos_invoice_item"
		for row in frappe.db.sql(
			f"""select d.name, d.customer, d.posting_date, d.is_return, d.return_against, d.customer_group,
				i.name as line, i.{returned} as back, i.qty, i.base_net_amount as net, i.cost_center as branch
			from `tab{doctype}` d join `tab{doctype} Item` i on i.parent = d.name
			where d.company = %s and d.docstatus = 1 and d.posting_date < %s""",
			(shop.COMPANY, today),
			as_dict=True,
		):
			found.append(row)
	return found


def truth() -> Truth:
	"""Everything before today."""
	lines = _lines(nowdate())
	sold = {row.line: row for row in lines if not row.is_return}
	came_back, money_back = defaultdict(float), defaultdict(float)
	for row in lines:
		if row.is_return:
			came_back[row.back] -= row.qty
			original = sold[row.back]
			money_back[original.customer, getdate(original.posting_date)] -= row.net
	orders: dict[tuple[str, date], Order] = {}
	kept: dict[tuple[str, date], bool] = defaultdict(bool)
	revenue: dict[tuple[str, date, str, str], float] = defaultdict(float)
	group = {}
	for row in sorted(lines, key=lambda row: (row.posting_date, row.name)):
		key = row.customer, getdate(row.posting_date)
		revenue[(*key, row.branch, row.customer_group)] += row.net
		group[row.customer] = row.customer_group
		if row.is_return:
			continue
		order = orders.setdefault(key, Order(*key))
		order.sold += row.net
		order.amounts[row.branch] += row.net
		kept[key] |= came_back[row.line] < row.qty
	by_customer = defaultdict(list)
	for key in sorted(orders, key=lambda key: key[1]):
		if kept[key]:
			orders[key].value = orders[key].sold - money_back[key]
			by_customer[key[0]].append(orders[key])
	return Truth(getdate(nowdate()), dict(by_customer), dict(revenue), group)


def stages(found: Truth, on: date) -> dict[str, str]:
	"""customer → stage on a day, by MEASURES 2 and 4."""
	days = {who: [order.day for order in own if order.day < on] for who, own in found.orders.items()}
	days = {who: own for who, own in days.items() if own}
	gaps = {who: [(b - a).days for a, b in pairwise(own)] for who, own in days.items()}
	every = [gap for own in gaps.values() for gap in own]
	company = median(every) if len(every) >= 100 else 30
	stage = {}
	for who, own in days.items():
		n = len(gaps[who])
		cycle = (3 * company + n * (median(gaps[who]) if n else 0)) / (3 + n)
		cycle = min(max(cycle, 7), 365)
		away = (on - own[-1]).days
		recent = sum(1 for day in own if day >= on - timedelta(days=365))
		if away / cycle > 4 or away > 730:
			stage[who] = "Lost"
		elif away / cycle > 2:
			stage[who] = "At Risk"
		elif recent >= 4:
			stage[who] = "Loyal"
		else:
			stage[who] = "Repeat" if len(own) >= 2 else "First Purchase"
	return stage


def rfm(found: Truth) -> dict[str, tuple[int, int, int]]:
	"""customer → R, F, M of today, by MEASURES 3."""
	since = found.as_of - timedelta(days=730)
	measures = {}
	for who, own in found.orders.items():
		inside = [order for order in own if order.day >= since]
		if inside:
			money = found.earned(lambda customer, day, *_rest, who=who: customer == who and day >= since)
			measures[who] = (-(found.as_of - own[-1].day).days, len(inside), money)
	scores = {who: (1, 1, 1) for who in found.orders}
	for who, own in measures.items():
		scores[who] = tuple(
			_score(own[place], [other[place] for other in measures.values()]) for place in range(3)
		)
	return scores


def _score(value: float, everybody: list[float]) -> int:
	below = sum(1 for other in everybody if other < value - 1e-6)
	equal = sum(1 for other in everybody if abs(other - value) <= 1e-6)
	return min(5, 1 + math.floor(5 * (below + equal / 2) / len(everybody)))


def fm(score: tuple[int, int, int]) -> int:
	return (score[1] + score[2] + 1) // 2
