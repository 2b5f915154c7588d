"""What a customer sees of their own data, and the page behind the link of a message."""

from urllib.parse import urlsplit

import frappe
import pytest
from playwright.sync_api import expect

from ccms_app.identity.store import identities
from ccms_app.privacy.store import consent, requests, withdrawal
from tests.browser.conftest import DEVICES
from tests.site import factories, world
from tests.site.reach import make_contact, random_phone
from tests.site.world import COMPANY


def portal_user(*customers) -> str:
	"""A new log-in of the portal that stands for these customers."""
	email = f"portal-{frappe.generate_hash(length=8)}@ccms.test"
	world.make_user(email, "Customer", user_type="Website User")
	for customer in customers:
		customer.reload()
		customer.append("portal_users", {"user": email})
		customer.save()
	return email


@pytest.fixture
def customer(site):
	"""Somebody with points, purchases and a word on each purpose."""
	name = f"王小明 {frappe.generate_hash(length=5)}"
	found = factories.make_customer(factories.make_program(), customer_name=name, gender="Male")
	make_contact(found, phones=[random_phone()], emails=[f"{frappe.generate_hash(length=8)}@example.com"])
	for _number in range(7):
		factories.make_sales_invoice(found)
	consent.record(found.name, "Marketing", "Given", source="Till", proof="form 12")
	consent.record(found.name, "Marketing", "Withdrawn", channel="SMS", source="Phone Call")
	consent.record(found.name, "Profiling", "Objected", source="Desk")
	found.login = portal_user(found)
	frappe.db.commit()
	return found


def fits(page) -> bool:
	return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth + 1")


# --- /my-data ------------------------------------------------------------------------------------------------------

RIGHTS = {
	"Send me a copy of everything": "Access",
	"Something is wrong": "Correction",
	"I object to being profiled": "Objection",
	"Keep my data, but do not use it": "Restriction",
	"Erase my data": "Erasure",
}


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("device", list(DEVICES))
def test_what_we_hold_reads_well(customer, desk, look, language, device):
	page = desk(customer.login, language, device)
	page.goto("/my-data")
	held = page.locator(".ccms-held")
	expect(held.locator("section")).not_to_have_count(0)
	expect(held).to_contain_text(customer.customer_name)
	expect(held).to_contain_text("+86138")
	expect(held.locator("[data-purpose]")).to_have_count(4)
	expect(held.locator("[data-purpose] button")).to_have_count(1)
	assert held.locator("[data-purpose] button").bounding_box()["height"] >= 44
	look(page, f"my-data-{language}-{device}")
	assert fits(page)


def test_a_customer_withdraws_and_asks(customer, desk):
	page = desk(customer.login)
	page.goto("/my-data")
	marketing = page.locator("[data-purpose=Marketing]")
	expect(marketing).to_contain_text("Allowed since")
	expect(marketing).to_contain_text("SMS: not allowed")
	marketing.get_by_role("button").click()
	expect(page.get_by_role("status")).to_contain_text("Your consent is withdrawn: offers and news")
	expect(page.locator("[data-purpose=Marketing]")).to_contain_text("Refused on")
	expect(page.locator("[data-purpose=Marketing] button")).to_have_count(0)
	frappe.db.rollback()
	assert not consent.may(customer.name, "Marketing", "E-mail")
	word = frappe.get_last_doc(consent.DOCTYPE, {"customer": customer.name})
	assert (word.source, word.recorded_by) == ("Portal", customer.login)
	for text, kind in RIGHTS.items():
		page.get_by_role("button", name=text).click()
		expect(page.get_by_role("status")).to_contain_text("PRIV-")
		frappe.db.rollback()
		assert frappe.db.exists(requests.DOCTYPE, {"customer": customer.name, "request_type": kind})


def test_a_log_in_with_two_customers_keeps_them_apart(customer, desk, look):
	other = factories.make_customer(customer_name=f"Tea House {frappe.generate_hash(length=5)}")
	consent.record(other.name, "Marketing", "Given", source="Till", proof="form 13")
	login = portal_user(customer, other)
	frappe.db.commit()
	page = desk(login)
	page.goto("/my-data")
	expect(page.locator("h2")).to_have_count(2)
	look(page, "my-data-two-customers")
	forms = page.locator("form", has=page.locator(f"input[value='{other.name}']"))
	forms.locator("[data-purpose=Marketing] button").click()
	expect(page.get_by_role("status")).to_contain_text("withdrawn")
	frappe.db.rollback()
	assert not consent.may(other.name, "Marketing", "E-mail")
	assert consent.may(customer.name, "Marketing", "E-mail"), "the other record is another customer"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_log_in_without_a_customer_is_told_what_to_do(desk, look, site, language):
	login = portal_user()
	frappe.db.commit()
	page = desk(login, language, "phone")
	page.goto("/my-data")
	expect(page.locator(".ccms-held")).to_contain_text(login)
	expect(page.locator(".ccms-held form")).to_have_count(0)
	look(page, f"my-data-nobody-{language}")


