"""What reports on times, products, prices and demand have in common with the others: who reads them, what they say of nothing."""

import frappe
import pytest
from frappe.desk.query_report import build_xlsx_data, run

from tests.site import shop
from tests.site.reports import Report
from tests.site.shop_truth import truth
from tests.site.test_insight import fenced  # noqa: F401
from tests.site.world import ABROAD, ANALYST, COMPANY, MANAGER, SELLER

CYCLE, PRODUCTS = "Purchase Cycle and Peak Times", "Product Preference and Co-purchase"
RETURNS, PRICE = "Returns and Complaints", "Price Sensitivity"
DEMAND, ANOMALIES = "Demand Outlook", "Purchase Anomalies"
PAIRS = {"show": "Items Bought Together"}
VIEWS = (
	(CYCLE, {}),
	(CYCLE, {"show": "Weekdays"}),
	(CYCLE, {"show": "Months"}),
	(PRODUCTS, {}),
	(PRODUCTS, PAIRS),
	(RETURNS, {"by": "Customer"}),
	(PRICE, {}),
	(PRICE, {"show": "Categories"}),
	(DEMAND, {}),
	(ANOMALIES, {}),
)
REPORTS = tuple(dict.fromkeys(name for name, _filters in VIEWS))


@pytest.fixture(scope="module")
def company(site) -> str:
	return shop.scored()


@pytest.mark.parametrize("name", REPORTS)
def test_a_company_that_was_never_scored(name, as_user):
	with as_user(MANAGER):
		report = Report(name, company=ABROAD)
	assert report.rows == [] and report.chart is None and report.cards == {}
	assert "have not been scored yet" in report.message and "ccms-score-now" in report.html


@pytest.mark.parametrize(("name", "filters"), VIEWS)
def test_filters_that_nobody_matches(company, name, filters):
	frappe.get_doc({"doctype": "Territory", "territory_name": "CCMS Empty"}).insert()
	report = Report(name, company=company, territory="CCMS Empty", **filters)
	assert report.message
	if filters != {"show": "Categories"} and name != PRICE:  # elasticity is of all customers
		assert report.rows == [] and report.chart is None


@pytest.mark.parametrize("name", REPORTS)
def test_who_may_open_them(company, name, as_user):
	for user in (MANAGER, ANALYST):
		with as_user(user):
			Report(name, company=company)
	if name != ANOMALIES:
		with as_user(SELLER), pytest.raises(frappe.PermissionError):
			Report(name, company=company)


@pytest.mark.parametrize(("name", "filters"), VIEWS)
def test_only_customers_the_reader_may_see(company, as_user, fenced, name, filters):  # noqa: F811
	few = sorted(truth().orders, key=lambda who: len(truth().orders[who]))[-3:]
	fenced(MANAGER, "Customer", *few)
	with as_user(MANAGER):
		report = Report(name, company=company, **filters)
	others = set(truth().orders) - set(few)
	assert not any(other in str(report.rows) + report.html for other in others)
	if name == CYCLE and not filters:
		assert report.total.customers == 3
	if name == CYCLE and filters.get("show") == "Weekdays":
		since = frappe.utils.getdate(frappe.utils.add_months(truth().as_of, -12))
		assert report.total.orders == sum(
			1 for who in few for order in truth().orders[who] if order.day >= since
		)
	if name == PRODUCTS and not filters:
		assert max(report.column("customers")) <= 3
	if name == RETURNS:
		assert {row.thing for row in report.rows} <= set(few)
	if name == PRICE and not filters:
		assert report.total.customers <= 3


@pytest.mark.parametrize("name", REPORTS)
def test_another_company_is_refused(company, name, as_user, fenced):  # noqa: F811
	fenced(MANAGER, "Company", COMPANY)
	with as_user(MANAGER), pytest.raises(frappe.PermissionError, match="may not see"):
		Report(name, company=company)


@pytest.mark.parametrize(("name", "filters"), VIEWS)
def test_a_report_can_be_exported(company, name, filters):
	asked = {"company": company, **filters}
	data = frappe._dict(run(name, filters=asked))
	data.filters = asked
	table, _widths = build_xlsx_data(data, [], include_indentation=0)
	assert len(table) == len(data.result) + 1
	assert not any("<" in str(cell) for row in table for cell in row if "Tea" not in str(cell))


@pytest.mark.parametrize(
	"cell",
	[
		{"thing": "item"},
		{"thing": "customer|x|2026-01-01..2026-02-01"},
		{"thing": "item|x|then..now"},
		{"came": "Monday||2026-01-01..2026-02-01"},
		{"returned": "1=1|x|2026-01-01..2026-02-01"},
		{"instead": "item|a|2026-01-01..2026-02-01"},
		{"gap_from": "long"},
	],
)
def test_cells_that_cannot_be_read(company, cell):
	with pytest.raises(frappe.ValidationError, match=r"cannot be read|is not a date"):
		Report("Customers Behind", company=company, **cell)


def test_names_with_dividers_stay_whole(company):
	from ccms_app.desk import fact_cells

	cell = fact_cells.joined("item", "50 % | half", "2026-01-01..2026-02-01")
	assert fact_cells._parts(cell, 3)[1] == "50 % | half"
	report = Report("Customers Behind", company=company, thing=cell)
	assert report.rows == [] and "50 % | half" in report.message
