"""Demo data: a programme, members, a year of sales, and what the members are and did beside, through real documents, to look at the screens with."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta

import frappe
from frappe import _
from frappe.utils import getdate, nowdate

from ccms_app.loyalty.store import members, sweeps
from ccms_app.scoring.store import pipeline, runs, summary
from ccms_app.segments.store import ready_made, refresh

from . import demo_customers
from .accounts import create_points_accounts

PROGRAM = "CCMS Demo Rewards"
PEOPLE = (
	"王芳",
	"李伟",
	"张敏",
	"刘洋",
	"陈静",
	"Anna Berg",
	"Tom Hughes",
	"Maria Silva",
	"赵磊",
	"黄丽",
	"周杰",
	"吴秀英",
	"Yuki Tanaka",
	"Omar Haddad",
	"孙涛",
	"马超",
	"朱琳",
	"Elena Rossi",
	"胡军",
	"郭敏",
	"林娜",
	"何强",
	"David Kim",
	"高翔",
)
# days that these have stayed away by now, and who came only once
GONE = {"周杰": 120, "孙涛": 150, "林娜": 200, "何强": 260}
ONCE = ("高翔",)
ITEMS = (
	("CCMS Demo Tea", 68),
	("CCMS Demo Snacks", 25),
	("CCMS Demo Teapot", 240),
	("CCMS Demo Gift Box", 399),
)


def make(company: str | None = None) -> Iterator[str]:
	"""Make the demo data; yields a line for each step. Running it again adds nothing twice.

	Raises:
		frappe.ValidationError: the site has no company yet.
	"""
	company = company or frappe.defaults.get_global_default("company") or frappe.db.get_value("Company", {})
	if not company:
		frappe.throw(_("Complete ERPNext's setup wizard first: there is no company yet."))
	program = _program(company)
	yield _("Loyalty program {0}").format(program)
	items = [_item(code, price) for code, price in ITEMS]
	frappe.db.commit()
	chance = random.Random(20)
	today = getdate(nowdate())
	start = max(today - timedelta(days=360), _first_day(company, today))
	for number, person in enumerate(PEOPLE, 1):
		customer = _customer(person)
		membership = members.enrol(customer, program, joined_on=start)
		made = 0
		if not frappe.db.exists("Sales Invoice", {"customer": customer, "docstatus": 1}):
			until = today - timedelta(days=GONE.get(person, 0))
			made = _year_of_sales(customer, company, items, start, until, chance, person in ONCE)
		frappe.db.commit()
		yield _("{0} of {1}: {2}, card {3}, {4} sales").format(
			number,
			len(PEOPLE),
			person,
			frappe.db.get_value(members.DOCTYPE, membership, "member_no"),
			made,
		)
	yield from demo_customers.make(company, list(PEOPLE))
	sweeps.nightly()
	yield _("Nightly jobs have run")
	yield from _insight(company)


def _insight(company: str) -> Iterator[str]:
	"""Scores, and segments with their members, so that no screen about customers is empty."""
	name = runs.new(company, full=True)
	frappe.db.commit()
	done = pipeline.run(name)
	yield from summary.lines(name)
	if done:
		made = ready_made.make(company)
		frappe.db.commit()
		refresh.refresh(company)
		yield _("{0} segments").format(len(made))


def _first_day(company: str, today: date) -> date:
	"""The first day the books are open."""
	years = frappe.get_all(
		"Fiscal Year", filters={"disabled": 0, "year_start_date": ["<=", today]}, pluck="year_start_date"
	)
	return min(years, default=today)


def _program(company: str) -> str:
	if frappe.db.exists("CCMS Loyalty Program", PROGRAM):
		return PROGRAM
	accounts = create_points_accounts(company)
	doc = frappe.get_doc(
		{
			"doctype": "CCMS Loyalty Program",
			"program_name": PROGRAM,
			"company": company,
			"enabled": 1,
			"amount_per_point": 1,
			"point_value": 0.02,
			"redeem_step": 50,
			"min_redeem_points": 100,
			"max_redeem_percent": 50,
			"expiry_model": "Rolling",
			"expiry_months": 6,
			"on_shortfall": "Arrears",
			"restore_grace_days": 30,
			"downgrade": "One Step",
			"tier_window": "Rolling 12 Months",
			"expense_account": accounts["expense_account"],
			"liability_account": accounts["liability_account"],
			"expected_redemption_percent": 70,
			"tiers": [
				{"tier_name": "Silver", "threshold": 0, "earn_multiplier": 1},
				{"tier_name": "Gold", "threshold": 2000, "earn_multiplier": 1.5},
				{"tier_name": "Platinum", "threshold": 6000, "earn_multiplier": 2},
			],
		}
	)
	return doc.insert(ignore_permissions=True).name


def _item(code: str, price: float) -> tuple[str, float]:
	if not frappe.db.exists("Item", code):
		group = frappe.db.get_value("Item Group", {"is_group": 0})
		frappe.get_doc(
			{
				"doctype": "Item",
				"item_code": code,
				"item_name": code.removeprefix("CCMS Demo "),
				"item_group": group,
				"stock_uom": "Nos",
				"is_stock_item": 0,
			}
		).insert(ignore_permissions=True)
	return code, price


def _customer(person: str) -> str:
	existing = frappe.db.get_value("Customer", {"customer_name": person})
	if existing:
		return existing
	doc = frappe.get_doc(
		{
			"doctype": "Customer",
			"customer_name": person,
			"customer_type": "Individual",
			"customer_group": frappe.db.exists("Customer Group", "Individual")
			or frappe.db.get_value("Customer Group", {"is_group": 0}),
			"territory": frappe.db.get_value("Territory", {"is_group": 0}) or "All Territories",
		}
	)
	return doc.insert(ignore_permissions=True).name


def _year_of_sales(
	customer: str,
	company: str,
	items: list[tuple[str, float]],
	start: date,
	until: date,
	chance: random.Random,
	once: bool = False,
) -> int:
	day = start + timedelta(days=chance.randrange(20))
	cycle = chance.choice((12, 20, 30, 45))
	made = 0
	while day <= until:
		code, price = chance.choice(items)
		doc = frappe.get_doc(
			{
				"doctype": "Sales Invoice",
				"company": company,
				"customer": customer,
				"set_posting_time": 1,
				"posting_date": day,
				"due_date": day,
				"items": [{"item_code": code, "qty": chance.randint(1, 4), "rate": price}],
			}
		)
		doc.insert(ignore_permissions=True)
		doc.submit()
		made += 1
		if once:
			break
		if made % 4 == 0:
			_redeem(customer, company, items[0], min(day + timedelta(days=1), until))
			made += 1
		if made % 11 == 0:
			_give_back(doc, min(day + timedelta(days=2), until))
		day += timedelta(days=max(1, int(chance.gauss(cycle, cycle / 4))))
	return made


def _redeem(customer: str, company: str, item: tuple[str, float], day: date) -> None:
	from ccms_app.loyalty.store import balances

	membership = members.default_for(customer, company)
	if balances.spendable_on_both(membership, day, getdate(nowdate())) < 200:
		return
	doc = frappe.get_doc(
		{
			"doctype": "Sales Invoice",
			"company": company,
			"customer": customer,
			"set_posting_time": 1,
			"posting_date": day,
			"due_date": day,
			"ccms_redeem_points": 200,
			"items": [{"item_code": item[0], "qty": 2, "rate": item[1]}],
		}
	)
	doc.insert(ignore_permissions=True)
	doc.submit()


def _give_back(sale, day: date) -> None:
	from erpnext.accounts.doctype.sales_invoice.sales_invoice import make_sales_return

	doc = make_sales_return(sale.name)
	doc.update({"set_posting_time": 1, "posting_date": day, "due_date": day})
	doc.insert(ignore_permissions=True)
	doc.submit()
