"""Which customers are looked at again: those of whom something the rules read may be otherwise since a time."""

from __future__ import annotations

from datetime import date, datetime

import frappe
from frappe.query_builder import DocType
from frappe.utils import getdate

from ccms_app.identity.store import match_records
from ccms_app.quality.rules import Rule, months_before

from . import records


def since(time: datetime, rules: list[Rule], today: date) -> set[str]:
	"""Customers that may have changed since a time, with those who share an identifier with them."""
	found = match_records.changed_since(time)
	for doctype in ("Sales Invoice", "POS Invoice", "CCMS Membership"):
		table = DocType(doctype)
		query = frappe.qb.from_(table).select(table.customer).distinct()
		found.update(query.where(table.modified >= time).run(pluck=True))
	merge = DocType("CCMS Customer Merge")
	for row in frappe.qb.from_(merge).select(merge.source, merge.target).where(merge.modified >= time).run():
		found.update(row)
	found.discard(None)
	return found | _beside(found) | _aged(getdate(time), rules, today)


def _beside(customers: set[str]) -> set[str]:
	"""Others with an identifier of these."""
	mine, other = DocType(records.LINK), DocType(records.LINK).as_("other")
	names, found = sorted(customers), set()
	for start in range(0, len(names), 2_000):
		query = frappe.qb.from_(mine).inner_join(other).on(other.identity == mine.identity)
		query = (
			query.select(other.customer).distinct().where(mine.customer.isin(names[start : start + 2_000]))
		)
		found.update(query.run(pluck=True))
	return found


def _aged(last: date, rules: list[Rule], today: date) -> set[str]:
	"""Customers who have become unconfirmed for too long only by the passing of time."""
	limits = {rule.given("months") for rule in rules if rule.kind == "Not Confirmed"}
	if not limits or last >= today:
		return set()
	customer = DocType("Customer")
	made = frappe.qb.from_(customer).select(customer.name, customer.creation).run()
	said = records.confirmed()
	newest = {name: max(getdate(time), said.get(name, date.min)) for name, time in made}
	spans = [(months_before(last, months), months_before(today, months)) for months in limits]
	return {name for name, day in newest.items() if any(start <= day < end for start, end in spans)}
