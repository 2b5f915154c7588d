"""The Loyalty tab of a customer."""

import frappe
import pytest
from frappe.utils import add_days, nowdate
from playwright.sync_api import Page, expect

from tests.browser.conftest import settle
from tests.browser.screens import fresh, member
from tests.site import factories, shop
from tests.site.world import ANALYST, CASHIER, COMPANY, EXPENSE, account


def open_tab(page: Page, customer):
	"""The tab's content, filled."""
	page.goto(f"/app/customer/{factories.name_of(customer)}")
	page.wait_for_function("name => window.cur_frm?.doc?.name === name", arg=factories.name_of(customer))
	settle(page)
	# in Chinese too: the tab is found by its field
	page.locator("[role=tab][data-fieldname=ccms_loyalty_tab]").click()
	tab = page.locator("[data-fieldname=ccms_loyalty_html]")
	expect(tab.locator(".ccms-card").first).to_be_visible()
	return tab


def membership_of(customer) -> str:
	frappe.db.rollback()
	return frappe.db.get_value("CCMS Membership", {"customer": customer.name}, "name")


def test_balances_tier_expiry_and_movements(desk):
	customer, program = member(
		points=320,
		tiers=factories.make_tiers(Silver=0, Gold=400),
		expiry_model="Rolling",
		expiry_months=1,
	)
	sale = factories.make_sales_invoice(customer, ccms_redeem_points=200)
	frappe.db.commit()
	tab = open_tab(desk(), customer)

	card = fresh("CCMS Membership", membership_of(customer)).member_no
	expect(tab).to_contain_text(f"card {' '.join(card[at : at + 4] for at in range(0, len(card), 4))}")
	expect(tab).to_contain_text(program.name)
	figures = tab.locator(".ccms-figure")
	expect(figures).to_have_text(
		["200active", "0pending", "0owed", "0held", "CNY 20.00worth"]
	)  # 320 − 200 + 80
	expect(tab.locator(".ccms-progress")).to_contain_text("Gold since")
	expect(tab.locator(".ccms-progress")).to_contain_text("The highest tier")
	expect(tab.locator(".ccms-expiries")).to_contain_text("200 points on")

	rows = tab.locator(".ccms-moves tr")
	expect(rows.filter(has_text="−200").get_by_role("link", name=sale.name)).to_be_visible()
	expect(rows.filter(has_text="+80").get_by_role("link", name=sale.name)).to_be_visible()
	rows.filter(has_text="−200").get_by_role("link", name=sale.name).click()
	tab.page.wait_for_function(
		"name => cur_frm.doc.name === name && cur_frm.doctype === 'Sales Invoice'", arg=sale.name
	)


def test_progress_to_the_next_tier(desk):
	customer, _ = member(points=300, tiers=factories.make_tiers(Silver=0, Gold=400))
	tab = open_tab(desk(), customer)
	expect(tab.locator(".ccms-progress")).to_contain_text("Silver since")
	expect(tab.locator(".ccms-progress")).to_contain_text("to Gold: CNY 100.00")
	expect(tab.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "75")


def test_enrolling_from_the_empty_tab(desk):
	program = factories.make_program()
	customer = factories.make_customer()
	frappe.db.commit()
	page = desk()
	tab = open_tab(page, customer)
	expect(tab).to_contain_text("Not a member yet")
	tab.get_by_role("button", name="Enrol").click()
	choice = page.locator(".modal.show")
	expect(tab.locator("[data-membership]").or_(choice)).to_be_visible()
	if choice.is_visible():
		choice.locator("select").select_option(program.name)
		choice.get_by_role("button", name="Enrol").click()
	expect(tab.locator("[data-membership]")).to_be_visible()
	expect(tab).to_contain_text("No movements yet")
	assert membership_of(customer)


def test_freezing_and_unfreezing(desk):
	customer, _ = member(points=100)
	page = desk()
	tab = open_tab(page, customer)
	for button, status in (("Freeze", "Frozen"), ("Unfreeze", "Active")):
		tab.get_by_role("button", name=button, exact=True).click()
		page.locator(".modal.show").get_by_role("button", name=button, exact=True).click()
		expect(tab.locator(".indicator-pill", has_text=status)).to_be_visible()
		assert fresh("CCMS Membership", membership_of(customer)).status == status


def test_adjusting_and_the_statement(desk):
	customer, _ = member(points=100)
	page = desk()
	tab = open_tab(page, customer)
	tab.get_by_role("button", name="Adjust").click()
	page.wait_for_function("cur_frm?.doctype === 'CCMS Points Adjustment' && cur_frm.doc.membership")
	assert page.evaluate("cur_frm.doc.membership") == membership_of(customer)

	tab = open_tab(page, customer)
	tab.get_by_role("button", name="Statement").click()
	page.wait_for_url("**/query-report/Points%20Statement**")


