"""The loyalty panel on the payment screen of ERPNext's Point of Sale page."""

import frappe
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import settle
from tests.browser.screens import (
	checkout,
	choose_customer,
	complete,
	fresh,
	member,
	movements,
	open_till_page,
	panel,
	points_field,
	ring_up,
	till,
)
from tests.site import factories
from tests.site.world import CUP, TEA, make_user


@pytest.fixture
def at_till(desk):
	"""`at_till(customer, *items, user=…, device=…)`: a page on the payment screen."""

	def go(customer, *items, user="Administrator", **options):
		page = desk(user, **options)
		open_till_page(page, user)
		ring_up(page, customer, *items)
		checkout(page)
		return page

	return go


def totals(page) -> str:
	return page.locator(".payment-container .totals").inner_text()


def test_selling_with_points(at_till, look):
	customer, _ = member(points=320, redeem_step=50)
	# what ERPNext asks of who opens and works a till, and our own role
	till_worker = make_user(
		"till@ccms.test", "Sales Manager", "Sales User", "Accounts User", "Stock User", "CCMS Cashier"
	)
	page = at_till(customer, user=till_worker)
	expect(panel(page)).to_contain_text("320 points =")
	expect(panel(page)).to_contain_text("This sale earns 100")
	expect(panel(page)).to_contain_text("of at most 300")

	points_field(page).press_sequentially("200")
	expect(panel(page).locator(".ccms-due")).to_contain_text("80.00 to pay")
	points_field(page).press("Enter")
	page.wait_for_function("cur_pos.frm.doc.grand_total === 80 && cur_pos.frm.doc.paid_amount === 80")
	settle(page)
	assert till(page, "payments[0].amount") == 80
	expect(page.locator(".payment-container .totals .value").first).to_contain_text("80.00")
	expect(page.locator(".cart-totals-section .grand-total-container")).to_contain_text("80.00")
	expect(page.locator(".mode-of-payment.border-primary input")).to_be_focused()
	expect(
		page.locator(".cash-shortcuts .shortcut").first
	).to_be_hidden()  # points are not paid out as change
	look(page, "till-points")

	name = complete(page)
	sold = fresh("POS Invoice", name)
	assert (sold.docstatus, sold.grand_total, sold.paid_amount, sold.change_amount) == (1, 80, 80, 0)
	assert movements(name) == {"Redeem": -200, "Earn": 80}
	summary = page.locator(".past-order-summary .totals-container")
	expect(summary).to_contain_text("Points earned")
	expect(summary).to_contain_text("+80")
	expect(summary).to_contain_text("−200")
	look(page, "till-summary")


def test_a_discount_given_on_the_payment_screen(at_till):
	customer, _ = member(points=2000)
	page = at_till(customer)
	points_field(page).fill("200")
	points_field(page).press("Enter")
	page.wait_for_function("cur_pos.frm.doc.paid_amount === 80 && !cur_pos.frm.doc.__unsaved")
	settle(page)
	page.locator(".add-discount-wrapper").click()
	discount = page.locator(".add-discount-field input")
	discount.fill("10")
	discount.press("Tab")
	page.wait_for_function("cur_pos.frm.doc.discount_amount === 10")
	expect(panel(page).locator(".ccms-due")).to_contain_text("70.00 to pay")
	page.wait_for_function("cur_pos.frm.doc.grand_total === 70 && cur_pos.frm.doc.paid_amount === 70")
	name = complete(page)
	sold = fresh("POS Invoice", name)
	assert (sold.discount_amount, sold.grand_total, sold.paid_amount, sold.change_amount) == (10, 70, 70, 0)
	assert movements(name) == {"Redeem": -200, "Earn": 70}


def test_points_may_pay_everything(at_till):
	customer, _ = member(points=1500)
	page = at_till(customer)
	panel(page).get_by_role("button", name="Use all").click()
	page.wait_for_function("cur_pos.frm.doc.grand_total === 0 && !cur_pos.frm.doc.__unsaved")
	settle(page)
	expect(points_field(page)).to_have_value("1,000")
	name = complete(page)
	sold = fresh("POS Invoice", name)
	assert (sold.docstatus, sold.grand_total, sold.paid_amount) == (1, 0, 0)
	assert movements(name) == {"Redeem": -1000}


