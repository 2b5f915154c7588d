"""Earning and redeeming for a member with 10,000 live lots against one with 10.

Bar: at most 1.3 times the time that points add.
"""

from __future__ import annotations

import sys

from benchmarks import on_site


def main(rounds: int = 60, many: int = 10_000, few: int = 10) -> None:
	on_site.connect()
	import frappe
	from frappe.utils import add_days, getdate, nowdate

	from benchmarks import synthetic
	from ccms_app.loyalty.book import Book
	from ccms_app.loyalty.store import ledger, programs
	from tests.site import factories

	program = factories.make_program(expiry_model="Rolling", expiry_months=24)
	rules = programs.get(program.name)
	plain = factories.make_customer()
	owners = {}
	for lots in (few, many):
		customer = factories.make_customer(program)
		locked = ledger.lock(frappe.db.get_value("CCMS Membership", {"customer": customer.name}))
		book = Book(locked.member, locked.chain_key)
		for number in range(lots):
			synthetic.earn(
				book, rules, number, getdate(add_days(nowdate(), -(number % 500) - 1)), amount=100_000
			)
		synthetic.write([book])
		owners[lots] = customer
	synthetic.reindex()
	frappe.db.commit()

	def sale(customer, **fields):
		return lambda: factories.make_sales_invoice(customer, submit=False, **fields).submit

	steps = {"plain": sale(plain)}
	for lots, customer in owners.items():
		steps[f"earn {lots}"] = sale(customer)
		steps[f"redeem {lots}"] = sale(customer, ccms_redeem_points=500)
	times = on_site.in_turn(steps, rounds)
	rows = []
	for what in ("earn", "redeem"):
		small = on_site.added(times, f"{what} {few}", "plain")
		large = on_site.added(times, f"{what} {many}", "plain")
		rows.append((what, f"{small:.1f}", f"{large:.1f}", f"{large / small:.2f}", "≤ 1.3"))
	on_site.table(
		f"Milliseconds points add to a submit, by live lots ({rounds} rounds)",
		rows,
		("what", f"{few} lots", f"{many} lots", "ratio", "bar"),
	)


if __name__ == "__main__":
	main(*map(int, sys.argv[1:]))
