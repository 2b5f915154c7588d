"""One lock a customer: whoever merges, takes apart or erases customers holds theirs until the transaction ends."""

from __future__ import annotations

from collections.abc import Iterable

import frappe
from frappe.query_builder import DocType


def hold(customers: Iterable[str]) -> set[str]:
	"""Lock customers, in the order of their names so that two callers cannot wait in a ring.

	Returns: those that exist, as committed by now, whatever this transaction saw before.
	"""
	table = DocType("Customer")
	wanted = sorted(set(customers))
	if not wanted:
		return set()
	query = frappe.qb.from_(table).select(table.name).where(table.name.isin(wanted)).orderby(table.name)
	return set(query.for_update().run(pluck=True))


def keep(customers: Iterable[str]) -> set[str]:
	"""Have customers stay who they are until the transaction ends, beside others who want the same: for who is about to
	write documents that name them.

	Returns: those that exist, as committed by now.
	"""
	wanted = sorted(set(customers))
	if not wanted:
		return set()
	# the query builder knows no share mode
	query = "select name from `tabCustomer` where name in %s order by name lock in share mode"
	return set(frappe.db.sql(query, (wanted,), pluck=True))