def test_the_number_pad_types_points_when_they_were_touched_last(at_till):
	customer, _ = member(points=320)
	page = at_till(customer)
	pad = page.locator(".payment-container .number-pad")
	points_field(page).click()
	for key in "1234":
		pad.get_by_text(key, exact=True).click()
	pad.get_by_text("Delete").click()
	pad.get_by_text("Delete").click()
	pad.get_by_text("0", exact=True).click()
	expect(points_field(page)).to_have_value("120")
	expect(panel(page).locator(".ccms-off")).to_contain_text("12.00")
	assert till(page, "paid_amount") == 100, "the payment is not typed into meanwhile"

	page.locator(".mode-of-payment").first.click()
	page.wait_for_function("cur_pos.frm.doc.grand_total === 88 && cur_pos.frm.doc.paid_amount === 88")
	settle(page)
	pad.get_by_text("9", exact=True).click()
	page.wait_for_function("cur_pos.frm.doc.paid_amount === 9")
	expect(points_field(page)).to_have_value("120")


@pytest.mark.parametrize(
	("typed", "told"), [("-50", "more than zero"), ("500", "Only 320 points"), ("70", "steps of 50")]
)
def test_wrong_points_are_told_and_the_order_waits(at_till, typed, told):
	customer, _ = member(points=320, redeem_step=50)
	page = at_till(customer)
	points_field(page).fill(typed)
	expect(panel(page).get_by_role("alert")).to_contain_text(told)
	page.locator(".submit-order-btn").click()
	settle(page)
	expect(page.locator(".modal.show")).to_have_count(0)
	expect(points_field(page)).to_be_focused()
	assert fresh("POS Invoice", till(page, "name")).docstatus == 0

	points_field(page).fill("100")
	expect(panel(page).get_by_role("alert")).to_have_text("")
	name = complete(page)
	sold = fresh("POS Invoice", name)
	assert (sold.docstatus, sold.grand_total, sold.paid_amount, sold.change_amount) == (1, 90, 90, 0)


def test_completing_straight_after_typing(at_till):
	"""Nobody has to press Enter: the order is completed with the points on the screen, and pays no change."""
	customer, _ = member(points=320)
	page = at_till(customer)
	points_field(page).press_sequentially("200")
	name = complete(page)
	sold = fresh("POS Invoice", name)
	assert (sold.grand_total, sold.paid_amount, sold.change_amount) == (80, 80, 0)
	assert movements(name) == {"Redeem": -200, "Earn": 80}


def test_points_taken_off_again(at_till):
	customer, _ = member(points=320)
	page = at_till(customer)
	points_field(page).fill("200")
	points_field(page).press("Enter")
	page.wait_for_function("cur_pos.frm.doc.paid_amount === 80 && !cur_pos.frm.doc.__unsaved")
	settle(page)
	points_field(page).fill("")
	points_field(page).press("Enter")
	page.wait_for_function("cur_pos.frm.doc.paid_amount === 100 && !cur_pos.frm.doc.__unsaved")
	settle(page)
	name = complete(page)
	assert movements(name) == {"Earn": 100}


def test_editing_the_cart_after_points(at_till):
	customer, _ = member(points=2000, max_redeem_percent=50)
	page = at_till(customer, TEA, TEA)
	points_field(page).fill("600")
	points_field(page).press("Enter")
	page.wait_for_function("cur_pos.frm.doc.grand_total === 140 && !cur_pos.frm.doc.__unsaved")
	settle(page)

	page.locator(".edit-cart-btn").click()
	page.locator(".cart-item-wrapper", has_text=TEA).click()
	quantity = page.locator(".item-details-container .qty-control input")
	quantity.fill("1")
	quantity.press("Tab")
	page.wait_for_function("cur_pos.frm.doc.items[0].qty === 1")
	settle(page)
	page.locator(".item-details-container .close-btn").click()
	checkout(page)
	expect(page.locator(".desk-alert", has_text="Points lowered from 600 to 500")).to_be_visible()
	expect(points_field(page)).to_have_value("500")
	page.wait_for_function("cur_pos.frm.doc.grand_total === 50 && cur_pos.frm.doc.paid_amount === 50")
	name = complete(page)
	assert movements(name) == {"Redeem": -500, "Earn": 50}


def test_going_back_to_the_cart_without_finishing_the_points(at_till):
	customer, _ = member(points=320)
	page = at_till(customer)
	points_field(page).press_sequentially("200")
	page.locator(".edit-cart-btn").click()
	page.locator(".item-wrapper:visible", has_text=CUP).first.click()
	page.wait_for_function("cur_pos.frm.doc.items.length === 2")
	settle(page)
	checkout(page)
	expect(points_field(page)).to_have_value("200")
	page.wait_for_function("cur_pos.frm.doc.grand_total === 110 && cur_pos.frm.doc.paid_amount === 110")
	name = complete(page)
	assert movements(name) == {"Redeem": -200, "Earn": 110}


