"""Data quality on the desk: rules and what they find, runs, the score on the customer, putting right and taking back."""

import re

import frappe
import pytest
from frappe.utils import add_days, now_datetime, nowdate
from playwright.sync_api import Page, expect

from ccms_app.quality.store import findings, fixes, rules, runs
from tests.browser.conftest import settle
from tests.browser.test_insight_reports import open_report
from tests.browser.test_reports import drawn
from tests.site import world
from tests.site.factories import make_customer
from tests.site.world import COMPANY, MANAGER, SELLER

FINDING, FIX, RULE, RUN = findings.DOCTYPE, fixes.DOCTYPE, rules.DOCTYPE, runs.DOCTYPE
BAD, GOOD = "fanghua@gmial.com", "fanghua@gmail.com"
CLERK = "quality-clerk@ccms.test"
SIZES = [("en", "desktop"), ("zh", "phone"), ("zh", "desktop"), ("en", "phone")]
LINE = ".ccms-quality:visible"


@pytest.fixture
def shop(site):
	"""A woman with a mistyped mailbox who is born next week, three people with a test name, and a run."""
	frappe.db.delete(FINDING)
	frappe.db.delete(FIX)
	frappe.db.delete(RUN)
	made = [
		make_customer(customer_name="令狐芳华", email_id=BAD, ccms_birth_date=add_days(nowdate(), 7)).name,
		*(make_customer(customer_name=f"张三 {number}", mobile_no="13912345678").name for number in range(3)),
	]
	frappe.get_doc("User", MANAGER).add_roles("Sales Master Manager")
	frappe.db.commit()
	run = runs.run(full=True)
	frappe.db.commit()
	yield frappe._dict(customer=made[0], run=run, all=made)
	frappe.db.rollback()
	frappe.get_doc("User", MANAGER).remove_roles("Sales Master Manager")
	for doctype in (FINDING, FIX):
		frappe.db.delete(doctype, {"customer": ["in", made]})
	frappe.db.delete(RUN)
	frappe.db.delete(RULE, {"name": ["like", "Ours%"]})
	for name in made:
		for contact in frappe.get_all(
			"Dynamic Link", {"link_name": name, "parenttype": "Contact"}, pluck="parent"
		):
			frappe.db.set_value("Customer", name, "customer_primary_contact", None)
			frappe.delete_doc("Contact", contact, force=True, ignore_missing=True)
		frappe.delete_doc("Customer", name, force=True, ignore_missing=True)
	frappe.db.commit()


def finding_of(customer: str, kind: str = "Mail Domain Mistyped") -> str:
	return frappe.db.get_value(FINDING, {"customer": customer, "kind": kind})


def with_open(rule: str) -> int:
	"""Customers to mend; others leave people of such names behind."""
	return len(set(frappe.get_all(FINDING, {"rule": rule, "status": "Open"}, pluck="customer")))


def fits(page: Page) -> None:
	settle(page)
	width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
	assert width <= 0, "the page scrolls sideways"


def button(page: Page, text: str):
	return page.locator("button:visible", has_text=re.compile(f"^\\s*{text}\\s*$"))


# --- rules -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("language", "device"), SIZES)
def test_the_list_of_rules_tells_what_each_finds(desk, look, shop, language, device):
	page = desk(MANAGER, language=language, device=device)
	page.goto("/app/ccms-quality-rule")
	rows = page.locator(".list-row-container")
	expect(rows).to_have_count(frappe.db.count(RULE))
	found = str(with_open("Test Data"))
	expect(page.locator(".list-row .indicator-pill.orange:visible", has_text=found).first).to_be_visible()
	expect(page.locator(".list-row .indicator-pill.green:visible").first).to_be_visible()
	fits(page)
	look(page, f"quality-rules-{language}-{device}")


def test_a_rule_tells_what_it_finds_and_leads_there(desk, look, shop):
	page = desk(MANAGER)
	page.goto("/app/ccms-quality-rule/Test Data")
	to_mend = with_open("Test Data")
	assert to_mend >= 3
	line = page.locator(".form-message:visible a", has_text=f"{to_mend} customers to mend")
	expect(line).to_be_visible()
	expect(page.locator("[data-fieldname=parameters]:visible", has_text="演示")).to_be_visible()
	look(page, "quality-rule")
	line.click()
	page.wait_for_url(re.compile("ccms-quality-finding"))
	found = frappe.db.count(FINDING, {"rule": "Test Data", "status": "Open"})
	expect(page.locator(".list-row-container")).to_have_count(min(found, 20))  # a page of the list


