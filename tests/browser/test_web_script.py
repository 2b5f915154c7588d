"""The web script on a plain page of another origin, in a real browser: consent, GPC, people who share a computer, leaving."""

import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import frappe
import pytest
from playwright.sync_api import BrowserContext, Page

import ccms_app
from ccms_app.identity.store import identities
from ccms_app.interactions import token
from ccms_app.interactions.store import sources, timeline
from tests.harness import services
from tests.site import factories
from tests.site.world import COMPANY

SCRIPT = Path(ccms_app.__file__).parent / "public" / "js" / "ccms_track.js"
EVENT, SOURCE = "CCMS Customer Interaction", "CCMS Event Source"
PATIENCE = 15  # seconds
PAGE = """<!doctype html><title>Shop</title><h1>Tea</h1>
<a id="more" href="/more">More</a> <button data-ccms="Buy">Buy</button> <p id="text">Text</p>
<script src="{base}/assets/ccms_app/js/ccms_track.js" data-key="{key}" async></script>"""


@pytest.fixture(scope="module")
def shop(site, base_url):
	"""A shop of another origin that holds the snippet; `.url`, `.source`, `.secret`."""
	port = services.free_port()
	origin = f"http://localhost:{port}"
	name = frappe.generate_hash(length=10)
	doc = frappe.get_doc(
		{
			"doctype": SOURCE,
			"source_name": f"Shop {name}",
			"company": COMPANY,
			"kind": "Browser",
			"origins": origin,
		}
	).insert()
	keys = sources.rotate(doc.name)
	frappe.db.commit()
	html = PAGE.format(base=base_url, key=keys["public_key"]).encode()

	class Shop(BaseHTTPRequestHandler):
		def do_GET(self):
			self.send_response(200)
			self.send_header("Content-Type", "text/html")
			self.end_headers()
			self.wfile.write(html)

		def log_message(self, *_given):
			pass

	server = ThreadingHTTPServer(("localhost", port), Shop)
	threading.Thread(target=server.serve_forever, daemon=True).start()
	yield frappe._dict(url=origin, source=doc.name, secret=keys["identify_secret"])
	server.shutdown()
	server.server_close()
	time.sleep(1)  # the last stay of the last page
	forget_events(frappe._dict(source=doc.name))


@pytest.fixture(autouse=True)
def clean_source(shop):
	# a page that closes tells its last stay: that may come after the test
	forget_events(shop)
	yield
	forget_events(shop)


def forget_events(shop) -> None:
	for last_try in (False, False, True):
		frappe.db.rollback()
		try:
			frappe.db.delete(EVENT, {"event_source": shop.source})
			return frappe.db.commit()
		except frappe.exceptions.QueryDeadlockError:  # with the last stay of a page that was closed
			if last_try:
				raise


@pytest.fixture
def visit(new_context, shop):
	"""`visit(init_script)`: a new browser on the shop's first page, and what it has posted."""

	def open_page(init: str = "") -> Page:
		context: BrowserContext = new_context()
		if init:
			context.add_init_script(init)
		page = context.new_page()
		page.posts = []
		page.on("request", lambda request: page.posts.append(request) if request.method == "POST" else None)
		page.goto(shop.url + "/")
		page.wait_for_function("window.ccms")
		return page

	return open_page


def events(shop, **filters) -> list[frappe._dict]:
	frappe.db.rollback()
	return frappe.get_all(
		EVENT,
		filters={"event_source": shop.source, **filters},
		fields=["*"],
		order_by="occurred_at, creation",
	)


def wait(what, patience: float = PATIENCE):
	"""What `what()` answers as soon as that is something."""
	deadline = time.monotonic() + patience
	while time.monotonic() < deadline:
		if found := what():
			return found
		time.sleep(0.3)
	return what()


def kept(page: Page) -> dict:
	return page.evaluate("({...localStorage})")


def test_it_is_small_and_readable():
	text = SCRIPT.read_text()
	assert len(text.encode()) < 4000
	assert max(map(len, text.splitlines())) <= 120 and text.count("\n") > 80
	assert "document.cookie" not in text and "sendBeacon" not in text


def test_nothing_is_kept_or_sent_before_consent(visit, shop):
	page = visit()
	page.click("button")
	page.evaluate("ccms.track('Cart Add', {item: 'Tea'}); ccms.identify('x'); ccms.identify()")
	page.wait_for_timeout(3000)
	page.click("#more")
	page.wait_for_timeout(2500)
	assert kept(page) == {} and page.context.cookies() == []
	assert page.posts == [] and events(shop) == []
	assert page.evaluate("ccms.visitor()") is None


