"""Consent on the customer's form, and the page behind the link of a message."""

from urllib.parse import urlsplit

import frappe
import pytest
from playwright.sync_api import Page, expect

from ccms_app.identity.store import identities
from ccms_app.privacy.store import consent, withdrawal
from tests.browser.conftest import DEVICES, settle
from tests.site import factories
from tests.site.world import MANAGER, SELLER

TAB = "[data-fieldname=ccms_consent_html]"


@pytest.fixture
def customer(site):
	found = factories.make_customer(customer_name="王芳 Consent")
	frappe.db.commit()
	return found


def open_tab(page: Page, customer):
	page.goto(f"/app/customer/{customer.name}")
	page.wait_for_function("name => window.cur_frm?.doc?.name === name", arg=customer.name)
	settle(page)
	tab = page.locator(TAB)
	expect(tab.locator("[data-purpose]")).to_have_count(4)
	page.locator("[role=tab][data-fieldname=ccms_consent_tab]").click()
	expect(tab.locator("[data-purpose]").first).to_be_visible()
	return tab


def test_give_with_the_wording_and_withdraw(customer, desk):
	page = desk(SELLER)
	tab = open_tab(page, customer)
	marketing = tab.locator("[data-purpose=Marketing]")
	expect(marketing).to_contain_text("Nothing recorded")
	marketing.get_by_role("button", name="Give").click()
	dialog = page.locator(".modal.show")
	expect(dialog.locator("blockquote")).to_contain_text("I would like to receive offers")
	dialog.locator("[data-fieldname=source] select").select_option("Till")
	dialog.get_by_role("button", name="Give").click()
	expect(marketing).to_contain_text("Given")
	expect(tab).to_contain_text("wording 1")
	frappe.db.rollback()
	assert consent.may(customer.name, "Marketing", "SMS")
	marketing.get_by_role("button", name="Withdraw").click()
	dialog = page.locator(".modal.show")
	dialog.locator("[data-fieldname=channel] select").select_option("E-mail")
	dialog.get_by_role("button", name="Withdraw").click()
	expect(marketing).to_contain_text("E-mail: Withdrawn")
	frappe.db.rollback()
	assert consent.may(customer.name, "Marketing", "SMS")
	assert not consent.may(customer.name, "Marketing", "E-mail")
	row = frappe.get_last_doc(consent.DOCTYPE, {"customer": customer.name})
	assert row.recorded_by == SELLER


def test_objecting_says_what_it_does(customer, desk):
	page = desk(MANAGER)
	tab = open_tab(page, customer)
	tab.locator("[data-purpose=Profiling]").get_by_role("button", name="Object").click()
	dialog = page.locator(".modal.show")
	expect(dialog).to_contain_text("leaves all scores, segments and recommendations")
	dialog.get_by_role("button", name="Object").click()
	expect(tab.locator("[data-purpose=Profiling]")).to_contain_text("Objected")


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("device", list(DEVICES))
def test_it_reads_well(customer, desk, look, language, device):
	for purpose, state in (("Marketing", "Given"), ("Web Tracking", "Given"), ("Profiling", "Objected")):
		consent.record(customer.name, purpose, state, source="Till", proof="form 12")
	consent.record(customer.name, "Marketing", "Withdrawn", channel="SMS", source="Phone Call")
	frappe.db.commit()
	page = desk(MANAGER, language, device)
	tab = open_tab(page, customer)
	look(page, f"consent-{language}-{device}")
	assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth + 1")
	tab.locator("[data-purpose='Third Parties'] button").first.click()
	expect(page.locator(".modal.show blockquote")).to_be_visible()
	look(page, f"consent-dialog-{language}-{device}")


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("device", list(DEVICES))
def test_withdrawing_without_logging_in(customer, new_context, base_url, look, language, device):
	key = identities.ensure("Email", f"{frappe.generate_hash(length=10)}@example.com")
	identities.link(key, customer.name, "Customer")
	consent.record(customer.name, "Marketing", "Given", source="Till", proof="form 12")
	frappe.db.commit()
	parts = urlsplit(withdrawal.link(key, "Marketing", "E-mail"))
	context = new_context(viewport=DEVICES[device], locale="zh-CN" if language == "zh" else "en-US")
	page = context.new_page()
	page.goto(f"{parts.path}?{parts.query}&_lang={language}")
	look(page, f"withdraw-{language}-{device}")
	assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth + 1")
	button = page.locator(".ccms-withdraw button").first
	assert button.bounding_box()["height"] >= 44
	frappe.db.rollback()
	assert consent.may(key, "Marketing", "E-mail"), "opening changes nothing"
	button.click()
	expect(page.locator(".ccms-done")).to_be_visible()
	look(page, f"withdrawn-{language}-{device}")
	frappe.db.rollback()
	assert not consent.may(key, "Marketing", "E-mail")
