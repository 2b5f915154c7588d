"""The records every site test finds: companies, accounts, customers' surroundings, items, taxes, a till and its people.

They are made once on a site, through ERPNext's own set-up and documents, and committed. Asking again costs a few look-ups.
"""

import frappe
from frappe.utils import add_years, getdate, now_datetime, nowdate

COMPANY, ABBR = "CCMS Test Co", "CTC"  # keeps its books in CNY
ABROAD, ABROAD_ABBR = "CCMS Test Abroad", "CTA"  # keeps its books in USD
EXPENSE, LIABILITY = "Loyalty Expense", "Loyalty Liability"  # account names; `account()` adds the company

TEA, CUP, BOXED_TEA = "CCMS Tea", "CCMS Cup", "CCMS Boxed Tea"  # the last one is kept in stock
PRICES = {TEA: 100, CUP: 30, BOXED_TEA: 50}

VAT, VAT_INCLUDED, STACKED_TAXES = "CCMS VAT 13", "CCMS VAT 13 Included", "CCMS Stacked Taxes"

TILL, WALK_IN = "CCMS Till", "CCMS Walk-in"
CASH, CARD = "Cash", "Credit Card"

PASSWORD = "ccms-Pass-1"
CASHIER, MANAGER, ANALYST, SELLER = (
	f"{who}@ccms.test" for who in ("cashier", "manager", "analyst", "seller")
)
ROLES = {
	CASHIER: ("Sales User", "Accounts User", "CCMS Cashier"),
	MANAGER: ("Sales Manager", "Accounts Manager", "CCMS Manager"),
	ANALYST: ("CCMS Analyst",),
	SELLER: ("Sales User", "Accounts User"),  # knows ERPNext and none of our roles
}


def set_up() -> None:
	"""Make whatever of the world is missing."""
	make_companies()
	make_fiscal_years()
	make_exchange_rates()
	make_accounts()
	make_items()
	make_taxes()
	make_modes_of_payment()
	make_people()
	make_till()


def account(name: str, company: str = COMPANY) -> str:
	"""The full name of an account (or cost center, warehouse, tax template) of a company."""
	return f"{name} - {ABBR if company == COMPANY else ABROAD_ABBR}"


def ensure(doctype: str, find: dict | str, **values) -> str:
	"""The name of the document that matches, made with those values when there is none."""
	if name := frappe.db.exists(doctype, find):
		return name
	by_field = find if isinstance(find, dict) else {}
	return frappe.get_doc({"doctype": doctype, **by_field, **values}).insert(ignore_permissions=True).name


def make_companies() -> None:
	if not frappe.is_setup_complete():
		run_setup_wizard()
	for name, abbr, currency in ((COMPANY, ABBR, "CNY"), (ABROAD, ABROAD_ABBR, "USD")):
		country = "China" if name == COMPANY else "United States"
		values = {
			"abbr": abbr,
			"default_currency": currency,
			"country": country,
			"chart_of_accounts": "Standard",
		}
		ensure("Company", {"company_name": name}, **values)


def run_setup_wizard() -> None:
	"""What a new user clicks through; without it the desk shows nothing else."""
	from frappe.desk.page.setup_wizard.setup_wizard import setup_complete

	year = now_datetime().year
	setup_complete(
		{
			"language": "English",
			"country": "China",
			"timezone": "Asia/Shanghai",
			"currency": "CNY",
			"full_name": "CCMS Tester",
			"email": "tester@ccms.test",
			"password": PASSWORD,
			"company_name": COMPANY,
			"company_abbr": ABBR,
			"chart_of_accounts": "Standard",
			"fy_start_date": f"{year}-01-01",
			"fy_end_date": f"{year}-12-31",
		}
	)


def make_fiscal_years() -> None:
	"""Calendar years from four back to two ahead, so that tests may post in the past."""
	this_year = getdate().year
	for year in range(this_year - 4, this_year + 3):
		if not frappe.db.exists("Fiscal Year", {"year_start_date": f"{year}-01-01"}):
			ensure(
				"Fiscal Year",
				str(year),
				year=str(year),
				year_start_date=f"{year}-01-01",
				year_end_date=f"{year}-12-31",
			)


def make_exchange_rates() -> None:
	since = add_years(nowdate(), -4)
	for from_currency, to_currency, rate in (("USD", "CNY", 7), ("EUR", "CNY", 8), ("CNY", "USD", 0.14)):
		find = {"from_currency": from_currency, "to_currency": to_currency}
		ensure("Currency Exchange", find, date=since, exchange_rate=rate, for_buying=1, for_selling=1)


