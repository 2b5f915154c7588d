"""Channels, volume, paths and carts on the screen, and texts of strangers in reports, lists and forms."""

import frappe
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import settle
from tests.browser.test_insight_reports import open_report
from tests.browser.test_reports import drawn
from tests.site import dealing_world
from tests.site.dealing_world import COMPANY, happen, person, visitor, walk
from tests.site.world import MANAGER, SELLER

REPORTS = (
	("Channel Mix", {}),
	("Interaction Volume", {}),
	("Path and Dwell", {}),
	("Path and Dwell", {"show": "Cart by Step"}),
)
HOSTILE = '"><img src=x onerror="window.pwned=1"><svg/onload=window.pwned=1>javascript:pwned=1'
HOSTILE_PATH = "/%22'><img src=x onerror=window.pwned=1>/tea"


@pytest.fixture(scope="module")
def dealings(site) -> frappe._dict:
	"""Two months of a shop's dealings, some of them with people who try out what they may type."""
	frappe.set_user("Administrator")
	dealing_world.company()
	people = [person() for _number in range(12)]
	for days_ago, calls in ((2, 9), (9, 6), (16, 11), (33, 5), (47, 8)):
		happen(
			*({"type": "Call", "duration": 180, **people[number]} for number in range(calls)),
			days_ago=days_ago,
		)
		happen(*({"type": "E-mail", **people[number]} for number in range(calls // 2)), days_ago=days_ago + 1)
		happen(*({"type": "Chat", "channel": "WeChat", **who} for who in people[:calls]), days_ago=days_ago)
	walkers = [visitor() for _number in range(24)]
	for number, who in enumerate(walkers):
		happen(*walk(who, "/", "/tea", *(["/cart"] if number % 2 else []), dwell=12 + number), days_ago=3)
		if number % 3:
			happen({"type": "Cart Add", "item": "Tea", "amount": 88, "path": "/tea", **who}, days_ago=3)
		for step, until in (("Address", 12), ("Payment", 7), ("Ordered", 4)):
			if number < until:
				happen({"type": "Cart Step", "subject": step, "path": f"/{step.lower()}", **who}, days_ago=3)
	happen({"type": "Cart Drop", "item": "Tea", "amount": 88, "path": "/address", **walkers[3]}, days_ago=3)
	happen(*walk(walkers[0], HOSTILE_PATH, HOSTILE), days_ago=4)
	happen({"type": "Cart Step", "subject": HOSTILE, "path": HOSTILE_PATH, **walkers[0]}, days_ago=4)
	happen(
		{"type": "Chat", "subject": HOSTILE, "content": HOSTILE, "outcome": HOSTILE[:100], **people[0]},
		days_ago=0.1,
	)
	frappe.db.commit()
	phone = people[0]["identity"]["value"]
	from ccms_app.identity.store import identities

	name = identities.find("Phone", phone)
	return frappe._dict(customer=identities.owners([name])[name])


def unharmed(page: Page) -> None:
	assert page.evaluate("window.pwned") is None
	assert page.locator("img[src='x']").count() == 0 and page.locator("svg[onload]").count() == 0


@pytest.mark.parametrize("device", ["desktop", "phone"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_manager_reads_every_report(desk, look, dealings, language, device):
	page = desk(MANAGER, language=language, device=device)
	for report, filters in REPORTS:
		open_report(page, report, company=COMPANY, **filters)
		expect(page.locator(".ccms-finding:visible")).to_be_visible()
		expect(page.locator(".chart-wrapper:visible svg.frappe-chart")).to_be_visible()
		assert page.evaluate("frappe.query_report.data.length") >= 3
		assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), report
		unharmed(page)
		drawn(page)
		name = "-".join([frappe.scrub(report), *map(frappe.scrub, filters.values())])
		look(page, f"dealings-{name}-{language}-{device}")


def test_a_number_leads_to_its_events(desk, dealings):
	page = desk(MANAGER)
	open_report(page, "Channel Mix", company=COMPANY)
	link = page.locator(".dt-scrollable a[href*='channel=WeChat']").first
	number = int(link.inner_text())
	link.click()
	page.wait_for_function(
		"window.cur_list?.doctype === 'CCMS Customer Interaction' && cur_list.data?.length"
	)
	settle(page)
	assert page.evaluate("cur_list.data.length") == min(number, 20)
	assert {row["channel"] for row in page.evaluate("cur_list.data")} == {"WeChat"}


def test_a_chart_is_drawn_of_what_the_table_says(desk, dealings):
	page = desk(MANAGER)
	open_report(page, "Interaction Volume", company=COMPANY)
	table = page.evaluate(
		"frappe.query_report.data.filter(row => !row.is_total).reduce((sum, row) => sum + row.events, 0)"
	)
	chart = page.evaluate(
		"frappe.query_report.chart.data.datasets[0].values.reduce((sum, value) => sum + value, 0)"
	)
	assert table == chart > 50


def test_texts_of_strangers_do_nothing_in_lists_and_forms(desk, look, dealings):
	page = desk(SELLER)
	page.goto(f"/app/ccms-customer-interaction?company={COMPANY}")
	page.wait_for_function("window.cur_list?.data?.length")
	settle(page)
	unharmed(page)
	name = frappe.db.get_value(
		"CCMS Customer Interaction",
		{"company": COMPANY, "interaction_type": "Chat", "subject": ["like", "%pwned%"]},
	) or frappe.db.get_value("CCMS Customer Interaction", {"company": COMPANY, "path": ["like", "%tea"]})
	page.goto(f"/app/ccms-customer-interaction/{name}")
	page.wait_for_function("window.cur_frm?.doc?.name")
	settle(page)
	unharmed(page)
	page.goto(f"/app/customer/{dealings.customer}")
	page.wait_for_function("window.cur_frm?.doc?.doctype === 'Customer'")
	settle(page)
	page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
	expect(page.locator(".timeline-item", has_text="Chat").first).to_be_visible()
	unharmed(page)
	look(page, "dealings-customer-form")
