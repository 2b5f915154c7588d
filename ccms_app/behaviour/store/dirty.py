"""Months that must be read anew because of a change that no invoice shows: `rename_doc` rewrites links by raw SQL and
leaves `modified` as it was.

Marks are rows in the transaction of the change, taken away when the months have been read.
"""

from __future__ import annotations

from datetime import date

import frappe
from frappe.utils import now

DOCTYPE = "CCMS Dirty Month"


def mark(reason: str, company: str | None = None, months: list[date] | None = None) -> None:
	"""Mark months of a company (None: all months; no company: of every company)."""
	companies = [company] if company else frappe.get_all("Company", pluck="name")
	rows = [(each, month) for each in companies for month in (months or [None])]
	stamp, user = now(), frappe.session.user
	frappe.db.bulk_insert(
		DOCTYPE,
		fields=["name", "creation", "modified", "owner", "modified_by", "company", "month", "reason"],
		values=[
			(frappe.generate_hash(length=10), stamp, stamp, user, user, each, month, reason[:140])
			for each, month in rows
		],
	)


def marked(company: str) -> list[tuple[str, str | None]]:
	"""(row, month as YYYY-MM or None for all) of a company."""
	rows = frappe.get_all(DOCTYPE, filters={"company": company}, fields=["name", "month"])
	return [(row.name, row.month.strftime("%Y-%m") if row.month else None) for row in rows]


def forget(rows: list[str]) -> None:
	"""Take marks away, by name: what was marked meanwhile stays."""
	for start in range(0, len(rows), 1000):
		frappe.db.delete(DOCTYPE, {"name": ["in", rows[start : start + 1000]]})
