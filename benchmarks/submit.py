"""What points add to submitting a Sales Invoice, beside what ERPNext's own loyalty adds, in one run.

Bars: earning at most 0.5 of ERPNext's own, redeeming at most 1.0.
"""

from __future__ import annotations

import sys

from benchmarks import on_site


def main(rounds: int = 60) -> None:
	on_site.connect()
	import frappe
	from frappe.utils import add_days, nowdate

	from tests.site import factories, world

	program = factories.make_program(
		tiers=factories.make_tiers(Base=0, Gold=10**9), expiry_model="Rolling", expiry_months=24
	)
	plain = factories.make_customer()
	member = factories.make_customer(program)
	own = frappe.get_doc(
		{
			"doctype": "Loyalty Program",
			"loyalty_program_name": f"Own {frappe.generate_hash(length=6)}",
			"loyalty_program_type": "Single Tier Program",
			"from_date": add_days(nowdate(), -900),
			"company": world.COMPANY,
			"conversion_factor": 0.1,
			"expiry_duration": 700,
			"expense_account": world.account(world.EXPENSE),
			"cost_center": world.account("Main"),
			"collection_rules": [{"tier_name": "Base", "collection_factor": 1, "min_spent": 0}],
		}
	).insert()
	theirs = factories.make_customer(loyalty_program=own.name)
	for customer in (plain, member, theirs):
		for _number in range(10):
			factories.make_sales_invoice(customer, qty=50)
	frappe.db.commit()

	def sale(customer, **fields):
		def prepare():
			return factories.make_sales_invoice(customer, submit=False, **fields).submit

		return prepare

	def redeem_theirs():
		doc = factories.make_sales_invoice(theirs, submit=False)
		doc.update({"redeem_loyalty_points": 1, "loyalty_points": 10, "loyalty_program": own.name})
		doc.save()
		return doc.submit

	times = on_site.in_turn(
		{
			"plain": sale(plain),
			"ours earns": sale(member),
			"ERPNext earns": sale(theirs),
			"ours redeems": sale(member, ccms_redeem_points=10),
			"ERPNext redeems": redeem_theirs,
		},
		rounds,
	)
	rows = []
	for what, bar in (("earns", 0.5), ("redeems", 1.0)):
		ours = on_site.added(times, f"ours {what}", "plain")
		erpnext = on_site.added(times, f"ERPNext {what}", "plain")
		rows.append((what, f"{ours:.1f}", f"{erpnext:.1f}", f"{ours / erpnext:.2f}", f"≤ {bar}"))
	on_site.table(
		f"Milliseconds added to a submit ({rounds} rounds)",
		rows,
		("what", "ours", "ERPNext's own", "ratio", "bar"),
	)


if __name__ == "__main__":
	main(*map(int, sys.argv[1:]))
