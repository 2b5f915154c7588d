"""Batches of 1,000 events over HTTP into one gunicorn worker, with a million events already there.

30 % of the events are of known customers, by phone, mail or card; 60 % are page views and clicks of visitors who have
consented; 10 % are chats of visitors never seen before. Every event is checked, its people resolved, its consent asked;
each batch is one transaction. Bar: at least 4,000 events a second.

The rate is that of the whole run; beside it stands that of its fastest quarter, as anything else that happens on the
machine only ever adds time, and the processor time of the worker itself.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import subprocess
import sys
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from time import perf_counter, sleep

from benchmarks import on_site

BATCH, BAR = 1_000, 4_000
CUSTOMERS, VISITORS = 10_000, 20_000
SOURCE = "Intake Benchmark"


def main(batches: int = 40, there: int = 1_000_000) -> None:
	site = on_site.connect()
	import frappe

	from tests.harness.services import free_port

	key = source()
	customers(CUSTOMERS)
	consents(VISITORS)
	fill(there)
	frappe.db.commit()
	bodies = [body(key, number) for number in range(batches + 4)]
	with worker(site, free_port()) as connection:
		for one in bodies[:4]:
			post(connection, one)
		took, used = [], connection.processor_time()
		for one in bodies[4:]:
			start = perf_counter()
			statuses = post(connection, one)
			took.append(perf_counter() - start)
			assert statuses == {"stored": BATCH}, statuses
		used = connection.processor_time() - used
		again = perf_counter()
		assert post(connection, bodies[-1]) == {"duplicate": BATCH}
		again = perf_counter() - again
	frappe.db.rollback()
	rate = BATCH * batches / sum(took)
	took.sort()
	rows = [
		("events there before", f"{there:,}"),
		("events sent", f"{BATCH * batches:,}"),
		("events a second", f"{rate:,.0f}"),
		("events a second, fastest quarter", f"{BATCH / took[len(took) // 8]:,.0f}"),
		("worker's own processor time a batch (ms)", f"{used / batches * 1000:.0f}"),
		("others waiting for the processors (load)", f"{os.getloadavg()[0]:.1f} on {os.cpu_count()}"),
		("batch, median (ms)", f"{took[len(took) // 2] * 1000:.0f}"),
		("batch, slowest (ms)", f"{took[-1] * 1000:.0f}"),
		("a batch sent again (ms)", f"{again * 1000:.0f}"),
		("ratio to the bar of 4,000", f"{rate / BAR:.2f}"),
	]
	on_site.table("Intake over HTTP, one worker", rows, ("what", "value"))
	sys.exit(rate < BAR)


def source() -> str:
	"""A server source; returns its secret."""
	import frappe

	from ccms_app.interactions.store import sources
	from tests.site import world

	if not frappe.db.exists("CCMS Event Source", SOURCE):
		values = {"source_name": SOURCE, "company": world.COMPANY, "kind": "Server"}
		frappe.get_doc({"doctype": "CCMS Event Source", **values}).insert()
	return sources.rotate(SOURCE)["secret"]


def identifier(number: int) -> dict[str, str]:
	"""How events name the customer of a number: by phone, mail or card in turn."""
	kind = ("Phone", "Email", "Card")[number % 3]
	value = {
		"Phone": f"+86138{number:08d}",
		"Email": f"c{number}@example.com",
		"Card": f"8600{number:08d}",
	}[kind]
	return {"kind": kind, "value": value}


def customers(count: int) -> None:
	"""Customers with an identity each, where they are missing."""
	import frappe

	from ccms_app.identity.store import identities, links
	from ccms_app.identity.store.rows import insert

	if frappe.db.exists("Customer", f"BENCH-{count - 1}"):
		return
	now = frappe.utils.now()
	columns = ("name", "creation", "modified", "customer_name", "customer_type")
	insert(
		"Customer",
		columns,
		[(f"BENCH-{n}", now, now, f"Bench {n}", "Individual") for n in range(count)],
		ignore=True,
	)
	keys = [tuple(identifier(number).values()) for number in range(count)]
	names = identities.ensure_many(keys)
	links.add([links.New(names[key], f"BENCH-{n}", "Benchmark", True) for n, key in enumerate(keys)])
	identities.settle(names.values())


def consents(count: int) -> None:
	"""Visitors who have agreed to web tracking."""
	import frappe

	from ccms_app.identity.store import identities
	from ccms_app.identity.store.rows import insert

	if frappe.db.exists("CCMS Consent", f"bench-{count - 1}"):
		return
	names = list(identities.ensure_many([("Visitor", visitor(n)) for n in range(count)]).values())
	now = frappe.utils.now()
	columns = ("name", "creation", "modified", "identity", "subject_hash", "purpose", "channel", "state")
	more = ("legal_basis", "said_by", "said_at", "source", "proof")
	said = ("Consent", "Customer", now, "Web Site", "benchmark")
	insert(
		"CCMS Consent",
		(*columns, *more),
		[
			(f"bench-{n}", now, now, name, name, "Web Tracking", "", "Given", *said)
			for n, name in enumerate(names)
		],
		ignore=True,
	)


def visitor(number: int) -> str:
	return f"bench-visitor-{number}"


def fill(count: int) -> None:
	"""Events of the last 300 days, so that there are as many as asked for."""
	import frappe

	from tests.site import world

	missing = count - frappe.db.count("CCMS Customer Interaction")
	if missing <= 0:
		return
	statement = """
		insert into `tabCCMS Customer Interaction`
			(name, creation, modified, owner, modified_by, event_source, event_id, content_hash, interaction_type,
			company, channel, path, dwell, occurred_at, claimed_at, received_at, identity, visitor)
		select left(sha2(concat(%(source)s, '-', seq), 256), 40), now(), now(), 'Guest', 'Guest', %(source)s,
			concat('there-', seq), left(sha2(seq, 256), 40), if(seq %% 10 < 3, 'Call', 'Page View'), %(company)s,
			if(seq %% 10 < 3, 'Phone', 'Web'), concat('/page/', seq %% 500), seq %% 90,
			now() - interval (seq %% 25920000) second, now(), now(),
			if(seq %% 10 < 3, identities.name, null), if(seq %% 10 < 3, null, visitors.name)
		from seq_1_to_{count} as seqs
		left join tmp_people as identities on identities.n = seqs.seq %% %(customers)s
		left join tmp_visitors as visitors on visitors.n = seqs.seq %% %(visitors)s
	""".replace("{count}", str(int(missing)))
	for table, kinds in (("tmp_people", ("Phone", "Email", "Card")), ("tmp_visitors", ("Visitor",))):
		frappe.db.sql_ddl(f"create or replace temporary table {table} (n int primary key, name varchar(140))")
		frappe.db.sql(
			f"insert into {table} select row_number() over (order by name) - 1, name from `tabCCMS Identity` where kind in %(k)s",
			{"k": kinds},
		)
	scale = {"customers": CUSTOMERS, "visitors": VISITORS, "source": SOURCE, "company": world.COMPANY}
	frappe.db.sql(statement, scale)
	frappe.db.commit()
	frappe.db.sql("analyze table `tabCCMS Customer Interaction`")


def body(key: str, number: int) -> bytes:
	"""A batch no other run has sent."""
	draw = random.Random(f"{os.getpid()}-{number}")
	now = datetime.now(timezone.utc)
	events = []
	for place in range(BATCH):
		event = {
			"event_id": f"{os.getpid()}-{now.timestamp()}-{number}-{place}",
			"occurred_at": (now - timedelta(seconds=draw.uniform(0, 86_400))).isoformat(),
		}
		kind = draw.random()
		if kind < 0.3:
			event |= {"type": "Call", "identity": identifier(draw.randrange(CUSTOMERS)), "direction": "In"}
			event |= {"subject": "Asked about opening hours", "duration": draw.randrange(600)}
		elif kind < 0.9:
			event |= {"type": "Page View", "visitor": visitor(draw.randrange(VISITORS))}
			event |= {
				"path": f"/page/{draw.randrange(500)}",
				"previous_path": "/",
				"dwell": draw.randrange(90),
			}
			event |= {"payload": {"screen": {"width": 390, "height": 844}, "language": "zh-CN"}}
		else:
			event |= {
				"type": "Chat",
				"visitor": f"new-{draw.getrandbits(64):016x}",
				"content": "您好，有货吗？",
			}
		events.append(event)
	return json.dumps({"key": key, "sent_at": now.isoformat(), "events": events}).encode()


@contextmanager
def worker(site: str, port: int):
	"""One gunicorn worker of the bench; yields a connection to it."""
	command = [sys.executable, "-m", "gunicorn", "-b", f"127.0.0.1:{port}", "-w", "1", "-t", "120"]
	environment = {**os.environ, "FRAPPE_SITE": site}
	process = subprocess.Popen([*command, "frappe.app:application"], env=environment)
	try:
		connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
		for _try in range(100):
			try:
				connection.connect()
				break
			except OSError:
				sleep(0.2)
		connection.site = site
		connection.processor_time = lambda: processor_time(process.pid)
		yield connection
	finally:
		process.terminate()
		process.wait(timeout=30)


def processor_time(master: int) -> float:
	"""Seconds that the workers of a gunicorn have computed."""
	import psutil

	return sum(sum(child.cpu_times()[:2]) for child in psutil.Process(master).children())


def post(connection, sent: bytes) -> dict[str, int]:
	"""Send a batch; how often each status was answered."""
	headers = {"Content-Type": "text/plain", "Host": connection.site, "X-Frappe-Site-Name": connection.site}
	connection.request("POST", "/api/method/ccms_app.api.track.track", sent, headers)
	response = connection.getresponse()
	answer = json.loads(response.read())
	assert response.status == 200, answer
	found: dict[str, int] = {}
	for row in answer["message"]:
		found[row["status"]] = found.get(row["status"], 0) + 1
	return found


if __name__ == "__main__":
	main()
