"""Small tables of lines and orders for the tests of the analyses."""

from datetime import date, datetime, time, timedelta

import ibis
import pandas as pd
import pyarrow as pa

from ccms_app.behaviour.lines import SCHEMA

MONDAY = date(2024, 1, 1)
ORDERS = {
	"customer": "string",
	"day": "date",
	"order_no": "int64",
	"first_at": "timestamp(6)",
	"value": "float64",
	"items": "int64",
}
DAILY = {"customer": "string", "day": "date", "revenue": "float64"}


def line(customer: str, day: date | int, item: str = "tea", net: float = 10.0, **more) -> dict:
	"""One sold line; a day as a number counts from Monday 1 January 2024. Without an invoice it is the customer's of that day."""
	if not isinstance(day, date):
		day = MONDAY + timedelta(days=day)
	invoice = more.get("invoice", f"{customer}-{day}")
	row = {
		"voucher_type": "Sales Invoice",
		"invoice": invoice,
		"line": f"{invoice}-{item}",
		"posted_at": datetime.combine(day, time(more.pop("hour", 12))),
		"day": day,
		"customer": customer,
		"item": item,
		"item_group": f"{item}s",
		"brand": "House",
		"qty": 1.0,
		"net_amount": float(net),
		"is_return": False,
		"is_debit_note": False,
		"is_free": False,
		"branch": "Main",
	}
	if "ratio" in more:
		row["paid_ratio"] = more.pop("ratio")
	row |= more
	row.setdefault("stock_qty", row["qty"])
	return row


def returned(sold: dict, day: date | int, net: float | None = None, linked: bool = True) -> dict:
	"""What brings a line back, all of it or so much of its amount."""
	if not isinstance(day, date):
		day = MONDAY + timedelta(days=day)
	share = 1.0 if net is None else net / sold["net_amount"]
	return sold | {
		"invoice": f"{sold['invoice']}-R{day}",
		"line": f"{sold['line']}-R{day}",
		"posted_at": datetime.combine(day, time(12)),
		"day": day,
		"qty": -sold["qty"] * share,
		"stock_qty": -sold["stock_qty"] * share,
		"net_amount": -sold["net_amount"] * share,
		"paid_ratio": None,
		"is_return": True,
		"return_against": sold["invoice"] if linked else None,
		"return_line": sold["line"] if linked else None,
	}


def table(rows: list[dict]) -> ibis.expr.types.Table:
	"""The rows as LINES."""
	return ibis.memtable(pa.Table.from_pylist(rows, schema=SCHEMA))


def orders_of(rows: list[dict], as_of: date) -> ibis.expr.types.Table:
	"""ORDERS of the rows, counted by hand: compiling the expression for each small test would take most of its time.

	Enough for whole returns and those that name their line; test_analyses holds it against `behaviour.orders`.
	"""
	before = [row for row in rows if row["day"] < as_of]
	sold = [row for row in before if not row["is_return"]]
	found: dict[tuple, dict] = {}
	for row in sold:
		order = found.setdefault(
			(row["customer"], row["day"]),
			{"value": 0.0, "first_at": row["posted_at"], "things": set(), "documents": set()},
		)
		order["value"] += row["net_amount"]
		order["first_at"] = min(order["first_at"], row["posted_at"])
		order["things"].add(row["item"])
		order["documents"].add(row["invoice"])
	for row in before:
		for order in found.values():
			if row["is_return"] and row["return_against"] in order["documents"]:
				order["value"] += row["net_amount"]
	numbers: dict[str, int] = {}
	frame = []
	for (customer, day), order in sorted(found.items()):
		numbers[customer] = numbers.get(customer, 0) + 1
		frame.append(
			(customer, day, numbers[customer], order["first_at"], order["value"], len(order["things"]))
		)
	return ibis.memtable(pd.DataFrame(frame, columns=list(ORDERS)), schema=ibis.schema(ORDERS))


def daily_of(rows: list[dict], as_of: date) -> ibis.expr.types.Table:
	"""DAILY of the rows, counted by hand."""
	found: dict[tuple, float] = {}
	for row in rows:
		if row["day"] < as_of:
			key = (row["customer"], row["day"])
			found[key] = found.get(key, 0.0) + row["net_amount"]
	frame = [(*key, revenue) for key, revenue in sorted(found.items())]
	return ibis.memtable(pd.DataFrame(frame, columns=list(DAILY)), schema=ibis.schema(DAILY))
