"""The Loyalty workspace, and a new manager's way on it from nothing to the first points."""

import frappe
import pytest
from playwright.sync_api import Page, expect

from ccms_app.api import workspace
from ccms_app.desk import reporting
from ccms_app.setup.accounts import find_points_accounts
from tests.browser.conftest import DEVICES, settle
from tests.browser.screens import movements, panel, saved_name, submit
from tests.site import factories
from tests.site.clock import at, day
from tests.site.world import COMPANY, MANAGER, TEA

STEPS = (
	"Make the Points Accounts",
	"Write the Rules of Your Program",
	"Enrol a Customer",
	"Sell Something to a Member",
	"Read the Statement",
)


def open_workspace(page: Page) -> None:
	page.goto("/app/loyalty")
	expect(page.locator(".widget.number-widget-box").first).to_be_visible()
	settle(page)


@pytest.fixture
def new_shop(site):
	"""A company on its first day, the manager's own: no points accounts, no program, no step done."""
	abbr = frappe.generate_hash(length=5).upper()
	values = {"company_name": f"New Shop {abbr}", "abbr": abbr, "default_currency": "CNY", "country": "China"}
	company = frappe.get_doc({"doctype": "Company", "chart_of_accounts": "Standard", **values}).insert().name
	frappe.defaults.set_user_default("company", company, MANAGER)
	restart()
	frappe.db.commit()
	yield company
	frappe.db.rollback()
	frappe.defaults.clear_user_default("company", MANAGER)
	restart()
	frappe.db.commit()


def restart() -> None:
	frappe.db.set_value("Onboarding Step", {"name": ["in", STEPS]}, {"is_complete": 0, "is_skipped": 0})
	frappe.db.set_value("Module Onboarding", "Loyalty", "is_complete", 0)
	frappe.clear_cache()


def begin(page: Page, step: str, action: str) -> None:
	"""Choose a step of the onboarding and press its button."""
	open_workspace(page)
	page.locator(".onboarding-step", has_text=step).click()
	page.locator(".onboarding-steps-wrapper, .onboarding-widget-box").get_by_role(
		"button", name=action
	).click()


def test_from_nothing_to_the_first_points(desk, look, new_shop):
	customer = factories.make_customer(customer_name=f"王芳 {frappe.generate_hash(length=5)}")
	name = f"Tea Points {frappe.generate_hash(length=5)}"
	frappe.db.commit()
	page = desk(MANAGER)

	begin(page, STEPS[0], "Open the Settings")
	page.wait_for_function("window.cur_frm?.doctype === 'CCMS Settings'")
	go_on(page)
	row = page.locator("[data-fieldname=accounts_html] .border-top", has_text=new_shop)
	row.get_by_role("button", name="Create Accounts").click()
	expect(row.get_by_role("link")).to_have_count(2)
	look(page, "onboarding-1")
	frappe.db.rollback()
	made = find_points_accounts(new_shop)
	assert all(made.values())

	begin(page, STEPS[1], "New Loyalty Program")
	page.wait_for_function(
		"window.cur_frm?.doctype === 'CCMS Loyalty Program' && cur_frm.doc.expense_account"
	)
	page.locator("[data-fieldname=program_name] input").fill(name)
	page.get_by_role("checkbox", name="Enabled").check()
	assert saved_name(page) == name
	expect(page.locator(".modal.show")).to_contain_text("Action Complete")
	for field, account in made.items():
		assert page.evaluate("field => cur_frm.doc[field]", field) == account
	look(page, "onboarding-2")
	go_on(page)
	expect(page.locator(".onboarding-step.complete:visible")).to_have_count(2)
	settle(page)

	begin(page, STEPS[2], "Enrol a Customer")
	entry = page.locator(".modal.show")
	choose(page, entry.locator("[data-fieldname=customer] input"), customer.name)
	choose(page, entry.locator("[data-fieldname=program] input"), name)
	look(page, "onboarding-3")
	entry.get_by_role("button", name="Save").click()
	expect(entry).to_be_hidden()
	settle(page)
	frappe.db.rollback()
	assert frappe.db.exists("CCMS Membership", {"customer": customer.name, "program": name})

	begin(page, STEPS[3], "New Sales Invoice")
	page.wait_for_function("window.cur_frm?.doctype === 'Sales Invoice' && cur_frm.doc.__islocal")
	go_on(page)
	assert page.evaluate("cur_frm.doc.company") == new_shop
	page.evaluate(
		"""async ([customer, item]) => {
			await cur_frm.set_value("customer", customer);
			await frappe.after_ajax();
			const row = cur_frm.doc.items[0];
			await frappe.model.set_value(row.doctype, row.name, "item_code", item);
			await frappe.after_ajax();
		}""",
		[customer.name, TEA],
	)
	expect(panel(page)).to_contain_text("This sale earns 100")
	saved_name(page)
	sale = submit(page)
	look(page, "onboarding-4")
	assert movements(sale) == {"Earn": 100}

	begin(page, STEPS[4], "Points Statement")
	page.wait_for_function("window.frappe?.query_report?.report_name === 'Points Statement'")
	expect(page.locator(".modal.show")).to_contain_text("Every movement of a member's points")
	look(page, "onboarding-5")
	go_on(page)
	page.wait_for_url("**/Workspaces/Loyalty")
	settle(page)
	frappe.db.rollback()
	undone = frappe.get_all("Onboarding Step", {"name": ["in", STEPS], "is_complete": 0}, pluck="name")
	assert undone == []


