"""The reports on customers on the screen: a shop's real figures, in both languages, on a desk and on a phone."""

from urllib.parse import urlencode

import frappe
import pytest
from playwright.sync_api import Page, expect

from ccms_app.scoring.store import warnings
from tests.browser.conftest import settle
from tests.browser.test_reports import arrived, squeezed
from tests.site import shop
from tests.site.reports import Report
from tests.site.world import ABROAD, MANAGER

REPORTS = (
	"RFM Segments",
	"Lifecycle Funnel",
	"Cohort Retention",
	"Customer Value",
	"Churn Warnings",
	"Segment Sizes",
	"New against Repeat Revenue",
	"Score Accuracy",
	"Customers Behind",
)


@pytest.fixture(scope="module")
def company(site) -> str:
	return shop.scored()


def open_report(page: Page, report: str, **filters: str) -> None:
	page.goto(f"/app/query-report/{report.replace(' ', '%20')}?{urlencode(filters)}")
	arrived(page, report, **filters)


@pytest.mark.parametrize("device", ["desktop", "phone"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_manager_reads_every_report(desk, look, as_user, company, language, device):
	page = desk(MANAGER, language=language, device=device)
	for report in REPORTS:
		open_report(page, report, company=company)
		frappe.local.lang = language
		with as_user(MANAGER):
			frappe.local.lang = language
			server = Report(report, company=company)
		said = squeezed(page.locator(".ccms-finding:visible").inner_text())
		assert said and squeezed(server.message).startswith(said[:40]), report
		if server.picture:
			expect(page.locator(".ccms-picture:visible")).to_be_visible()
		if server.rows and server.chart:
			expect(page.locator(".chart-wrapper:visible svg.frappe-chart")).to_be_visible()
		assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), report
		look(page, f"insight-{frappe.scrub(report)}-{language}-{device}")


def test_a_cell_leads_to_its_customers(desk, company):
	page = desk(MANAGER)
	open_report(page, "RFM Segments", company=company)
	cell = page.locator(".ccms-heat td a").first
	number = cell.locator("b").inner_text()
	cell.click()
	arrived(page, "Customers Behind", company=company)
	expect(page.locator(".report-summary .ccms-value").first).to_have_text(number)
	filters = page.evaluate("frappe.query_report.get_filter_values()")
	assert filters["r"] and filters["fm"]
	# a cell that only a link sets shows as a filter, and goes when it is emptied
	everybody = page.evaluate("frappe.query_report.data.length")
	open_report(page, "Customers Behind", company=company, cohort="2020-01")
	expect(page.locator(".page-form .frappe-control[data-fieldname=cohort]")).to_be_visible()
	assert "No customers match" in page.locator(".ccms-finding:visible").inner_text()
	page.evaluate("frappe.query_report.set_filter_value('cohort', '')")
	page.wait_for_function("n => frappe.query_report.data?.length > n", arg=everybody)
	expect(page.locator(".page-form .frappe-control[data-fieldname=cohort]")).to_be_hidden()


def test_a_figure_of_the_table_leads_to_its_customers(desk, company):
	page = desk(MANAGER)
	open_report(page, "Customer Value", company=company)
	link = page.locator(".dt-scrollable .dt-row").first.locator("a[title^='Customers behind']").first
	link.click()
	arrived(page, "Customers Behind", company=company)
	assert page.evaluate("frappe.query_report.get_filter_values().value_band") == "A"


def test_dates_appear_when_they_are_to_be_chosen(desk, company):
	page = desk(MANAGER)
	open_report(page, "New against Repeat Revenue", company=company)
	dates = page.locator(".page-form .frappe-control[data-fieldname=from_date]")
	expect(dates).to_be_hidden()
	page.locator(".page-form select[data-fieldname=period]").select_option("Choose Dates")
	expect(dates).to_be_visible()
	settle(page)
	page.evaluate("frappe.query_report.set_filter_value({from_date: '2015-01-01', to_date: '2015-12-31'})")
	expect(page.locator(".ccms-finding:visible")).to_contain_text("Nothing was sold")


def test_a_branch_is_offered_and_narrows(desk, company):
	page = desk(MANAGER)
	open_report(page, "RFM Segments", company=company)
	field = page.locator(".page-form .frappe-control[data-fieldname=branch] input")
	field.fill("harb")
	page.locator(".page-form .frappe-control[data-fieldname=branch] li", has_text="Harbour").click()
	page.wait_for_function(
		"name => frappe.query_report.get_filter_values().branch === name", arg=shop.HARBOUR
	)
	settle(page)
	with_branch = page.locator(".ccms-heat td a").first.get_attribute("href")
	assert "branch=Harbour" in with_branch


def test_a_warning_is_worked_through(desk, look, company):
	frappe.db.sql("delete from `tabCCMS Churn Warning` where company = %s", company)
	warnings.refresh(company)
	frappe.db.commit()
	page = desk(MANAGER)
	open_report(page, "Churn Warnings", company=company)
	page.wait_for_selector(".ccms-work[data-work=contacted]")
	number = page.evaluate("frappe.query_report.data.length")
	first = page.locator(".ccms-work[data-work=contacted]").first
	name = first.get_attribute("data-warning")
	first.click()
	dialog = page.locator(".modal.show")
	dialog.locator("[data-fieldname=outcome] select").select_option("Undecided")
	dialog.locator("[data-fieldname=note] textarea").fill("Asked for green tea")
	look(page, "insight-warning-contacted")
	dialog.locator(".btn-primary:visible").click()
	page.wait_for_function("n => frappe.query_report.data.length === n - 1", arg=number)
	frappe.db.rollback()
	found = frappe.db.get_value(warnings.DOCTYPE, name, ["status", "note"])
	assert found == ("Contacted", "Asked for green tea")
	page.goto(f"/app/ccms-churn-warning/{name}")
	page.wait_for_function("name => cur_frm?.doc?.name === name", arg=name)
	expect(page.locator("[data-fieldname=reasons_html] li").first).to_be_visible()
	look(page, "insight-warning-form")
	page.get_by_role("button", name="Dismiss").click()
	page.locator(".modal.show [data-fieldname=note] textarea").fill("Moved away")
	page.locator(".modal.show .btn-primary:visible").click()
	page.wait_for_function("cur_frm.doc.status === 'Dismissed'")
	expect(page.get_by_role("button", name="Dismiss")).to_be_hidden()


def test_a_manager_starts_the_first_scoring(desk, look, site):
	frappe.db.sql("delete from `tabCCMS Score Run` where company = %s", ABROAD)
	frappe.db.commit()
	page = desk(MANAGER)
	open_report(page, "RFM Segments", company=ABROAD)
	look(page, "insight-nothing-scored-yet")
	page.locator(".ccms-score-now:visible").click()
	expect(page.locator(".msg-box:visible")).to_contain_text("being scored")
	frappe.db.rollback()
	assert frappe.db.count("CCMS Score Run", {"company": ABROAD, "status": "Queued"}) == 1
	frappe.db.sql("delete from `tabCCMS Score Run` where company = %s", ABROAD)
	frappe.db.commit()
