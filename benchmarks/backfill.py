"""`ccms-backfill` of past invoices, beside posting them one by one.

Bar: at least 1,000 invoices a second, with the same entries and hashes.
"""

from __future__ import annotations

import sys
from time import perf_counter

from benchmarks import on_site


def main(invoices: int = 20_000) -> None:
	on_site.connect()
	import frappe
	from frappe.utils import add_days, nowdate

	from ccms_app.loyalty.store import backfill
	from ccms_app.loyalty.store import invoices as documents
	from tests.site import factories

	copied = max(1, invoices // 20)
	program = factories.make_program(company=factories.COMPANY)
	customers = [factories.make_customer() for _number in range(copied // 50 + 1)]
	sources = [
		factories.make_sales_invoice(customer, qty=2, posting_date=add_days(nowdate(), -40))
		for customer in customers
	]
	for customer in customers:
		factories.enrol(customer, program)
	copy_invoices(sources, invoices)
	frappe.db.commit()

	run = backfill.Backfill(program.name)
	start = perf_counter()
	for _done in run.run():
		pass
	took = perf_counter() - start
	bulk = journal(program.name)

	wipe(program.name)
	start = perf_counter()
	names = [row.voucher_no for row in bulk if row.entry_type == "Earn"][: min(2000, invoices)]
	for name in names:
		documents.post(frappe.get_doc("Sales Invoice", name))
	single = perf_counter() - start
	again = journal(program.name)
	same = all(
		one in {(r.membership, r.seq, r.chain_hash) for r in bulk}
		for one in ((r.membership, r.seq, r.chain_hash) for r in again)
	)
	frappe.db.rollback()
	rate, slow = run.documents / took, len(names) / single
	on_site.table(
		f"{run.documents:,} invoices, {run.entries:,} entries",
		[
			("backfill", f"{rate:,.0f}", f"{rate / 1000:.1f}"),
			("one by one", f"{slow:,.0f}", f"{slow / 1000:.1f}"),
			("same entries and hashes", "yes" if same else "NO", ""),
		],
		("how", "invoices/s (≥ 1,000)", "of the bar"),
	)


def copy_invoices(sources: list, count: int) -> None:
	"""Copy submitted invoices' rows under new names: what a shop's past looks like to the backfill."""
	import frappe

	columns = [c for c in frappe.db.get_table_columns("Sales Invoice") if c not in ("name", "creation")]
	listed = ", ".join(f"`{column}`" for column in columns)
	each = count // len(sources)
	for source in sources:
		rows = [(f"BF-{source.name}-{number}", number, source.name) for number in range(each)]
		frappe.db._cursor.executemany(
			f"insert into `tabSales Invoice` (name, creation, {listed})"
			f" select %s, date_add(creation, interval %s second), {listed} from `tabSales Invoice` where name = %s",
			rows,
		)


def journal(program: str) -> list:
	"""The earnings of a programme, in the order of the members' journals."""
	import frappe

	return frappe.get_all(
		"CCMS Points Ledger Entry",
		filters={"program": program},
		fields=["membership", "seq", "entry_type", "voucher_no", "points", "chain_hash"],
		order_by="membership, seq",
		limit=0,
	)


def wipe(program: str) -> None:
	"""Take the members back to the state after joining, inside a transaction that is rolled back."""
	import frappe

	for (name,) in frappe.db.sql("select name from `tabCCMS Membership` where program = %s", (program,)):
		joined = frappe.db.sql(
			"select chain_hash, seq from `tabCCMS Points Ledger Entry` where membership = %s and entry_type in ('Status', 'Tier')"
			" order by seq desc limit 1",
			(name,),
		)[0]
		frappe.db.sql(
			"delete from `tabCCMS Points Ledger Entry` where membership = %s and seq > %s", (name, joined[1])
		)
		frappe.db.sql("delete from `tabCCMS Points Lot` where membership = %s", (name,))
		frappe.db.set_value(
			"CCMS Membership",
			name,
			{
				"last_seq": joined[1],
				"last_hash": joined[0],
				"points_active": 0,
				"qualifying_value": 0,
				"qualifying_on": None,
				"last_activity_on": None,
			},
		)


if __name__ == "__main__":
	main(*map(int, sys.argv[1:]))
