"""The rows of CCMS Customer Profile: their names, and who takes their place when a customer or company is renamed."""

from __future__ import annotations

from hashlib import sha1

import frappe

DOCTYPE = "CCMS Customer Profile"
# the same as `key`, in SQL
_KEY = "left(sha1(concat(company, '\\n', customer)), 20)"


def key(customer: str, company: str) -> str:
	"""The name of a profile. It follows from whose it is, so that two cannot be of the same customer and company, and the
	row to lock is found by its primary key."""
	return sha1(f"{company}\n{customer}".encode()).hexdigest()[:20]


def customer_renamed(new: str, merge: bool) -> list[str]:
	"""After Frappe has moved the links: give rows the name they should have; of two of one company the one that was the
	target's stays. Returns the companies whose profile must be computed again."""
	companies = frappe.get_all(DOCTYPE, filters={"customer": new}, pluck="company", distinct=True)
	if merge:
		for company in companies:
			right = key(new, company)
			# as it is now: an invoice that was saved since the merge began may have made it
			if frappe.db.get_value(DOCTYPE, right, "name", for_update=True):
				frappe.db.delete(DOCTYPE, {"customer": new, "company": company, "name": ["!=", right]})
	frappe.db.sql(f"update `tab{DOCTYPE}` set name = {_KEY} where customer = %s", (new,))
	return companies if merge else []


def company_renamed(new: str) -> None:
	"""After Frappe has moved the links."""
	frappe.db.sql(f"update `tab{DOCTYPE}` set name = {_KEY} where company = %s", (new,))
