"""Returns and Complaints: what came back of what was sold, and Issues, counted by hand."""

from collections import defaultdict

import frappe
import pytest
from frappe.utils import add_days, add_months, getdate, nowdate
from pytest import approx

from ccms_app.behaviour.settings import Settings
from ccms_app.behaviour.store.complaints import of_company
from ccms_app.scoring.store import costs
from tests.site import shop
from tests.site.reports import Report
from tests.site.shop_sold import brought_back, lines, sold
from tests.site.shop_truth import truth
from tests.site.world import ANALYST, MANAGER

NAME, BEHIND = "Returns and Complaints", "Customers Behind"


@pytest.fixture(scope="module")
def company(site) -> str:
	return shop.scored()


def since():
	return getdate(add_months(truth().as_of, -12))


@pytest.mark.parametrize(
	("by", "field"),
	[("Item", "item"), ("Customer", "customer"), ("Branch", "branch"), ("Item Group", "group")],
)
def test_what_came_back_of_what_was_sold(company, by, field):
	out, back = defaultdict(float), defaultdict(float)
	days = {line.invoice: line.day for line in sold()}
	for line in sold():
		if line.day >= since():
			out[getattr(line, field)] += line.net
	for line in brought_back():
		if days[line.against] >= since():
			back[getattr(line, field)] -= line.net
	report = Report(NAME, company=company, by=by)
	for row in report.rows:
		assert row.sold == approx(out[row.thing], abs=0.01)
		assert row.returned == approx(back[row.thing], abs=0.01)
		assert row.return_rate == approx(100 * back[row.thing] / out[row.thing], abs=0.06)
	assert report.total.returned == approx(sum(back.values()), abs=0.01)
	assert report.column("returned") == sorted(report.column("returned"), reverse=True)


def test_what_came_back_leads_to_who_brought_it(company):
	row = Report(NAME, company=company).rows[0]
	brought = {line.customer for line in brought_back() if line.item == row.thing and line.day >= since()}
	behind = Report(BEHIND, company=company, **row.behind["returned"])
	assert set(behind.column("customer")) == brought


def complain(customer: str, day: str, **fields) -> None:
	frappe.get_doc(
		{
			"doctype": "Issue",
			"subject": "Broken",
			"customer": customer,
			"opening_date": day,
			"company": shop.COMPANY,
			**fields,
		}
	).insert()


def test_an_issue_that_names_no_company_counts_in_one(company):
	"""A customer of two companies complains once."""
	sale = next(line for line in lines() if not line.is_return)
	other, issue = "AAA Second Shop", frappe.qb.DocType("Issue")
	complain(sale.customer, add_days(nowdate(), -3))
	name = frappe.db.get_value("Issue", {"customer": sale.customer}, order_by="creation desc")
	frappe.db.set_value("Issue", name, "company", None)

	def counted() -> list[str]:
		return [
			each
			for each in (other, company)
			if frappe.qb.from_(issue).select(issue.name).where(of_company(each) & (issue.name == name)).run()
		]

	frappe.get_doc({"doctype": "Company", "name": other, "company_name": other, "abbr": "AAA"}).db_insert()
	assert counted() == [company], "the only one that sold anything"
	second = {"doctype": "Sales Invoice", "name": "AAA-1", "company": other, "customer": sale.customer}
	frappe.get_doc({**second, "docstatus": 1}).db_insert()
	for default, home in ((company, company), (other, other), ("", other)):
		frappe.db.set_single_value("Global Defaults", "default_company", default)
		assert counted() == [home]
	found = costs.read(company, getdate(nowdate()), Settings()).set_index("customer")
	assert sale.customer not in found.index or not found.loc[sale.customer, "complaints_365"]
	frappe.db.set_value("Issue", name, {"ccms_invoice_type": "Sales Invoice", "ccms_invoice": sale.invoice})
	assert counted() == [company]


def test_complaints_stand_with_what_they_are_about(company):
	sale = next(
		line for line in lines() if line.branch == shop.HARBOUR and line.day >= since() and not line.is_return
	)
	complain(sale.customer, nowdate())  # today: not before the day of the scores
	complain(sale.customer, add_days(nowdate(), -3), ccms_item=sale.item)
	complain(
		sale.customer, add_days(nowdate(), -4), ccms_invoice_type="Sales Invoice", ccms_invoice=sale.invoice
	)
	complain(sale.customer, add_days(nowdate(), -800), ccms_item=sale.item)
	by_item = Report(NAME, company=company)
	assert {row.thing: row.complaints for row in by_item.rows if row.complaints} == {sale.item: 1}
	assert by_item.figures["Complaints"] == "2"
	assert "1 of them do not say what they are about" in by_item.message
	by_customer = Report(NAME, company=company, by="Customer")
	assert by_customer.only(thing=sale.customer)[0].complaints == 2
	if not sale.invoice.endswith("-P"):
		by_branch = Report(NAME, company=company, by="Branch")
		assert by_branch.only(thing=shop.HARBOUR)[0].complaints == 1
		elsewhere = Report(NAME, company=company, by="Customer", branch=shop.STATION)
		assert sum(elsewhere.column("complaints")) <= 1


def test_only_types_that_are_complaints_count(company):
	for name in ("Question", "Complaint"):
		if not frappe.db.exists("Issue Type", name):
			frappe.get_doc({"doctype": "Issue Type", "__newname": name, "name": name}).insert()
	customer = sold()[0].customer
	for name in ("Question", "Complaint", "Complaint"):
		complain(customer, add_days(nowdate(), -5), issue_type=name)
	settings = frappe.get_doc("CCMS Settings")
	settings.append("complaint_types", {"issue_type": "Complaint"})
	settings.save()
	assert Report(NAME, company=company).figures["Complaints"] == "2"


def test_an_analyst_counts_but_opens_no_issue(company, as_user):
	complain(sold()[0].customer, add_days(nowdate(), -5))
	with as_user(ANALYST):
		row = next(row for row in Report(NAME, company=company, by="Customer").rows if row.complaints)
		assert row.complaints == 1 and not row.href and not row.name
	frappe.get_doc("User", MANAGER).add_roles("Support Team")
	with as_user(MANAGER):
		row = next(row for row in Report(NAME, company=company, by="Customer").rows if row.complaints)
		assert "/app/issue?customer=" in row.href["complaints"]
