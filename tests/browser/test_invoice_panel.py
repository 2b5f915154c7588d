"""The loyalty panel on Sales Invoice and POS Invoice: selling, redeeming and returning with it."""

import json

import frappe
import pytest
from playwright.sync_api import expect

from ccms_app.api.loyalty import set_status
from tests.browser.conftest import settle
from tests.browser.screens import (
	fresh,
	member,
	movements,
	new_invoice,
	panel,
	points_field,
	read_dialog,
	saved_name,
	submit,
)
from tests.site import factories
from tests.site.books import check_books
from tests.site.payments import close_till
from tests.site.world import CASHIER, COMPANY, SELLER, TILL, make_user

TIERS = factories.make_tiers(Silver=0, Gold=(300, 1.125))


def test_selling_and_redeeming_on_a_sales_invoice(desk, look):
	customer, _ = member(points=320, tiers=TIERS, redeem_step=50)
	page = desk()
	new_invoice(page, customer)

	expect(panel(page)).to_contain_text("Gold")
	expect(panel(page)).to_contain_text("320 points =")
	expect(panel(page)).to_contain_text("This sale earns 112")
	expect(panel(page)).to_contain_text("100 base + 12 Gold")
	expect(panel(page)).to_contain_text("of at most 300")

	points_field(page).press_sequentially("200")
	expect(panel(page).locator(".ccms-off")).to_contain_text("20.00")
	expect(panel(page).locator(".ccms-due")).to_contain_text("80.00 to pay")
	expect(panel(page)).to_contain_text("This sale earns 90")
	look(page, "invoice-panel")

	name = saved_name(page)
	draft = fresh("Sales Invoice", name)
	assert (draft.ccms_redeem_points, draft.ccms_redeem_amount, draft.grand_total) == (200, 20, 80)
	assert movements(name) == {}, "a draft takes nothing"

	submit(page)
	assert fresh("Sales Invoice", name).outstanding_amount == 80
	assert movements(name) == {"Redeem": -200, "Earn": 90}
	expect(panel(page)).to_contain_text("Earned 90 points")
	expect(panel(page)).to_contain_text("Used 200 points")
	look(page, "invoice-panel-submitted")

	panel(page).get_by_role("link", name="2 entries").click()
	page.wait_for_function(
		"window.cur_list?.doctype === 'CCMS Points Ledger Entry' && cur_list.data.length === 2"
	)


def test_by_keyboard_and_use_all(desk):
	customer, _ = member(points=320, redeem_step=50)
	page = desk()
	new_invoice(page, customer)
	expect(points_field(page)).to_be_visible()
	page.keyboard.press("Shift+Control+L")
	expect(points_field(page)).to_be_focused()

	panel(page).get_by_role("button", name="Use all").click()
	expect(points_field(page)).to_have_value("300")
	expect(panel(page).locator(".ccms-off")).to_contain_text("30.00")
	points_field(page).press("ArrowDown")
	expect(points_field(page)).to_have_value("250")
	expect(panel(page).locator(".ccms-off")).to_contain_text("25.00")
	assert page.evaluate("cur_frm.doc.ccms_redeem_points") == 250

	points_field(page).fill("１００")  # as a Chinese keyboard types it
	expect(panel(page).locator(".ccms-off")).to_contain_text("10.00")
	points_field(page).fill("")
	expect(panel(page).locator(".ccms-off")).to_have_text("")
	assert fresh("Sales Invoice", saved_name(page)).grand_total == 100


@pytest.mark.parametrize(
	("typed", "told"),
	[
		("-50", "more than zero"),
		("0.5", "whole points"),
		("400", "Only 320 points"),
		("50", "from 100 on"),
		("230", "steps of 50"),
		("300", "At most 25%"),
	],
)
def test_wrong_points_are_told_before_saving_and_refused_on_saving(desk, typed, told):
	customer, _ = member(points=320, redeem_step=50, min_redeem_points=100, max_redeem_percent=25)
	page = desk()
	new_invoice(page, customer)

	points_field(page).fill(typed)
	expect(panel(page).get_by_role("alert")).to_contain_text(told)
	expect(points_field(page)).to_have_attribute("aria-invalid", "true")
	expect(panel(page).locator(".ccms-off")).to_have_text("")

	page.locator(".page-head:visible .primary-action").click()
	assert told in read_dialog(page)
	frappe.db.rollback()
	assert not frappe.db.exists("Sales Invoice", {"customer": customer.name, "grand_total": ["<", 320]})

	points_field(page).fill("200")
	expect(panel(page).get_by_role("alert")).to_have_text("")
	assert fresh("Sales Invoice", saved_name(page)).grand_total == 80


