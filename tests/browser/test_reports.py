"""The five reports on the screen: a manager's real figures, in both languages, on a desk and on a phone."""

import re
from urllib.parse import urlencode

import frappe
import pytest
from frappe.utils import add_days, add_months, nowdate
from playwright.sync_api import Page, expect

from ccms_app.desk import reporting
from ccms_app.loyalty import tiers
from ccms_app.loyalty.store import ledger, programs
from tests.browser.conftest import settle
from tests.browser.screens import saved_name, submit
from tests.site import factories
from tests.site.clock import at, day
from tests.site.ledger_checks import membership_of
from tests.site.reports import Report
from tests.site.world import COMPANY, MANAGER

STATEMENT, LIABILITY, TIERS, EXPIRING, UNLINKED = (
	"Points Statement",
	"Points Liability",
	"Tier Movements",
	"Expiring Points",
	"Unlinked Returns",
)
REPORTS = (STATEMENT, LIABILITY, TIERS, EXPIRING, UNLINKED)
PEOPLE = ("王芳", "李静", "Anna Berg", "陈伟", "Tom Hill")


@pytest.fixture(scope="module")
def shop(site) -> frappe._dict:
	"""A year of a shop: members who came up, went down and stayed, points about to go, a return without its sale."""
	program = factories.make_program(
		program_name=f"茶友会 Tea Friends {frappe.generate_hash(length=4)}",
		amount_per_point=2,
		expiry_model="Rolling",
		expiry_months=12,
		expected_redemption_percent=80,
		downgrade="To Earned Tier",
		tiers=factories.make_tiers(Silver=0, Gold=(1000, 1.2), Platinum=(3000, 1.5)),
	)
	people = [factories.make_customer(customer_name=name) for name in PEOPLE]
	fang, jing, anna, wei, tom = people
	with at(day(-400)):
		factories.enrol(wei, program)
		factories.make_sales_invoice(wei, rate=1500)
	with at(add_days(add_months(nowdate(), -12), 9)):
		for customer, rate in ((fang, 820), (jing, 460), (anna, 1250)):
			factories.enrol(customer, program)
			factories.make_sales_invoice(customer, rate=rate)
	for months in (8, 5, 3, 2, 1):
		with at(day(-30 * months)):
			factories.make_sales_invoice(fang, rate=900, ccms_redeem_points=100 if months == 2 else 0)
			factories.make_sales_invoice(jing, rate=300)
	factories.enrol(tom, program)
	sale = factories.make_sales_invoice(fang, rate=640, posting_date=day(-5))
	factories.make_return(sale, posting_date=nowdate())
	note = factories.make_sales_invoice(anna, is_return=1, items=[{"qty": -1, "rate": 200}])
	book = ledger.lock(membership_of(wei))
	tiers.review(book, programs.get(program.name), frappe.utils.getdate())
	ledger.write([book])
	frappe.db.commit()
	return frappe._dict(program=program, member=fang, anna=anna, note=note, sale=sale)


def filters_of(report: str, shop: frappe._dict) -> dict[str, str]:
	if report == STATEMENT:
		return {"membership": membership_of(shop.member)}
	return {"company": COMPANY, "program": shop.program.name}


def open_report(page: Page, report: str, **filters: str) -> None:
	"""The report's page, filled, with nothing but these filters set."""
	page.goto(f"/app/query-report/{report.replace(' ', '%20')}?{urlencode(filters)}")
	arrived(page, report, **filters)


def arrived(page: Page, report: str, **filters: str) -> None:
	"""Wait until the report answers to these filters."""
	page.wait_for_function(
		"""([name, wanted]) => {
			const report = window.frappe?.query_report;
			if (report?.report_name !== name || !report.datatable && !report.$message?.is(":visible")) return false;
			const filters = report.get_filter_values();
			return Object.entries(wanted).every(([key, value]) => filters[key] === value);
		}""",
		arg=[report, filters],
	)
	settle(page)
	expect(page.locator(".ccms-finding:visible")).to_be_visible()


