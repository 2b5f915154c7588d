"""The 360° tab of a customer: loaded when opened, readable on a desk and on a phone, in English and in Chinese."""

from datetime import datetime, timedelta

import frappe
import pytest
from frappe.utils import add_days, nowdate
from playwright.sync_api import Page, expect

from ccms_app.identity.store import merging
from ccms_app.interactions.clock import UTC
from ccms_app.privacy.store import consent
from tests.browser.conftest import settle
from tests.site.factories import make_customer, make_program, make_sales_invoice, make_tiers
from tests.site.reach import add_identifier, make_contact, random_phone
from tests.site.test_timeline import HOSTILE, by, write
from tests.site.world import COMPANY, TEA, make_user

OPENED = "ccms_app.api.customer_360.opened"


@pytest.fixture
def known():
	"""A member with facts, identifiers, an order on its way, invoices, a ticket and a word of consent."""
	frappe.db.set_single_value("CCMS Settings", "phone_country", "China")
	program = make_program(tiers=make_tiers(Silver=0, Gold=5000))
	customer = make_customer(program, customer_name=f"王芳 {frappe.generate_hash(length=5)}")
	customer.update(
		{
			"ccms_birth_date": "1990-05-01",
			"ccms_occupation": "茶艺师",
			"ccms_home_place": "杭州",
			"ccms_preferred_channel": "WeChat",
		}
	)
	customer.save()
	make_contact(customer, phones=[number := random_phone()], emails=["wang.fang@example.com"])
	add_identifier(customer, "WeChat", f"wang{frappe.generate_hash(length=6)}", verified=1)
	for _number in range(12):
		make_sales_invoice(customer)
	frappe.get_doc(
		{
			"doctype": "Sales Order",
			"customer": customer.name,
			"company": COMPANY,
			"delivery_date": add_days(nowdate(), 5),
			"items": [{"item_code": TEA, "qty": 3, "rate": 40}],
		}
	).insert().submit()
	frappe.get_doc(
		{
			"doctype": "Issue",
			"subject": "The pot <b>leaks</b>",
			"customer": customer.name,
			"raised_by": "x@example.com",
		}
	).insert()
	write(
		by(
			"Phone",
			number,
			type="Call",
			subject="Asked for the opening hours",
			duration=95,
			outcome="Answered",
		),
		*(by("Phone", number, type="Chat", subject=f"Chat {at} {HOSTILE}") for at in range(18)),
	)
	consent.record(customer.name, "Marketing", "Given", source="Desk", proof="signed at the till")
	frappe.db.commit()
	return customer


def open_tab(page: Page, customer) -> None:
	page.goto(f"/app/customer/{customer.name}")
	page.wait_for_function("name => window.cur_frm?.doc?.name === name", arg=customer.name)
	settle(page)
	page.locator("[role=tab][data-fieldname=ccms_360_tab]").click()


@pytest.mark.parametrize(
	("language", "device"), [("en", "desktop"), ("zh", "desktop"), ("en", "phone"), ("zh", "phone")]
)
def test_everything_on_one_screen(desk, look, known, language, device):
	page = desk(language=language, device=device)
	open_tab(page, known)
	screen = page.locator(".ccms-360")
	expect(screen.locator("[data-card=who]")).to_contain_text("wa···")
	expect(screen.locator("[data-card=who]")).to_contain_text("茶艺师")
	expect(screen.locator("[data-card=points]")).to_contain_text("Silver")
	expect(screen.locator("[data-list=tickets]")).to_contain_text("leaks")
	expect(screen.locator("[data-list=orders] .ccms-360-row")).to_have_count(10)
	expect(screen.locator(".ccms-behaviour").first).to_be_visible()
	assert page.evaluate("(e => e.scrollWidth <= e.clientWidth)(document.querySelector('.ccms-360'))")
	assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
	look(page, f"customer_360_{language}_{device}")


def test_it_loads_when_it_is_opened_and_once(desk, known):
	page = desk()
	asked: list[str] = []
	page.on("request", lambda request: asked.append(request.url) if OPENED in request.url else None)
	page.goto(f"/app/customer/{known.name}")
	page.wait_for_function("name => window.cur_frm?.doc?.name === name", arg=known.name)
	settle(page)
	assert asked == []
	tab = page.locator("[role=tab][data-fieldname=ccms_360_tab]")
	tab.click()
	expect(page.locator("[data-card=who]")).to_be_visible()
	page.locator("[role=tab][data-fieldname=ccms_person_tab]").click()
	tab.click()
	settle(page)
	assert len(asked) == 1


def test_filters_pages_and_links(desk, known):
	page = desk()
	open_tab(page, known)
	orders = page.locator("[data-list=orders]")
	rows = orders.locator(".ccms-360-row")
	expect(rows).to_have_count(10)
	orders.get_by_role("button", name="Show More").click()
	expect(rows).to_have_count(13)
	expect(orders.get_by_role("button", name="Show More")).to_be_hidden()
	orders.get_by_label("Kind").select_option("Orders")
	expect(rows).to_have_count(1)
	expect(rows).to_contain_text("Not Delivered, promised for")
	orders.get_by_label("Kind").select_option("Returns")
	expect(orders).to_contain_text("None of these.")
	page.locator("[data-list=tickets]").get_by_role("link").click()
	page.wait_for_function("() => cur_frm.doctype === 'Issue'")


