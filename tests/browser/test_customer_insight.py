"""The Customer Insight workspace, its dashboard and the glossary."""

import frappe
import pytest
from playwright.sync_api import expect

from ccms_app.scoring.store import warnings
from tests.browser.conftest import settle
from tests.browser.test_reports import arrived
from tests.site import shop
from tests.site.world import MANAGER, SELLER


@pytest.fixture(scope="module")
def company(site) -> str:
	company = shop.scored()
	warnings.refresh(company)
	for user in (MANAGER, SELLER):
		frappe.defaults.set_user_default("company", company, user)
	frappe.db.commit()
	yield company
	for user in (MANAGER, SELLER):
		frappe.defaults.clear_user_default("company", user)
	frappe.db.commit()


def open_workspace(page):
	page.goto("/app/customer-insight")
	expect(page.locator(".number-widget-box .number").first).to_be_visible()
	settle(page)
	return page


@pytest.mark.parametrize("device", ["desktop", "phone"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_workspace_and_the_dashboard(desk, look, company, language, device):
	page = open_workspace(desk(MANAGER, language=language, device=device))
	expect(page.locator(".number-widget-box .number")).to_have_count(5)
	expect(page.locator(".ccms-heat td a").first).to_be_visible()
	expect(page.locator(".ccms-block .ccms-table tbody tr").first).to_be_visible()
	expect(page.locator(".dashboard-widget-box svg rect.bar").first).to_be_attached()
	assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
	page.set_viewport_size(
		{"width": page.viewport_size["width"], "height": 1900}
	)  # the workspace scrolls inside
	look(page, f"customer-insight-workspace-{language}-{device}")
	page.goto("/app/dashboard-view/Customer Insight")
	expect(page.locator(".dashboard-widget-box svg rect.bar").first).to_be_attached()
	look(page, f"customer-insight-dashboard-{language}-{device}")


def test_cards_and_cells_lead_to_the_customers(desk, company):
	page = open_workspace(desk(MANAGER))
	page.locator(".number-widget-box", has_text="Customers at Risk").locator(".number").click()
	arrived(page, "Customers Behind", company=company, stage="At Risk")
	page = open_workspace(page)
	page.locator(".ccms-heat td a").first.click()
	arrived(page, "Customers Behind", company=company)
	assert page.evaluate("frappe.query_report.get_filter_values().r")
	page = open_workspace(page)
	link = page.locator(".ccms-block .ccms-table tbody a").first
	warning = link.get_attribute("href").rpartition("/")[2]
	link.click()
	page.wait_for_function("name => window.cur_frm?.doc?.name === name", arg=warning)


def test_a_seller_sees_the_list_and_no_reports_on_groups(desk, company):
	page = open_workspace(desk(SELLER))
	expect(page.locator(".ccms-block .ccms-table tbody tr").first).to_be_visible()
	assert page.locator(".ccms-heat").count() == 0


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_glossary_is_a_page_that_is_searched(desk, look, company, language):
	page = desk(MANAGER, language=language)
	page.goto("/app/insight-glossary")
	expect(page.locator(".ccms-glossary").first).to_be_visible()
	look(page, f"customer-insight-glossary-{language}")
	page.locator("[data-fieldname=find] input").fill("brier")
	rows = page.locator(".ccms-glossary .row:visible")
	expect(rows).to_have_count(1)


@pytest.mark.parametrize(
	"path",
	["query-report/RFM Segments", "ccms-score-run", "ccms-customer-segment", "ccms-score-run/{run}"],
)
def test_the_way_back_is_customer_insight(company, desk, path):
	from ccms_app.scoring.store import runs

	page = desk(MANAGER)
	page.goto(f"/app/{path.format(run=runs.published(company))}")
	settle(page)
	first = page.locator("#navbar-breadcrumbs li").first
	expect(first).to_have_text("Customer Insight")
	page.goto("/app/ccms-membership")
	expect(first).to_have_text("Loyalty")


@pytest.mark.parametrize(
	"path",
	[
		"query-report/Channel Mix",
		"query-report/Data Quality",
		"query-report/Probable Duplicates",
		"ccms-consent",
		"ccms-privacy-request",
		"ccms-quality-rule/Mail Domain Mistyped",
	],
)
def test_the_way_back_is_customer_data(company, desk, path):
	page = desk(MANAGER)
	page.goto(f"/app/{path}")
	settle(page)
	expect(page.locator("#navbar-breadcrumbs li").first).to_have_text("Customer Data")