@pytest.mark.parametrize(("user", "buttons"), [(CASHIER, ["Statement"]), (ANALYST, None)])
def test_buttons_only_for_those_who_may(desk, user, buttons):
	customer, _ = member(points=100)
	page = desk(user)
	if buttons is None:
		page.goto(f"/app/customer/{customer.name}")
		expect(page.get_by_text("Not permitted").first).to_be_visible()
		return
	tab = open_tab(page, customer)
	expect(tab.locator("[data-membership] button")).to_have_text(buttons)


def test_moving_out_of_erpnexts_own_programme(desk):
	own = frappe.get_doc(
		{
			"doctype": "Loyalty Program",
			"loyalty_program_name": f"Own {frappe.generate_hash(length=6)}",
			"loyalty_program_type": "Single Tier Program",
			"from_date": add_days(nowdate(), -30),
			"company": COMPANY,
			"conversion_factor": 0.1,
			"expense_account": account(EXPENSE),
			"cost_center": account("Main"),
			"collection_rules": [{"tier_name": "Base", "min_spent": 0, "collection_factor": 1}],
		}
	).insert()
	customer = factories.make_customer(loyalty_program=own.name)
	factories.make_sales_invoice(customer, rate=70)
	program = factories.make_program()
	frappe.db.commit()
	page = desk()
	tab = open_tab(page, customer)
	expect(tab.locator(".ccms-own-program")).to_contain_text(own.name)
	tab.get_by_role("button", name="Move the points here").click()
	choice = page.locator(".modal.show")
	choice.locator("select").select_option(program.name)
	choice.get_by_role("button", name="Move").click()
	expect(tab.locator(".ccms-figure").first).to_have_text("70active")
	expect(tab.locator(".ccms-own-program")).to_have_count(0)
	assert not fresh("Customer", customer.name).loyalty_program


def test_what_comes_from_the_database_is_shown_as_text(desk):
	evil = f"<img src=x{frappe.generate_hash(length=6)} onerror=window.hacked=1>"
	customer, _ = member(points=100)
	frappe.db.set_value(
		"CCMS Membership", membership_of(customer), "member_no", evil
	)  # past what Frappe cleans
	frappe.db.commit()
	page = desk()
	tab = open_tab(page, customer)
	expect(tab).to_contain_text(f"card {evil}")
	assert tab.locator("img").count() == 0
	assert page.evaluate("window.hacked") is None


@pytest.mark.parametrize("device", ["desktop", "phone"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_tab_fits_every_screen(desk, look, language, device):
	customer, _ = member(
		points=320, tiers=factories.make_tiers(Silver=0, Gold=1000), expiry_model="Rolling", expiry_months=1
	)
	factories.make_sales_invoice(customer, ccms_redeem_points=200)
	frappe.db.commit()
	page = desk(language=language, device=device)
	tab = open_tab(page, customer)
	box = tab.locator(".ccms-card").first.bounding_box()
	assert box["x"] >= 0 and box["x"] + box["width"] <= page.viewport_size["width"]
	assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
	look(page, f"customer-tab-{language}-{device}")


# --- behaviour ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def buyers(site) -> list[str]:
	"""Customers of the shop whose scores are published: the one with most orders first, one with a single order last."""
	company = shop.scored()
	return frappe.get_all(
		"CCMS Customer Profile", filters={"company": company}, order_by="orders desc, name", pluck="customer"
	)


def open_behaviour(page: Page, customer: str):
	tab = open_tab(page, customer)
	card = tab.locator(".ccms-behaviour")
	expect(card.first).to_be_visible()
	return card


@pytest.mark.parametrize("device", ["desktop", "phone"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_how_a_customer_buys(desk, look, buyers, language, device):
	page = desk(language=language, device=device)
	card = open_behaviour(page, buyers[0])
	for name in ("cycle", "last_order", "times", "likes", "value", "expected", "churn", "rfm", "returns"):
		expect(card.locator(f"[data-fact={name}]")).to_be_visible()
	expect(card.locator(".ccms-spending svg rect.bar").first).to_be_attached()
	risk = card.locator("[data-fact=churn]")
	orders = frappe.db.get_value("CCMS Customer Profile", {"customer": buyers[0]}, "orders")
	assert str(orders) in risk.get_attribute("title")
	# who cannot hover reads the basis beneath
	card.locator("[data-fact=cycle]").click()
	expect(card.locator(".ccms-basis-line").first).to_contain_text(str(orders))
	assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
	look(page, f"customer-behaviour-{language}-{device}")


def test_too_little_data_says_so(desk, buyers):
	card = open_behaviour(desk(), buyers[-1])
	expect(card.locator("[data-fact=cycle]")).to_contain_text("not enough orders yet (1 of 4)")
	expect(card.locator("[data-fact=next]")).to_contain_text("not enough orders yet (1 of 3)")


def test_nobody_has_bought_yet(desk):
	customer = factories.make_customer()
	frappe.db.commit()
	expect(open_behaviour(desk(), customer)).to_contain_text("No orders yet")


def test_a_figure_leads_to_its_customers(desk, buyers):
	page = desk()
	card = open_behaviour(page, buyers[0])
	card.locator("[data-fact=rfm]").click()
	page.wait_for_url("**/query-report/Customers%20Behind**rfm_group=**")
