"""Merging a customer from the form, looking at the merge, and taking it back, as a manager does."""

import re

import frappe
import pytest
from playwright.sync_api import Page, expect

from ccms_app.identity.store import merge_records
from tests.browser.conftest import settle
from tests.browser.test_dialogs import read
from tests.site.factories import make_program, make_tiers
from tests.site.merged_customers import full_of_traces
from tests.site.own_jobs import MERGE_JOBS, run_own_jobs
from tests.site.processes import forget_jobs
from tests.site.world import MANAGER

pytestmark = pytest.mark.usefixtures("merger")

DIALOG = ".modal.show .modal-content"


@pytest.fixture
def pair():
	program = make_program(
		program_name=f"茶友会 {frappe.generate_hash(length=5)}", tiers=make_tiers(Silver=0, Gold=500)
	)
	source = full_of_traces(
		program,
		customer_name=f"王芳 {frappe.generate_hash(length=4)}",
		ccms_occupation="茶艺师",
		ccms_home_place="杭州",
		tax_id=frappe.generate_hash(length=12),
	)
	target = full_of_traces(program, customer_name=f"王方 {frappe.generate_hash(length=4)}")
	frappe.db.commit()
	yield frappe._dict(source=source.name, target=target.name, program=program.program_name)
	forget_jobs()


def open_form(page: Page, address: str) -> None:
	page.goto(f"/app/{address}")
	page.wait_for_function("window.cur_frm?.doc && cur_frm.layout && !cur_frm.is_hidden?.()")
	settle(page)


def ask_to_merge(page: Page, source: str, target: str, item: str) -> None:
	open_form(page, f"customer/{source}")
	page.locator(".page-head:visible .menu-btn-group > button").click()
	page.locator(".menu-btn-group .dropdown-item:visible", has_text=item).first.click()
	page.locator(DIALOG).wait_for()
	choose(page, target)
	page.locator(f"{DIALOG} .ccms-foreseen").wait_for()
	settle(page)


def choose(page: Page, target: str) -> None:
	page.wait_for_function("window.cur_dialog?.fields_dict?.target")
	page.evaluate("target => cur_dialog.set_value('target', target)", target)


def merge_of(source: str) -> str:
	frappe.db.rollback()
	return frappe.db.get_value(merge_records.DOCTYPE, {"source": source})


@pytest.mark.parametrize("device", ["desktop", "phone"])
def test_merge_and_undo_from_the_desk(desk, look, pair, device):
	page = desk(MANAGER, device=device)
	ask_to_merge(page, pair.source, pair.target, "Merge into…")
	box = page.locator(f"{DIALOG} .ccms-foreseen")
	expect(box).to_contain_text("Sales Invoice")
	expect(box).to_contain_text("1 of them drafts")
	expect(box).to_contain_text("200 points move")
	expect(box.locator(".ccms-takes li")).to_have_count(3)
	expect(box.locator(".ccms-takes")).to_contain_text("Occupation: 茶艺师")
	look(page, f"merge-dialog-{device}")
	page.locator(f"{DIALOG} .btn-modal-primary:visible").click()
	page.wait_for_function("!document.querySelector('.modal.show .ccms-foreseen')")
	run_own_jobs(MERGE_JOBS)
	page.wait_for_url(f"**/app/customer/{'*'}", timeout=30_000)
	page.wait_for_function("target => cur_frm?.doc?.name === target", arg=pair.target)
	name = merge_of(pair.source)
	assert name
	open_form(page, f"ccms-customer-merge/{name}")
	expect(page.locator(".ccms-moves:visible")).to_contain_text("Sales Invoice")
	expect(page.locator(".ccms-taken:visible")).to_contain_text("Lives In")
	look(page, f"merge-form-{device}")
	undo_button(page).click()
	page.locator(DIALOG).wait_for()
	look(page, f"merge-undo-{device}")
	page.locator(f"{DIALOG} .btn-modal-primary:visible").click()
	page.wait_for_function(
		"!document.querySelector('.modal.show .btn-modal-primary:not(.hide)')?.offsetParent"
	)
	run_own_jobs(MERGE_JOBS)
	page.wait_for_function("cur_frm.doc.status === 'Undone'")
	settle(page)
	frappe.db.rollback()
	assert frappe.db.get_value("Sales Invoice", {"customer": pair.source})
	look(page, f"merge-undone-{device}")


def undo_button(page: Page):
	page.wait_for_function("Object.keys(cur_frm.custom_buttons).length > 0")
	visible = page.locator(".page-actions button:visible", has_text="Undo")
	if not visible.count():  # on a phone custom buttons stand in the menu of the page
		page.locator(".menu-btn-group > button:visible").last.click()
		visible = page.locator(".dropdown-item:visible", has_text="Undo")
	return visible.first


def test_a_refusal_is_shown_and_cannot_be_clicked_away(desk, look, pair):
	frappe.db.set_value("Customer", pair.target, "disabled", 1)
	frappe.db.commit()
	page = desk(MANAGER)
	open_form(page, f"customer/{pair.source}")
	page.evaluate("([source, title]) => ccms_merging.open(source, title)", [pair.source, "王芳"])
	page.locator(DIALOG).wait_for()
	choose(page, pair.target)
	expect(page.locator(f"{DIALOG} .ccms-foreseen")).to_contain_text("disabled")
	expect(page.locator(f"{DIALOG} .btn-modal-primary")).to_have_class(re.compile("disabled"))
	look(page, "merge-refused")


@pytest.mark.parametrize("device", ["desktop", "phone"])
def test_in_chinese(desk, look, pair, device):
	from ccms_app.identity.store import merging

	page = desk(MANAGER, language="zh", device=device)
	open_form(page, f"customer/{pair.source}")
	page.evaluate("([source, title]) => ccms_merging.open(source, title)", [pair.source, "王芳"])
	page.locator(DIALOG).wait_for()
	choose(page, pair.target)
	page.locator(f"{DIALOG} .ccms-foreseen").wait_for()
	settle(page)
	look(page, f"merge-dialog-{device}-zh")
	if device == "desktop":
		known = (pair.source, pair.target, pair.program, "Individual", "All Territories", "Silver")
		read(page, DIALOG, *known)
	name = merging.run(pair.source, pair.target)
	frappe.db.commit()
	open_form(page, f"ccms-customer-merge/{name}")
	look(page, f"merge-form-{device}-zh")
	page.goto(f"/app/ccms-customer-merge?name={name}")  # a list remembers the filters of before
	settle(page)
	expect(page.locator(".list-row:visible").first).to_be_visible()
	look(page, f"merge-list-{device}-zh")


def test_others_have_no_menu_item(desk, pair):
	from tests.site.world import SELLER

	page = desk(SELLER)
	open_form(page, f"customer/{pair.source}")
	assert page.locator(".menu-btn-group .dropdown-item", has_text="Merge into…").count() == 0


@pytest.mark.parametrize(("language", "device"), [("en", "desktop"), ("zh", "phone")])
def test_an_empty_list_says_where_merging_begins(desk, look, site, language, device):
	page = desk(MANAGER, language=language, device=device)
	page.goto("/app/ccms-customer-merge?source_title=nobody+of+that+name")
	link = page.locator(".no-result a:visible", has_text=re.compile("Duplicate|重复"))
	expect(link).to_be_visible()
	look(page, f"merges-none-{language}-{device}")
	link.click()
	page.wait_for_url("**/app/ccms-duplicate-pair**")