@pytest.mark.parametrize(("language", "device"), [("en", "desktop"), ("zh", "phone")])
def test_a_manager_adds_a_rule_and_is_told_what_is_wrong(desk, look, shop, language, device):
	page = desk(MANAGER, language=language, device=device)
	page.goto("/app/ccms-quality-rule/new")
	page.locator("[data-fieldname=rule_name] input:visible").fill("Ours 1")
	page.locator("[data-fieldname=kind] select:visible").select_option("Not Confirmed")
	expect(page.locator("[data-fieldname=parameters]:visible", has_text="1200")).to_be_visible()
	page.wait_for_function("cur_frm.doc.parameters && cur_frm.doc.parameters.includes('24')")
	page.evaluate("cur_frm.set_value('parameters', '{\"monts\": 3}')")
	page.wait_for_function("cur_frm.doc.parameters.includes('monts')")
	settle(page)
	page.evaluate("() => { cur_frm.save().catch(() => {}); }")
	expect(page.locator(".msgprint:visible")).to_contain_text("months")
	fits(page)
	look(page, f"quality-rule-refused-{language}-{device}")
	assert not frappe.db.exists(RULE, "Ours 1")
	page.locator(".modal.show .btn-modal-close:visible").first.click()
	page.evaluate("cur_frm.set_value('parameters', '{\"months\": 3}')")
	page.wait_for_function("cur_frm.doc.parameters.includes('months')")
	settle(page)
	page.evaluate("() => { cur_frm.save().catch(() => {}); }")
	page.wait_for_function("!cur_frm.is_new()")
	frappe.db.rollback()
	assert frappe.db.get_value(RULE, "Ours 1", ["kind", "enabled"]) == ("Not Confirmed", 1)


# --- runs ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("language", "device"), [("en", "desktop"), ("zh", "phone")])
def test_a_run_tells_how_far_it_is_and_what_came_of_it(desk, look, shop, language, device):
	frappe.db.set_value(
		RUN, shop.run, {"status": "Running", "customers": 400, "checked": 100, "ended_on": None}
	)
	frappe.db.commit()
	page = desk(MANAGER, language=language, device=device)
	page.goto(f"/app/ccms-quality-run/{shop.run}")
	expect(page.locator(".progress-area:visible .progress-bar")).to_have_attribute("style", re.compile("25%"))
	fits(page)
	look(page, f"quality-run-running-{language}-{device}")
	done = {"status": "Completed", "checked": 400, "found": 7, "resolved": 2, "ended_on": now_datetime()}
	frappe.db.set_value(RUN, shop.run, done)
	frappe.db.commit()
	# nobody presses anything: the form looks again by itself
	expect(page.locator(".form-message.green:visible")).to_contain_text("400", timeout=20_000)
	expect(page.locator(".progress-area:visible .progress-bar")).to_have_count(0)
	look(page, f"quality-run-done-{language}-{device}")
	frappe.db.set_value(RUN, shop.run, "status", "Failed")
	frappe.db.commit()
	page.reload()
	expect(page.locator(".form-message.red:visible a")).to_have_attribute("href", re.compile("error-log"))


def test_a_manager_starts_a_run(desk, look, shop):
	page = desk(MANAGER)
	page.goto("/app/ccms-quality-run")
	expect(page.locator(".list-row-container")).to_have_count(1)
	look(page, "quality-runs")
	button(page, "Check What Changed").click()
	expect(page.locator(".desk-alert").last).to_contain_text(re.compile("The run begins|on its way"))
	from tests.site.processes import forget_jobs

	forget_jobs()


def test_no_run_yet(desk, look, shop):
	frappe.db.delete(RUN)
	frappe.db.commit()
	page = desk(MANAGER)
	page.goto("/app/ccms-quality-run")
	expect(page.locator(".no-result", has_text="No run yet").first).to_be_visible()
	look(page, "quality-runs-none")


