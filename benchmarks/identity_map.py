"""Claim: with a million identities there, a thousand more are found, made or told whose they are in time for 4,000 events/s.

`CCMS_SITE=… CCMS_SITES_PATH=… python -m benchmarks.identity_map [identities]`; it removes what it makes.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable
from time import perf_counter

import frappe

from benchmarks.on_site import connect

BATCH = 1_000
ROUNDS = 15
TAG = "benchmark-"


def main(total: int = 1_000_000) -> None:
	"""Print the milliseconds of one batch, by action."""
	connect()
	from ccms_app.identity.store import capture, identities
	from tests.site.factories import make_customer

	customer = make_customer()
	frappe.db.commit()
	try:
		start = perf_counter()
		for at in range(0, total, 10_000):
			made = identities.ensure_many(
				("Visitor", f"{TAG}{number:09d}") for number in range(at, at + 10_000)
			)
			if at == 0:
				known = [*made.values()][:300]
				identities.links.add([identities.links.New(name, customer.name, "Portal") for name in known])
				identities.settle(known)
			frappe.db.commit()
		print(f"{total:,} identities made in {perf_counter() - start:.0f} s")
		stride = max(1, total // BATCH)
		there = [("Visitor", f"{TAG}{number:09d}") for number in range(0, total, stride)][:BATCH]
		fresh = iter(range(total, total * 2, BATCH))
		names = [*identities.find_many(there).values()][: BATCH - 300] + known

		def new() -> None:
			at = next(fresh)
			identities.ensure_many(("Visitor", f"{TAG}{number:09d}") for number in range(at, at + BATCH))

		actions: dict[str, Callable[[], object]] = {
			"ensure_many, all there": lambda: identities.ensure_many(there),
			"ensure_many, all new": new,
			"owners, 300 known": lambda: identities.owners(names),
			"capture of one unchanged customer": lambda: capture.one(customer.name),
		}
		for name, action in actions.items():
			times = [timed(action) for _round in range(ROUNDS)]
			print(f"{name:36} {statistics.median(times):8.1f} ms median {max(times):8.1f} ms most")
	finally:
		frappe.db.rollback()
		clean(customer.name)


def timed(action: Callable[[], object]) -> float:
	"""Milliseconds of an action, with the commit that ends it."""
	start = perf_counter()
	action()
	frappe.db.commit()
	return (perf_counter() - start) * 1000


def clean(customer: str) -> None:
	"""Take away what was made, in parts."""
	frappe.delete_doc("Customer", customer)
	frappe.db.commit()
	while frappe.db.sql("select name from `tabCCMS Identity` where kind = 'Visitor' limit 1"):
		frappe.db.sql("delete from `tabCCMS Identity` where kind = 'Visitor' limit 50000")
		frappe.db.commit()


if __name__ == "__main__":
	main(*map(int, sys.argv[1:]))