def test_another_customer_takes_no_points_along(at_till):
	first, _ = member(points=320)
	second, _ = member(points=70)
	page = at_till(first)
	points_field(page).fill("200")
	points_field(page).press("Enter")
	page.wait_for_function("cur_pos.frm.doc.grand_total === 80 && !cur_pos.frm.doc.__unsaved")
	settle(page)
	page.locator(".edit-cart-btn").click()
	choose_customer(page, second)
	checkout(page)
	expect(panel(page)).to_contain_text("70 points =")
	expect(points_field(page)).to_have_value("")
	page.wait_for_function("cur_pos.frm.doc.grand_total === 100 && cur_pos.frm.doc.paid_amount === 100")
	name = complete(page)
	sold = fresh("POS Invoice", name)
	assert sold.customer == second.name
	assert movements(name) == {"Earn": 100}


def test_the_next_order_starts_clean(at_till):
	first, _ = member(points=320)
	second, _ = member(points=70)
	page = at_till(first)
	points_field(page).fill("200")
	points_field(page).press("Enter")
	page.wait_for_function("cur_pos.frm.doc.grand_total === 80 && !cur_pos.frm.doc.__unsaved")
	settle(page)
	complete(page)
	page.locator(".new-btn").click()
	page.wait_for_function("cur_pos.frm.doc.__islocal && !cur_pos.frm.doc.items.length")
	settle(page)
	ring_up(page, second)
	checkout(page)
	expect(panel(page)).to_contain_text("70 points =")
	expect(points_field(page)).to_have_value("")
	assert till(page, "grand_total") == 100


def test_a_stranger_is_enrolled_at_the_till(at_till):
	program = factories.make_program()
	customer = factories.make_customer()
	frappe.db.commit()
	page = at_till(customer)
	expect(panel(page)).to_contain_text("Not a member")
	panel(page).get_by_role("button", name="Enrol", exact=True).click()
	several = panel(page).get_by_role("button", name=f"Enrol in {program.name}")
	expect(panel(page).locator(".ccms-balance").or_(several)).to_be_visible()
	if several.is_visible():
		several.click()
	expect(panel(page)).to_contain_text("This sale earns 100")
	name = complete(page)
	assert movements(name) == {"Earn": 100}


def test_returning_from_the_recent_orders(desk, look):
	customer, _ = member(points=320)
	sale = factories.make_pos_invoice(customer, ccms_redeem_points=200)
	frappe.db.commit()
	assert movements(sale.name) == {"Redeem": -200, "Earn": 80}
	page = desk()
	open_till_page(page)
	page.evaluate("cur_pos.toggle_recent_order()")
	page.locator(".past-order-list .status-field select").select_option("Paid")
	page.locator(".past-order-list .invoice-wrapper", has_text=sale.name).click()
	expect(page.locator(".past-order-summary .totals-container")).to_contain_text("Points used")
	page.locator(".return-btn").click()
	page.wait_for_function(
		"name => cur_pos.frm.doc.return_against === name && cur_pos.frm.doc.pos_profile", arg=sale.name
	)
	settle(page)
	checkout(page)
	expect(panel(page)).to_contain_text("takes back 80 earned points")
	expect(panel(page)).to_contain_text("gives back 200 used points")
	look(page, "till-return")
	name = complete(page)
	back = fresh("POS Invoice", name)
	assert (back.docstatus, back.grand_total, back.paid_amount) == (1, -80, -80)
	assert movements(name) == {"Restore": 200, "Clawback": -80}


@pytest.mark.parametrize("device", ["desktop", "phone"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_panel_fits_every_till(at_till, look, language, device):
	customer, _ = member(points=320, expiry_model="Rolling", expiry_months=1)
	page = at_till(customer, language=language, device=device)
	field = panel(page).locator("input.ccms-points")
	field.fill("220")
	expect(panel(page).locator(".ccms-off")).to_contain_text("22.00")
	box, inside = panel(page).bounding_box(), field.bounding_box()
	assert inside["x"] >= box["x"] and inside["x"] + inside["width"] <= box["x"] + box["width"]
	assert box["x"] + box["width"] <= page.viewport_size["width"]
	look(page, f"till-{language}-{device}")
