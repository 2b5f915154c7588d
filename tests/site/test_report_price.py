"""Price Sensitivity: bands, lines below list, and prices that moved."""

from datetime import timedelta

import frappe
import pytest
from pytest import approx

from tests.site import shop
from tests.site.reports import Report
from tests.site.shop_truth import truth

NAME, BEHIND = "Price Sensitivity", "Customers Behind"


@pytest.fixture(scope="module")
def company(site) -> str:
	return shop.scored()


def test_customers_of_a_year_by_band(company):
	found = truth()
	since = found.as_of - timedelta(days=365)
	active = {who for who, own in found.orders.items() if own[-1].day >= since}
	report = Report(NAME, company=company)
	assert report.total.customers == len(active)
	assert report.total.revenue == approx(sum(found.year(who) for who in active), abs=0.01)
	for row in report.rows:
		behind = Report(BEHIND, company=company, **row.behind["customers"])
		assert len(behind.rows) == row.customers and set(behind.column("customer")) <= active


def test_lines_below_list(company):
	found = truth()
	lines = []
	for doctype in ("Sales Invoice", "POS Invoice"):
		lines += frappe.db.sql(
			f"""select i.rate / i.price_list_rate from `tab{doctype}` d join `tab{doctype} Item` i on i.parent = d.name
			where d.company = %s and d.docstatus = 1 and d.is_return = 0 and i.price_list_rate > 0
			and d.posting_date >= %s and d.posting_date < %s""",
			(company, found.as_of - timedelta(days=365), found.as_of),
		)
	share = sum(1 for (ratio,) in lines if ratio < 0.995) / len(lines)
	report = Report(NAME, company=company)
	assert report.figures["Lines below list"] == f"{round(share * 100)} %"
	assert "last year" in report.cards["Lines below list"]


def test_categories_and_items_are_those_sold(company):
	groups = Report(NAME, company=company, show="Categories")
	assert set(groups.column("label")) == {shop.TEAS, shop.POTS, shop.SNACKS}
	for row in groups.rows:
		assert row.low < row.elasticity < row.high
		assert row.means.endswith("more" if row.elasticity <= 0 else "less")
		assert row.ratio_on < 99.5
	items = Report(NAME, company=company, show="Items in Promotion")
	assert set(items.column("label")) <= set(shop.ITEMS) and items.rows


def test_elasticity_and_promotions_are_of_the_customers_in_the_filters(company):
	"""Two groups that share the customers: the weeks of both are those of all."""
	whole = Report(NAME, company=company, show="Categories")
	everybody = Report(NAME, company=company, show="Categories", customer_group=shop.GUESTS)
	for name in ("elasticity", "low", "high", "lift"):
		assert everybody.column(name) == approx(whole.column(name)), "counted now, or in the night: the same"
	part = Report(NAME, company=company, show="Categories", customer_group=shop.REGULARS)
	assert set(part.column("label")) == set(whole.column("label"))
	assert part.column("elasticity") != whole.column("elasticity")
	items = {row.label: row for row in Report(NAME, company=company, show="Items in Promotion").rows}
	regulars = Report(NAME, company=company, show="Items in Promotion", customer_group=shop.REGULARS)
	assert regulars.rows
	assert any(row.lift != items[row.label].lift for row in regulars.rows)
