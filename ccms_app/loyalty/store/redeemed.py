"""What customers paid with points: a read for those who add up what a customer costs."""

from __future__ import annotations

from datetime import date

import frappe
from frappe.query_builder.functions import Sum


def by_customer(company: str, before: date) -> dict[str, float]:
	"""Customer → amount paid with points in a company before a day, net of what returns and cancelled sales gave back
	(company currency). Who never paid with points is not in it."""
	entry = frappe.qb.DocType("CCMS Points Ledger Entry")
	rows = (
		frappe.qb.from_(entry)
		.select(entry.customer, Sum(entry.monetary_value))
		.where((entry.company == company) & (entry.posting_date < before) & (entry.monetary_value != 0))
		.groupby(entry.customer)
	).run()
	return {customer: float(amount) for customer, amount in rows}
