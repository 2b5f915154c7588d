"""How long merging and undoing take: a customer with 50,000 events and 500 invoices into one with 20 invoices.

`CCMS_SITE=… CCMS_SITES_PATH=… python -m benchmarks.merge [invoices] [events] [rounds]` on a throw-away site. The invoices are
submitted one by one at the first run, which takes minutes; the customer is a member, and earns points with each.
"""

from __future__ import annotations

import sys
from time import perf_counter

import frappe

from benchmarks import made_events, on_site

BAR = 10.0  # seconds
SOURCE, TARGET = "Merge Benchmark A", "Merge Benchmark B"


def main(invoices: int = 500, events: int = 50_000, rounds: int = 3) -> None:
	on_site.connect()
	from ccms_app.identity.store import merge_records, merging, undo

	fill(invoices, events)
	rows = []
	for number in range(1, rounds + 1):
		on_site.connect()
		start = perf_counter()
		foreseen = merging.foresee(SOURCE, TARGET)
		looked = perf_counter() - start
		frappe.db.rollback()
		name, merged = timed(lambda: merging.run(SOURCE, TARGET))
		row = frappe.db.get_value(merge_records.DOCTYPE, name, ["moved_rows", "record"], as_dict=True)
		_said, undone = timed(lambda name=name: undo.run(name))
		rows.append(
			(
				number,
				f"{looked:.2f}",
				f"{merged:.2f}",
				f"{undone:.2f}",
				f"{row.moved_rows:,}",
				f"{len(row.record) / 1024:,.0f}",
			)
		)
		assert not foreseen["refusals"], foreseen
	on_site.table(
		f"Merge of a customer with {invoices:,} invoices and {events:,} events (s)",
		rows,
		("round", "preview", "merge", "undo", "rows moved", "record kB"),
	)
	slowest = max(float(value) for row in rows for value in row[2:4])
	print(f"slowest {slowest:.1f} s of {BAR:g}: {'met' if slowest <= BAR else 'NOT MET'}")
	assert audit_is_clean(), "the audit has findings"


def timed(action) -> tuple[object, float]:
	"""What it returns, and how long it took with its commit."""
	start = perf_counter()
	value = action()
	frappe.db.commit()
	return value, perf_counter() - start


def audit_is_clean() -> bool:
	from ccms_app.loyalty.store import audit

	found = [str(finding) for finding in audit.run()]
	print("\n".join(found[:20]) or "audit clean")
	return not found


def fill(invoices: int, events: int) -> None:
	from ccms_app.identity.store import identities
	from tests.site.factories import make_customer, make_program, make_sales_invoice, make_tiers

	if not frappe.db.exists("Customer", SOURCE):
		program = make_program(tiers=make_tiers(Blue=0, Gold=1000))
		for name in (SOURCE, TARGET):
			make_customer(program, customer_name=name)
		frappe.db.commit()
	for name, count in ((SOURCE, invoices), (TARGET, 20)):
		for number in range(frappe.db.count("Sales Invoice", {"customer": name}), count):
			make_sales_invoice(name, qty=1 + number % 3)
			if number % 20 == 0:
				frappe.db.commit()
				print(f"{name}: {number} of {count} invoices", end="\r", flush=True)
	frappe.db.commit()
	mine = []
	for kind, value in (("Phone", "+8613800138777"), ("Email", "merge@example.com"), ("Customer", SOURCE)):
		mine.append(identities.ensure(kind, value))
		identities.link(mine[-1], SOURCE, "Import", verified=True)
	frappe.db.commit()
	made_events.fill("bench-merge", events, mine)


if __name__ == "__main__":
	main(*(int(value) for value in sys.argv[1:]))
