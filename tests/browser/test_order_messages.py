"""The messages on orders in the settings: which are on, and their switches."""

import frappe
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import settle


@pytest.mark.parametrize(("language", "device"), [("en", "desktop"), ("zh", "phone")])
def test_switching_a_message(desk, look, language, device):
	page = desk(language=language, device=device)
	page.goto("/app/ccms-settings")
	page.wait_for_function("() => window.cur_frm?.doctype === 'CCMS Settings'")
	settle(page)
	page.locator("[role=tab][data-fieldname=customers_tab]").click()
	row = page.locator("[data-fieldname=order_messages_html] .border-top").first
	for on in (1, 0):
		row.locator("button").click()
		expect(row.locator(".indicator-pill")).to_have_class("indicator-pill " + ("green" if on else "gray"))
		if on:
			look(page, f"order_messages_{language}_{device}")
		frappe.db.rollback()
		assert frappe.db.get_value("Notification", "CCMS Order Received", "enabled") == on
