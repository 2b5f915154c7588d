"""Two years of a small shop, the same on every site: 60 customers, some 600 submitted invoices, returns, two branches.

The documents are written as they stand after submitting, without ERPNext's controllers, for these are not under test
here; a few of the last day go through them. Everything is committed once and found again by later tests.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

import frappe
from frappe.utils import getdate, nowdate

from . import factories, world

COMPANY, ABBR = "CCMS Shop", "CSH"
CUSTOMERS = 60
DAYS = 760
SEED = 7

STATION, HARBOUR = (f"{name} - {ABBR}" for name in ("Station", "Harbour"))
GUESTS, REGULARS, TOURISTS = "CCMS Guests", "CCMS Regulars", "CCMS Tourists"
NORTH, SOUTH = "CCMS North", "CCMS South"
MEI, TOM = "CCMS Mei", "CCMS Tom"
TEAS, POTS, SNACKS = "CCMS Teas", "CCMS Pots", "CCMS Snacks"
WOOD = "CCMS Wood & Sons"

# item: group, brand, price
ITEMS = {
	"CCMS Green Tea": (TEAS, None, 48),
	"CCMS Black Tea": (TEAS, WOOD, 42),
	"CCMS White Tea": (TEAS, None, 95),
	"CCMS Tea Pot": (POTS, WOOD, 260),
	"CCMS Gaiwan": (POTS, None, 120),
	"CCMS Tea Tray": (POTS, None, 310),
	"CCMS Moon Cake": (SNACKS, None, 18),
	"CCMS Dried Plum": (SNACKS, WOOD, 12),
}
NAMES = ("王芳", "李静", "张伟", "刘洋", "陈敏", "Anna Berg", "Tom Hill", "O'Neil & Co")


@dataclass
class Person:
	"""A customer with habits."""

	name: str
	group: str
	territory: str
	seller: str
	branch: str
	first: int
	"""Day of the first visit, counted from the shop's first day."""
	last: int
	every: float
	spends: float
	hour: int
	likes: list[str] = field(default_factory=list)


def open_shop() -> str:
	"""The name of the company; its two years are there and committed."""
	if frappe.db.count("Sales Invoice", {"company": COMPANY, "docstatus": 1}) < CUSTOMERS:
		make_masters()
		trade()
		real_documents()
		frappe.db.commit()
	return COMPANY


def scored() -> str:
	"""The shop with its scores of today published; returns the company."""
	from ccms_app.scoring.store import pipeline, runs

	open_shop()
	published = runs.published(COMPANY)
	if not published or str(frappe.db.get_value(runs.DOCTYPE, published, "data_cut")) != nowdate():
		name = runs.new(COMPANY)
		frappe.db.commit()
		assert pipeline.run(name), frappe.db.get_value(runs.DOCTYPE, name, "message")
	return COMPANY


# --- masters -------------------------------------------------------------------------------------------------


def make_masters() -> None:
	ensure = world.ensure
	ensure(
		"Company",
		{"company_name": COMPANY},
		abbr=ABBR,
		default_currency="CNY",
		country="China",
		chart_of_accounts="Standard",
	)
	for name in ("Station", "Harbour"):
		ensure(
			"Cost Center",
			f"{name} - {ABBR}",
			cost_center_name=name,
			company=COMPANY,
			parent_cost_center=f"{COMPANY} - {ABBR}",
		)
	ensure("Customer Group", GUESTS, customer_group_name=GUESTS, is_group=1)
	for name in (REGULARS, TOURISTS):
		ensure("Customer Group", name, customer_group_name=name, parent_customer_group=GUESTS)
	for name in (NORTH, SOUTH):
		ensure("Territory", name, territory_name=name, parent_territory="All Territories")
	for name in (MEI, TOM):
		ensure("Sales Person", name, sales_person_name=name, parent_sales_person="Sales Team")
	for name in (TEAS, POTS, SNACKS):
		ensure("Item Group", name, item_group_name=name, parent_item_group="All Item Groups")
	ensure("Brand", WOOD, brand=WOOD)
	for item, (group, brand, price) in ITEMS.items():
		ensure("Item", item, item_code=item, item_group=group, brand=brand, stock_uom="Nos", is_stock_item=0)
		ensure("Item Price", {"item_code": item, "price_list": "Standard Selling"}, price_list_rate=price)


def people(chance: random.Random) -> list[Person]:
	"""Who shops there: steady ones, seasonal ones, one-timers, some who have left."""
	found = []
	for number in range(CUSTOMERS):
		first = chance.randrange(0, DAYS - 20)
		kind = number % 6
		every = (9, 20, 35, 60, 14, 400)[kind] * chance.uniform(0.8, 1.25)
		stays = DAYS if kind not in (4, 5) else chance.randrange(40, 300)
		given = f"{NAMES[number % len(NAMES)]} {number:02d}"
		customer = frappe.get_doc(
			{
				"doctype": "Customer",
				"customer_name": given,
				"customer_type": "Individual",
				"customer_group": (REGULARS, TOURISTS)[kind >= 3],
				"territory": (NORTH, SOUTH)[number % 3 == 0],
			}
		).insert()
		if "&" in given:  # no name of a document may be markup, but what it is called may
			customer.db_set("customer_name", f"{given} <b>Tea</b>")
		found.append(
			Person(
				customer.name,
				customer.customer_group,
				customer.territory,
				(MEI, TOM)[number % 2],
				(STATION, HARBOUR)[number % 4 == 1],
				first,
				min(first + stays, DAYS - 1),
				every,
				chance.uniform(0.6, 2.5),
				chance.choice((9, 11, 15, 16, 18)),
				chance.sample(sorted(ITEMS), 4),
			)
		)
	return found


