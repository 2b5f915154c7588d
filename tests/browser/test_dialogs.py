"""Our forms and dialogs in Chinese: every label, description, option and button has its translation."""

import re

import frappe
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import settle
from tests.site import factories
from tests.site.ledger_checks import membership_of
from tests.site.world import COMPANY, MANAGER

LATIN = re.compile(r"[A-Za-z]{3,}")
PAGE = ".page-container:not([style*='display: none'])"
TEXTS = """root => {
	const parts = ".control-label, .help-box, .section-head, .form-tabs .nav-link, .form-message, .btn, .indicator-pill, "
		+ ".label-area, .grid-heading-row .static-area, option, .modal-title, .modal-body p, .dropdown-item";
	const foreign = ".timeline, .form-footer, .comment-box, .form-sidebar, .menu-btn-group, .form-links, .list-unstyled";
	return [...document.querySelectorAll(root)]
		.flatMap(place => [...place.querySelectorAll(parts)])
		.filter(one => !one.closest(foreign))
		.map(one => one.textContent.trim()).filter(Boolean);
}"""
KNOWN = ("Graph", "CCMS", "ERPNext", "CNY", "CTC", "POS", "MM-DD", "Tea", "Gold", "Silver")


@pytest.fixture
def member():
	program = factories.make_program(
		program_name=f"茶友会 {frappe.generate_hash(length=5)}", tiers=factories.make_tiers(银卡=0, 金卡=500)
	)
	customer = factories.make_customer(program, customer_name="王芳")
	factories.make_sales_invoice(customer, rate=300)
	frappe.db.commit()
	return frappe._dict(program=program, customer=customer, membership=membership_of(customer))


def read(page: Page, root: str, *names: str) -> None:
	"""Assert that nothing in a part of the page is still English, our names and the test's own aside."""
	texts = page.evaluate(TEXTS, root)
	assert len(texts) > 4, texts
	left = set()
	for text in texts:
		rest = text
		for known in (*KNOWN, *names):
			rest = rest.replace(known, "")
		if LATIN.search(rest):
			left.add(text)
	assert left == set()


def form(page: Page, address: str) -> None:
	page.goto(f"/app/{address}")
	page.wait_for_function("window.cur_frm?.doc && cur_frm.layout && !cur_frm.is_hidden?.()")
	settle(page)


def test_forms_and_dialogs_are_chinese(desk, look, member):
	page = desk(MANAGER, language="zh")
	names = (member.program.name, member.customer.name, member.membership, COMPANY)
	page.set_viewport_size({"width": 1280, "height": 1500})
	for address in (
		f"ccms-membership/{member.membership}",
		"ccms-membership/new",
		"ccms-points-adjustment/new?adjustment_type=Transfer",
		f"ccms-loyalty-program/{member.program.name}",
	):
		form(page, address)
		read(page, PAGE, *names)
		look(page, f"zh-{address.partition('?')[0].partition('/')[0]}")

	page.get_by_role("button", name="模拟").click()
	expect(page.locator(".modal.show")).to_be_visible()
	read(page, ".modal.show", *names)
	look(page, "zh-simulate")

	form(page, f"ccms-membership/{member.membership}")
	page.locator(".page-head:visible").get_by_role("button", name="状态").click()
	page.locator(".dropdown-item:visible", has_text="冻结").click()
	expect(page.locator(".modal.show")).to_be_visible()
	look(page, "zh-freeze")
	read(page, ".modal.show", *names)
