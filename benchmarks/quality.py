"""The rules of data quality on a site: a first run over made customers, the next with nothing changed, then with 100 changed.

`CCMS_SITE=… CCMS_SITES_PATH=… python -m benchmarks.quality [customers]` writes to the site and takes its rows away again.
Bar: 100,000 customers in 5 minutes at first.
"""

from __future__ import annotations

import os
import sys
from time import perf_counter, process_time

import frappe
from frappe.utils import add_to_date, now_datetime

from ccms_app.quality.store import findings, rules, runs

from . import matching_site, people
from .on_site import connect, table

LONG_AGO = "2020-01-01 00:00:00"


def main() -> None:
	"""Print one table."""
	count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
	site = connect()
	empty()
	rules.make()
	frappe.db.set_value(rules.DOCTYPE, {"name": ["!=", ""]}, "modified", LONG_AGO, update_modified=False)
	world = people.make(count)
	matching_site.fill(world)
	rows = [_timed("first run", True)]
	# the margin of a run would take the rest of the site's day in again
	frappe.db.set_value(
		runs.DOCTYPE, {"status": "Completed"}, "started_on", add_to_date(now_datetime(), hours=6)
	)
	rows.append(_timed("next run, nothing changed", False))
	matching_site.change(world)
	frappe.db.delete(runs.DOCTYPE, {"is_full": 0})
	frappe.db.set_value(
		runs.DOCTYPE, {"status": "Completed"}, "started_on", add_to_date(now_datetime(), hours=5.9)
	)
	frappe.db.commit()
	rows.append(_timed("next run, 100 changed", False))
	rows.append(_timed("all again, nothing changed", True))
	table(
		f"{count:,} customers on {site}", rows,
		("", "s", "s of processor", "load of the machine", "checked", "new findings", "open"),
	)  # fmt: skip
	empty()


def _timed(name: str, full: bool) -> tuple:
	frappe.db.commit()
	start, busy = perf_counter(), process_time()
	run = frappe.get_doc(runs.DOCTYPE, runs.run(full))
	return (
		name,
		f"{perf_counter() - start:.1f}",
		f"{process_time() - busy:.1f}",
		f"{os.getloadavg()[0]:.1f} of {os.cpu_count()}",
		run.checked,
		run.found,
		frappe.db.count(findings.DOCTYPE, {"status": "Open"}),
	)


def empty() -> None:
	"""Take the rows away."""
	frappe.db.delete(findings.DOCTYPE, {"customer": ["like", "BENCH-%"]})
	frappe.db.delete(runs.DOCTYPE)
	matching_site.empty()


if __name__ == "__main__":
	main()
