"""The expiry sweep of 100,000 lots, and the audit of a million entries.

Bars: at most 60 s and 500 MB each.
"""

from __future__ import annotations

import resource
import sys
from time import perf_counter

from benchmarks import on_site


def main(lots: int = 100_000, entries: int = 1_000_000) -> None:
	on_site.connect()
	import frappe
	from frappe.utils import add_days, add_months, getdate, nowdate

	from benchmarks import synthetic
	from ccms_app.loyalty.store import audit, programs, sweeps
	from tests.site import factories

	today = getdate(nowdate())
	program = factories.make_program(expiry_model="Rolling", expiry_months=12)
	rules = programs.get(program.name)
	customer = factories.make_customer().name
	day = getdate(add_days(add_months(today, -12), -20))
	for _number in range(lots // 10 // 500):  # ten lots each
		batch = synthetic.books(rules, customer, 500, day)
		for book in batch:
			for number in range(10):
				synthetic.earn(book, rules, number, day)
		synthetic.write(batch)
	missing = entries - frappe.db.count("CCMS Points Ledger Entry")
	if missing > 0:
		plenty = factories.make_program(expiry_model="Rolling", expiry_months=36)
		synthetic.histories(programs.get(plenty.name), customer, missing // 100, 100, today)
	synthetic.reindex()
	frappe.db.commit()

	rows = []
	for title, run in (
		("expiry sweep", lambda: sweeps.expire(today)),
		("audit", lambda: len(list(audit.run()))),
	):
		before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
		start = perf_counter()
		result = run()
		took = perf_counter() - start
		peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
		rows.append(
			(
				title,
				result,
				f"{took:.1f}",
				f"{took / 60:.2f}",
				f"{peak / 1024:.0f}",
				f"+{(peak - before) / 1024:.0f}",
			)
		)
	on_site.table(
		f"{lots:,} lots past expiry, {frappe.db.count('CCMS Points Ledger Entry'):,} entries on the site",
		rows,
		("job", "members / findings", "s (≤ 60)", "of the bar", "MB peak (≤ 500)", "MB more"),
	)


if __name__ == "__main__":
	main(*map(int, sys.argv[1:]))