def test_interactions_by_filter_and_page_without_harm(desk, known):
	page = desk()
	open_tab(page, known)
	happened = page.locator("[data-list=interactions]")
	rows = happened.locator(".ccms-360-row")
	expect(rows).to_have_count(15)
	happened.get_by_role("button", name="Show More").click()
	expect(rows).to_have_count(19)
	happened.get_by_label("Category").select_option("Call")
	expect(rows).to_have_count(1)
	expect(rows).to_contain_text("Asked for the opening hours")
	happened.get_by_label("Category").select_option("")
	happened.get_by_label("Search").fill("Chat 7")
	happened.get_by_label("Search").press("Enter")
	expect(rows).to_have_count(1)
	happened.get_by_label("From").fill("2001-01-01")
	happened.get_by_label("To").fill("2001-01-02")
	expect(happened).to_contain_text("None of these.")
	assert not page.evaluate("window.pwned")


def test_another_customer_is_never_shown_under_the_wrong_name(desk, known):
	other = make_customer(customer_name=f"Other {frappe.generate_hash(length=5)}")
	frappe.db.commit()
	page = desk()
	open_tab(page, known)
	expect(page.locator("[data-card=who]")).to_contain_text("茶艺师")
	page.evaluate("name => frappe.set_route('Form', 'Customer', name)", other.name)
	page.wait_for_function("name => window.cur_frm?.doc?.name === name", arg=other.name)
	settle(page)
	page.locator("[role=tab][data-fieldname=ccms_360_tab]").click()
	expect(page.locator("[data-card=who]")).to_contain_text("No phone, mail or card is known")
	expect(page.locator(".ccms-360")).not_to_contain_text("茶艺师")
	expect(page.locator("[data-list=orders]")).to_contain_text("No orders yet")


def test_a_seller_without_tickets(desk, known):
	make_user("seller360@view.test", "Sales User")
	frappe.db.commit()
	page = desk("seller360@view.test")
	open_tab(page, known)
	expect(page.locator("[data-card=who]")).to_be_visible()
	expect(page.locator("[data-list=tickets]")).to_have_count(0)


def test_a_search_goes_on_by_itself(desk, known):
	"""A text stands in no index: a page looks at some of the events, and the list asks on for a moment."""
	number = random_phone()
	make_contact(known, phones=[number])
	write(*(by("Phone", number, subject=f"Hay {at}") for at in range(1_100)))
	write(
		by(
			"Phone",
			number,
			subject="Needle",
			occurred_at=(datetime.now(UTC) - timedelta(days=300)).isoformat(),
		)
	)
	frappe.db.commit()
	page = desk()
	open_tab(page, known)
	happened = page.locator("[data-list=interactions]")
	search = happened.get_by_label("Search")
	search.fill("Needle")
	search.press("Enter")
	expect(happened.locator(".ccms-360-row")).to_have_count(1, timeout=30_000)
	search.fill("Nowhere at all")
	search.press("Enter")
	expect(happened).to_contain_text("None of these.", timeout=30_000)
	frappe.db.delete("CCMS Customer Interaction", {"subject": ["like", "Hay %"]})
	frappe.db.commit()


def test_a_seller_is_told_what_the_roles_hide(desk, look, known):
	make_user("seller360@view.test", "Sales User")
	frappe.db.commit()
	page = desk("seller360@view.test", device="phone")
	open_tab(page, known)
	orders = page.locator("[data-list=orders]")
	expect(orders).to_contain_text("Your roles do not show: Sales Invoice, POS Invoice.")
	orders.get_by_label("Kind").select_option("Invoices")
	expect(orders).to_contain_text("Nothing that you may see.")
	look(page, "customer_360_seller_phone")


def test_who_follows_an_old_link_learns_where_the_customer_is(desk, known):
	gone = make_customer()
	merging.run(gone.name, known.name)
	frappe.db.commit()
	page = desk()
	page.goto(f"/app/customer/{gone.name}")
	dialog = page.locator(".modal.show .msgprint")
	expect(dialog).to_contain_text(f"{gone.name} was merged into")
	dialog.get_by_role("link").click()
	page.wait_for_function("name => window.cur_frm?.doc?.name === name", arg=known.name)


def test_by_keyboard_alone(desk, known):
	"""From the tab through filters, links and buttons, each in sight when it is reached."""
	page = desk()
	open_tab(page, known)
	expect(page.locator("[data-list=orders] .ccms-360-row")).to_have_count(10)
	page.locator("[role=tab][data-fieldname=ccms_360_tab]").focus()
	reached = set()
	for _step in range(120):
		page.keyboard.press("Tab")
		name = page.evaluate(
			"""() => { const e = document.activeElement; const inside = e.closest(".ccms-360");
				return inside && e.getClientRects().length ? e.closest("[data-list],[data-card]")?.dataset.list || "card" : ""; }"""
		)
		reached.add(name)
		if name == "orders" and page.evaluate("document.activeElement.textContent") == "Show More":
			page.keyboard.press("Enter")
			expect(page.locator("[data-list=orders] .ccms-360-row")).to_have_count(13)
		if name == "interactions":
			break
	assert {"card", "orders", "tickets", "interactions"} <= reached
