"""Asking for consent in bulk, as an intake of events does: `python -m benchmarks.consent SITE`.

Makes visitors with consent on the site, asks for them by the thousand and one by one, and takes everything back.
"""

from __future__ import annotations

import sys
from time import perf_counter

import frappe
from frappe.utils import now

from ccms_app.privacy.store import consent

VISITORS, BATCH, ALONE = 50_000, 1_000, 200


def main(site: str) -> None:
	frappe.init(site)
	frappe.connect()
	keys = [f"visitor-{number:032x}" for number in range(VISITORS)]
	stamp = now()
	fields = ("name", "creation", "modified", "owner", "purpose", "state", "said_at", "source", "subject_hash", "identity", "channel", "said_by")  # fmt: skip
	rows = [
		(f"BENCH-{number}", stamp, stamp, "Administrator", "Web Tracking", "Given", stamp, "Web Site", key, key, "", "Customer")
		for number, key in enumerate(keys)
		if number % 3
	]  # fmt: skip
	try:
		frappe.db.bulk_insert(consent.DOCTYPE, fields=fields, values=rows, chunk_size=5_000)
		start = perf_counter()
		found = 0
		for first in range(0, VISITORS, BATCH):
			found += len(consent.may_many(keys[first : first + BATCH], "Web Tracking"))
		many = perf_counter() - start
		assert found == len(rows)
		start = perf_counter()
		for key in keys[:ALONE]:
			consent.may(key, "Web Tracking")
		alone = perf_counter() - start
	finally:
		frappe.db.rollback()
		frappe.destroy()
	print(f"{'way':<24}{'persons':>10}{'seconds':>10}{'a second':>12}")
	print(f"{'by the thousand':<24}{VISITORS:>10}{many:>10.2f}{VISITORS / many:>12,.0f}")
	print(f"{'one by one':<24}{ALONE:>10}{alone:>10.2f}{ALONE / alone:>12,.0f}")


if __name__ == "__main__":
	main(sys.argv[1])