def drawn(page: Page) -> None:
	"""Wait for the chart: while it is made, a picture of the whole page would disturb it."""
	marks = page.locator(".chart-wrapper:visible svg.frappe-chart").locator("rect.bar, path.line-graph-path")
	expect(marks.first).to_be_attached()


def squeezed(text: str) -> str:
	return " ".join(text.split())


def numbers(page: Page) -> list[list[str]]:
	"""The cells of the table as they read."""
	return page.evaluate(
		"""() => [...document.querySelectorAll(".dt-scrollable .dt-row")]
			.sort((one, two) => one.dataset.rowIndex - two.dataset.rowIndex)
			.map(row => [...row.querySelectorAll(".dt-cell")].map(cell => cell.innerText.trim()))"""
	)


def written(value: object, column: dict) -> str:
	"""A figure of the server as the desk writes it; empty for what is no figure."""
	if value in (None, "") or column["fieldtype"] not in ("Float", "Int", "Currency"):
		return ""
	return f"{value:,.2f}" if column["fieldtype"] == "Currency" else reporting.number(value)


def agrees(page: Page, server: Report) -> None:
	"""What the screen shows is what the server says: the finding, the cards, every figure of the table, the sums."""
	assert squeezed(page.locator(".ccms-finding:visible").inner_text()) == squeezed(server.message)
	cards = page.locator(".report-summary:visible .summary-item")
	expect(cards).to_have_count(len(server.figures))
	for place, (label, value) in enumerate(server.figures.items()):
		expect(cards.nth(place).locator(".summary-label")).to_have_text(label)
		shown = cards.nth(place).locator(".summary-value").inner_text()
		assert (value if isinstance(value, str) else f"{value:,.2f}") in shown, (label, shown)

	shown = numbers(page)
	assert len(shown) == len(server.rows)
	for row, cells in zip(server.rows, shown, strict=True):
		for name, column in server.columns.items():
			if (figure := written(row.get(name), column)) and not column.get("hidden"):
				assert any(figure in cell for cell in cells), (name, figure, cells)
	if server.total:
		foot = page.locator(".dt-footer").inner_text()
		for name in ("points", "value", "members", "suggested"):
			if figure := written(server.total.get(name), server.columns.get(name, {"fieldtype": ""})):
				assert figure in foot, (name, figure, foot)