# --- two years -----------------------------------------------------------------------------------------------


def trade() -> None:
	"""Write the invoices of everybody, and what they brought back."""
	chance = random.Random(SEED)
	opened = getdate(nowdate()) - timedelta(days=DAYS)
	number = 0
	for person in people(chance):
		for visit in visits(person, chance):
			number += 1
			day = opened + timedelta(days=visit)
			lines = basket(person, day, chance)
			doctype = "POS Invoice" if chance.random() < 0.1 else "Sales Invoice"
			sale = write(doctype, f"{ABBR}-{number:05d}", person, day, lines, chance)
			if chance.random() < 0.06:
				back = day + timedelta(days=chance.randrange(2, 20))
				if back < getdate(nowdate()):
					bring_back(sale, f"{ABBR}-{number:05d}-R", person, back, chance)


def visits(person: Person, chance: random.Random) -> Iterator[int]:
	on = float(person.first)
	while on <= person.last:
		yield int(on)
		on += max(1.0, chance.gauss(person.every, person.every / 4))


def basket(person: Person, day: date, chance: random.Random) -> list[dict]:
	"""Lines of a visit: one to four items, tea rather in winter, some below the list price."""
	lines = []
	for item in chance.sample(person.likes, chance.randrange(1, 4)):
		group, brand, price = ITEMS[item]
		qty = max(1, round(person.spends * chance.uniform(0.5, 2) * (1.4 if day.month in (11, 12, 1) else 1)))
		paid = chance.choice((1, 1, 1, 1, 1, 0.9, 0.8, 0.7))
		lines.append(line(item, group, brand, qty, price, round(price * paid, 2)))
	return lines


def line(item: str, group: str, brand: str | None, qty: float, price: float, rate: float) -> dict:
	amount = round(qty * rate, 2)
	return {
		"item_code": item,
		"item_name": item,
		"item_group": group,
		"brand": brand,
		"qty": qty,
		"stock_qty": qty,
		"conversion_factor": 1,
		"uom": "Nos",
		"stock_uom": "Nos",
		"price_list_rate": price,
		"base_price_list_rate": price,
		"incoming_rate": round(price * 0.55, 2),
		**{key: rate for key in ("rate", "base_rate", "net_rate", "base_net_rate")},
		**{key: amount for key in ("amount", "base_amount", "net_amount", "base_net_amount")},
	}


def write(
	doctype: str, name: str, person: Person, day: date, lines: list[dict], chance: random.Random, **fields
):
	"""A submitted document as it stands in the database."""
	total = round(sum(row["amount"] for row in lines), 2)
	doc = frappe.get_doc(
		{
			"doctype": doctype,
			"name": f"{name}-P" if doctype == "POS Invoice" else name,
			"company": COMPANY,
			"customer": person.name,
			"customer_name": person.name,
			"customer_group": person.group,
			"territory": person.territory,
			"posting_date": day,
			"posting_time": f"{person.hour + chance.randrange(0, 2):02d}:{chance.randrange(60):02d}:00",
			"set_posting_time": 1,
			"due_date": day,
			"currency": "CNY",
			"conversion_rate": 1,
			"price_list_currency": "CNY",
			"plc_conversion_rate": 1,
			"selling_price_list": "Standard Selling",
			"debit_to": f"Debtors - {ABBR}",
			"is_opening": "No",
			"status": "Paid",
			"docstatus": 1,
			"cost_center": person.branch,
			**{key: total for key in ("total", "base_total", "net_total", "base_net_total")},
			**{key: total for key in ("grand_total", "base_grand_total")},
			"items": [{**row, "cost_center": person.branch} for row in lines],
			"sales_team": [
				{"sales_person": person.seller, "allocated_percentage": 100, "allocated_amount": total}
			],
			**fields,
		}
	)
	doc.set_user_and_timestamp()
	doc.db_insert()
	for row in doc.get_all_children():
		row.parent, row.parenttype, row.docstatus = doc.name, doctype, 1
		row.set_user_and_timestamp()
		row.db_insert()
	return doc


def bring_back(sale, name: str, person: Person, day: date, chance: random.Random) -> None:
	"""A return of one line, or of everything."""
	everything = chance.random() < 0.4
	link = "sales_invoice_item" if sale.doctype == "Sales Invoice" else "pos_invoice_item"
	lines = []
	for row in sale.items if everything else sale.items[:1]:
		back = line(row.item_code, row.item_group, row.brand, -row.qty, row.price_list_rate, row.rate)
		lines.append({**back, link: row.name})
	write(sale.doctype, name, person, day, lines, chance, is_return=1, return_against=sale.name)


def real_documents() -> None:
	"""What ERPNext itself submits: sales of yesterday and of today, a return, a sale of next week."""
	buyers = frappe.get_all(
		"Sales Invoice",
		filters={"company": COMPANY, "customer_group": REGULARS},
		distinct=True,
		pluck="customer",
		order_by="customer",
		limit=3,
	)
	tea = {"item_code": "CCMS Green Tea", "qty": 2, "rate": 48, "cost_center": STATION}
	common = {"company": COMPANY, "cost_center": STATION, "items": [tea]}
	yesterday, next_week = (str(frappe.utils.add_days(nowdate(), days)) for days in (-1, 7))
	for customer, day in zip(buyers, (yesterday, nowdate(), next_week), strict=True):
		sale = factories.make_sales_invoice(customer, posting_date=day, **common)
		if day == yesterday:
			factories.make_return(sale, qty=1, posting_date=day)
