"""Privacy requests, consent wordings and the access log, as those who answer for them see them."""

import frappe
import pytest
from frappe.utils import add_days, nowdate
from playwright.sync_api import Page, expect

from ccms_app.privacy.store import access, requests
from tests.browser.conftest import settle
from tests.site import factories
from tests.site.world import COMPANY, MANAGER

STATES = ("open", "checked", "waiting", "running", "done", "refused")
SLOW = 60_000


def ask(customer, request_type: str = "Erasure", **fields):
	values = {"doctype": requests.DOCTYPE, "customer": customer.name, "request_type": request_type}
	return frappe.get_doc({**values, "company": COMPANY, **fields}).insert()


def checked(customer, request_type: str = "Erasure", **fields):
	return ask(customer, request_type, identity_checked=1, checked_how="Called Back", **fields)


def in_state(state: str):
	"""A request that stands there, through the functions that bring it there; committed."""
	customer = factories.make_customer(customer_name=f"赵敏 {frappe.generate_hash(length=5)}")
	if state == "open":
		doc = ask(customer, details="Please delete my account.")
	elif state == "checked":
		doc = checked(customer, details="Please delete my account.")
	elif state == "waiting":
		factories.make_sales_invoice(customer)
		doc = checked(customer)
		doc.erase()
	elif state == "refused":
		doc = ask(customer, "Portability")
		doc.refuse("The address is another one than that of the customer.")
	else:
		doc = checked(customer)
		doc.erase()
		frappe.db.commit()
		if state == "done":
			requests.erase_job(doc.name)
	frappe.db.commit()
	return frappe.get_doc(requests.DOCTYPE, doc.name)


def open_form(page: Page, doc) -> None:
	page.goto(f"/app/{frappe.scrub(doc.doctype).replace('_', '-')}/{doc.name}")
	page.wait_for_function("name => window.cur_frm?.doc?.name === name", arg=doc.name, timeout=SLOW)
	settle(page)


def fits(page: Page) -> bool:
	return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth + 1")


@pytest.mark.parametrize("state", STATES)
def test_each_state_says_where_it_stands(desk, look, site, state):
	doc = in_state(state)
	page = desk(MANAGER)
	open_form(page, doc)
	intro, buttons = page.locator(".form-message"), page.locator(".page-actions")
	if state == "open":
		expect(intro).to_contain_text("Make sure first who asks")
		expect(buttons.get_by_role("button", name="Erase …")).to_have_count(0)
	elif state == "checked":
		expect(buttons.get_by_role("button", name="Erase …")).to_be_visible()
	elif state == "waiting":
		expect(intro).to_contain_text("Erasure waits")
		expect(intro).to_contain_text("is open: CNY 100.00")
	elif state == "running":
		expect(intro).to_contain_text("at work")
		expect(buttons.get_by_role("button", name="Refuse …")).to_have_count(0)
	elif state == "done":
		expect(page.locator("[data-fieldname=result]")).to_contain_text("Customer")
		assert "赵敏" not in page.locator(".form-layout:visible").inner_text()
	else:
		expect(page.locator("[data-fieldname=refusal_reason]")).to_contain_text("another one")
	if state in ("running", "done", "refused"):
		expect(page.locator(".primary-action:visible", has_text="Save")).to_have_count(0)
		expect(page.locator("[data-fieldname=details] textarea:visible")).to_have_count(0)
	look(page, f"privacy-request-{state}-en-desktop")


@pytest.mark.parametrize("state", STATES)
def test_it_reads_well_in_chinese_on_a_phone(desk, look, site, state):
	page = desk(MANAGER, "zh", "phone")
	open_form(page, in_state(state))
	look(page, f"privacy-request-{state}-zh-phone")
	assert fits(page)


def test_a_running_erasure_shows_its_progress_and_its_end(desk, look, site):
	doc = in_state("running")
	page = desk(MANAGER)
	open_form(page, doc)
	tell = """said => frappe.realtime.socket.listeners("ccms_privacy_request").forEach((on) => on(said))"""
	page.evaluate(tell, {"name": doc.name, "percent": 40, "text": "Events"})
	expect(page.locator(".modal.show .progress-bar")).to_be_visible()
	expect(page.locator(".modal.show")).to_contain_text("Events")
	look(page, "privacy-request-progress")
	requests.erase_job(doc.name)
	# no live update arrives: the form has looked again by itself
	expect(page.locator(".indicator-pill:visible", has_text="Completed").first).to_be_visible(timeout=SLOW)
	expect(page.locator(".modal.show")).to_have_count(0)