# --- findings and fixes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("language", "device"), SIZES)
def test_a_value_is_put_right_and_taken_back(desk, look, shop, language, device):
	page = desk(MANAGER, language=language, device=device)
	# among those of other tests it may stand on the next page
	page.goto(f"/app/ccms-quality-finding?status=Open&customer={shop.customer}")
	expect(page.locator(".list-row", has_text="令狐芳华").first).to_be_visible()
	fits(page)
	look(page, f"quality-findings-{language}-{device}")
	page.goto(f"/app/ccms-quality-finding/{finding_of(shop.customer)}")
	expect(page.locator(".form-message:visible")).to_contain_text("gmail.com")
	fits(page)
	look(page, f"quality-finding-{language}-{device}")
	page.evaluate("ccms.quality.put_right(cur_frm.doc, () => cur_frm.reload_doc())")
	dialog = page.locator(".modal.show")
	expect(dialog.locator("[data-fieldname=old]")).to_contain_text(BAD)
	expect(dialog.locator("[data-fieldname=value] input")).to_have_value(GOOD)
	assert frappe.db.count(FIX) == 0, "a preview writes nothing"
	settle(page)
	look(page, f"quality-preview-{language}-{device}")
	dialog.locator(".btn-primary:visible").click()
	page.wait_for_function("cur_frm.doc.status === 'Fixed'")
	frappe.db.rollback()
	fix = frappe.get_doc(FIX, {"customer": shop.customer})
	assert (fix.old_value, fix.new_value, fix.status) == (BAD, GOOD, "Applied")
	page.goto(f"/app/ccms-quality-fix/{fix.name}")
	expect(page.locator("[data-fieldname=new_value]:visible")).to_contain_text(GOOD)
	fits(page)
	look(page, f"quality-fix-{language}-{device}")
	page.evaluate(
		"frappe.xcall('ccms_app.api.quality.undo', {fix: cur_frm.doc.name}).then(() => cur_frm.reload_doc())"
	)
	page.wait_for_function("cur_frm.doc.status === 'Undone'")
	frappe.db.rollback()
	assert frappe.get_doc("Customer", shop.customer).email_id == BAD


def test_the_buttons_of_finding_and_fix(desk, look, shop):
	page = desk(MANAGER)
	page.goto(f"/app/ccms-quality-finding/{finding_of(shop.customer)}")
	expect(page.locator("[data-fieldname=fieldname] .control-value:visible")).to_have_text("Email ID")
	button(page, "Put Right").click()
	dialog = page.locator(".modal.show")
	dialog.locator("[data-fieldname=value] input").fill("nobody")
	dialog.locator(".btn-primary:visible").click()
	expect(page.locator(".msgprint:visible")).to_contain_text("nobody")
	page.keyboard.press("Escape")
	page.goto(f"/app/ccms-quality-finding/{finding_of(shop.customer, 'Birth Date Impossible')}")
	button(page, "Put Right").click()
	expect(dialog.locator("[data-fieldname=value] input")).to_be_visible()
	dialog.locator(".btn-modal-close:visible").click()
	expect(dialog).to_have_count(0)
	button(page, "Ignore").click()
	expect(button(page, "Open Again")).to_be_visible()
	fix = fixes.apply(finding_of(shop.customer))
	contact = frappe.get_doc("Contact", frappe.db.get_value(FIX, fix, "reference_name"))
	contact.email_ids[0].email_id = "third@qq.com"
	contact.save()
	frappe.db.commit()
	page.goto(f"/app/ccms-quality-fix/{fix}")
	expect(page.locator("[data-fieldname=fieldname] .control-value:visible")).to_have_text("Email ID")
	button(page, "Undo").click()
	expect(page.locator(".msgprint:visible")).to_contain_text("was changed since")
	look(page, "quality-undo-refused")


def test_empty_lists_say_what_to_do(desk, look, shop):
	page = desk(MANAGER)
	page.goto("/app/ccms-quality-finding?status=Ignored")
	expect(page.locator(".no-result", has_text="Nothing to mend here").first).to_be_visible()
	look(page, "quality-findings-none")
	page.goto("/app/ccms-quality-fix")
	expect(page.locator(".no-result", has_text="Nothing was put right yet").first).to_be_visible()
	look(page, "quality-fixes-none")


# --- the customer ----------------------------------------------------------------------------------------------------


def open_tab(page: Page, customer: str, tab: str = "ccms_tab") -> None:
	page.goto(f"/app/customer/{customer}")
	page.wait_for_function(f"cur_frm && cur_frm.doc.name === {customer!r}")
	settle(page)
	page.evaluate("""(field) => {
		const tab = cur_frm.layout.tabs.find(({df}) => df.fieldname === field);
		tab.set_active();
		tab.tab_link.find('.nav-link').tab('show');
	}""", tab)  # fmt: skip


