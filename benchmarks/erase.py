"""How long erasing takes: a customer with 50,000 events and 500 paid invoices, exported first.

`CCMS_SITE=… CCMS_SITES_PATH=… python -m benchmarks.erase [invoices] [events]` on a throw-away site. The invoices are submitted
one by one, which takes minutes; they are paid by a stroke of SQL. The customer is a member, and earns points with each.
"""

from __future__ import annotations

import sys
from time import perf_counter

import frappe

from benchmarks import made_events, on_site

BAR = 10.0  # seconds


def main(invoices: int = 500, events: int = 50_000) -> None:
	on_site.connect()
	from ccms_app.loyalty.store import audit
	from ccms_app.privacy.store import erasing, exporting

	customer = fill(invoices, events)
	start = perf_counter()
	size = len(exporting.packed(customer))
	exported = perf_counter() - start
	frappe.db.rollback()
	steps: list[tuple[float, str]] = []
	start = perf_counter()
	done = erasing.now(
		customer, erasing.new_name(), lambda percent, text: steps.append((perf_counter(), text))
	)
	frappe.db.commit()
	erased = perf_counter() - start
	on_site.table(
		f"Erasure of a customer with {invoices:,} invoices and {events:,} events",
		[(f"{exported:.2f}", f"{size / 1024:,.0f}", f"{erased:.2f}", len(steps))],
		("export (s)", "file kB", "erase (s)", "times progress was told"),
	)
	print(done)
	print(f"{erased:.1f} s of {BAR:g}: {'met' if erased <= BAR else 'NOT MET'}")
	found = [str(finding) for finding in audit.run()]
	print("\n".join(found[:20]) or "audit clean")
	assert not found


def fill(invoices: int, events: int) -> str:
	from ccms_app.identity.store import identities
	from tests.site.factories import make_customer, make_program, make_sales_invoice

	mark = frappe.generate_hash(length=6)
	customer = make_customer(make_program(), customer_name=f"Erase Benchmark {mark}").name
	frappe.db.commit()
	for number in range(invoices):
		make_sales_invoice(customer, qty=1 + number % 3)
		if number % 20 == 0:
			frappe.db.commit()
			print(f"{number} of {invoices} invoices", end="\r", flush=True)
	frappe.db.sql("update `tabSales Invoice` set outstanding_amount = 0 where customer = %s", customer)
	frappe.db.sql("update `tabPayment Ledger Entry` set delinked = 1 where party = %s", customer)
	frappe.db.commit()
	mine = []
	for kind, value in (
		("Phone", f"+86138{int(mark, 36) % 10**8:08d}"),
		("Email", f"{mark}@example.com"),
		("Customer", customer),
	):
		mine.append(identities.ensure(kind, value))
		identities.link(mine[-1], customer, "Import", verified=True)
	frappe.db.commit()
	made_events.fill(f"bench-erase-{mark}", events, mine)
	return customer


if __name__ == "__main__":
	main(*(int(value) for value in sys.argv[1:]))