def test_nobody_acts_on_somebody_elses_data(customer, desk):
	other = factories.make_customer()
	login = portal_user(other)
	frappe.db.commit()
	page = desk(login)
	page.goto("/my-data")
	expect(page.locator(".ccms-held")).not_to_contain_text(customer.customer_name)
	for button in ("Erase my data", "Withdraw"):
		page.goto("/my-data")
		page.evaluate(
			"""name => {
				document.querySelectorAll("input[name=customer]").forEach((input) => (input.value = name));
				const add = document.createElement("button");
				add.name = "withdraw"; add.value = "Marketing"; add.textContent = "Withdraw";
				document.querySelector(".ccms-held form").append(add);
			}""",
			customer.name,
		)
		with page.expect_navigation() as answer:
			page.get_by_role("button", name=button).first.click()
		assert answer.value.status == 403, button
	frappe.db.rollback()
	assert consent.may(customer.name, "Marketing", "E-mail")
	assert not frappe.db.exists(requests.DOCTYPE, {"customer": customer.name})


def test_a_guest_is_asked_to_log_in(new_context, base_url):
	page = new_context().new_page()
	page.goto("/my-data")
	expect(page).to_have_url(f"{base_url}/login?redirect-to=/my-data#login")


# --- /withdraw-consent ---------------------------------------------------------------------------------------------


@pytest.fixture
def mailed(customer):
	"""The path of a link that was mailed to the customer, and the address it is about."""
	key = identities.ensure("Email", f"{frappe.generate_hash(length=10)}@example.com")
	identities.link(key, customer.name, "Customer")
	consent.record(key, "Marketing", "Given", source="Till", proof="form 12")
	frappe.db.commit()
	parts = urlsplit(withdrawal.link(key, "Marketing", "E-mail", COMPANY))
	return f"{parts.path}?{parts.query}", key


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("device", list(DEVICES))
def test_the_page_says_of_whom_and_of_what(mailed, new_context, base_url, look, language, device):
	path, key = mailed
	page = new_context(viewport=DEVICES[device]).new_page()
	page.goto(f"{path}&_lang={language}")
	about = page.locator(".ccms-withdraw dl")
	expect(about).to_contain_text(COMPANY)
	expect(about).to_contain_text("offers and news" if language == "en" else "优惠与新闻")
	look(page, f"withdraw-page-{language}-{device}")
	page.locator(".ccms-withdraw button").first.click()
	expect(page.locator(".ccms-done")).to_be_visible()
	expect(page.locator(".ccms-withdraw dl")).to_contain_text(COMPANY)
	look(page, f"withdraw-page-done-{language}-{device}")
	assert fits(page)
	frappe.db.rollback()
	assert not consent.may(key, "Marketing", "E-mail")
	page.goto(f"{path}&_lang={language}")
	expect(page.locator(".ccms-withdraw[data-state=already]")).to_be_visible()
	look(page, f"withdraw-page-already-{language}-{device}")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_link_that_was_cut_off_or_forged_says_what_to_do(mailed, new_context, base_url, look, language):
	path, key = mailed
	page = new_context(viewport=DEVICES["phone"]).new_page()
	forged = path.replace("?t=", "?t=A") if language == "en" else path[:-6]
	page.goto(f"{forged}&_lang={language}")
	expect(page.locator(".ccms-withdraw form")).to_have_count(0)
	expect(page.locator(".ccms-withdraw")).not_to_contain_text(COMPANY)
	look(page, f"withdraw-page-forged-{language}")
	frappe.db.rollback()
	assert consent.may(key, "Marketing", "E-mail")


def test_a_link_without_a_company_names_the_sites_own(customer, new_context, base_url):
	key = identities.ensure("Email", f"{frappe.generate_hash(length=10)}@example.com")
	frappe.db.commit()
	parts = urlsplit(withdrawal.link(key, "Profiling"))
	page = new_context().new_page()
	page.goto(f"{parts.path}?{parts.query}")
	default = frappe.db.get_single_value("Global Defaults", "default_company")
	expect(page.locator(".ccms-withdraw dl")).to_contain_text(default)
	expect(page.locator(".ccms-withdraw dl")).to_contain_text("every way")
