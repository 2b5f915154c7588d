"""Keys of event sources and imports of events, on the desk."""

import re

import frappe
import pytest
from frappe.utils.file_manager import save_file
from playwright.sync_api import expect

from ccms_app.interactions.store import sources
from tests.browser.conftest import settle
from tests.site.events import NOON, forget, make_source
from tests.site.processes import forget_jobs, run_jobs
from tests.site.world import ANALYST, MANAGER

IMPORT = "CCMS Interaction Import"
expect.set_options(timeout=20_000)


@pytest.fixture
def source(site):
	"""A browser source without keys."""
	doc, _keys = make_source("Browser")
	sources.revoke(doc.name)
	frappe.db.commit()
	yield doc
	frappe.db.rollback()
	forget(doc.name)


@pytest.mark.parametrize("device", ["desktop", "phone"])
def test_keys_are_shown_once(desk, look, source, device):
	page = desk(MANAGER, device=device)
	page.goto(f"/app/ccms-event-source/{source.name}")
	settle(page)
	press(page, "Make Keys", device)
	dialog = page.locator(".modal.show")
	shown = dialog.locator("[data-fieldname='identify_secret'] .like-disabled-input")
	expect(shown).to_have_text(re.compile("^[0-9a-f]{64}$"))
	secret = shown.inner_text()
	look(page, f"event_source_keys_{device}")
	frappe.db.rollback()
	key = frappe.db.get_value("CCMS Event Source", source.name, "public_key")
	assert sources.by_key(key).name == source.name
	assert sources.identify_secret(source.name) == secret
	dialog.locator(".btn-modal-close").click()
	settle(page)
	page.reload()
	settle(page)
	assert secret not in page.content()
	press(page, "Revoke", device)
	page.locator(".modal.show .btn-modal-primary").click()
	expect(page.locator(".form-message")).to_contain_text("Make keys for this source")
	frappe.db.rollback()
	assert sources.by_key(key) is None


def press(page, label: str, device: str) -> None:
	"""Press a button of the form; on a phone it stands in the menu."""
	if device == "phone":
		page.locator(".menu-btn-group:visible button").first.click()
		page.locator(f".menu-btn-group .dropdown-menu.show >> text={label}").first.click()
	else:
		page.get_by_role("button", name=label, exact=True).click()


def test_an_analyst_makes_no_keys(desk, source):
	page = desk(ANALYST)
	page.goto(f"/app/ccms-event-source/{source.name}")
	settle(page)
	expect(page.locator(".title-text").first).to_contain_text(source.name)
	expect(page.get_by_role("button", name="Make Keys")).to_have_count(0)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_file_is_read_checked_and_imported(desk, look, site, language):
	doc = frappe.get_doc({"doctype": IMPORT, "event_source": make_source("Site")[0].name}).insert()
	rows = f"event_id,time,phone,subject\n1,{NOON:%Y-%m-%d} 12:00,13800138000,hello\n2,never,,bad"
	doc.append("columns", {"target": "Type", "fixed_value": "Call"})
	doc.file = save_file("events.csv", rows, IMPORT, doc.name, is_private=1).file_url
	doc.save()
	frappe.db.commit()
	words = [frappe._(word, language) for word in ("Read Columns", "Check Rows", "Import")]
	page = desk(MANAGER, language=language)
	try:
		page.goto(f"/app/ccms-interaction-import/{doc.name}")
		settle(page)
		page.get_by_role("button", name=words[0], exact=True).click()
		expect(page.locator("[data-fieldname='columns'] .grid-body .rows .grid-row")).to_have_count(5)
		look(page, f"interaction_import_columns_{language}")
		with page.expect_response("**/*interaction_imports.start"):
			page.get_by_role("button", name=words[1], exact=True).click()
		run_jobs("long")
		page.reload()
		settle(page)
		look(page, f"interaction_import_checked_{language}")
		expect(page.locator(".form-message")).to_contain_text("1")
		with page.expect_response("**/*interaction_imports.start"):
			page.get_by_role("button", name=words[2], exact=True).click()
		run_jobs("long")
		frappe.db.rollback()
		assert frappe.db.get_value(IMPORT, doc.name, ["status", "stored", "refused"]) == ("Finished", 1, 1)
		page.reload()
		settle(page)
		look(page, f"interaction_import_done_{language}")
	finally:
		frappe.db.rollback()
		forget_jobs()
		frappe.delete_doc(IMPORT, doc.name, force=True)
		forget(doc.event_source)
