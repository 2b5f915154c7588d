"""The browser suite: the site's own web server, and Chromium signed in to its desk and portal.

The server is another process: a test commits what the page should see, and calls `frappe.db.rollback()` before it reads what the
page wrote, since its own transaction would go on showing the past.
"""

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import frappe
import pytest
from playwright.sync_api import BrowserContext, Page

from tests.harness import chromium, services
from tests.on_site import as_user, clean_slate, site  # noqa: F401
from tests.site.world import MANAGER, PASSWORD

SCREENSHOTS = Path(__file__).parent / "screenshots"
DEVICES = {"desktop": {"width": 1280, "height": 800}, "phone": {"width": 390, "height": 844}}


def pytest_collection_modifyitems(items) -> None:
	for item in items:
		if Path(__file__).parent in item.path.parents:
			item.add_marker("commits")


@pytest.fixture(scope="session")
def base_url(site) -> Iterator[str]:
	"""The address of the site's web server, which runs for the session."""
	port = services.free_port()
	command = [sys.executable, "-m", "frappe.utils.bench_helper", "frappe", "--site", site]
	log = open(os.devnull, "w")
	server = subprocess.Popen(
		[*command, "serve", "--port", str(port), "--noreload"],
		env={**os.environ, "CI": "1"},  # no debugger, no line a request
		stdin=subprocess.DEVNULL,
		stdout=log,
		stderr=log,
	)
	address = f"http://127.0.0.1:{port}"
	try:
		wait_for(f"{address}/api/method/ping", server)
		yield address
	finally:
		server.terminate()
		server.wait(timeout=30)
		log.close()


def wait_for(address: str, server: subprocess.Popen, patience: float = 60) -> None:
	deadline = time.monotonic() + patience
	while time.monotonic() < deadline and server.poll() is None:
		try:
			urllib.request.urlopen(address, timeout=10).close()
			return
		except OSError:
			time.sleep(0.2)
	raise RuntimeError(f"the web server did not answer at {address}")


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict:
	"""The machine's own Chromium, quiet and without a network of its own."""
	switches = ("no-sandbox", "disable-gpu", "disable-dev-shm-usage", "disable-background-networking")
	more = ("disable-component-update", "disable-sync", "no-first-run", "mute-audio")
	return {"executable_path": chromium.find(), "args": [f"--{switch}" for switch in (*switches, *more)]}


@pytest.fixture(scope="session")
def browser_context_args(base_url) -> dict:
	return {"base_url": base_url}


@pytest.fixture
def desk(new_context, site) -> Iterator[Callable[..., Page]]:
	"""`desk(user, language="zh", device="phone")`: a page signed in as that person; open it on any `/app/…`.

	A script error on one of its pages fails the test.
	"""
	errors: list[str] = []

	def sign_in(user: str = "Administrator", language: str = "en", device: str = "desktop") -> Page:
		frappe.db.set_value("User", user, "language", language)
		frappe.db.commit()
		frappe.clear_cache(user=user)
		context: BrowserContext = new_context(viewport=DEVICES[device], has_touch=device == "phone")
		# live updates are another server's; without it the desk would ask for ever
		context.route("**/socket.io/**", lambda route: route.abort())
		password = "admin" if user == "Administrator" else PASSWORD
		answer = context.request.post("/api/method/login", form={"usr": user, "pwd": password})
		assert answer.ok, f"{user} could not sign in: {answer.text()[:500]}"
		context.set_default_timeout(40_000)
		page = context.new_page()
		page.on("pageerror", lambda error: note(page, str(error.stack or error)))
		return page

	def note(page: Page, error: str) -> None:
		# frappe-charts draws a chart once more that is on its way out with the page before: nobody sees it
		if not ("removeChild" in error and "ResizeObserver.boundDrawFn" in error):
			errors.append(f"{page.url}: {error}")

	yield sign_in
	assert not errors, "\n".join(errors)


@pytest.fixture
def look() -> Callable[[Page, str], Path]:
	"""`look(page, "name")` keeps a picture of the whole page under tests/browser/screenshots."""

	def take(page: Page, name: str) -> Path:
		settle(page)
		path = SCREENSHOTS / f"{name}.png"
		page.screenshot(path=path, full_page=True)
		return path

	return take


def settle(page: Page) -> None:
	"""Wait until the desk has nothing under way: no request, no freeze, no placeholder."""
	page.wait_for_load_state("networkidle")
	page.wait_for_function("!window.frappe || !frappe.request || !frappe.request.ajax_count")
	page.wait_for_function("!document.querySelector('#freeze.in')")


@pytest.fixture
def merger(site):
	"""The manager, allowed to write customers."""
	user = frappe.get_doc("User", MANAGER)
	user.add_roles("Sales Master Manager")
	frappe.db.commit()
	yield MANAGER
	frappe.db.rollback()
	frappe.get_doc("User", MANAGER).remove_roles("Sales Master Manager")
	frappe.db.commit()
