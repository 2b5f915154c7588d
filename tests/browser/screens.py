"""What the browser tests do on the screens again and again: fill an invoice, reach the till's payment screen."""

import re
from urllib.parse import urlencode

import frappe
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import settle
from tests.site import factories
from tests.site.world import COMPANY, TEA

PANEL = ".ccms-panel"
expect.set_options(timeout=20_000)  # as patient as the pages are


def member(points: float = 0, **program_fields):
	"""(customer, programme) with so many points from an earlier sale; everything committed."""
	program = factories.make_program(**program_fields)
	customer = factories.make_customer(program)
	if points:
		factories.make_sales_invoice(customer, rate=points * program.amount_per_point)
	frappe.db.commit()
	return customer, program


def fresh(doctype: str, name: str):
	"""A document as it stands in the database now, not as this connection first saw it."""
	frappe.db.rollback()
	return frappe.get_doc(doctype, name)


def movements(voucher_no: str) -> dict[str, float]:
	"""{entry type: points} that a document posted."""
	frappe.db.rollback()
	rows = frappe.get_all(
		"CCMS Points Ledger Entry",
		filters={"voucher_no": voucher_no, "points": ["!=", 0]},
		fields=["entry_type", "points"],
	)
	return {row.entry_type: row.points for row in rows}


# --- an invoice form -------------------------------------------------------------------------------------------


def new_invoice(page: Page, customer, doctype: str = "Sales Invoice", rate: float = 100, **fields) -> None:
	"""The form of a new invoice with one tea, as a user has filled it so far."""
	page.goto(f"/app/{frappe.scrub(doctype).replace('_', '-')}/new?{urlencode({'company': COMPANY})}")
	page.wait_for_function(
		f"window.cur_frm?.doctype == '{doctype}' && cur_frm.doc?.__islocal && cur_frm.layout"
	)
	settle(page)
	page.evaluate(
		"""async ([customer, item, rate, fields]) => {
			for (const [field, value] of Object.entries(fields)) await cur_frm.set_value(field, value);
			await cur_frm.set_value("customer", customer);
			await frappe.after_ajax();
			const row = cur_frm.doc.items[0] || cur_frm.add_child("items");
			await frappe.model.set_value(row.doctype, row.name, "item_code", item);
			await frappe.after_ajax();
			await frappe.model.set_value(row.doctype, row.name, "rate", rate);
			await frappe.after_ajax();
		}""",
		[factories.name_of(customer), TEA, rate, fields],
	)
	settle(page)


def panel(page: Page) -> Locator:
	"""The loyalty panel that is in sight."""
	return page.locator(f"{PANEL}:visible")


def points_field(page: Page) -> Locator:
	return panel(page).get_by_label("Use points")


def saved_name(page: Page) -> str:
	"""Save with the button and wait for the document's name."""
	page.locator(".page-head:visible .primary-action").click()
	page.wait_for_function("!cur_frm.doc.__islocal && !cur_frm.doc.__unsaved")
	settle(page)
	return page.evaluate("cur_frm.doc.name")


def submit(page: Page) -> str:
	"""Submit the saved document on the screen, confirm, and wait until it is."""
	page.locator(".page-head:visible .primary-action").click()
	page.locator(".modal.show .btn-primary:visible").click()
	page.wait_for_function("cur_frm.doc.docstatus === 1")
	settle(page)
	return page.evaluate("cur_frm.doc.name")


def read_dialog(page: Page) -> str:
	"""The text of the message that stands in the way; closes it."""
	dialog = page.locator(".modal.show .msgprint")
	expect(dialog).to_be_visible()
	text = dialog.inner_text()
	page.locator(".modal.show .btn-modal-close:visible").click()
	expect(dialog).to_be_hidden()
	return re.sub(r"\s+", " ", text)


# --- the till ----------------------------------------------------------------------------------------------------


def open_till_page(page: Page, user: str = "Administrator") -> None:
	"""The Point of Sale page of somebody whose till is open."""
	factories.open_till(user=user)
	frappe.db.commit()
	page.goto("/app/point-of-sale")
	page.wait_for_function("window.cur_pos?.cart && cur_pos.frm?.doc?.pos_profile && cur_pos.payment")
	settle(page)


def ring_up(page: Page, customer, *items: str) -> None:
	"""Choose the customer and touch the items."""
	choose_customer(page, customer)
	for item in items or (TEA,):
		page.locator(".item-wrapper:visible", has_text=item).first.click()
		settle(page)
	page.wait_for_function("n => cur_pos.frm.doc.items.length >= n", arg=len(set(items or (TEA,))))


def choose_customer(page: Page, customer) -> None:
	if page.locator(".reset-customer-btn:visible").count():
		page.locator(".reset-customer-btn").click()
	page.locator(".customer-field input").fill(factories.name_of(customer))
	page.locator(".customer-field [role=option]").first.click()
	page.wait_for_function("name => cur_pos.frm.doc.customer === name", arg=factories.name_of(customer))
	settle(page)


def checkout(page: Page) -> None:
	"""To the payment screen, with the panel filled."""
	page.locator(".cart-totals-section .checkout-btn[style*='--blue-500']").click()
	expect(page.locator(".payment-container")).to_be_visible()
	expect(panel(page)).to_be_visible()
	settle(page)


def complete(page: Page) -> str:
	"""Complete the order and confirm; returns the invoice's name."""
	page.locator(".submit-order-btn").click()
	page.locator(".modal.show .btn-primary:visible").click()
	expect(page.locator(".past-order-summary .invoice-summary-wrapper")).to_be_visible()
	settle(page)
	return page.evaluate("cur_pos.frm.doc.name")


def till(page: Page, expression: str):
	"""A value of the till's document, like `grand_total`."""
	return page.evaluate(f"cur_pos.frm.doc.{expression}")
