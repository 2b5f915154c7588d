"""Texts from outside on every screen of the customers' side: shown as text, run nowhere.

They come in by the doors that real ones take: events over the intake and from a file, forms, the till's and the shop's words.
"""

from datetime import datetime, timedelta
from urllib.parse import quote

import frappe
import pytest
from frappe.utils.file_manager import save_file
from playwright.sync_api import Page, expect

from ccms_app.identity.store import duplicates, identities, matching, merging, undo
from ccms_app.interactions.clock import UTC
from ccms_app.interactions.store import days, imports, intake, sources
from ccms_app.privacy.store import consent, requests
from ccms_app.quality.store import runs
from tests.browser.conftest import settle
from tests.site import world
from tests.site.events import forget, make_source
from tests.site.factories import make_customer, make_program, make_sales_invoice
from tests.site.reach import make_contact, random_phone
from tests.site.world import COMPANY, PASSWORD

RUN = "window.pwned=1"
HOSTILE = f'"><img src=x onerror={RUN}><script>{RUN}</script>'
ATTRIBUTE = f"x' onmouseover='{RUN}' autofocus onfocus='{RUN}' \" onfocus=\"{RUN}"
LINK = f"javascript:{RUN}"
TEMPLATE = "{{ 7 * 191 }}${7*191}<%= 7*191 %>"
PORTAL = "hostile-texts@ccms.test"
IMPORT = "CCMS Interaction Import"


def event(number: int, kind: str, **fields) -> dict:
	at = datetime.now(UTC) - timedelta(minutes=5 * number + 5)
	return {"event_id": f"{number} {HOSTILE}"[:140], "type": kind, "occurred_at": at.isoformat(), **fields}


@pytest.fixture(scope="module")
def outside(site):
	"""A customer about whom everything that others write is hostile; committed, and harmless again in the end."""
	program = make_program()
	customer, twin = make_customer(program), make_customer()
	phone = random_phone()
	for one in (customer, twin):
		one.reload()
		one.update(
			{
				"customer_name": HOSTILE,
				"ccms_occupation": HOSTILE,
				"ccms_home_place": ATTRIBUTE,
				"tax_id": LINK,
			}
		)
		one.save()
	contact = make_contact(customer, twin, phones=[phone], emails=["x@gmial.com"])
	contact.first_name = HOSTILE  # no name of a record may hold a tag, so it is changed to one
	contact.save()
	world.make_user(PORTAL, "Customer", user_type="Website User")
	portal = make_contact(customer, emails=[PORTAL], first_name=ATTRIBUTE, user=PORTAL)
	identities.link(identities.ensure("Phone", phone), customer.name, HOSTILE[:100], verified=True)
	for _number in range(2):
		make_sales_invoice(customer)
	frappe.get_doc(
		{"doctype": "Issue", "subject": HOSTILE, "customer": customer.name, "raised_by": "x@mail.cn"}
	).insert()
	made = [*_events(phone), *_papers(customer)]
	frappe.db.commit()
	yield frappe._dict(customer=customer.name, twin=twin.name, made=made, phone=phone)
	frappe.db.rollback()
	_make_harmless(customer, contact, portal)


def _events(phone: str) -> list[tuple[str, str]]:
	texts = {"subject": HOSTILE, "content": HOSTILE * 3, "outcome": HOSTILE[:140], "item": ATTRIBUTE[:140]}
	pages = {"path": f"/{HOSTILE}", "previous_path": LINK, "payload": {HOSTILE: [HOSTILE, {"a": TEMPLATE}]}}
	person = {"kind": "Phone", "value": phone}
	consent.record(identities.find("Phone", phone), "Web Tracking", "Given", source="Desk", proof=HOSTILE)
	source, _keys = make_source("Server")
	told = intake.write(
		[
			event(1, "Call", identity=person, **texts),
			event(2, "Chat", identity=person, subject=TEMPLATE, content=LINK),
			event(3, "Page View", identity=person, **pages, dwell=3),
			event(4, "Page View", visitor="hostile-visitor-1", path=ATTRIBUTE),
			event(5, "Cart Add", identity=person, item=HOSTILE[:140], path=f"/{HOSTILE}"),
			event(6, "Cart Step", identity=person, subject=HOSTILE, path=LINK),
		],
		sources.load(source.name),
	)
	assert [answer.status for answer in told].count("stored") == 5, [answer.message for answer in told]
	frappe.db.commit()
	days.compute_marked()
	site_source = make_source("Site")[0].name
	doc = frappe.get_doc({"doctype": IMPORT, "event_source": site_source})
	doc.append("columns", {"column_name": HOSTILE[:140], "target": "Event ID"})
	doc.append("columns", {"column_name": ATTRIBUTE[:140], "target": "Happened At"})
	doc.append("columns", {"column_name": "what", "target": "Subject"})
	doc.append("columns", {"target": "Type", "fixed_value": "Call"})
	doc.insert()
	quoted = HOSTILE.replace('"', '""'), ATTRIBUTE.replace('"', '""')
	rows = f'"{quoted[0][:140]}","{quoted[1][:140]}",what\n1,never {HOSTILE.replace(chr(34), "")},"{quoted[0]}"\n'
	doc.file = save_file("img src=x onerror=1.csv", rows, IMPORT, doc.name, is_private=1).file_url
	doc.save()
	frappe.db.commit()
	imports.start(doc.name, True)
	frappe.db.commit()
	imports.run(doc.name)
	return [("CCMS Event Source", source.name), (IMPORT, doc.name), ("CCMS Event Source", site_source)]


