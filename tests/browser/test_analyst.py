"""What an analyst finds in the desk: figures, pseudonyms, the way to an export, and no rows of persons."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import settle
from tests.site import shop
from tests.site.world import ANALYST


@pytest.fixture(scope="module")
def company(site) -> str:
	return shop.scored()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_list_of_customers_is_masked_and_can_be_exported(company, desk, look, language):
	page = desk(ANALYST, language)
	page.goto(f"/app/query-report/Customers Behind?company={company}")
	settle(page)
	cell = page.locator(".dt-scrollable .dt-cell--col-1 .dt-cell__content").first
	expect(cell).to_have_text(re.compile(r"C-[0-9A-F]{10}"))
	assert "Anna Berg" not in page.locator(".report-wrapper").inner_text()
	look(page, f"analyst-behind-{language}")
	page.locator(".page-head:visible .menu-btn-group button").click()
	export = "导出" if language == "zh" else "Export"
	expect(page.locator(".menu-btn-group .dropdown-menu:visible")).to_contain_text(export)


def test_the_workspace_has_its_figures(company, desk, look):
	page = desk(ANALYST)
	page.goto("/app/customer-insight")
	settle(page)
	expect(page.locator(".number-widget-box").first).to_be_visible()
	look(page, "analyst-workspace")


def test_the_loyalty_workspace_has_its_figures(company, desk, look):
	page = desk(ANALYST)
	page.goto("/app/loyalty")
	settle(page)
	cards = page.locator(".number-widget-box")
	expect(cards).to_have_count(4)
	expect(cards.locator(".number-card-loading")).to_have_count(0)
	look(page, "analyst-loyalty")
	cards.filter(has_text=re.compile("Loyalty Members", re.IGNORECASE)).click()
	page.wait_for_url("**/query-report/Tier%20Movements**")


def test_lists_of_persons_are_closed(company, desk):
	page = desk(ANALYST)
	page.goto("/app/ccms-membership")
	settle(page)
	expect(page.locator("body")).to_contain_text(
		re.compile("Not Permitted|not permitted|No permission|Not found")
	)
