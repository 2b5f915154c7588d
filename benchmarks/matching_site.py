"""Looking for duplicates on a site: a full run over made customers, then a night after 100 changed. Reading and writing included.

`CCMS_SITE=… CCMS_SITES_PATH=… python -m benchmarks.matching_site [customers]` writes to the site and takes its rows away again.
"""

from __future__ import annotations

import sys
from time import perf_counter, process_time

import frappe
from frappe.utils import now_datetime

from ccms_app.identity.store import capture, duplicates, matching
from ccms_app.identity.store.rows import insert

from . import people
from .on_site import connect, table

CHANGED = 100
STANDARD = ("name", "creation", "modified", "owner", "modified_by")


def main() -> None:
	"""Print one table."""
	count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
	site = connect()
	empty()
	world = people.make(count)
	fill(world)
	rows = [_timed("full run", True)]
	change(world)
	rows += [_timed(f"night after {CHANGED} changed", False), _timed("night after none changed", False)]
	table(
		f"{count:,} customers on {site}", rows, ("", "s", "s of processor", "compared", "new pairs", "open")
	)
	empty()


def _timed(name: str, full: bool) -> tuple:
	start, busy = perf_counter(), process_time()
	result = matching.run(full)
	return (
		name,
		f"{perf_counter() - start:.1f}",
		f"{process_time() - busy:.1f}",
		result.compared,
		result.new,
		result.open,
	)


def fill(world: people.People) -> None:
	"""Customers with phone and mail on the record, addresses, and their identities, in bulk."""
	long_ago = "2020-01-01 00:00:00"
	standard = (long_ago, long_ago, "Administrator", "Administrator")
	of = {
		kind: dict(zip(part["id"], part["value"], strict=True))
		for kind, part in world.identities.groupby("kind")
	}
	customers, addresses, links = [], [], []
	for row in world.records.fillna("").to_dict("records"):
		name = f"BENCH-{row['id']}"
		customers.append(
			(name, *standard, row["name"], row["type"], row["gender"] or None, row["birth_date"] or None,
				of["Phone"].get(row["id"]), of["Email"].get(row["id"]))
		)  # fmt: skip
		if row["street"]:
			addresses.append((name, *standard, "Billing", row["street"], row["city"], row["postcode"]))
			links.append((name, *standard, name, "Address", "links", "Customer", name))
	insert(
		"Customer",
		(*STANDARD, "customer_name", "customer_type", "gender", "ccms_birth_date", "mobile_no", "email_id"),
		customers,
	)
	insert("Address", (*STANDARD, "address_type", "address_line1", "city", "pincode"), addresses)
	insert(
		"Dynamic Link", (*STANDARD, "parent", "parenttype", "parentfield", "link_doctype", "link_name"), links
	)
	frappe.db.commit()
	names = [row[0] for row in customers]
	for start in range(0, len(names), 2_000):
		capture.many(names[start : start + 2_000])
		frappe.db.commit()
	table = "CCMS Identity Link"
	frappe.db.sql(f"update `tab{table}` set modified = %s where customer like 'BENCH-%%'", long_ago)
	frappe.db.commit()


def change(world: people.People) -> None:
	"""100 customers get another tax id."""
	for name in world.records["id"][:CHANGED]:
		frappe.db.set_value("Customer", f"BENCH-{name}", {"tax_id": f"T{name}", "modified": now_datetime()})
	frappe.db.commit()


def empty() -> None:
	"""Take the rows away."""
	for doctype, field in (
		("CCMS Identity Link", "customer"),
		(duplicates.DOCTYPE, "customer_a"),
		("Dynamic Link", "link_name"),
		("Address", "name"),
		("Customer", "name"),
	):
		frappe.db.delete(doctype, {field: ["like", "BENCH-%"]})
	frappe.db.sql(
		"delete from `tabCCMS Identity` where customer like 'BENCH-%' or name not in (select identity from `tabCCMS Identity Link`)"
	)
	frappe.db.commit()


if __name__ == "__main__":
	main()