def _papers(customer) -> list[tuple[str, str]]:
	"""What staff and customers write."""
	wording = frappe.get_doc(
		{
			"doctype": "CCMS Consent Wording",
			"purpose": "Marketing",
			"language": "en",
			"version": 900,
			"text": HOSTILE,
		}
	).insert()
	consent.record(customer.name, "Marketing", "Given", source="Desk", wording=wording.name)
	consent.record(customer.name, "Profiling", "Given", source="Letter", proof=ATTRIBUTE)
	request = frappe.get_doc(
		{
			"doctype": requests.DOCTYPE,
			"customer": customer.name,
			"company": COMPANY,
			"request_type": "Access",
			"details": HOSTILE,
		}
	).insert()
	request.refuse(f"Because {HOSTILE}")
	rule = frappe.get_doc(
		{
			"doctype": "CCMS Quality Rule",
			"rule_name": f"Rule {ATTRIBUTE}"[:100],
			"kind": "No Way to Reach",
			"weight": 1,
			"description": HOSTILE,
			"enabled": 1,
		}
	).insert()
	runs.look([customer.name])
	merge = merging.run(
		_named(HOSTILE), customer.name, reason=HOSTILE, evidence={"why": HOSTILE, HOSTILE: LINK}
	)
	frappe.db.commit()
	matching.run()
	pair = frappe.db.get_value("CCMS Duplicate Pair", {"customer_a": customer.name}) or frappe.db.get_value(
		"CCMS Duplicate Pair", {"customer_b": customer.name}
	)
	assert pair, "the two are probably one"
	duplicates.not_duplicate(pair, HOSTILE)
	duplicates.reopen(pair)
	undone = merging.run(_named(HOSTILE), customer.name, reason=HOSTILE)
	undo.run(undone, HOSTILE)
	return [
		("CCMS Consent Wording", wording.name),
		(requests.DOCTYPE, request.name),
		("CCMS Quality Rule", rule.name),
		("CCMS Customer Merge", merge),
		("CCMS Customer Merge", undone),
		("CCMS Duplicate Pair", pair),
	]


def _named(text: str) -> str:
	"""A customer who is called so. No name of a record may hold a tag, so she is called so afterwards."""
	doc = make_customer()
	doc.reload()
	doc.customer_name = text
	return doc.save().name


def _make_harmless(customer, contact, portal) -> None:
	for name in frappe.get_all("Customer", {"customer_name": ["like", "%onerror%"]}, pluck="name"):
		values = {"customer_name": name, "ccms_occupation": "", "ccms_home_place": "", "tax_id": ""}
		frappe.db.set_value("Customer", name, values)
	for doc in (contact, portal):
		frappe.db.set_value("Contact", doc.name, {"first_name": doc.name, "full_name": doc.name, "user": ""})
	frappe.db.delete("CCMS Consent Wording", {"version": 900})
	frappe.db.delete("CCMS Quality Rule", {"rule_name": ["like", "Rule x'%"]})
	for name in frappe.get_all("CCMS Event Source", {"name": ["like", "Source %"]}, pluck="name"):
		if frappe.db.exists(
			"CCMS Customer Interaction", {"event_source": name, "event_id": ["like", "%onerror%"]}
		):
			forget(name)
	frappe.db.commit()


def watch(page: Page) -> list[str]:
	"""What ran that should not have."""
	told: list[str] = []
	page.on("dialog", lambda dialog: (told.append(f"{page.url}: {dialog.message}"), dialog.dismiss()))
	return told