def test_a_visit_is_told_with_paths_stays_clicks_and_cart(visit, shop):
	page = visit()
	page.evaluate("ccms.consent(true)")
	page.wait_for_timeout(700)
	page.click("button")
	page.click("#text")
	page.evaluate(
		"ccms.track('Cart Add', {item: 'Tea', amount: 12.5}); ccms.track('Cart Drop', {item: 'Tea'})"
	)
	page.click("#more")
	page.wait_for_function("window.ccms")
	page.evaluate("history.pushState({}, '', '/spa?name=Wang#x')")
	page.evaluate("history.pushState({}, '', '/end')")
	views = wait(lambda: found if len(found := events(shop, interaction_type="Page View")) >= 3 else None)
	assert [(view.previous_path or "", view.path) for view in views] == [
		("", "/"),
		("/", "/more"),
		("/more", "/spa"),
	]
	assert 0.6 <= views[0].dwell < 30
	clicks = events(shop, interaction_type="Click")
	assert [(click.subject, click.path) for click in clicks] == [("Buy", "/"), ("more", "/")]
	(add,) = events(shop, interaction_type="Cart Add")
	assert (add.item, float(add.amount), add.company) == ("Tea", 12.5, COMPANY)
	assert len(events(shop, interaction_type="Cart Drop")) == 1
	assert {event.visitor for event in events(shop)} == {add.visitor} and not add.identity
	assert page.context.cookies() == []
	for request in page.posts:
		assert request.headers["content-type"].startswith("text/plain")
		assert "cookie" not in request.headers and "Wang" not in request.post_data
	assert not [one for one in page.posts if one.method == "OPTIONS"]


@pytest.mark.parametrize(
	"signal",
	[
		"Object.defineProperty(navigator, 'globalPrivacyControl', {value: true})",
		"Object.defineProperty(navigator, 'doNotTrack', {value: '1'})",
	],
)
def test_a_browser_that_refuses_is_left_alone(visit, shop, signal):
	page = visit(f'{signal}; localStorage.setItem(\'ccms\', \'{{"visitor": "earlier-one", "queue": []}}\')')
	page.evaluate("ccms.consent(true); ccms.track('Cart Add', {item: 'Tea'}); ccms.identify('x')")
	page.click("button")
	page.wait_for_timeout(3000)
	assert kept(page) == {} and page.posts == []


def test_a_consent_withdrawn_ends_it(visit, shop):
	page = visit()
	page.evaluate("ccms.consent(true)")
	page.click("button")
	(click,) = wait(lambda: events(shop, interaction_type="Click"))
	page.evaluate("ccms.consent(false)")
	assert kept(page) == {}
	assert wait(
		lambda: (
			frappe.db.rollback()
			or frappe.get_all("CCMS Consent", {"subject_hash": click.visitor, "state": "Withdrawn"})
		)
	)
	number, posts = len(events(shop)), len(page.posts)
	page.click("button")
	page.click("#more")
	page.wait_for_timeout(3000)
	assert len(events(shop)) == number and len(page.posts) == posts and kept(page) == {}


def test_leaving_tells_the_last_stay(visit, shop):
	page = visit()
	page.evaluate("ccms.consent(true)")
	wait(lambda: events(shop, interaction_type="Consent"))
	page.goto("about:blank")
	(view,) = wait(lambda: events(shop, interaction_type="Page View"))
	assert view.path == "/" and view.dwell > 0


def test_what_did_not_arrive_is_sent_by_the_next_page_and_counts_once(visit, shop):
	page = visit()
	page.context.route("**/ccms_app.api.track.track", lambda route: route.abort())
	page.evaluate("ccms.consent(true)")
	page.click("button")
	page.wait_for_timeout(3000)
	assert events(shop) == [] and "Click" in kept(page)["ccms"]
	page.context.unroute("**/ccms_app.api.track.track")
	page.reload()
	page.wait_for_function("window.ccms")
	(click,) = wait(lambda: events(shop, interaction_type="Click"))
	page.wait_for_timeout(2500)
	assert len(events(shop, interaction_type="Click")) == 1
	assert click.event_id not in kept(page)["ccms"]


def test_a_quota_that_is_used_up_loses_nothing(visit, shop):
	page = visit()
	page.context.route("**/ccms_app.api.track.track", lambda route: route.fulfill(status=429, body="{}"))
	page.evaluate("ccms.consent(true)")
	page.click("button")
	page.wait_for_timeout(3000)
	assert len(page.posts) >= 1 and "Click" in kept(page)["ccms"]


