"""Made lines of sales, as a site's extraction leaves them: one Parquet file a month, in the order they were posted.

A few customers buy most, few items sell most, shops have rush hours; one invoice in thirty comes back, half of those
in part. Everything is drawn from one seed.
"""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ccms_app.behaviour.lines import SCHEMA

DAYS = 1096
BEGIN = date(2022, 1, 1)
AS_OF = BEGIN + timedelta(days=DAYS)
LINES_AN_INVOICE = 5
RETURNED = 1 / 30


def write(folder: Path, lines: int, customers: int, items: int, seed: int = 7) -> list[Path]:
	"""Write about so many lines; returns the files, oldest month first."""
	random = np.random.default_rng(seed)
	sales = _sales(random, lines, customers, items)
	returns = _returns(random, sales)
	order = np.argsort(np.concatenate([sales["minute"], returns["minute"]]), kind="stable")
	columns = {name: np.concatenate([sales[name], returns[name]])[order] for name in sales}
	del sales, returns
	return _files(folder, columns, items)


def _sales(random: np.random.Generator, lines: int, customers: int, items: int) -> dict[str, np.ndarray]:
	invoices = round(lines * (1 - RETURNED * 0.75) / LINES_AN_INVOICE)
	appetite = random.gamma(0.7, 1, customers)
	customer = random.choice(customers, invoices, p=appetite / appetite.sum())
	joined = random.integers(0, DAYS - 30, customers)
	day = joined[customer] + (random.random(invoices) * (DAYS - joined[customer])).astype(int)
	hour = np.minimum(np.maximum(random.normal(14, 3.5, invoices), 7), 20.99)
	minute = day * 1440 + (hour * 60).astype(int)
	customer = customer[np.argsort(minute, kind="stable")]
	minute = np.sort(minute)
	count = 1 + random.poisson(LINES_AN_INVOICE - 1, invoices)
	invoice = np.repeat(np.arange(invoices), count)
	rank = (items * random.random(len(invoice)) ** 2.2).astype(int)
	list_price = np.round(2 + 60 * random.gamma(0.9, 0.6, items), 2)[rank]
	ratio = np.where(random.random(len(invoice)) < 0.25, random.choice([0.9, 0.8, 0.7], len(invoice)), 1.0)
	qty = 1.0 + random.poisson(0.6, len(invoice))
	return {
		"invoice": invoice,
		"line": np.arange(len(invoice)),
		"minute": minute[invoice],
		"customer": customer[invoice],
		"item": rank,
		"qty": qty,
		"net": np.round(qty * list_price * ratio, 2),
		"list": np.round(qty * list_price, 2),
		"cost": np.round(qty * list_price * 0.6, 2),
		"against": np.full(len(invoice), -1),
		"against_line": np.full(len(invoice), -1),
	}


def _returns(random: np.random.Generator, sales: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
	invoices = int(sales["invoice"][-1]) + 1
	back = np.flatnonzero(random.random(invoices) < RETURNED)
	whole = random.random(invoices) < 0.5
	later = random.integers(0, 40, invoices) * 1440
	number = np.full(invoices, -1)
	number[back] = np.arange(invoices, invoices + len(back))
	invoice = sales["invoice"]
	taken = (number[invoice] >= 0) & (whole[invoice] | (random.random(len(invoice)) < 0.5))
	found = {name: values[taken] for name, values in sales.items()}
	found["against"], found["against_line"] = found["invoice"], found["line"]
	found["minute"] = found["minute"] + later[found["against"]]
	found["invoice"] = number[found["against"]]
	found["line"] = len(invoice) + np.arange(len(found["line"]))
	for name in ("qty", "net", "list", "cost"):
		found[name] = -found[name]
	young = found["minute"] < DAYS * 1440
	return {name: values[young] for name, values in found.items()}


def _files(folder: Path, columns: dict[str, np.ndarray], items: int) -> list[Path]:
	folder.mkdir(parents=True, exist_ok=True)
	day = np.datetime64(BEGIN) + columns["minute"] // 1440
	month = day.astype("datetime64[M]")
	edges = [0, *(np.flatnonzero(np.diff(month.astype(int))) + 1).tolist(), len(month)]
	paths = []
	for begin, end in pairwise(edges):
		part = {name: values[begin:end] for name, values in columns.items()}
		paths.append(folder / f"{month[begin]}.parquet")
		pq.write_table(_table(part, day[begin:end]), paths[-1], compression="zstd", compression_level=1)
	return paths


def _table(part: dict[str, np.ndarray], day: np.ndarray) -> pa.Table:
	back = part["against"] >= 0
	home = part["customer"] % 20
	channel = np.where(part["invoice"] % 3 == 0, "Invoice", "POS")
	columns = {
		"voucher_type": pa.repeat("Sales Invoice", len(day)),
		"invoice": _names("ACC-SINV-", part["invoice"], 8),
		"line": _names("r", part["line"], 9),
		"posted_at": pa.array(np.datetime64(BEGIN, "us") + part["minute"] * np.timedelta64(1, "m")),
		"day": pa.array(day.astype("datetime64[D]")),
		"customer": _names("CUST-", part["customer"], 7),
		"item": _names("ITEM-", part["item"], 5),
		"item_group": _names("Group ", part["item"] % 40, 2),
		"brand": _names("Brand ", part["item"] % 190, 3),
		"qty": part["qty"],
		"stock_qty": part["qty"],
		"net_amount": part["net"],
		"list_amount": part["list"],
		"paid_ratio": part["net"] / part["list"],
		"margin": part["net"] - part["cost"],
		"is_return": back,
		"is_debit_note": np.zeros(len(day), bool),
		"return_against": pc.if_else(back, _names("ACC-SINV-", part["against"], 8), None),
		"return_line": pc.if_else(back, _names("r", part["against_line"], 9), None),
		"branch": _names("Shop ", np.where(part["invoice"] % 10 == 0, (home + 1) % 20, home), 2),
		"channel": channel,
		"customer_group": _names("Customers ", part["customer"] % 8, 1),
		"territory": _names("Region ", home % 12, 2),
		"sales_person": _names("Seller ", part["invoice"] % 30, 2),
		"coupon": pa.nulls(len(day), pa.string()),
		"is_free": np.zeros(len(day), bool),
	}
	return pa.table(columns, schema=SCHEMA)


def _names(prefix: str, number: np.ndarray, width: int) -> pa.Array:
	digits = pc.utf8_lpad(pc.cast(pa.array(np.maximum(number, 0)), pa.string()), width, "0")
	return pc.binary_join_element_wise(prefix, digits, "")
