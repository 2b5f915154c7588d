"""Probable duplicates on the desk: the list, two customers side by side, deciding."""

import re

import frappe
import pytest
from playwright.sync_api import expect

from ccms_app.identity.store import duplicates, matching
from tests.browser.conftest import settle
from tests.site.own_jobs import run_own_jobs
from tests.site.processes import forget_jobs
from tests.site.test_duplicates import PAIR, People, pair_of
from tests.site.world import MANAGER, SELLER

FINDING = ".ccms-duplicates .ccms-finding"


@pytest.fixture
def two(site):
	"""One woman, written twice; and a man, written twice."""
	people = People()
	names = (
		people.add("令狐芳华", mobile_no="13811112222", ccms_birth_date="1984-03-09", gender="Female"),
		people.add("Linghu Fanghua", mobile_no="+86 138 1111 2222", ccms_birth_date="1984-09-03"),
	)
	people.add("Augustus Pemberton", email_id="a.pemberton@example.com")
	people.add("Augustus Pembertn", email_id="a.pemberton@example.com")
	matching.run(full=True)
	yield names
	people.empty()


@pytest.mark.parametrize(("language", "device"), [("en", "desktop"), ("zh", "phone")])
def test_a_pair_stands_side_by_side_with_its_evidence(desk, look, two, language, device):
	page = desk(MANAGER, language=language, device=device)
	page.goto(f"/app/ccms-duplicate-pair/{pair_of(*two).name}")
	expect(page.locator(FINDING)).to_contain_text("%")
	for name in two:
		expect(page.locator(".ccms-head")).to_contain_text(name)
	expect(page.locator(".ccms-same .ccms-value", has_text="+8613811112222")).to_have_count(2)
	width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
	assert width <= 0, "the page scrolls sideways"
	look(page, f"duplicate-{language}-{device}")


def test_the_list_shows_open_pairs_with_their_chance(desk, look, two):
	page = desk(MANAGER)
	page.goto("/app/ccms-duplicate-pair")
	expect(page.locator(".list-row", has_text="令狐芳华")).to_have_count(1)
	expect(page.locator("button", has_text="Look for Duplicates")).to_be_visible()
	settle(page)
	look(page, "duplicates")


def test_an_empty_list_says_what_to_do(desk, look, two):
	page = desk(MANAGER)
	page.goto("/app/ccms-duplicate-pair?status=Snoozed&certainty=Possible")
	expect(page.locator(".no-result", has_text="Look for Duplicates").first).to_be_visible()
	look(page, "duplicates-none")


def test_a_manager_says_that_they_are_two_people(desk, two):
	page = desk(MANAGER)
	name = pair_of(*two).name
	page.goto(f"/app/ccms-duplicate-pair/{name}")
	page.locator("button:visible", has_text="Not a Duplicate").click()
	page.locator(".modal.show textarea").fill("two sisters")
	page.locator(".modal.show .btn-primary").click()
	expect(page.locator("button:visible", has_text="Open Again")).to_be_visible()
	frappe.db.rollback()
	assert frappe.db.get_value(PAIR, name, ["status", "note", "decided_by"]) == (
		duplicates.NOT_DUPLICATE,
		"two sisters",
		MANAGER,
	)
	page.locator("button:visible", has_text="Open Again").click()
	expect(page.locator("button:visible", has_text="Not a Duplicate")).to_be_visible()


def press(page, text: str) -> None:
	"""A button of the form; on a phone it stands in the menu of the page."""
	button = page.locator("button:visible", has_text=text)
	if not button.count():
		page.locator(".menu-btn-group > button:visible").last.click()
		button = page.locator(".dropdown-item:visible", has_text=text)
	button.first.click()


@pytest.mark.parametrize("device", ["desktop", "phone"])
def test_who_stays_is_chosen_before_merging(desk, look, two, merger, device):
	page = desk(merger, device=device)
	page.goto(f"/app/ccms-duplicate-pair/{pair_of(*two).name}")
	expect(page.locator(FINDING)).to_be_visible()
	press(page, "Merge…")
	dialog = page.locator(".modal.show")
	expect(dialog.locator("select option")).to_have_count(2)
	expect(dialog).to_contain_text(re.compile("documents|Contact"))
	look(page, f"duplicate-merge-{device}")
	dialog.locator("select").select_option(two[1])
	expect(dialog.locator(".ccms-takes")).to_contain_text("Gender: Female")
	dialog.locator("textarea").fill("the same woman")
	dialog.locator(".btn-primary").click()
	expect(page.locator(".modal.show", has_text="Waiting for its turn")).to_be_visible()
	run_own_jobs(duplicates.__name__)
	expect(page.locator(".desk-alert").last).to_contain_text("Done")
	expect(page.locator(".form-message:visible")).to_contain_text("have become one customer")
	forget_jobs()


def test_a_customer_shows_the_pair_that_waits(desk, look, two):
	page = desk(MANAGER)
	page.goto(f"/app/customer/{two[0]}")
	line = page.locator("a.ccms-duplicates-of:visible", has_text="1 probable duplicate")
	expect(line).to_be_visible()
	look(page, "duplicate-customer")
	line.click()
	page.wait_for_url("**/ccms-duplicate-pair/**")


def test_a_seller_looks_and_decides_nothing(desk, two):
	page = desk(SELLER)
	page.goto(f"/app/ccms-duplicate-pair/{pair_of(*two).name}")
	expect(page.locator(FINDING)).to_be_visible()
	for text in ("Merge…", "Not a Duplicate", "Snooze"):
		expect(page.locator("button:visible", has_text=text)).to_have_count(0)
