"""How long a page of a customer's timeline takes by HTTP: 50,000 events over 3 identities, 1,000,000 others on the site.

`CCMS_SITE=… CCMS_SITES_PATH=… python -m benchmarks.timeline [events] [others]` on a throw-away site, which it fills by SQL at the
first run. One web worker serves; the client is on the same machine.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager
from time import perf_counter

import frappe
import requests

from benchmarks import made_events, on_site
from tests.harness import services

MINE, OTHERS = "bench-mine", "bench-others"
"""What the events are marked by: the customer's, and others'."""
BAR = 150
ROUNDS = 15
CALL = "/api/method/ccms_app.api.interactions.page"
FILTERS = {
	"no filter": {},
	"type": {"interaction_type": "Call"},
	"type with no events": {"interaction_type": "Survey"},
	"category": {"category": "Cart"},
	"channel": {"channel": "Phone"},
	"channel with no events": {"channel": "Post"},
	"company": {"company": made_events.COMPANY},
	"another company": {"company": "CCMS Test Abroad"},
	"branch with no events": {"branch": "Nowhere"},
	"period of a week": {"since": "{week}", "until": "{today}"},
	"text of one event": {"text": "Subject 49999"},
	"text of no event": {"text": "nothing of the sort"},
}


def main(events: int = 50_000, others: int = 1_000_000) -> None:
	site = on_site.connect()
	customer = fill(events, others)
	found, slowest = [], 0.0
	with served(site) as (address, session):

		def ask(filters: dict, key: str = "") -> dict:
			answer = session.get(
				address + CALL,
				params={"customer": customer, "filters": json.dumps(filters), "before_key": key, "limit": 30},
			)
			answer.raise_for_status()
			return answer.json()["message"]

		pages = {"page 1": ""}
		key = ""
		for number in range(1, 1001):
			key = ask({}, key)["next_key"]
			if number in (99, 999):
				pages[f"page {number + 1}"] = key
		asked = [(name, {}, at) for name, at in pages.items()]
		today, week = frappe.utils.nowdate(), frappe.utils.add_days(frappe.utils.nowdate(), -7)
		for name, filters in FILTERS.items():
			said = {
				field: value.replace("{today}", today).replace("{week}", week)
				for field, value in filters.items()
			}
			asked.append((name, said, ""))
		asked.append(("text of no event, page 500", FILTERS["text of no event"], pages["page 100"]))
		for name, filters, at in asked:
			times = []
			for _round in range(ROUNDS):
				start = perf_counter()
				rows = len(ask(filters, at)["rows"])
				times.append((perf_counter() - start) * 1000)
			middle = statistics.median(times)
			slowest = max(slowest, middle)
			found.append((name, rows, f"{min(times):.0f}", f"{middle:.0f}", f"{max(times):.0f}"))
	on_site.table(
		f"Timeline of {events:,} events over 3 identities, {others:,} others (ms)",
		found,
		("asked", "rows", "fastest", "median", "slowest"),
	)
	print(f"slowest median {slowest:.0f} ms of {BAR}: {'met' if slowest <= BAR else 'NOT MET'}")


def fill(events: int, others: int) -> str:
	"""A customer with events over three identities, and others; made once."""
	from ccms_app.identity.store import identities
	from tests.site.factories import make_customer

	customer = frappe.db.get_value("Customer", {"customer_name": "Timeline Benchmark"})
	if not customer:
		customer = make_customer(customer_name="Timeline Benchmark").name
	mine = []
	for kind, value in (
		("Phone", "+8613800138999"),
		("Email", "timeline@example.com"),
		("Customer", customer),
	):
		mine.append(identities.ensure(kind, value))
		identities.link(mine[-1], customer, "Import", verified=True)
	frappe.db.commit()
	made_events.fill(MINE, events, mine)
	strangers = [identities.ensure("Visitor", f"bench-visitor-{number:04d}") for number in range(200)]
	frappe.db.commit()
	if made_events.fill(OTHERS, others, strangers):
		frappe.db.sql(f"analyze table `tab{made_events.EVENT}`")
	return customer


@contextmanager
def served(site: str):
	"""The site's address, and a session signed in to it."""
	port = services.free_port()
	server = subprocess.Popen(
		[
			sys.executable,
			"-m",
			"frappe.utils.bench_helper",
			"frappe",
			"--site",
			site,
			"serve",
			"--port",
			str(port),
			"--noreload",
		],
		stdin=subprocess.DEVNULL,
		stdout=subprocess.DEVNULL,
		stderr=subprocess.DEVNULL,
		env={**__import__("os").environ, "CI": "1"},
	)
	address = f"http://127.0.0.1:{port}"
	try:
		for _try in range(200):
			try:
				requests.get(address + "/api/method/ping", timeout=10)
				break
			except requests.ConnectionError:
				time.sleep(0.3)
		session = requests.Session()
		session.server = server.pid
		session.post(
			address + "/api/method/login", data={"usr": "Administrator", "pwd": "admin"}
		).raise_for_status()
		yield address, session
	finally:
		server.terminate()
		server.wait(timeout=30)


if __name__ == "__main__":
	main(*(int(given) for given in sys.argv[1:]))