def harmless(page: Page, path: str, told: list[str]) -> None:
	"""Nothing has run, and nothing stands there that would. A picture without a handler may be left: what Frappe's own forms
	save is cleaned, not written out."""
	settle(page)
	page.wait_for_timeout(300)  # a picture that is not there says so later
	for element in page.locator("[onerror*=pwned],[onfocus*=pwned],[onmouseover*=pwned]").all():
		told.append(f"{path}: {element.evaluate('e => e.outerHTML')[:300]}")
	if page.evaluate("window.pwned"):
		told.append(f"{path}: ran")
		page.evaluate("window.pwned = 0")
	if page.locator("a[href^='javascript:window']").count():
		told.append(f"{path}: a link that runs")
	if "1337" in page.locator("body").inner_text() and "event" not in path:
		told.append(f"{path}: a template was rendered")


LISTS = (
	"ccms-customer-interaction", "ccms-identity", "ccms-event-source", "ccms-interaction-import", "ccms-consent",
	"ccms-consent-wording", "ccms-privacy-request", "ccms-access-log", "ccms-customer-merge", "ccms-duplicate-pair",
	"ccms-quality-finding", "ccms-quality-rule", "ccms-quality-run", "ccms-quality-fix", "ccms-interaction-type", "customer",
	"customer-data",
)  # fmt: skip
REPORTS = ("Channel Mix", "Interaction Volume", "Path and Dwell", "Data Quality", "Probable Duplicates")


def test_lists_and_reports(desk, outside):
	page = desk()
	told = watch(page)
	for path in (*(f"/app/{name}" for name in LISTS), *(f"/app/query-report/{name}" for name in REPORTS)):
		page.goto(path)
		harmless(page, path, told)
	page.goto("/app/query-report/Path and Dwell?show=Cart by Step")
	harmless(page, "cart by step", told)
	assert not told, "\n".join(told)


def test_forms(new_context, outside):
	"""Not by `desk`: a bench without Frappe's code editor cannot show a field of kind JSON without an error."""
	events = frappe.get_all(
		"CCMS Customer Interaction", {"event_id": ["like", "%onerror%"]}, pluck="name", limit=6
	)
	consents = frappe.get_all("CCMS Consent", {"customer": outside.customer}, pluck="name")
	findings = frappe.get_all("CCMS Quality Finding", {"customer": outside.customer}, pluck="name", limit=3)
	context = new_context()
	context.route("**/socket.io/**", lambda route: route.abort())
	assert context.request.post("/api/method/login", form={"usr": "Administrator", "pwd": "admin"}).ok
	page = context.new_page()
	told = watch(page)
	forms = [
		*outside.made,
		*(("CCMS Customer Interaction", name) for name in events),
		*(("CCMS Consent", name) for name in consents),
		*(("CCMS Quality Finding", name) for name in findings),
		("CCMS Identity", identities.find("Phone", outside.phone)),
	]
	assert len(forms) > 12
	for doctype, name in forms:
		page.goto(f"/app/{frappe.scrub(doctype).replace('_', '-')}/{quote(name, safe='')}")
		page.wait_for_function("name => window.cur_frm?.doc?.name === name", arg=name)
		harmless(page, f"{doctype} {name}", told)
	assert not told, "\n".join(told)


def test_every_tab_of_the_customer(desk, outside):
	page = desk()
	told = watch(page)
	page.goto(f"/app/customer/{outside.customer}")
	page.wait_for_function("name => window.cur_frm?.doc?.name === name", arg=outside.customer)
	harmless(page, "customer", told)
	for tab in page.locator(".form-tabs [role=tab]:visible").all():
		tab.click()
		harmless(page, f"customer, {tab.inner_text()}", told)
	page.locator("[role=tab][data-fieldname=ccms_360_tab]").click()
	events = page.locator("[data-list=interactions]")
	expect(events).to_contain_text("<script>window.pwned")
	expect(events).not_to_contain_text("&lt;")
	expect(page.locator("[data-list=tickets]")).to_contain_text('<img src="x">')
	assert not told, "\n".join(told)


@pytest.mark.parametrize("device", ["desktop", "phone"])
def test_the_customer_s_own_page(new_context, outside, device):
	context = new_context()
	assert context.request.post("/api/method/login", form={"usr": PORTAL, "pwd": PASSWORD}).ok
	page = context.new_page()
	told = watch(page)
	page.goto("/my-data")
	harmless(page, "my-data", told)
	expect(page.locator("body")).to_contain_text('<img src="x">')
	for path in (f"/withdraw-consent?t={HOSTILE}", f"/my-data?what={HOSTILE}&customer={ATTRIBUTE}"):
		page.goto(path)
		harmless(page, path, told)
	assert not told, "\n".join(told)