@pytest.mark.parametrize(("language", "device"), SIZES)
def test_the_customer_shows_the_score_with_its_reasons(desk, look, shop, language, device):
	page = desk(MANAGER, language=language, device=device)
	open_tab(page, shop.customer, tab_of("ccms_loyalty_html"))
	line = page.locator(LINE)
	expect(line).to_contain_text("80")
	fits(page)
	look(page, f"quality-customer-{language}-{device}")
	line.click()
	dialog = page.locator(".modal.show")
	expect(dialog.locator("[data-rule]")).to_have_count(2)
	expect(dialog).to_contain_text(GOOD)
	settle(page)
	look(page, f"quality-reasons-{language}-{device}")
	dialog.locator("[data-rule='Mail Domain Mistyped'] .btn-primary").click()
	page.locator(".modal.show [data-fieldname=value] input").wait_for()
	page.locator(".modal.show .btn-primary:visible:not(.btn-xs)").last.click()
	expect(dialog.locator("[data-rule]")).to_have_count(1)
	expect(dialog.locator("[data-fix]")).to_contain_text(GOOD)
	expect(line).to_contain_text("90")
	settle(page)
	look(page, f"quality-reasons-after-{language}-{device}")
	dialog.locator("[data-fix] button").click()
	expect(dialog.locator("[data-rule]")).to_have_count(2)
	expect(line).to_contain_text("80")


def test_the_360_shows_it_as_well(desk, look, shop):
	page = desk(MANAGER)
	open_tab(page, shop.customer, "ccms_360_tab")
	expect(page.locator(f".ccms-360 {LINE}")).to_contain_text("80 of 100")
	look(page, "quality-360")


def test_whoever_may_only_read_decides_nothing(desk, shop):
	page = desk(SELLER)
	open_tab(page, shop.customer, tab_of("ccms_loyalty_html"))
	page.locator(LINE).click()
	expect(page.locator(".modal.show [data-rule]")).to_have_count(2)
	expect(page.locator(".modal.show .ccms-quality-buttons")).to_have_count(0)


def test_whoever_may_not_read_findings_sees_no_score(desk, shop):
	world.make_user(CLERK, "Accounts User")
	frappe.db.commit()
	page = desk(CLERK)
	open_tab(page, shop.customer, tab_of("ccms_loyalty_html"))
	settle(page)
	expect(page.locator(".ccms-panel:visible").first).to_be_visible()
	expect(page.locator(".ccms-quality")).to_have_count(0)


def test_texts_of_strangers_stay_texts(desk, shop):
	hostile = '"><img src=x onerror="window.pwned=1"><svg onload=window.pwned=1>'
	values = {"reason_values": frappe.as_json(dict.fromkeys(("value", "domain", "meant", "what"), hostile))}
	fix = fixes.apply(finding_of(shop.customer))
	for name in frappe.get_all(FINDING, {"customer": ["in", shop.all]}, pluck="name"):
		frappe.db.set_value(FINDING, name, {**values, "suggestion": hostile})
	frappe.db.set_value(FIX, fix, {"old_value": hostile, "new_value": hostile})
	frappe.db.commit()
	page = desk(MANAGER)
	for customer in (shop.customer, shop.all[1]):
		open_tab(page, customer, tab_of("ccms_loyalty_html"))
		page.locator(LINE).click()
		expect(page.locator(".modal.show [data-rule]").first).to_be_visible()
		settle(page)
		assert page.evaluate("window.pwned") is None
		assert page.locator("img[src='x']").count() == 0
	for finding in frappe.get_all(FINDING, {"customer": ["in", shop.all], "status": "Open"}, pluck="name"):
		page.goto(f"/app/ccms-quality-finding/{finding}")
		expect(page.locator(".form-message:visible").first).to_be_visible()
		assert page.evaluate("window.pwned") is None
		assert page.locator("img[src='x']").count() == 0


def tab_of(field: str) -> str:
	"""The tab of the customer's form in which a field stands."""
	tab = ""
	for df in frappe.get_meta("Customer").fields:
		if df.fieldtype == "Tab Break":
			tab = df.fieldname
		if df.fieldname == field:
			return tab
	raise AssertionError(field)


# --- the report ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("language", "device"), SIZES)
def test_the_report_shows_scores_by_rule_and_branch(desk, look, shop, language, device):
	page = desk(MANAGER, language=language, device=device)
	for by in ("Rule", "Source", "Branch"):
		open_report(page, "Data Quality", company=COMPANY, by=by)
		expect(page.locator(".ccms-finding:visible")).to_be_visible()
		expect(page.locator(".chart-wrapper:visible svg.frappe-chart")).to_be_visible()
		fits(page)
		drawn(page)
		look(page, f"quality-report-{by.lower()}-{language}-{device}")
