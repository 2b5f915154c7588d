"""What 5,000,000 events on the site cost the Customer form: the form's own request by HTTP, with and without them.

`CCMS_SITE=… CCMS_SITES_PATH=… python -m benchmarks.customer_360 [events]` on a throw-away site. The events are made by SQL, 50,000 of
them the customer's; the form is measured before they are made and after. A second run measures with them alone.
"""

from __future__ import annotations

import statistics
import sys
from time import perf_counter

import frappe

from benchmarks import made_events, on_site
from benchmarks.timeline import fill, served

BAR = 50
ROUNDS = 25
CALL = "/api/method/frappe.desk.form.load.getdoc"


def main(events: int = 5_000_000) -> None:
	site = on_site.connect()
	customer = fill(0, 0)
	count = frappe.db.sql(f"select count(*) from (select 1 from `tab{made_events.EVENT}` limit 1000) some")[
		0
	][0]
	found = []
	if count < 1000:
		found.append(("without events", *measure(site, customer)))
	fill(50_000, events - 50_000)
	total = frappe.db.sql(f"select count(*) from `tab{made_events.EVENT}`")[0][0]
	found.append((f"{total:,} events, 50,000 of this customer", *measure(site, customer)))
	# a customer of whom there are none, on the same site: what the number of other people's events costs
	from tests.site.factories import make_customer

	nobody = make_customer().name
	frappe.db.commit()
	found.append((f"{total:,} events, none of this customer", *measure(site, nobody)))
	on_site.table("Loading the Customer form (ms)", found, ("site", "fastest", "quarter", "median"))
	own = [(name, *alone(one)) for name, one in (("50,000 events", customer), ("no events", nobody))]
	on_site.table("Our part of it alone (ms)", own, ("customer", "fastest", "quarter", "median"))
	if len(found) == 3:
		print(
			f"more than the form without (fastest of {ROUNDS}): {float(found[1][1]) - float(found[0][1]):.0f} ms of {BAR}"
		)
	print(f"our part, median: {own[0][3]} ms of {BAR}")


def alone(customer: str) -> tuple[str, str, str]:
	"""What the newest events cost within the request."""
	from ccms_app.desk import dealings

	times = []
	for number in range(203):
		frappe.db.rollback()
		start = perf_counter()
		dealings.on_form("Customer", customer)
		if number >= 3:
			times.append((perf_counter() - start) * 1000)
	return (
		f"{min(times):.1f}",
		f"{statistics.quantiles(times, n=4)[0]:.1f}",
		f"{statistics.median(times):.1f}",
	)


def measure(site: str, customer: str) -> tuple[str, str, str]:
	times = []
	with served(site) as (address, session):
		for number in range(ROUNDS + 3):
			start = perf_counter()
			answer = session.get(address + CALL, params={"doctype": "Customer", "name": customer})
			answer.raise_for_status()
			if number >= 3:
				times.append((perf_counter() - start) * 1000)
	low = statistics.quantiles(times, n=4)[0]
	return f"{min(times):.0f}", f"{low:.0f}", f"{statistics.median(times):.0f}"


if __name__ == "__main__":
	main(*(int(given) for given in sys.argv[1:]))
