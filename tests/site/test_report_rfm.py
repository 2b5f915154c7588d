"""RFM Segments: every customer counted by hand, in the cell where they belong."""

from collections import Counter

import frappe
import pytest
from pytest import approx

from ccms_app.behaviour.settings import RFM_GROUPS
from tests.site import shop
from tests.site.reports import Report
from tests.site.shop_truth import fm, rfm, truth

NAME, BEHIND = "RFM Segments", "Customers Behind"


@pytest.fixture(scope="module")
def company(site) -> str:
	return shop.scored()


def group(customer: str, score: tuple, found) -> str:
	name = RFM_GROUPS[score[0], fm(score)]
	return "Promising" if name == "New" and len(found.orders[customer]) != 1 else name


def test_every_customer_stands_in_the_group_counted_by_hand(company):
	found = truth()
	scores = rfm(found)
	wanted = Counter(group(who, score, found) for who, score in scores.items())
	report = Report(NAME, company=company)
	assert {row.rfm_group: row.customers for row in report.rows if row.customers} == dict(wanted)
	assert report.total.customers == len(found.orders)
	assert report.total.customers_share == report.total.revenue_share == 100
	year = {who: found.year(who) for who in found.orders}
	for row in report.rows:
		own = [who for who, score in scores.items() if group(who, score, found) == row.rfm_group]
		assert row.year == approx(sum(year[who] for who in own), abs=0.01)


def test_a_cell_leads_to_its_customers(company):
	scores = rfm(truth())
	cells = Counter((score[0], fm(score)) for score in scores.values())
	report = Report(NAME, company=company)
	for (r, money), number in cells.items():
		assert f"r={r}&amp;fm={money}" in report.picture
		behind = Report(BEHIND, company=company, r=r, fm=money)
		assert {row.customer for row in behind.rows} == {
			who for who, score in scores.items() if (score[0], fm(score)) == (r, money)
		}
		assert behind.figures["Customers"] == str(number)
	for row in report.rows:
		if row.customers:
			behind = Report(BEHIND, company=company, **row.behind["customers"])
			assert len(behind.rows) == row.customers


def test_groups_of_a_month_ago_stand_beside(company):
	report = Report(NAME, company=company)
	found = truth()
	on = frappe.utils.getdate(frappe.utils.add_months(found.as_of, -1))
	before = sum(1 for own in found.orders.values() if own[0].day < on)
	assert report.total.month_ago == before == sum(row.month_ago for row in report.rows)
	assert 0 < report.total.year_ago < report.total.customers
	assert "from the orders as they are known today" in report.message
	assert "▲" in report.cards["Customers"] and "last year" in report.cards["Customers"]


def test_filters_take_groups_with_all_below_them(company):
	found = truth()
	everybody = Report(NAME, company=company).total.customers
	guests = Report(NAME, company=company, customer_group=shop.GUESTS)
	regulars = Report(NAME, company=company, customer_group=shop.REGULARS)
	tourists = Report(NAME, company=company, customer_group=shop.TOURISTS)
	assert guests.total.customers == everybody
	assert regulars.total.customers == Counter(found.group.values())[shop.REGULARS]
	assert regulars.total.customers + tourists.total.customers == everybody
	assert regulars.total.month_ago < guests.total.month_ago
	north = Report(NAME, company=company, territory=shop.NORTH).total.customers
	south = Report(NAME, company=company, territory=shop.SOUTH).total.customers
	assert north and south and north + south == everybody


def test_names_that_are_markup_stay_text(company):
	score = frappe.qb.DocType("CCMS Customer Score")
	frappe.qb.update(score).set(score.rfm_group, "<img src=x>").where(score.company == company).run()
	report = Report(NAME, company=company)
	assert "<img" not in report.picture and "&lt;img" in report.picture
