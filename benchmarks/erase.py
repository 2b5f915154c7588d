"""How long erasing takes: a customer with 50,000 events and 500 paid invoices, exported first.

`CCMS_SITE=… CCMS_SITES_PATH=… python -m benchmarks.erase [invoices] [events]` on a throw-away site. Twenty
invoices are submitted, and copied with their lines and ledger rows by the database until there are enough; they are paid by a
stroke of SQL. The customer is a member, and earns points with those that were submitted.
"""

from __future__ import annotations

import sys
from os import getloadavg
from time import perf_counter, process_time

import frappe

from benchmarks import made_events, on_site

BAR = 10.0  # seconds
REAL = 20
# tables of an invoice, and the columns that name it there
COPIED = {
	"Sales Invoice": ("name",),
	"Sales Invoice Item": ("parent",),
	"GL Entry": ("voucher_no", "against_voucher"),
	"Payment Ledger Entry": ("voucher_no", "against_voucher_no"),
}


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
	start, own = perf_counter(), process_time()
	done = erasing.now(
		customer, erasing.new_name(), lambda percent, text: steps.append((perf_counter(), text))
	)
	frappe.db.commit()
	erased, own = perf_counter() - start, process_time() - own
	on_site.table(
		f"Erasure of a customer with {invoices:,} invoices and {events:,} events",
		[
			(
				f"{exported:.2f}",
				f"{size / 1024:,.0f}",
				f"{erased:.2f}",
				f"{own:.2f}",
				f"{getloadavg()[0]:.1f}",
				len(steps),
			)
		],
		(
			"export (s)",
			"file kB",
			"erase (s)",
			"of it in Python (s)",
			"load of the machine",
			"times progress was told",
		),
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
	names = [make_sales_invoice(customer, qty=1 + number % 3).name for number in range(min(REAL, invoices))]
	frappe.db.commit()
	for number in range(len(names), invoices):
		copy(names[number % REAL], f"{names[number % REAL]}-{number}")
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


def copy(invoice: str, new: str) -> None:
	"""Copy a submitted invoice with its lines and ledger rows."""
	for doctype, columns in COPIED.items():
		for row in frappe.get_all(doctype, {columns[0]: invoice}, ["*"]):
			row.name = new if columns[0] == "name" else frappe.generate_hash(length=14)
			row.update({column: new for column in columns if row.get(column) == invoice})
			frappe.db.bulk_insert(doctype, fields=list(row), values=[list(row.values())])


if __name__ == "__main__":
	main(*(int(value) for value in sys.argv[1:]))
