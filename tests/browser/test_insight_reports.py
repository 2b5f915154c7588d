"""The reports on customers on the screen: a shop's real figures, in both languages, on a desk and on a phone."""

from urllib.parse import urlencode

import frappe
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import settle
from tests.browser.test_reports import arrived, squeezed
from tests.site import shop
from tests.site.reports import Report
from tests.site.world import MANAGER

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