def make_accounts() -> None:
	for company in (COMPANY, ABROAD):
		for name, parent in ((EXPENSE, "Indirect Expenses"), (LIABILITY, "Current Liabilities")):
			ensure(
				"Account",
				account(name, company),
				account_name=name,
				company=company,
				parent_account=account(parent, company),
			)
	ensure(
		"Account",
		account("Debtors USD"),
		account_name="Debtors USD",
		company=COMPANY,
		parent_account=account("Accounts Receivable"),
		account_type="Receivable",
		account_currency="USD",
	)
	for company, currency in ((COMPANY, "CNY"), (ABROAD, "USD")):
		ensure(
			"Account",
			account("CCMS Bank", company),
			account_name="CCMS Bank",
			company=company,
			parent_account=account("Bank Accounts", company),
			account_type="Bank",
			account_currency=currency,
		)


def make_items() -> None:
	for item, price in PRICES.items():
		ensure(
			"Item",
			item,
			item_code=item,
			item_group="Products",
			stock_uom="Nos",
			is_stock_item=int(item == BOXED_TEA),
			is_sales_item=1,
		)
		ensure("Item Price", {"item_code": item, "price_list": "Standard Selling"}, price_list_rate=price)
	if not frappe.db.exists("Stock Ledger Entry", {"item_code": BOXED_TEA, "is_cancelled": 0}):
		fill_the_store()


def fill_the_store() -> None:
	first_day = add_years(nowdate(), -3)
	receipt = frappe.get_doc(
		{
			"doctype": "Stock Entry",
			"stock_entry_type": "Material Receipt",
			"company": COMPANY,
			"set_posting_time": 1,
			"posting_date": first_day,
			"items": [
				{"item_code": BOXED_TEA, "qty": 100_000, "basic_rate": 20, "t_warehouse": account("Stores")}
			],
		}
	)
	receipt.insert().submit()


def make_taxes() -> None:
	vat = {
		"charge_type": "On Net Total",
		"account_head": account("VAT"),
		"rate": 13,
		"description": "VAT 13 %",
	}
	freight = {
		"charge_type": "Actual",
		"account_head": account("Freight and Forwarding Charges"),
		"tax_amount": 10,
		"description": "Freight",
	}
	on_vat = {
		"charge_type": "On Previous Row Amount",
		"row_id": "2",
		"rate": 10,
		"description": "Levy on VAT",
	}
	on_all = {"charge_type": "On Previous Row Total", "row_id": "3", "rate": 1, "description": "Levy on all"}
	levies = [row | {"account_head": account("VAT")} for row in (on_vat, on_all)]
	templates = {
		VAT: [vat],
		VAT_INCLUDED: [vat | {"included_in_print_rate": 1}],
		STACKED_TAXES: [freight, vat, *levies],
	}
	for title, rows in templates.items():
		ensure("Sales Taxes and Charges Template", account(title), title=title, company=COMPANY, taxes=rows)


def make_modes_of_payment() -> None:
	for company in (COMPANY, ABROAD):
		for mode, to in ((CASH, "Cash"), (CARD, "CCMS Bank")):
			if frappe.db.exists("Mode of Payment Account", {"parent": mode, "company": company}):
				continue
			doc = frappe.get_doc("Mode of Payment", mode)
			doc.append("accounts", {"company": company, "default_account": account(to, company)})
			doc.save()


def make_people() -> None:
	for email, roles in ROLES.items():
		make_user(email, *roles)
	ensure("Customer", {"customer_name": WALK_IN}, customer_type="Individual")


def make_user(email: str, *roles: str, user_type: str = "System User") -> str:
	"""A person with exactly these roles (of those that are installed); signs in with PASSWORD."""
	if not frappe.db.exists("User", email):
		user = frappe.new_doc("User")
		user.update({"email": email, "first_name": email.partition("@")[0].title(), "user_type": user_type})
		user.update({"send_welcome_email": 0, "new_password": PASSWORD})
		user.flags.ignore_password_policy = True
		user.insert(ignore_permissions=True)
	user = frappe.get_doc("User", email)
	installed = {role for role in roles if frappe.db.exists("Role", role)}
	if installed != {row.role for row in user.roles}:
		user.set("roles", [{"role": role} for role in sorted(installed)])
		user.save(ignore_permissions=True)
	return email


def make_till() -> None:
	ensure(
		"POS Profile",
		TILL,
		__newname=TILL,
		company=COMPANY,
		customer=WALK_IN,
		currency="CNY",
		warehouse=account("Stores"),
		selling_price_list="Standard Selling",
		write_off_account=account("Write Off"),
		write_off_cost_center=account("Main"),
		write_off_limit=1,
		payments=[{"mode_of_payment": CASH, "default": 1}, {"mode_of_payment": CARD}],
		applicable_for_users=[{"user": CASHIER, "default": 1}, {"user": "Administrator", "default": 1}],
	)