def test_erasing_is_confirmed_by_typing_whom(desk, look, site):
	doc = in_state("checked")
	page = desk(MANAGER)
	open_form(page, doc)
	page.get_by_role("button", name="Erase …").click()
	dialog = page.locator(".modal.show")
	expect(dialog).to_contain_text("This cannot be undone")
	look(page, "privacy-request-erase-dialog")
	dialog.locator("input").fill("somebody else")
	dialog.get_by_role("button", name="Erase", exact=True).click()
	expect(page.locator(".modal.show", has_text="This is not the customer's ID.")).to_be_visible()
	frappe.db.rollback()
	assert frappe.db.get_value(requests.DOCTYPE, doc.name, "status") == "Open"


def test_an_erasure_that_must_wait_says_for_what_before_it_is_pressed(desk, look, site):
	customer = factories.make_customer()
	invoice = factories.make_sales_invoice(customer)
	doc = checked(customer)
	frappe.db.commit()
	page = desk(MANAGER, device="phone")
	open_form(page, doc)
	page.locator(
		".page-actions .menu-btn-group:visible, .page-actions .actions-btn-group:visible"
	).first.click()
	page.get_by_role("link", name="Erase …").or_(page.get_by_text("Erase …")).last.click()
	dialog = page.locator(".modal.show")
	expect(dialog).to_contain_text("Erasure Has to Wait")
	expect(dialog).to_contain_text(invoice.name)
	look(page, "privacy-request-wait-dialog-phone")


@pytest.mark.parametrize(("language", "device"), [("en", "desktop"), ("zh", "desktop"), ("zh", "phone")])
def test_the_list_shows_what_is_overdue_first(desk, look, site, language, device):
	customer = factories.make_customer()
	late = ask(customer, "Access", received_on=add_days(nowdate(), -45))
	ask(customer, "Correction")
	frappe.db.commit()
	page = desk(MANAGER, language, device)
	page.goto(f"/app/ccms-privacy-request?customer={customer.name}")
	rows = page.locator(".list-row-container:visible")
	expect(rows).to_have_count(2, timeout=SLOW)
	first = rows.first
	expect(first.locator(".indicator-pill.red:visible").first).to_be_visible()
	expect(first).to_contain_text(customer.name)
	assert str(late.due_on) < nowdate()
	if device == "desktop":
		expect(first.locator(".text-danger")).to_be_visible()
	look(page, f"privacy-requests-{language}-{device}")


@pytest.mark.parametrize(("language", "device"), [("en", "desktop"), ("zh", "phone")])
def test_wordings_and_log_read_well(desk, look, site, language, device):
	customer = factories.make_customer(customer_name="周杰")
	access.log(access.OPENED, customer.name, "Customer 360")
	access.log(access.UNMASKED, customer.name, "Customer: Mobile No", "The courier asks for the number")
	frappe.db.commit()
	page = desk(MANAGER, language, device)
	wording = frappe.get_last_doc("CCMS Consent Wording", {"language": language})
	open_form(page, wording)
	expect(page.locator("[data-fieldname=text]:visible").first).to_be_visible()
	look(page, f"consent-wording-{language}-{device}")
	assert fits(page)
	page.goto(f"/app/ccms-access-log?customer={customer.name}")
	expect(page.locator(".list-row-container:visible")).to_have_count(2, timeout=SLOW)
	expect(page.locator(".list-row-container:visible").first).to_contain_text(customer.name)
	look(page, f"access-log-{language}-{device}")
	expect(page.get_by_role("button", name="Add CCMS Access Log")).to_have_count(0)


def test_empty_lists_say_what_they_are_for(desk, look, site):
	nobody = factories.make_customer().name
	frappe.db.commit()
	page = desk(MANAGER)
	for route in ("ccms-privacy-request", "ccms-access-log"):
		page.goto(f"/app/{route}?customer={nobody}")
		expect(page.locator(".no-result:visible").first).to_be_visible(timeout=SLOW)
		look(page, f"empty-{route}")
