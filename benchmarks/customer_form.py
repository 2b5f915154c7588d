"""What 5,000,000 events on the site cost the Customer form: the form's own request by HTTP, with none of them, half, and all.

`CCMS_SITE=… CCMS_SITES_PATH=… python -m benchmarks.customer_form [events]` on a throw-away site. The events are made by SQL, 50,000 of
them the customer's, and are deleted in the end. Every statement of ours is shown with how the database finds its rows.

What else happens on the machine slows the requests down: so each is asked in turn with the form of an item, which knows
nothing of events, and what that has become slower is taken off.
"""

from __future__ import annotations

import os
import statistics
import sys
from time import perf_counter

import frappe
import psutil

from benchmarks import made_events, on_site
from benchmarks.timeline import MINE, OTHERS, fill, served

BAR = 50
ROUNDS = 25
OWN = 50_000
CALL = "/api/method/frappe.desk.form.load.getdoc"
INDEXED = ("const", "eq_ref", "ref", "range", "ref_or_null", "index_merge", "system")
Times = tuple[str, str, str]


def main(events: int = 5_000_000) -> None:
	site = on_site.connect()
	customer = fill(0, 0)
	clear()
	nobody = stranger()
	found, alone = [], []
	started = perf_counter()
	for part in (0, events // 2, events):
		if part:
			fill(min(OWN, part), part - min(OWN, part))
		names = (f"{part:,} events", f"{min(OWN, part):,} of this customer")
		found.append((*names, *measure(site, customer)))
		alone.append((*names, *own_part(customer)))
	found.append((f"{events:,} events", "none of this customer", *measure(site, nobody)))
	alone.append((f"{events:,} events", "none of this customer", *own_part(nobody)))
	columns = ("site", "customer", "fastest", "quarter", "median")
	on_site.table(
		"Loading the Customer form (ms)", found, (*columns, "an item, fastest", "server's processor")
	)
	on_site.table("Our part of it alone (ms)", [one[:5] for one in alone], columns)
	plans = plan(customer)
	on_site.table(
		"How our statements find their rows",
		plans,
		("table", "access", "index", "rows looked at", "statement"),
	)
	clear()
	scans = [row for row in plans if row[1] not in INDEXED and row[0] == f"tab{made_events.EVENT}"]
	slower = float(found[2][5]) - float(found[0][5])
	more = float(found[2][2]) - float(found[0][2]) - slower
	print(
		f"the form with all events over that with none, fastest of {ROUNDS}: {more:.0f} ms of {BAR} (an item: {slower:.0f} ms,"
		" taken off); our part: "
		f"{float(alone[0][4]):.1f} ms without, {float(alone[1][4]):.1f} with half, {float(alone[2][4]):.1f} with all (median)"
	)
	print(f"statements that read the events without an index: {len(scans)}")
	print(f"{perf_counter() - started:.0f} s in all, load {os.getloadavg()[0]:.1f} on {os.cpu_count()}")
	sys.exit(more > BAR or bool(scans))


def clear() -> None:
	"""Delete what this benchmark and that of the timeline have made."""
	frappe.db.rollback()
	marks = (MINE, OTHERS)
	foreign = frappe.db.sql(
		f"select 1 from `tab{made_events.EVENT}` where event_source not in %s limit 1", [marks]
	)
	if foreign:
		for mark in marks:
			made_events.drop(mark)
	else:
		frappe.db.sql_ddl(f"truncate table `tab{made_events.EVENT}`")
	frappe.db.commit()


def stranger() -> str:
	"""A customer of whom there are no events: what the number of other people's costs."""
	from tests.site.factories import make_customer

	name = make_customer().name
	frappe.db.commit()
	return name


def own_part(customer: str) -> Times:
	"""What the newest events cost within the request."""
	from ccms_app.desk import dealings

	times = []
	for number in range(203):
		frappe.db.rollback()
		start = perf_counter()
		dealings.on_form("Customer", customer)
		if number >= 3:
			times.append((perf_counter() - start) * 1000)
	return _shown(times, 1)


def plan(customer: str) -> list[tuple]:
	"""What the database says of each of our statements on the form: (table, access, index, rows, statement)."""
	from ccms_app.desk import dealings

	said: list[tuple[str, object]] = []
	run = frappe.db.sql

	def listening(query, values=(), *more, **options):
		said.append((str(query), values))
		return run(query, values, *more, **options)

	frappe.db.sql = listening
	try:
		dealings.on_form("Customer", customer)
	finally:
		frappe.db.sql = run
	rows = []
	for query, values in said:
		if not query.lstrip().lower().startswith("select"):
			continue
		for step in run(f"explain {query}", values, as_dict=True):
			if step.table:
				rows.append(
					(step.table, step.type or "", step.key or "", step.rows, " ".join(query.split())[:60])
				)
	return list(dict.fromkeys(rows))


def measure(site: str, customer: str) -> tuple[str, ...]:
	"""The form's request: fastest, quarter, median; the item's: fastest; and the server's own processor time a request."""
	from tests.site.world import TEA

	asked = {"Customer": customer, "Item": TEA}
	times: dict[str, list[float]] = {doctype: [] for doctype in asked}
	used: list[float] = []
	with served(site) as (address, session):
		server = psutil.Process(session.server)
		for number in range(ROUNDS + 3):
			for doctype, name in asked.items():
				start, own = perf_counter(), processor(server)
				session.get(address + CALL, params={"doctype": doctype, "name": name}).raise_for_status()
				if number >= 3:
					times[doctype].append((perf_counter() - start) * 1000)
					if doctype == "Customer":
						used.append((processor(server) - own) * 1000)
	return (*_shown(times["Customer"], 0), f"{min(times['Item']):.0f}", f"{statistics.mean(used):.0f}")


def processor(server: psutil.Process) -> float:
	"""Seconds that a server has computed."""
	return sum(sum(one.cpu_times()[:2]) for one in (server, *server.children(recursive=True)))


def _shown(times: list[float], digits: int) -> Times:
	low = statistics.quantiles(times, n=4)[0]
	return tuple(f"{value:.{digits}f}" for value in (min(times), low, statistics.median(times)))


if __name__ == "__main__":
	main(*(int(given) for given in sys.argv[1:]))