def test_what_is_no_number_is_not_saved(desk):
	customer, _ = member(points=320)
	page = desk()
	new_invoice(page, customer)
	points_field(page).fill("100")
	expect(panel(page).locator(".ccms-off")).to_contain_text("10.00")
	points_field(page).fill("many")
	expect(panel(page).get_by_role("alert")).to_contain_text("Enter a number of points.")
	page.locator(".page-head:visible .primary-action").click()
	assert "Enter a number of points." in read_dialog(page)
	frappe.db.rollback()
	assert not frappe.db.exists("Sales Invoice", {"customer": customer.name, "docstatus": 0})


def test_a_late_answer_of_an_older_question_is_dropped(desk):
	customer, _ = member(points=320)
	page = desk()
	new_invoice(page, customer)

	def slowly(route):
		"""The answer to 100 points arrives after the one to 200."""
		asked = json.loads(json.loads(route.request.post_data)["doc"]).get("ccms_redeem_points")
		if asked == 100:
			page.wait_for_timeout(1500)
		route.continue_()

	page.route("**/api/method/ccms_app.api.loyalty.preview", slowly)
	points_field(page).fill("100")
	page.wait_for_timeout(450)  # longer than the pause of somebody who types: the question is under way
	points_field(page).fill("200")
	expect(panel(page).locator(".ccms-off")).to_contain_text("20.00")
	page.wait_for_timeout(2000)
	expect(panel(page).locator(".ccms-off")).to_contain_text("20.00")
	expect(panel(page).locator(".ccms-panel.ccms-busy")).to_have_count(0)


def test_the_panel_follows_the_customer(desk):
	first, _ = member(points=320)
	second, _ = member(points=70)
	page = desk()
	new_invoice(page, first)
	expect(panel(page)).to_contain_text("320 points =")
	points_field(page).fill("100")
	expect(panel(page).locator(".ccms-off")).to_contain_text("10.00")

	page.evaluate("name => cur_frm.set_value('customer', name)", second.name)
	expect(panel(page)).to_contain_text("70 points =")
	expect(points_field(page)).to_have_value("")
	assert not page.evaluate("cur_frm.doc.ccms_redeem_points")
	assert fresh("Sales Invoice", saved_name(page)).grand_total == 100


def test_a_stranger_is_enrolled_from_the_panel(desk):
	program = factories.make_program()
	customer = factories.make_customer()
	frappe.db.commit()
	page = desk()
	new_invoice(page, customer)
	expect(panel(page)).to_contain_text("Not a member")
	panel(page).get_by_role("button", name="Enrol", exact=True).click()
	several = panel(page).get_by_role("button", name=f"Enrol in {program.name}")
	expect(panel(page).locator(".ccms-balance").or_(several)).to_be_visible()
	if several.is_visible():
		several.click()
	expect(panel(page)).to_contain_text("0 points =")
	frappe.db.rollback()
	assert frappe.db.exists("CCMS Membership", {"customer": customer.name, "status": "Active"})

	name = saved_name(page)
	submit(page)
	assert movements(name) == {"Earn": 100}


def test_who_may_not_enrol_sees_no_button(desk):
	factories.make_program()
	customer = factories.make_customer()
	frappe.db.commit()
	page = desk(SELLER)
	new_invoice(page, customer)
	expect(panel(page)).to_contain_text("Not a member")
	expect(panel(page).get_by_role("button", name="Enrol")).to_have_count(0)


