"""The books of a shop of any size, written straight into the tables of a site: seeded customers who buy, return and stay away.

Rows carry what a real invoice's row carries that anybody here reads, and some of the text that makes it long.
"""

from __future__ import annotations

from datetime import date, timedelta

import frappe
import numpy as np
import pandas as pd

from ccms_app.scoring.store import bulk

DAYS = 1095
ITEMS = 2000
LINES_AN_INVOICE = 4
STAMP = "2026-01-01 00:00:00"


def company(name: str, abbr: str) -> str:
	"""A company of that name, made once."""
	if not frappe.db.exists("Company", name):
		values = {
			"default_currency": "CNY",
			"country": "China",
			"chart_of_accounts": "Standard",
			"abbr": abbr,
		}
		frappe.get_doc({"doctype": "Company", "company_name": name, **values}).insert()
		frappe.db.commit()
	return name


def make(name: str, abbr: str, lines: int, customers: int, until: date, seed: int = 7) -> None:
	"""Write the books of a company, if they are not there: about `lines` invoice lines of `customers` customers in the
	three years before `until`. One in ten invoices is from the till, one in thirty has a return."""
	company(name, abbr)
	if frappe.db.count("Sales Invoice", {"company": name}) > lines // LINES_AN_INVOICE // 2:
		return
	draw = np.random.default_rng(seed)
	_masters(abbr, customers, draw)
	invoices = _invoices(abbr, lines // LINES_AN_INVOICE, customers, until, draw)
	items = _lines(abbr, invoices, draw)
	returns, back = _returns(abbr, invoices, items, until, draw)
	_write(name, pd.concat([invoices, returns]), pd.concat([items, back]))
	for table in ("Sales Invoice", "Sales Invoice Item", "POS Invoice", "POS Invoice Item", "Customer"):
		frappe.db.sql_ddl(f"analyze table `tab{table}`")


def change(name: str, abbr: str, share: float, day: date, seed: int = 8) -> int:
	"""What a day brings: new sales of that day to known customers, and edits and cancellations of old ones; returns how
	many documents were touched (that share of all)."""
	draw = np.random.default_rng(seed)
	found = frappe.get_all(
		"Sales Invoice", {"company": name, "docstatus": 1, "is_return": 0}, ["name", "customer"]
	)
	touched = draw.permutation(len(found))[: int(len(found) * share)]
	third = len(touched) // 3
	frappe.db.sql(
		"update `tabSales Invoice` set modified = now(6) where name in %s",
		([found[n].name for n in touched[:third]],),
	)
	frappe.db.sql(
		"update `tabSales Invoice` set docstatus = 2, modified = now(6) where name in %s",
		([found[n].name for n in touched[third : third + third // 10]],),
	)
	frappe.db.commit()
	customers = [found[n].customer for n in touched[third + third // 10 :]]
	invoices = _frame(f"{abbr}-N{seed}-", np.full(len(customers), 0), draw).assign(
		customer=customers, posting_date=day, till=False
	)
	_write(name, invoices, _lines(abbr, invoices, draw))
	return len(touched)


def forget_changes(abbr: str) -> None:
	"""Take the sales of all such days away, so that a first night finds the same however many days were tried before."""
	for doctype, column in (("Sales Invoice Item", "parent"), ("Sales Invoice", "name")):
		frappe.db.delete(doctype, {column: ["like", f"{abbr}-N%"]})
		frappe.db.commit()


def _masters(abbr: str, customers: int, draw) -> None:
	common = {"creation": STAMP, "modified": STAMP, "owner": "Administrator", "modified_by": "Administrator"}
	names = [f"{abbr}-C{number:06d}" for number in range(customers)]
	groups = draw.choice(["Individual", "Commercial", "Government"], customers, p=[0.8, 0.15, 0.05])
	bulk.write(
		"Customer",
		pd.DataFrame({"name": names, "customer_name": names, "customer_group": groups}).assign(
			territory="All Territories", customer_type="Individual", **common
		),
		ignore=True,
	)
	codes = [f"{abbr}-I{number:04d}" for number in range(ITEMS)]
	bulk.write(
		"Item",
		pd.DataFrame({"name": codes, "item_code": codes, "item_name": codes}).assign(
			item_group="Products", stock_uom="Nos", valuation_rate=6.0, **common
		),
		ignore=True,
	)


def _invoices(abbr: str, count: int, customers: int, until: date, draw) -> pd.DataFrame:
	"""Customers come on a day of their own and buy at a rate of their own until they leave."""
	weight = draw.gamma(0.6, 1.0, customers) + 0.05
	extra = draw.choice(customers, max(count - customers, 0), p=weight / weight.sum())
	who = np.concatenate([np.arange(min(customers, count)), extra])
	begin = draw.integers(0, DAYS - 30, customers)
	stay = draw.exponential(500, customers) + 1
	after = draw.random(len(who)) * np.minimum(stay, DAYS - begin)[who]
	after[: min(customers, count)] = 0
	day = np.minimum(begin[who] + after.astype(int), DAYS - 1)
	frame = _frame(f"{abbr}-S", day, draw)
	first = until - timedelta(days=DAYS)
	frame["posting_date"] = [first + timedelta(days=int(number)) for number in day]
	frame["customer"] = [f"{abbr}-C{number:06d}" for number in who]
	frame["till"] = draw.random(len(frame)) < 0.1
	return frame


def _frame(prefix: str, day: np.ndarray, draw) -> pd.DataFrame:
	seconds = draw.integers(9 * 3600, 20 * 3600, len(day))
	times = [str(timedelta(seconds=int(second))) for second in seconds]
	names = [f"{prefix}{number:07d}" for number in range(len(day))]
	return pd.DataFrame({"name": names, "posting_time": times, "is_return": 0, "return_against": None})


def _lines(abbr: str, invoices: pd.DataFrame, draw) -> pd.DataFrame:
	many = draw.integers(1, 2 * LINES_AN_INVOICE, len(invoices))
	parent = np.repeat(np.arange(len(invoices)), many)
	price = np.round(draw.gamma(2.0, 20.0, ITEMS) + 3, 2)
	item = np.minimum((draw.pareto(1.1, len(parent)) * 20).astype(int), ITEMS - 1)
	qty = draw.integers(1, 4, len(parent))
	share = np.where(draw.random(len(parent)) < 0.2, 0.85, 1.0)
	rate = np.round(price[item] * share, 2)
	return pd.DataFrame(
		{
			"name": [f"{name}-{number}" for name, number in zip(
				invoices["name"].to_numpy()[parent], _within(many), strict=True
			)],
			"parent": invoices["name"].to_numpy()[parent],
			"item_code": [f"{abbr}-I{number:04d}" for number in item],
			"item_group": np.array(["Products", "Services", "Consumable", "Raw Material"])[item % 4],
			"brand": None,
			"qty": qty,
			"price_list_rate": price[item],
			"rate": rate,
			"base_net_amount": np.round(rate * qty, 2),
			"incoming_rate": np.round(price[item] * 0.6, 2),
			"returned": None,
		}
	)  # fmt: skip


def _within(many: np.ndarray) -> np.ndarray:
	starts = np.repeat(np.cumsum(many) - many, many)
	return np.arange(many.sum()) - starts


def _returns(abbr: str, invoices, items, until: date, draw) -> tuple[pd.DataFrame, pd.DataFrame]:
	chosen = invoices[draw.random(len(invoices)) < 0.03]
	names = dict(zip(chosen["name"], chosen["name"] + "-R", strict=True))
	latest = until - timedelta(days=1)
	days = [min(day + timedelta(days=int(after)), latest) for day, after in zip(
		chosen["posting_date"], draw.integers(1, 30, len(chosen)), strict=True
	)]  # fmt: skip
	returns = chosen.assign(
		name=chosen["name"].map(names), return_against=chosen["name"], is_return=1, posting_date=days
	)
	back = items[items["parent"].isin(names) & (draw.random(len(items)) < 0.7)].copy()
	back["returned"] = back["name"]
	back["name"] = back["name"] + "-R"
	back["parent"] = back["parent"].map(names)
	back[["qty", "base_net_amount"]] *= -1
	return returns[returns["name"].isin(back["parent"])], back


def _write(name: str, invoices: pd.DataFrame, items: pd.DataFrame) -> None:
	common = {
		"creation": STAMP,
		"modified": STAMP,
		"owner": "Administrator",
		"modified_by": "Administrator",
		"docstatus": 1,
	}
	total = items.groupby("parent")["base_net_amount"].sum()
	invoices = invoices.assign(base_net_total=invoices["name"].map(total))
	items = items.merge(invoices[["name", "till"]].rename(columns={"name": "parent"}), on="parent")
	center = frappe.get_cached_value("Company", name, "cost_center")
	for doctype, till in (("Sales Invoice", False), ("POS Invoice", True)):
		documents = invoices[invoices["till"] == till].drop(columns="till")
		if documents.empty:
			continue
		bulk.write(
			doctype,
			documents.assign(
				company=name, is_opening="No", territory="All Territories", customer_group="Individual", conversion_rate=1,
				base_grand_total=documents["base_net_total"], net_total=documents["base_net_total"], currency="CNY",
				title=documents["customer"], customer_name=documents["customer"], cost_center=center, status="Paid",
				address_display="1 Long Road<br>100000 Beijing<br>China", in_words="CNY One Hundred and Twenty only.",
				remarks="No Remarks", debit_to=f"Debtors - {name}", selling_price_list="Standard Selling", **common,
			),
		)  # fmt: skip
		rows = items[items["till"] == till].drop(columns="till")
		rows = rows.rename(columns={"returned": "sales_invoice_item" if not till else "pos_invoice_item"})
		if till:
			rows = rows.drop(columns="incoming_rate")
		bulk.write(
			f"{doctype} Item",
			rows.assign(
				parenttype=doctype, parentfield="items", stock_qty=rows["qty"], amount=rows["base_net_amount"],
				net_amount=rows["base_net_amount"], base_amount=rows["base_net_amount"], base_rate=rows["rate"],
				item_name=rows["item_code"], description="A thing of some use, in a box of its own, for everybody.",
				uom="Nos", stock_uom="Nos", conversion_factor=1, cost_center=center, income_account=f"Sales - {name}", **common,
			),
		)  # fmt: skip
	frappe.db.commit()