@pytest.mark.parametrize("device", ["desktop", "phone"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_manager_reads_every_report(desk, look, as_user, shop, language, device):
	page = desk(MANAGER, language=language, device=device)
	for report in REPORTS:
		filters = filters_of(report, shop)
		open_report(page, report, **filters)
		frappe.local.lang = language
		with as_user(MANAGER):
			frappe.local.lang = language
			server = Report(report, **filters)
		assert server.rows and not server.warns
		agrees(page, server)
		drawn(page)
		assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), report
		look(page, f"report-{frappe.scrub(report)}-{language}-{device}")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_empty_report_says_what_to_do(desk, look, as_user, language):
	program = factories.make_program()
	frappe.db.commit()
	page = desk(MANAGER, language=language, device="phone" if language == "zh" else "desktop")
	for report in REPORTS:
		filters = {"company": COMPANY, "program": program.name}
		if report == STATEMENT:
			filters = {}
		open_report(page, report, **filters)
		with as_user(MANAGER):
			frappe.local.lang = language
			server = Report(report, **filters)
		assert server.rows == []
		finding = page.locator(".ccms-finding:visible")
		expect(finding).to_have_count(1)
		assert squeezed(finding.inner_text()) == squeezed(server.message)
		expect(page.get_by_text("Nothing to show", exact=True)).to_have_count(0)
		expect(page.locator(".chart-wrapper:visible svg, .dt-row:visible")).to_have_count(0)
	look(page, f"report-empty-{language}")


# --- where a click leads ---------------------------------------------------------------------------------------


@pytest.fixture
def reading(desk, shop):
	"""`reading(report, **more filters)`: the report before a manager's eyes."""

	def open_it(report: str, **more: str) -> Page:
		page = desk(MANAGER)
		open_report(page, report, **filters_of(report, shop), **more)
		return page

	return open_it


def cell(page: Page, text: str):
	return page.locator(".dt-scrollable .dt-cell").get_by_role("link", name=text, exact=True).first


def filters_on(page: Page) -> dict:
	return page.evaluate("frappe.query_report.get_filter_values()")


def test_a_line_of_the_statement_leads_to_its_invoice(reading, shop):
	page = reading(STATEMENT)
	cell(page, shop.sale.name).click()
	page.wait_for_function(
		"name => window.cur_frm?.doctype === 'Sales Invoice' && cur_frm.doc.name === name", arg=shop.sale.name
	)


def test_a_month_of_the_liability_leads_to_what_expires_in_it(reading, shop):
	page = reading(LIABILITY, group_by="Expiry Month")
	server = Report(LIABILITY, **filters_of(LIABILITY, shop), group_by="Expiry Month")
	agrees(page, server)
	owed = server.rows[0]
	cell(page, owed.label).click()
	arrived(page, EXPIRING, program=shop.program.name)
	assert filters_on(page)["from_date"] == max(nowdate(), f"{owed.group}-01")
	assert f"{owed.points:,.0f}" in page.locator(".dt-footer").inner_text()


def test_a_number_of_the_tiers_leads_to_the_members_it_counts(reading, shop):
	page = reading(TIERS)
	assert Report(TIERS, **filters_of(TIERS, shop)).only(tier="Silver")[0].down == 1
	row = page.locator(".dt-scrollable .dt-row", has_text="Silver")
	row.get_by_role("link", name="1", exact=True).nth(1).click()  # joined, up to here (none), down to here
	arrived(page, TIERS, view="Members", movement="Went down", tier="Silver")
	# the filters arrive before the rows do
	expect(page.locator(".dt-scrollable .dt-row")).to_contain_text([re.compile("陈伟")])
	(shown,) = numbers(page)
	assert "陈伟" in shown and "Gold" in shown
	# the first of this name is the customer's ID as well, which leads to the customer
	page.locator(".dt-scrollable .dt-cell").get_by_role("link", name="陈伟", exact=True).last.click()
	arrived(page, STATEMENT)
	expect(page.locator(".ccms-finding")).to_contain_text("陈伟")


def test_an_expiring_batch_leads_to_the_members_statement(reading, shop):
	page = reading(EXPIRING)
	cell(page, "王芳").click()
	arrived(page, STATEMENT, membership=membership_of(shop.member))
	agrees(page, Report(STATEMENT, **filters_of(STATEMENT, shop)))


def test_an_unlinked_return_is_adjusted_in_one_form(reading, shop):
	page = reading(UNLINKED)
	page.get_by_role("button", name="Adjust", exact=True).click()
	page.wait_for_function("window.cur_frm?.doctype === 'CCMS Points Adjustment' && cur_frm.doc.points")
	settle(page)
	form = page.evaluate("cur_frm.doc")
	assert (form["adjustment_type"], form["points"]) == ("Deduct", 120)
	assert (form["membership"], form["reference_name"]) == (membership_of(shop.anna), shop.note.name)
	assert page.evaluate("Object.keys(locals['CCMS Points Adjustment']).length") == 1
	saved_name(page)
	submit(page)
	frappe.db.rollback()
	assert Report(UNLINKED, **filters_of(UNLINKED, shop)).rows == [], "settled, and off the list"


def test_what_the_reports_changed_of_the_page_stays_with_them(reading):
	"""The desk shows every report on one page: ERPNext's own say “Nothing to show” as before."""
	page = reading(UNLINKED)
	page.evaluate("frappe.set_route('query-report', 'Customer Credit Balance')")
	page.wait_for_function("frappe.query_report.report_name === 'Customer Credit Balance'")
	assert "Nothing to show" in page.evaluate("frappe.query_report.get_no_result_message()")