def test_another_membership_can_be_chosen(desk):
	customer, _ = member(points=320)
	other = factories.make_program(point_value=0.5)
	membership = factories.enrol(customer, other)
	frappe.db.commit()
	page = desk()
	new_invoice(page, customer)
	expect(panel(page)).to_contain_text("320 points =")
	panel(page).get_by_label("Program").select_option(label=other.name)
	expect(panel(page)).to_contain_text("0 points =")
	name = saved_name(page)
	assert fresh("Sales Invoice", name).ccms_membership == membership


def test_an_invoice_paid_at_once_is_paid_what_is_due_after_points(desk):
	customer, _ = member(points=320)
	page = desk(CASHIER)
	new_invoice(page, customer, is_pos=1, pos_profile=TILL)
	assert page.evaluate("cur_frm.doc.payments[0].amount") == 100
	points_field(page).fill("200")
	page.wait_for_function("cur_frm.doc.payments[0].amount === 80")
	points_field(page).fill("300")
	page.wait_for_function("cur_frm.doc.payments[0].amount === 70")

	name = saved_name(page)
	submit(page)
	invoice = fresh("Sales Invoice", name)
	assert (invoice.grand_total, invoice.paid_amount, invoice.change_amount, invoice.outstanding_amount) == (
		70,
		70,
		0,
		0,
	)
	assert movements(name) == {"Redeem": -300, "Earn": 70}


def test_saving_while_typing_still_pays_what_is_due(desk):
	"""The default payment is put right even when somebody saves faster than the server answers."""
	customer, _ = member(points=320)
	page = desk(CASHIER)
	new_invoice(page, customer, is_pos=1, pos_profile=TILL)
	points_field(page).fill("200")
	page.keyboard.press("Control+s")
	page.wait_for_function("!cur_frm.doc.__islocal && !cur_frm.doc.__unsaved")
	invoice = fresh("Sales Invoice", page.evaluate("cur_frm.doc.name"))
	assert (invoice.grand_total, invoice.paid_amount) == (80, 80)


@pytest.mark.parametrize("doctype", ["Sales Invoice", "POS Invoice"])
def test_a_return_tells_what_it_takes_and_gives_before_saving(desk, look, doctype):
	customer, _ = member(points=320)
	make = factories.make_sales_invoice if doctype == "Sales Invoice" else factories.make_pos_invoice
	# The form of the return cuts the copied time to whole minutes, and would stand before the sale.
	sale = make(customer, qty=2, rate=100, ccms_redeem_points=200, posting_time="00:01:00")
	frappe.db.commit()
	assert movements(sale.name) == {"Redeem": -200, "Earn": 180}

	page = desk()
	page.goto(f"/app/{frappe.scrub(doctype).replace('_', '-')}/{sale.name}")
	expect(panel(page)).to_contain_text("Earned 180 points")
	page.evaluate(
		"""doctype => frappe.model.open_mapped_doc({
		method: `erpnext.accounts.doctype.${frappe.scrub(doctype)}.${frappe.scrub(doctype)}.make_sales_return`,
		frm: cur_frm,
	})""",
		doctype,
	)
	page.wait_for_function("cur_frm.doc.is_return && cur_frm.doc.__islocal")
	settle(page)
	expect(panel(page)).to_contain_text("takes back 180 earned points")
	expect(panel(page)).to_contain_text("gives back 200 used points")

	page.evaluate(
		"async () => { const row = cur_frm.doc.items[0]; await frappe.model.set_value(row.doctype, row.name, 'qty', -1); }"
	)
	expect(panel(page)).to_contain_text("takes back 90 earned points")
	expect(panel(page)).to_contain_text("gives back 100 used points")
	expect(points_field(page)).to_be_hidden()
	expect(page.locator(".frappe-control[data-fieldname=ccms_redeem_points]")).to_be_hidden()
	look(page, f"return-panel-{frappe.scrub(doctype)}")

	name = saved_name(page)
	if doctype == "Sales Invoice":
		assert "Update Outstanding for Self" in read_dialog(page)  # ERPNext's own advice on credit notes
	submit(page)
	assert fresh(doctype, name).grand_total == -90
	assert movements(name) == {"Restore": 100, "Clawback": -90}
	expect(panel(page)).to_contain_text("Gave back 100 points")
	expect(panel(page)).to_contain_text("Took back 90 points")


