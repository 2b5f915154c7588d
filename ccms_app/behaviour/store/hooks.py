"""Who is told that something about customers has changed: the functions named under `ccms_customers_changed` in hooks.py.

So this domain knows none of those that build on it.
"""

from __future__ import annotations

from collections.abc import Sequence

import frappe


def customers_changed(company: str, customers: Sequence[str] | None, fields: Sequence[str]) -> None:
	"""Tell what changed. They only enqueue: this stands in an invoice's transaction.

	Args:
		customers: None means all of the company.
		fields: names of fields of CCMS Customer Profile and CCMS Customer Score.
	"""
	for name in frappe.get_hooks("ccms_customers_changed"):
		frappe.get_attr(name)(company=company, customers=customers, fields=fields)
