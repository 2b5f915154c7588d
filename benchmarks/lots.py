"""Earning and redeeming for a member with 10,000 live lots against one with 10.

Bar: at most 1.3 times the time that points add. That is timed inside the invoice's own hooks: a few milliseconds of a
submit that takes ERPNext fifty are lost in its spread when whole submits are subtracted from each other.
"""

from __future__ import annotations

import random
import sys
from statistics import median, quantiles
from time import perf_counter

from benchmarks import on_site


def main(rounds: int = 100, many: int = 10_000, few: int = 10) -> None:
	on_site.connect()
	import frappe
	from frappe.utils import add_days, getdate, nowdate

	from benchmarks import synthetic
	from ccms_app.loyalty.book import Book
	from ccms_app.loyalty.store import ledger, programs
	from tests.site import factories

	program = factories.make_program(expiry_model="Rolling", expiry_months=24)
	rules = programs.get(program.name)
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
		return factories.make_sales_invoice(customer, submit=False, **fields).submit

	spent = hooks_timed()
	times = {(what, lots): [] for what in FIELDS for lots in owners}
	order, shuffle = list(times), random.Random(7).shuffle
	for number in range(rounds + 2):
		shuffle(order)  # what comes after what must not matter
		for what, lots in order:
			submit = sale(owners[lots], **FIELDS[what])
			spent.clear()
			submit()
			if number >= 2:
				times[what, lots].append(sum(spent) * 1000)
			frappe.db.commit()
	rows = []
	for what in FIELDS:
		small, large = times[what, few], times[what, many]
		low, _middle, high = quantiles((b / a for a, b in zip(small, large, strict=True)), n=4)
		ratio = median(large) / median(small)
		figures = (f"{median(small):.2f}", f"{median(large):.2f}", f"{ratio:.2f}", f"{low:.2f} to {high:.2f}")
		rows.append((what, *figures, "≤ 1.3"))
	on_site.table(
		f"Milliseconds points add to a submit, by live lots (medians of {rounds} rounds)",
		rows,
		("what", f"{few} lots", f"{many} lots", "ratio", "half of the rounds", "bar"),
	)


FIELDS = {"earn": {}, "redeem": {"ccms_redeem_points": 500}}


def hooks_timed() -> list[float]:
	"""Let every hook on invoices add the seconds it takes to the list that is returned."""
	from ccms_app.overrides import invoice

	spent: list[float] = []

	def timed(hook):
		def run(*args, **kwargs):
			start = perf_counter()
			try:
				return hook(*args, **kwargs)
			finally:
				spent.append(perf_counter() - start)

		return run

	for name, hook in list(vars(invoice).items()):
		if getattr(hook, "__module__", "") == invoice.__name__:
			setattr(invoice, name, timed(hook))
	return spent


if __name__ == "__main__":
	main(*map(int, sys.argv[1:]))