def go_on(page: Page) -> None:
	"""Press the button of Frappe's own word on the way."""
	told = page.locator(".modal.show .msgprint-dialog, .modal.show")
	told.get_by_role("button", name="Continue").click()
	expect(page.locator(".modal.show")).to_have_count(0)
	settle(page)


def choose(page: Page, field, value: str) -> None:
	"""Type into a link and take what is offered."""
	field.fill(value)
	page.locator(".awesomplete [role=option]:visible", has_text=value).first.click()
	settle(page)


# --- the workspace of a shop that runs -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def running_shop(site) -> str:
	"""A company with members in two tiers and a year of points."""
	program = factories.make_program(
		expiry_model="Rolling", expiry_months=12, tiers=factories.make_tiers(Silver=0, Gold=800)
	)
	for number in range(3):
		customer = factories.make_customer()
		with at(day(-350)):
			factories.enrol(customer, program)
			factories.make_sales_invoice(customer, rate=300)
		with at(day(-60)):
			factories.make_sales_invoice(customer, rate=400 * number + 100, ccms_redeem_points=100)
	frappe.db.commit()
	return COMPANY


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("language", ("en", "zh"))
def test_the_workspace_says_what_the_server_says(desk, look, as_user, running_shop, language, device):
	frappe.defaults.set_user_default("company", running_shop, MANAGER)
	page = desk(MANAGER, language=language, device=device)
	page.set_viewport_size({**DEVICES[device], "height": 1900 if device == "desktop" else 2600})
	open_workspace(page)
	with as_user(MANAGER):
		figures = [
			card()["value"]
			for card in (
				workspace.members,
				workspace.points_open,
				workspace.points_expiring,
				workspace.points_liability,
			)
		]
	cards = page.locator(".widget.number-widget-box .number")
	expect(cards).to_have_count(4)
	for shown, figure in zip(cards.all_inner_texts(), figures, strict=True):
		assert reporting.number(figure).split(".")[0] in shown
	expect(page.locator(".dashboard-widget-box svg.frappe-chart")).to_have_count(2)
	page.wait_for_function(
		"""[...document.querySelectorAll(".dashboard-widget-box")].every(chart =>
			[...chart.querySelectorAll("rect.bar")].some(bar => bar.getAttribute("height") > 5))"""
	)
	expect(page.locator(".shortcut-widget-box")).to_have_count(4)
	expect(page.locator(".links-widget-box")).to_have_count(4)
	assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
	look(page, f"workspace-{language}-{device}")


def test_cards_and_shortcuts_lead_somewhere(desk, running_shop):
	frappe.defaults.set_user_default("company", running_shop, MANAGER)
	page = desk(MANAGER)
	for card, report in ((1, "Points Liability"), (2, "Expiring Points")):
		open_workspace(page)
		page.locator(".widget.number-widget-box").nth(card).click()
		page.wait_for_function("name => window.frappe?.query_report?.report_name === name", arg=report)
		settle(page)
	open_workspace(page)
	page.locator(".shortcut-widget-box", has_text="Adjust").click()
	page.wait_for_function("window.cur_frm?.doctype === 'CCMS Points Adjustment' && cur_frm.doc.__islocal")
	open_workspace(page)
	page.locator(".shortcut-widget-box", has_text="Statement").click()
	page.wait_for_function("window.frappe?.query_report?.report_name === 'Points Statement'")
