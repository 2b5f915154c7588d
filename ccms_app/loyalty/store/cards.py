"""Cards of customers, for those who ask who holds one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import frappe
from frappe.query_builder import DocType


def of_customers(customers: Sequence[str]) -> list[tuple[str, str, datetime]]:
	"""Rows of customer, card number, and since when: those of memberships that have not been left."""
	membership = DocType("CCMS Membership")
	query = frappe.qb.from_(membership).select(membership.customer, membership.member_no, membership.creation)
	return list(
		query.where(
			membership.customer.isin(customers)
			& (membership.status != "Left")
			& membership.member_no.isnotnull()
			& (membership.member_no != "")
		).run()
	)
