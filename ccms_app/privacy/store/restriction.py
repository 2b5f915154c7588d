"""Restricted processing (GDPR 18): what is stored stays and is used for nothing but service, until somebody lifts it.

A restriction is a `CCMS Privacy Request` of that kind that was completed and not lifted.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import frappe
from frappe.query_builder import DocType
from frappe.utils import now_datetime

from ccms_app.privacy import requests as of

DOCTYPE = "CCMS Privacy Request"
FEW = 1000
"""So many names in one question to the database."""


def since(customers: Iterable[str] | None = None, at: datetime | None = None) -> dict[str, datetime]:
	"""Customers whose processing is restricted, and since when.

	Args:
		customers: only of these; None: of the whole site.
		at: the moment asked about; now when empty.
	"""
	if customers is None:
		return _since(None, at)
	names, found = sorted({name for name in customers if name}), {}
	for start in range(0, len(names), FEW):
		found |= _since(names[start : start + FEW], at)
	return found


def _since(names: list[str] | None, at: datetime | None) -> dict[str, datetime]:
	row, moment = DocType(DOCTYPE), at or now_datetime()
	holds = (
		(row.request_type == of.RESTRICTION) & (row.status == of.COMPLETED) & (row.restricted_on <= moment)
	)
	holds &= row.lifted_on.isnull() | (row.lifted_on > moment)
	if names is not None:
		holds &= row.customer.isin(names)
	query = frappe.qb.from_(row).select(row.customer, row.restricted_on).where(holds)
	return dict(query.orderby(row.restricted_on, order=frappe.qb.desc).run())


def begin(name: str) -> None:
	"""Restrict the customer of a request from now on; the caller settles the request."""
	frappe.db.set_value(DOCTYPE, name, "restricted_on", now_datetime())


def lift(name: str, reason: str) -> str:
	"""Lift a restriction, saying why. Returns the customer; other restrictions of theirs stand."""
	values = {"lifted_on": now_datetime(), "lifted_by": frappe.session.user, "lift_reason": reason}
	frappe.db.set_value(DOCTYPE, name, values)
	return frappe.db.get_value(DOCTYPE, name, "customer")