def test_a_frozen_member_earns_and_cannot_spend(desk):
	customer, _ = member(points=320)
	membership = frappe.db.get_value("CCMS Membership", {"customer": customer.name})
	set_status(membership, "Frozen", "Misuse")
	frappe.db.commit()
	page = desk()
	new_invoice(page, customer)
	expect(panel(page)).to_contain_text("Frozen")
	expect(panel(page)).to_contain_text("This sale earns 100")
	expect(points_field(page)).to_be_hidden()


def test_a_cancelled_invoice_says_so(desk):
	customer, _ = member(points=320)
	sale = factories.make_sales_invoice(customer, ccms_redeem_points=200)
	sale.cancel()
	frappe.db.commit()
	page = desk()
	page.goto(f"/app/sales-invoice/{sale.name}")
	expect(panel(page)).to_contain_text("Cancelled: its points are as they were before")
	expect(panel(page).get_by_role("link", name="entries")).to_be_visible()


def test_a_consolidated_invoice_has_no_panel(desk, as_user):
	customer, _ = member(points=320)
	# somebody with a till of their own: a closing of ten sales and more would go to a background job
	who = make_user(
		f"{frappe.generate_hash(length=6)}@ccms.test", "System Manager", "Sales Manager", "Accounts Manager"
	)
	with as_user(who):
		opening = factories.open_till(user=who)
		sale = factories.make_pos_invoice(customer)
		close_till(opening)
	frappe.db.commit()
	consolidated = fresh("POS Invoice", sale.name).consolidated_invoice
	page = desk()
	page.goto(f"/app/sales-invoice/{consolidated}")
	page.wait_for_function("window.cur_frm?.doc?.is_consolidated")
	settle(page)
	expect(panel(page)).to_have_count(0)
	expect(page.get_by_text("Loyalty", exact=True)).to_be_hidden()


def test_an_invoice_in_another_currency(desk, look):
	"""Points are worth the company's own money, whatever the customer pays in: 1 USD is 7 CNY here."""
	customer, _ = member(points=700)
	page = desk()
	new_invoice(page, customer, currency="USD")
	page.wait_for_function("cur_frm.doc.currency === 'USD' && cur_frm.doc.base_grand_total === 700")
	expect(panel(page)).to_contain_text("700 points = CNY 70.00")
	expect(panel(page)).to_contain_text("This sale earns 700")
	expect(panel(page)).to_contain_text("of at most 700")

	points_field(page).press_sequentially("350")
	expect(panel(page).locator(".ccms-off")).to_contain_text("CNY 35.00")
	expect(panel(page).locator(".ccms-due")).to_contain_text("$ 95.00 to pay")
	expect(panel(page)).to_contain_text("This sale earns 665")
	look(page, "invoice-panel-usd")

	name = saved_name(page)
	submit(page)
	sold = fresh("Sales Invoice", name)
	assert (sold.grand_total, sold.base_grand_total, sold.ccms_redeem_amount) == (95, 665, 35)
	assert movements(name) == {"Redeem": -350, "Earn": 665}
	check_books(sold)
	expect(panel(page)).to_contain_text("Earned 665 points")


@pytest.mark.parametrize("device", ["desktop", "phone"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_panel_fits_every_screen(desk, look, language, device):
	customer, _ = member(points=320, tiers=TIERS, expiry_model="Rolling", expiry_months=1)
	page = desk(language=language, device=device)
	new_invoice(page, customer)
	field = panel(page).locator("input.ccms-points")
	field.fill("220")
	expect(panel(page).locator(".ccms-off")).to_contain_text("22.00")
	panel(page).scroll_into_view_if_needed()
	assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
	box, inside = panel(page).bounding_box(), field.bounding_box()
	assert inside["x"] >= box["x"] and inside["x"] + inside["width"] <= box["x"] + box["width"]
	look(page, f"invoice-panel-{language}-{device}")
	assert page.evaluate("cur_frm.doc.company") == COMPANY
