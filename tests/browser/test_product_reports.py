"""The reports on times, products, returns, prices, demand and unusual orders on the screen."""

import re

import frappe
import pytest
from playwright.sync_api import expect

from ccms_app.scoring.store import anomalies
from tests.browser.conftest import settle
from tests.browser.test_insight_reports import open_report
from tests.browser.test_reports import arrived, squeezed
from tests.site import shop
from tests.site.reports import Report
from tests.site.world import MANAGER

CYCLE, PRODUCTS, RETURNS = (
	"Purchase Cycle and Peak Times",
	"Product Preference and Co-purchase",
	"Returns and Complaints",
)
PRICE, DEMAND, ANOMALIES = "Price Sensitivity", "Demand Outlook", "Purchase Anomalies"
VIEWS = (
	(CYCLE, {}),
	(CYCLE, {"show": "Weekdays"}),
	(PRODUCTS, {}),
	(PRODUCTS, {"show": "Items Bought Together"}),
	(RETURNS, {}),
	(PRICE, {}),
	(PRICE, {"show": "Categories"}),
	(DEMAND, {}),
	(ANOMALIES, {}),
)


@pytest.fixture(scope="module")
def company(site) -> str:
	return shop.scored()


@pytest.mark.parametrize("device", ["desktop", "phone"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_manager_reads_every_report(desk, look, as_user, company, language, device):
	page = desk(MANAGER, language=language, device=device)
	for report, filters in VIEWS:
		open_report(page, report, company=company, **filters)
		with as_user(MANAGER):
			frappe.local.lang = language
			server = Report(report, company=company, **filters)
		said = squeezed(page.locator(".ccms-finding:visible").inner_text())
		assert said and squeezed(server.message).startswith(said[:40]), report
		if server.picture:
			expect(page.locator(".ccms-picture:visible")).to_be_visible()
		if server.rows and server.chart:
			expect(page.locator(".chart-wrapper:visible svg.frappe-chart")).to_be_visible()
		assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), report
		view = "-".join([report, *filters.values()])
		look(page, f"insight-{re.sub(r'[^a-z]+', '_', view.lower())}-{language}-{device}")


def test_an_hour_leads_to_who_came_then(desk, company):
	page = desk(MANAGER)
	open_report(page, CYCLE, company=company)
	page.locator(".ccms-heat td a").first.click()
	arrived(page, "Customers Behind", company=company)
	expect(page.locator(".page-form .frappe-control[data-fieldname=came]")).to_be_visible()
	assert page.evaluate("frappe.query_report.data.length")


def test_a_pair_leads_to_whom_to_offer_it(desk, company):
	page = desk(MANAGER)
	open_report(page, PRODUCTS, company=company, show="Items Bought Together")
	page.locator(".ccms-bars th a").first.click()
	arrived(page, "Customers Behind", company=company)
	expect(page.locator(".page-form .frappe-control[data-fieldname=instead]")).to_be_visible()


def test_an_unusual_order_is_explained(desk, look, company):
	frappe.db.delete(anomalies.DOCTYPE, {"company": company})
	anomalies.refresh(company)
	frappe.db.commit()
	page = desk(MANAGER)
	open_report(page, ANOMALIES, company=company)
	explain = page.locator(".ccms-settle[data-status=Explained]").first
	expect(explain).to_be_visible()
	number = page.evaluate("frappe.query_report.data.length")
	name = explain.get_attribute("data-anomaly")
	explain.click()
	dialog = page.locator(".modal.show")
	dialog.locator("[data-fieldname=note] textarea").fill("Came back for one plum")
	look(page, "insight-anomaly-explained")
	dialog.locator(".btn-primary:visible").click()
	page.wait_for_function("n => frappe.query_report.data.length === n - 1", arg=number)
	frappe.db.rollback()
	found = frappe.db.get_value(anomalies.DOCTYPE, name, ["status", "note", "looked_at_by"])
	assert found == ("Explained", "Came back for one plum", MANAGER)
	page.goto(f"/app/ccms-purchase-anomaly/{name}")
	page.wait_for_function("name => cur_frm?.doc?.name === name", arg=name)
	expect(page.get_by_role("button", name="Wrong")).to_be_visible()
	expect(page.get_by_role("button", name="Explained")).to_be_hidden()
	settle(page)
	look(page, "insight-anomaly-form")
