"""The whole night of a shop with 1 M invoice lines, 100,000 customers and 20 segments, from MariaDB to the last segment;
then the night after a day that touched 1 % of the invoices; then both with 2 M lines and 200,000 customers.

The segments are filled before the first night, as each is in the background when it is saved. (The time that takes is
that of benchmarks/segment_count.py.)

Run as `CCMS_SITE=… CCMS_SITES_PATH=… python -m benchmarks.nightly_scores` with the bench's own Python, on a throw-away
site: the books are written once and stay. Each night is a process of its own, as a worker's job is.

Bars: full ≤ 60 s, next ≤ 40 s, t(2 M) ÷ t(1 M) ≤ 2.2, whole worker ≤ 1.5 GB.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from datetime import timedelta
from time import perf_counter

SIZES = {"1 M": (1_000_000, 100_000), "2 M": (2_000_000, 200_000)}
ABBR = {"1 M": "CB1", "2 M": "CB4"}
FULL, NEXT, RATIO, MEMORY = 60.0, 40.0, 2.2, 1500.0
SHARE = 0.01


def company_of(size: str) -> str:
	return f"CCMS Books {size.replace(' ', '')}"


def night(size: str, what: str) -> dict:
	"""One night in this process: {"seconds", "megabytes", "log", "customers", "rows"}.

	what: "full" reads every invoice and publishes the first scores; "next" is the night after a day with changes.
	"""
	from benchmarks import books, on_site

	on_site.connect()
	import frappe
	from frappe.utils import getdate, nowdate

	from ccms_app.behaviour.store import files
	from ccms_app.scoring.store import pipeline, runs
	from ccms_app.segments.store import refresh

	company, today = company_of(size), getdate(nowdate())
	if what == "make":
		books.make(company, ABBR[size], *SIZES[size], until=today - timedelta(days=1))
		return {}
	if what == "segments":
		return fill_segments(company)
	if what == "full":
		for name in frappe.get_all(runs.DOCTYPE, {"company": company}, pluck="name"):
			runs.delete_scores(name)
			frappe.db.delete(runs.DOCTYPE, {"name": name})
		for doctype in ("CCMS Customer Profile", "CCMS Stage Change", "CCMS Customer Event"):
			frappe.db.delete(doctype, {"company": company})
		files.forget(company)
		books.forget_changes(ABBR[size])
	else:
		books.change(company, ABBR[size], SHARE, today - timedelta(days=1), seed=int(perf_counter()))
	name = runs.new(company)
	cut = today - timedelta(days=1) if what == "full" else today
	frappe.db.set_value(runs.DOCTYPE, name, "data_cut", cut)
	frappe.db.commit()
	before = resource.getrusage(resource.RUSAGE_SELF)
	start = perf_counter()
	done = pipeline.run(name)
	scored = perf_counter()
	refreshed = refresh.refresh(company)
	ended = perf_counter()
	run = frappe.get_doc(runs.DOCTYPE, name)
	if not done:
		sys.exit(f"{name}: {run.message}")
	after = resource.getrusage(resource.RUSAGE_SELF)
	entered, left = (sum(moved[part] for moved in refreshed.moved.values()) for part in (1, 2))
	return {
		"seconds": ended - start,
		"segments": ended - scored,
		"moved": entered + left,
		"processor": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
		"megabytes": after.ru_maxrss / 1024,
		"log": run.log,
		"customers": run.customers,
		"rows": run.rows,
		"changes": run.stage_changes,
	}


def fill_segments(company: str) -> dict:
	"""The 20 segments, with whom they have on the scores that are there."""
	import frappe

	from benchmarks import segment_count
	from ccms_app.scoring.store import pipeline, runs
	from ccms_app.segments.store import refresh

	segment_count.make_items()
	segment_count.twenty(company)
	if not runs.published(company):
		name = runs.new(company)
		frappe.db.commit()
		pipeline.run(name)
	refresh.refresh(company)
	return {}


def in_a_process(size: str, what: str) -> dict:
	done = subprocess.run(
		[sys.executable, "-m", "benchmarks.nightly_scores", size, what],
		stdout=subprocess.PIPE,
		text=True,
		env=os.environ,
	)
	if done.returncode:
		sys.exit(done.returncode)
	return json.loads(done.stdout.strip().splitlines()[-1])


def main(sizes: list[str]) -> None:
	from benchmarks.on_site import table

	rows, full = [], {}
	for size in sizes:
		in_a_process(size, "make")
		in_a_process(size, "segments")
		for what, bar in (("full", FULL), ("next", NEXT)):
			found = in_a_process(size, what)
			if what == "full":
				full[size] = found["seconds"]
			print(f"--- {size}, {what} night\n{found['log']}", file=sys.stderr)
			rows.append(
				(
					f"{found['rows']:,} lines, {found['customers']:,} customers",
					what,
					f"{found['seconds']:.1f}",
					f"{bar:.0f}" if size == "1 M" else "",
					f"{found['segments']:.1f}",
					f"{found['moved']:,}",
					f"{found['processor']:.1f}",
					f"{found['megabytes']:.0f}",
					f"{found['changes']:,}",
				)
			)
	table(
		f"A night from MariaDB (bars: {FULL:.0f} s, then {NEXT:.0f} s; {MEMORY:.0f} MB)",
		rows,
		(
			"books",
			"night",
			"s",
			"bar",
			"of them segments",
			"members moved",
			"own processor s",
			"MB",
			"stage changes",
		),
	)
	if len(full) == 2:
		print(f"t(2 M) ÷ t(1 M) = {full['2 M'] / full['1 M']:.2f} (bar {RATIO})")


if __name__ == "__main__":
	if len(sys.argv) == 3 and sys.argv[2] in ("make", "segments", "full", "next"):
		print(json.dumps(night(*sys.argv[1:])))
	else:
		main(sys.argv[1:] or list(SIZES))