def test_two_people_on_one_computer_are_two_visitors(visit, shop):
	first, second = factories.make_customer(), factories.make_customer()
	frappe.db.commit()
	page = visit()
	page.evaluate("ccms.consent(true)")

	def sign_in(customer) -> None:
		visitor = page.evaluate("ccms.visitor()")
		signed = token.sign(shop.secret, customer.name, visitor, int(time.time()) + 600)
		page.evaluate("(token) => ccms.identify(token)", signed)

	page.click("button")
	sign_in(first)
	mine = page.evaluate("ccms.visitor()")
	wait(lambda: events(shop, interaction_type="Identify"))
	assert page.evaluate("ccms.visitor()") == mine
	sign_in(second)
	page.evaluate("ccms.track('Cart Add', {item: 'of the second'})")
	assert wait(lambda: page.evaluate("ccms.visitor()") != mine)
	page.evaluate("ccms.consent(true)")  # the banner asks the second person, too
	page.evaluate("ccms.track('Cart Add', {item: 'later'})")
	wait(lambda: [one for one in events(shop, interaction_type="Cart Add") if one.item == "later"])
	theirs = frappe._dict(
		{name: timeline.page(name, limit=100)["rows"] for name in (first.name, second.name)}
	)
	assert {row.item for row in theirs[second.name] if row.item} >= {"later"}
	assert not any(row.item for row in theirs[first.name])
	assert any(row.subject == "Buy" for row in theirs[first.name])
	assert not any(row.subject == "Buy" for row in theirs[second.name])
	assert identities.find("Visitor", mine) in identities.of_customer(first.name)


def test_signing_out_starts_a_new_visitor(visit, shop):
	page = visit()
	page.evaluate("ccms.consent(true)")
	before = page.evaluate("ccms.visitor()")
	page.evaluate("ccms.identify()")
	after = page.evaluate("ccms.visitor()")
	assert after != before and re.fullmatch(r"[0-9a-f-]{36}", after)


def test_a_forged_token_links_nothing_and_starts_a_new_visitor(visit, shop):
	"""Somebody else may sit there, whose token has expired: nothing of theirs goes to who was known before."""
	first, second = factories.make_customer(), factories.make_customer()
	frappe.db.commit()
	page = visit()
	page.evaluate("ccms.consent(true)")
	mine = page.evaluate("ccms.visitor()")
	for secret, customer in ((shop.secret, first), ("0" * 64, second)):
		signed = token.sign(secret, customer.name, mine, int(time.time()) + 600)
		page.evaluate("(token) => ccms.identify(token)", signed)
		page.evaluate("ccms.track('Cart Add', {item: 'Tea'})")
		if customer is first:
			wait(lambda: events(shop, interaction_type="Cart Add"))
	assert wait(lambda: page.evaluate("ccms.visitor()") != mine)
	assert wait(lambda: page.evaluate("JSON.parse(localStorage.ccms).queue.length") == 0)
	assert len(events(shop, interaction_type="Cart Add")) == 1  # the second person has agreed to nothing yet
	page.evaluate("ccms.consent(true)")
	page.evaluate("ccms.track('Cart Add', {item: 'Cup'})")
	added = wait(lambda: found if len(found := events(shop, interaction_type="Cart Add")) > 1 else None)
	assert [event.item for event in added] == ["Tea", "Cup"] and added[0].visitor != added[1].visitor
	assert timeline.page(second.name)["rows"] == []
	assert {row.item for row in timeline.page(first.name)["rows"] if row.item} == {"Tea"}


BLOCKED = "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('denied', 'SecurityError') }});"


@pytest.mark.parametrize(
	"init", [BLOCKED, *(f"localStorage.ccms = '{text}';" for text in ("{broken", "5", "{}"))]
)
def test_a_shop_whose_storage_is_blocked_or_broken_goes_on(visit, shop, init):
	page = visit(f"{init} addEventListener('error', ({{message}}) => (window.broken = message))")
	page.evaluate("ccms.track('Cart Add', {item: 'Tea'})")
	page.evaluate("ccms.identify('x'); ccms.consent(false)")
	page.evaluate("history.pushState({}, '', '/spa'); history.back()")
	page.click("button")
	page.wait_for_timeout(2500)
	assert page.evaluate("[window.broken, ccms.visitor()]") == [None, None]
	assert page.posts == []
	page.evaluate("ccms.consent(true); ccms.track('Cart Add', {item: 'Tea'})")
	if init != BLOCKED:
		assert wait(lambda: events(shop, interaction_type="Cart Add"))
	assert page.evaluate("window.broken") is None


def test_a_browser_that_refuses_and_blocks_is_left_alone(visit, shop):
	gpc = "Object.defineProperty(navigator, 'globalPrivacyControl', {value: true});"
	page = visit(f"{BLOCKED} {gpc} addEventListener('error', ({{message}}) => (window.broken = message))")
	page.evaluate("ccms.consent(true); history.pushState({}, '', '/spa')")
	assert page.evaluate("window.broken") is None and page.posts == []


def test_many_large_events_are_sent(visit, shop):
	"""More than a browser sends of a page that may close meanwhile."""
	page = visit()
	page.evaluate("ccms.consent(true)")
	wait(lambda: events(shop, interaction_type="Consent"))
	page.evaluate("for (let n = 0; n < 45; n++) ccms.track('App Event', {content: '茶'.repeat(700)})")
	assert wait(lambda: len(events(shop, interaction_type="App Event")) == 45)
