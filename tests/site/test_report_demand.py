"""Demand Outlook: what was sold and is expected, by hand; stock against it."""

from collections import defaultdict
from datetime import date

import frappe
import pytest
from frappe.utils import add_months, getdate
from pytest import approx

from tests.site import shop
from tests.site.reports import Report
from tests.site.shop_sold import lines
from tests.site.shop_truth import truth
from tests.site.world import ANALYST, MANAGER

NAME = "Demand Outlook"


@pytest.fixture(scope="module")
def company(site) -> str:
	return shop.scored()


def sold(field: str, measure: str) -> dict[str, dict[date, float]]:
	"""thing → first of month → what was sold, less what came back."""
	found = defaultdict(lambda: defaultdict(float))
	for line in lines():
		if thing := getattr(line, field):
			found[thing][line.day.replace(day=1)] += getattr(line, measure)
	return found


def expected(months: dict[date, float], running: date) -> float:
	"""The same month last year, times the last three months over the same three a year before."""
	back = [getdate(add_months(running, -number)) for number in (1, 2, 3)]
	base = sum(months.get(getdate(add_months(month, -12)), 0) for month in back)
	trend = sum(months.get(month, 0) for month in back) / base
	return months.get(getdate(add_months(running, -12)), 0) * trend


@pytest.mark.parametrize(
	("by", "field", "measure", "amount"),
	[("Item Group", "group", "Quantity", "qty"), ("Branch", "branch", "Revenue", "net")],
)
def test_the_coming_month(company, by, field, measure, amount):
	running = truth().as_of.replace(day=1)
	months = sold(field, amount)
	report = Report(NAME, company=company, by=by, measure=measure)
	assert set(report.column("thing")) == set(months)
	for row in report.rows:
		own = months[row.thing]
		assert row.last_month == approx(own[getdate(add_months(running, -1))], abs=0.01)
		assert row.same_month == approx(own[getdate(add_months(running, -12))], abs=0.01)
		assert row.forecast_1 == approx(max(expected(own, running), 0), rel=1e-6)
		assert row.low <= row.forecast_1 <= row.high
	assert report.column("forecast_1") == sorted(report.column("forecast_1"), reverse=True)


def stock(company: str, item: str, qty: float) -> None:
	warehouse = frappe.db.get_value("Warehouse", {"company": company, "is_group": 0}, "name")
	frappe.get_doc(
		{"doctype": "Bin", "item_code": item, "warehouse": warehouse, "actual_qty": qty}
	).db_insert()


def test_for_how_long_the_stock_lasts(company, as_user):
	assert "days" not in Report(NAME, company=company).columns
	stock(company, "CCMS Green Tea", 40)
	stock(company, "CCMS Black Tea", 2)
	report = Report(NAME, company=company, by="Item")
	days = (getdate(add_months(truth().as_of.replace(day=1), 1)) - truth().as_of.replace(day=1)).days
	for item, qty in (("CCMS Green Tea", 40), ("CCMS Black Tea", 2)):
		row = report.only(thing=item)[0]
		assert row.stock == qty and row.days == approx(qty / (row.forecast_1 / days), rel=1e-6)
	assert "Stock is short of CCMS Black Tea" in report.message
	assert report.figures["Short within 14 days"] == "1"
	for filters in ({"measure": "Revenue"}, {"by": "Branch"}, {"territory": shop.NORTH}):
		assert "days" not in Report(NAME, company=company, **filters).columns
	with as_user(ANALYST):  # who may not see stock
		assert "days" not in Report(NAME, company=company).columns
	with as_user(MANAGER):
		assert Report(NAME, company=company).rows


def test_walk_in_customers_buy_stock_too(company):
	"""Left out of figures about customers, not of what is sold."""
	from ccms_app.behaviour.store import lake, precomputed

	facts = lake.open(company)
	everybody = facts.lines.count().to_pandas()
	some = sorted(truth().orders)[:3]
	rest = precomputed.of_customers(facts.lines, some)
	assert (
		rest.count().to_pandas()
		== everybody - facts.lines.filter(facts.lines.customer.isin(some)).count().to_pandas()
	)
	assert facts.known_lines.count().to_pandas() == everybody
