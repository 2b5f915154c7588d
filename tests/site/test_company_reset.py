"""Transaction Deletion Record: a company starts anew; the one deletion the ledger allows, and it is a whole one."""

import frappe
import pytest

from ccms_app.loyalty.store import audit
from tests.site.factories import make_customer, make_program, make_return, make_sales_invoice, make_tiers
from tests.site.ledger_checks import check, membership_of, points_of, set_balance, snapshot, strict  # noqa: F401

OURS = (
	"CCMS Membership",
	"CCMS Points Ledger Entry",
	"CCMS Points Lot",
	"CCMS Points Allocation",
	"CCMS Points Adjustment",
	"CCMS Simulation Run",
)


@pytest.fixture
def company() -> str:
	"""A company of this test's own."""
	abbr = frappe.generate_hash(length=5).upper()
	values = {"default_currency": "CNY", "country": "China", "chart_of_accounts": "Standard", "abbr": abbr}
	return frappe.get_doc({"doctype": "Company", "company_name": f"Reset {abbr}", **values}).insert().name


@pytest.fixture
def program(company):
	from ccms_app.api.loyalty import create_accounts

	accounts = create_accounts(company)
	return make_program(
		company=company,
		expense_account=accounts["expense_account"],
		liability_account=accounts["liability_account"],
		cost_center=frappe.db.get_value("Company", company, "cost_center"),
		tiers=make_tiers(Blue=0, Gold=(150, 2)),
	)


def reset(company: str) -> None:
	record = frappe.get_doc(
		{"doctype": "Transaction Deletion Record", "company": company, "process_in_single_transaction": 1}
	)
	record.insert().submit()
	record.start_deletion_tasks()
	assert record.reload().status == "Completed", record.error_log


def sell(customer, program, **fields):
	center = frappe.db.get_value("Company", program.company, "cost_center")
	item = {"item_code": "CCMS Tea", "qty": 2, "rate": 100, "cost_center": center}
	return make_sales_invoice(customer, company=program.company, items=[item], **fields)


def test_a_reset_takes_everything_of_the_company_and_keeps_its_programme(company, program):
	other = make_customer(make_program())
	set_balance(membership_of(other), 50)
	make_sales_invoice(other, ccms_redeem_points=50)
	untouched = snapshot()

	member = make_customer(program)
	set_balance(membership_of(member), 100)
	sell(member, program)
	make_return(sell(member, program, ccms_redeem_points=100), 1)
	assert all(frappe.db.count(doctype, {"company": company}) for doctype in OURS[:-1])

	reset(company)

	assert not any(frappe.db.count(doctype, {"company": company}) for doctype in OURS)
	assert snapshot() == untouched
	assert [str(finding) for finding in audit.run()] == []
	assert [row.tier_name for row in program.reload().tiers] == ["Blue", "Gold"]
	check(membership_of(other))


def test_after_a_reset_points_start_from_nothing(company, program):
	member = make_customer(program)
	card = frappe.db.get_value("CCMS Membership", membership_of(member), "member_no")
	sell(member, program)
	reset(company)
	again = frappe.get_doc(
		{"doctype": "CCMS Membership", "customer": member.name, "program": program.name, "member_no": card}
	).insert()
	assert points_of(sell(member, program)) == {"Earn": 200}
	assert check(again.name).active == 200
