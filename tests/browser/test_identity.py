"""Identifiers on the screens: the customer's own table, the search, the map in the settings, one identity."""

import frappe
import pytest
from playwright.sync_api import expect

from ccms_app.identity.store import identities
from tests.browser.conftest import settle
from tests.site.factories import make_customer
from tests.site.reach import add_identifier, make_contact, random_phone


@pytest.fixture
def known():
	"""A customer with facts and identifiers, and the phone number."""
	frappe.db.set_single_value("CCMS Settings", "phone_country", "China")
	customer, number = make_customer(customer_name=f"王芳 {frappe.generate_hash(length=5)}"), random_phone()
	customer.update({"ccms_birth_date": "1990-05-01", "ccms_occupation": "茶艺师", "ccms_home_place": "杭州"})
	customer.save()
	make_contact(customer, phones=[number], emails=[f"{frappe.generate_hash(length=6)}@example.com"])
	add_identifier(customer, "WeChat", f"wang{frappe.generate_hash(length=6)}", verified=1)
	add_identifier(customer, "Social", "@wangfang", network="Weibo")
	frappe.db.commit()
	return customer, number


def test_typing_an_identifier(desk, look, known):
	customer, _number = known
	page = desk()
	page.goto(f"/app/customer/{customer.name}")
	page.locator("[role=tab][data-fieldname=ccms_person_tab]").click()
	grid = page.locator(".frappe-control[data-fieldname=ccms_identifiers]")
	expect(grid).to_contain_text("wa···")
	grid.get_by_role("button", name="Add Row").click()
	grid.locator(".grid-row").last.locator("input[data-fieldname=value]").fill("139 0013 9000")
	page.keyboard.press("Control+s")
	expect(grid).to_contain_text("+86 ··· ··· 9000")
	look(page, "customer_person")
	frappe.db.rollback()
	assert identities.owners([identities.find("Phone", "+8613900139000")])


@pytest.mark.parametrize(("language", "device"), [("zh", "phone"), ("zh", "desktop"), ("en", "phone")])
def test_the_person_reads_well(desk, look, known, language, device):
	page = desk(language=language, device=device)
	page.goto(f"/app/customer/{known[0].name}")
	page.wait_for_function("name => window.cur_frm?.doc?.name === name", arg=known[0].name)
	settle(page)
	page.locator("[role=tab][data-fieldname=ccms_person_tab]").click()
	expect(page.locator(".frappe-control[data-fieldname=ccms_identifiers]")).to_contain_text("wa···")
	page.wait_for_timeout(500)  # the tab fades in
	look(page, f"customer_person_{language}_{device}")
	assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize(("language", "device"), [("en", "desktop"), ("zh", "phone")])
def test_finding_a_customer(desk, look, known, language, device):
	customer, number = known
	other = make_customer()
	make_contact(customer, other, phones=[shared := random_phone()])
	frappe.db.commit()
	page = desk(language=language, device=device)
	page.goto("/app/customer")
	page.wait_for_function("() => window.cur_list?.doctype === 'Customer'")
	settle(page)
	page.evaluate("ccms.identity.search()")
	dialog = page.locator(".modal.show")
	text = dialog.locator("input[data-fieldname=text]")
	text.fill("12345")
	dialog.locator(".btn-modal-primary").click()
	expect(dialog.locator("[role=status]")).to_be_visible()
	text.fill(shared)
	dialog.locator(".btn-modal-primary").click()
	expect(dialog.get_by_role("link", name=other.customer_name)).to_be_visible()
	look(page, f"identity_search_{language}_{device}")
	text.fill(number.removeprefix("+86"))
	dialog.locator(".btn-modal-primary").click()
	page.wait_for_function("name => window.cur_frm?.doc?.name === name", arg=customer.name)


def test_the_button_stands_in_the_list(desk, known):
	page = desk()
	page.goto("/app/customer")
	page.get_by_role("button", name="Find by Identifier").click()
	expect(page.locator(".modal.show")).to_contain_text("Find a Customer by Identifier")


@pytest.mark.parametrize(("language", "device"), [("en", "desktop"), ("zh", "phone")])
def test_one_identity_and_its_end(desk, look, known, language, device):
	customer, number = known
	identity = identities.find("Phone", number)
	page = desk(language=language, device=device)
	page.goto(f"/app/ccms-identity/{identity}")
	owners = page.locator("[data-fieldname=owners_html]")
	expect(owners.get_by_role("link", name=customer.customer_name)).to_be_visible()
	expect(page.locator("body")).not_to_contain_text(number[-8:])
	look(page, f"identity_{language}_{device}")
	owners.get_by_role("button").click()
	page.locator(".modal.show .btn-primary").click()
	expect(owners.get_by_role("button")).to_have_count(0)
	frappe.db.rollback()
	assert identities.owners([identity]) == {}


@pytest.mark.parametrize(("language", "device"), [("en", "desktop"), ("zh", "phone")])
def test_lists_and_settings(desk, look, known, language, device):
	page = desk(language=language, device=device)
	page.goto("/app/ccms-identity")
	expect(page.locator(".list-row").first).to_be_visible()
	look(page, f"identity_list_{language}_{device}")
	page.goto("/app/ccms-settings")
	page.wait_for_function("() => window.cur_frm?.doctype === 'CCMS Settings'")
	settle(page)
	page.evaluate("cur_frm.layout.tabs.find(t => t.df.fieldname === 'customers_tab').set_active()")
	expect(page.locator("[data-fieldname=identity_html] button")).to_be_visible()
	look(page, f"identity_settings_{language}_{device}")
