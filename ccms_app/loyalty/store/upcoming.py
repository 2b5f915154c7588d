"""Points that are about to expire, from today on: batches by day and member, sums by month. Reads by index.

A batch with a date of its own expires on it. Under Inactivity a member's points without a date expire so many
months after the last earning or redemption; that day is computed here. What is past its expiry already counts
nowhere, whether or not a job has written it off.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import frappe
from frappe.query_builder import DocType
from frappe.query_builder.functions import Count, Sum
from frappe.utils import getdate, nowdate
from pypika import Case, CustomFunction, Interval, Order

from ccms_app.desk import permitted
from ccms_app.loyalty.dates import add_months, inactive_after
from ccms_app.loyalty.model import ZERO, Program
from ccms_app.loyalty.money import dec

from . import programs

LOT, MEMBER = "CCMS Points Lot", "CCMS Membership"
OPEN = ("Active", "Pending")

_Concat = CustomFunction("concat", ["day", "member"])
_DateFormat = CustomFunction("date_format", ["date", "format"])


class Upcoming:
	"""What expires in a company between two days; `first` is never before today."""

	def __init__(self, company: str, first: date, last: date, program: str | None = None):
		self.company, self.program = company, program
		self.today = getdate(nowdate())
		self.first, self.last = max(first, self.today), last
		self.idle = [
			rule
			for rule in programs.of_company(company)
			if rule.expiry_model == "Inactivity" and program in (None, rule.name)
		]

	def batches(self, limit: int) -> list[frappe._dict]:
		"""The first `limit` batches: expires_on, membership, program, customer, points, pending; soonest first."""
		lot = DocType(LOT)
		query = (
			self._dated(lot)
			.select(lot.expires_on, lot.membership, lot.program, lot.customer, *self._sums(lot))
			.groupby(lot.expires_on, lot.membership)
			.orderby(lot.expires_on)
			.orderby(lot.membership)
			.limit(limit)
		)
		found = permitted.restrict(query, LOT).run(as_dict=True)
		for rule in self.idle:
			found += self._idle_batches(rule, limit)
		for row in found:
			row.points, row.pending = dec(row.points), dec(row.pending)
		return sorted(found, key=lambda row: (row.expires_on, -row.points, row.membership))[:limit]

	def by_month(self) -> dict[tuple[str, str], tuple[Decimal, Decimal, int]]:
		"""{("YYYY-MM", program): (points, of which pending, batches)} of the whole period."""
		lot = DocType(LOT)
		month = _DateFormat(lot.expires_on, "%Y-%m").as_("month")
		batches = Count(_Concat(lot.expires_on, lot.membership)).distinct()
		query = (
			self._dated(lot).select(month, lot.program, *self._sums(lot), batches).groupby(month, lot.program)
		)
		found = {
			(of_month, program): (dec(points), dec(pending), count)
			for of_month, program, points, pending, count in permitted.restrict(query, LOT).run()
		}
		for rule in self.idle:
			query, last_day = self._idle(rule)
			month = _DateFormat(last_day, "%Y-%m")
			query = query.select(month, Sum(lot.remaining), Count(lot.membership).distinct()).groupby(month)
			for of_month, points, count in query.run():
				before = found.get((of_month, rule.name), (ZERO, ZERO, 0))
				found[of_month, rule.name] = (before[0] + dec(points), before[1], before[2] + count)
		return found

	def members(self) -> int:
		"""How many members have points that expire in the period."""
		lot = DocType(LOT)
		idle = [rule.name for rule in self.idle]
		query = self._dated(lot).select(Count(lot.membership).distinct())
		if idle:
			query = query.where(lot.program.notin(idle))
		found = permitted.restrict(query, LOT).run()[0][0]
		for rule in self.idle:
			dated = self._dated(lot).where(lot.program == rule.name).select(lot.membership)
			both = permitted.restrict(dated, LOT) + self._idle(rule)[0].select(lot.membership)
			found += frappe.qb.from_(both.as_("expiring")).select(Count("*")).run()[0][0]
		return found

	# --- batches with a date ---------------------------------------------------------------------------------
	def _dated(self, lot):
		query = frappe.qb.from_(lot).where(
			(lot.company == self.company)
			& lot.state.isin(OPEN)
			& lot.expires_on[self.first : self.last]
			& (lot.remaining > 0)
		)
		return query.where(lot.program == self.program) if self.program else query

	def _sums(self, lot) -> tuple:
		waits = lot.available_from.isnull() | (lot.available_from > self.today)
		return (
			Sum(lot.remaining).as_("points"),
			Sum(Case().when(waits, lot.remaining).else_(0)).as_("pending"),
		)

	# --- points without a date, under Inactivity -------------------------------------------------------------
	def _idle(self, rule: Program):
		"""(query over lots of members whose last day lies in the period, that last day)."""
		lot, member = DocType(LOT), DocType(MEMBER)
		last_day = member.last_activity_on + Interval(months=rule.expiry_months)
		query = (
			frappe.qb.from_(member)
			.join(lot)
			.on(lot.membership == member.name)
			.where((member.program == rule.name) & last_day[self.first : self.last])
			.where(lot.state.isin(OPEN) & (lot.remaining > 0) & lot.expires_on.isnull())
			.where(lot.available_from <= self.today)
		)
		return permitted.restrict(query, LOT), last_day

	def _idle_batches(self, rule: Program, limit: int) -> Iterator[frappe._dict]:
		lot, member = DocType(LOT), DocType(MEMBER)
		query, last_day = self._idle(rule)
		rows = (
			query.select(
				member.last_activity_on,
				lot.membership,
				lot.program,
				lot.customer,
				Sum(lot.remaining).as_("points"),
			)
			.groupby(member.last_activity_on, lot.membership)
			.orderby(last_day, order=Order.asc)
			.limit(limit)
			.run(as_dict=True)
		)
		for row in rows:
			row.expires_on = inactive_after(rule, row.pop("last_activity_on"))
			row.pending = 0
			yield row


def months_of(first: date, last: date) -> list[str]:
	"""Every month between two days, as "YYYY-MM"."""
	found, day = [], first.replace(day=1)
	while day <= last:
		found.append(f"{day:%Y-%m}")
		day = add_months(day, 1)
	return found


def reachable(customers: list[str]) -> dict[str, frappe._dict]:
	"""E-mail and phone of customers who may be written to; none for a reader who may not open customers.

	A customer whose primary contact has unsubscribed is left out.
	"""
	if not customers or not frappe.has_permission("Customer", "read"):
		return {}
	customer, contact = DocType("Customer"), DocType("Contact")
	query = (
		frappe.qb.from_(customer)
		.left_join(contact)
		.on(contact.name == customer.customer_primary_contact)
		.select(
			customer.name,
			customer.email_id,
			customer.mobile_no,
			contact.email_id.as_("contact_email"),
			contact.mobile_no.as_("contact_mobile"),
		)
		.where(customer.name.isin(customers) & (contact.unsubscribed.isnull() | (contact.unsubscribed == 0)))
	)
	return {
		row.name: frappe._dict(
			email=row.email_id or row.contact_email, mobile=row.mobile_no or row.contact_mobile
		)
		for row in permitted.restrict(query, "Customer", "name").run(as_dict=True)
	}
