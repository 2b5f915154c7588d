"""`get_balance` on a site with a million entries: queries, and time for a short and a long history.

Bars: at most 5 queries, no growth with history.
"""

from __future__ import annotations

import sys
from time import perf_counter

from benchmarks import on_site


def main(entries: int = 1_000_000, rounds: int = 200) -> None:
	on_site.connect()
	import frappe
	from frappe.utils import getdate, nowdate

	from benchmarks import synthetic
	from ccms_app.api.loyalty import get_balance
	from ccms_app.loyalty.store import programs
	from tests.site import factories

	program = factories.make_program(expiry_model="Rolling", expiry_months=24)
	rules = programs.get(program.name)
	missing = entries - frappe.db.count("CCMS Points Ledger Entry")
	if missing > 0:
		synthetic.histories(rules, factories.make_customer().name, missing // 100, 100, getdate(nowdate()))
	customers = {}
	for name, length in (("10 entries", 10), ("10,000 entries", 10_000)):
		customer = factories.make_customer()
		synthetic.histories(rules, customer.name, 1, length, getdate(nowdate()))
		customers[name] = customer.name
	synthetic.reindex()
	frappe.db.commit()
	times = {name: [] for name in customers}
	queries = {}
	for _number in range(rounds):
		for name, customer in customers.items():
			start = perf_counter()
			get_balance(customer)
			times[name].append((perf_counter() - start) * 1000)
	for name, customer in customers.items():
		queries[name] = count_queries(lambda customer=customer: get_balance(customer))
	median = {name: sorted(values)[len(values) // 2] for name, values in times.items()}
	base = median["10 entries"]
	on_site.table(
		f"get_balance with {frappe.db.count('CCMS Points Ledger Entry'):,} entries on the site",
		[(name, queries[name], f"{median[name]:.2f}", f"{median[name] / base:.2f}") for name in customers],
		("history", "queries (≤ 5)", "ms", "ratio"),
	)


def count_queries(action) -> int:
	"""How many statements an action sends to the database."""
	import frappe

	original, sent = frappe.db.sql, []

	def counting(*args, **kwargs):
		sent.append(args)
		return original(*args, **kwargs)

	frappe.db.sql = counting
	try:
		action()
	finally:
		frappe.db.sql = original
	return len(sent)


if __name__ == "__main__":
	main(*map(int, sys.argv[1:]))
