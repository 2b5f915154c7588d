"""The lines that the shop sold before today, for reports on products; read with plain SQL beside the facts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import frappe
from frappe.utils import getdate, nowdate

from . import shop
from .shop_truth import truth


@dataclass(frozen=True)
class Line:
	invoice: str
	customer: str
	day: date
	item: str
	group: str
	brand: str | None
	branch: str
	qty: float
	net: float
	is_return: bool
	against: str | None


def sold() -> list[Line]:
	"""What went out."""
	return [line for line in lines() if not line.is_return]


def bought() -> list[Line]:
	"""What went out with orders: what came back as a whole is none."""
	orders = {(order.customer, order.day) for own in truth().orders.values() for order in own}
	return [line for line in sold() if (line.customer, line.day) in orders]


def brought_back() -> list[Line]:
	"""What came back; quantities and amounts are negative."""
	return [line for line in lines() if line.is_return]


def lines() -> Iterable[Line]:
	return _lines(nowdate())


@lru_cache
def _lines(today: str) -> list[Line]:
	found = []
	for doctype in ("Sales Invoice", "POS Invoice"):
		rows = frappe.db.sql(
			f"""select d.name, d.customer, d.posting_date, i.item_code, i.item_group, i.brand, i.cost_center,
				i.qty, i.base_net_amount, d.is_return, d.return_against
			from `tab{doctype}` d join `tab{doctype} Item` i on i.parent = d.name
			where d.company = %s and d.docstatus = 1 and d.posting_date < %s""",
			(shop.COMPANY, today),
		)
		found += [
			Line(*row[:2], getdate(row[2]), *row[3:5], row[5] or None, *row[6:9], bool(row[9]), row[10])
			for row in rows
		]
	return found
