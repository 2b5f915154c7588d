"""Credit notes of members that took no points back, because nothing says which sale comes back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import frappe
from frappe.query_builder import DocType
from frappe.query_builder.functions import Count, Sum
from pypika import Order
from pypika.terms import ExistsCriterion

from ccms_app.desk import permitted
from ccms_app.loyalty import money, tiers
from ccms_app.loyalty.model import EARN, REDEEM, ZERO
from ccms_app.loyalty.money import dec

from . import programs

DOCTYPES = ("Sales Invoice", "POS Invoice")
ENTRY, MEMBER, ADJUSTMENT = "CCMS Points Ledger Entry", "CCMS Membership", "CCMS Points Adjustment"
STATUSES = ("Active", "Frozen")


@dataclass(slots=True)
class Returns:
	"""Unlinked credit notes of a company between two days.

	Args:
		program: only those of its members.
		adjusted: also those for which an adjustment was submitted.
	"""

	company: str
	first: date
	last: date
	program: str | None = None
	adjusted: bool = False

	def rows(self, limit: int) -> list[frappe._dict]:
		"""The latest credit notes with the membership they would count for, and what there is of adjustments."""
		found = []
		for doctype in DOCTYPES:
			note = DocType(doctype)
			query = (
				self._notes(doctype)
				.select(
					note.name,
					note.posting_date,
					note.customer,
					note.customer_name,
					note.return_against,
					note.base_net_total,
					note.base_grand_total,
				)
				.orderby(note.posting_date, order=Order.desc)
				.orderby(note.name)
				.limit(limit)
			)
			for row in query.run(as_dict=True):
				found.append(row.update({"doctype": doctype}))
		found = sorted(found, key=lambda row: (row.posting_date, row.name), reverse=True)[:limit]
		memberships = self._memberships({row.customer for row in found})
		adjustments = self._adjustments([row.name for row in found])
		for row in found:
			row.membership = memberships.get(row.customer)
			row.adjustment = adjustments.get((row.doctype, row.name))
		return [row for row in found if row.membership]

	def totals(self) -> tuple[int, Decimal]:
		"""(credit notes, their net amount) of the whole period."""
		count, amount = 0, ZERO
		for doctype in DOCTYPES:
			note = DocType(doctype)
			number, total = self._notes(doctype).select(Count("*"), Sum(note.base_net_total)).run()[0]
			count, amount = count + number, amount + abs(dec(total))
		return count, amount

	def _notes(self, doctype: str):
		note, entry, member = DocType(doctype), DocType(ENTRY), DocType(MEMBER)
		posted = (
			frappe.qb.from_(entry)
			.select(entry.name)
			.where((entry.voucher_type == doctype) & (entry.voucher_no == note.return_against))
			.where(entry.entry_type.isin((EARN, REDEEM)))
		)
		members = (
			frappe.qb.from_(member)
			.select(member.customer)
			.where((member.company == self.company) & member.status.isin(STATUSES))
		)
		if self.program:
			members = members.where(member.program == self.program)
		query = (
			frappe.qb.from_(note)
			.where((note.company == self.company) & note.posting_date[self.first : self.last])
			.where((note.docstatus == 1) & (note.is_return == 1) & (note.is_opening != "Yes"))
			.where(note.customer.isin(members))
			.where(
				note.return_against.isnull() | (note.return_against == "") | ExistsCriterion(posted).negate()
			)
		)
		if doctype == "Sales Invoice":
			query = query.where((note.is_consolidated == 0) & (note.is_internal_customer == 0))
		if not self.adjusted:
			done = DocType(ADJUSTMENT)
			query = query.where(
				ExistsCriterion(
					frappe.qb.from_(done)
					.select(done.name)
					.where((done.reference_type == doctype) & (done.reference_name == note.name))
					.where(done.docstatus == 1)
				).negate()
			)
		return permitted.restrict(query, doctype)

	def _memberships(self, customers: set[str]) -> dict[str, frappe._dict]:
		"""The membership that documents of each customer count for: the oldest active one, else frozen."""
		filters = {"customer": ["in", list(customers)], "company": self.company, "status": ["in", STATUSES]}
		if self.program:
			filters["program"] = self.program
		found: dict[str, frappe._dict] = {}
		for row in frappe.get_all(
			MEMBER,
			filters=filters,
			fields=[
				"name",
				"customer",
				"program",
				"tier",
				"points_active",
				"points_arrears",
				"points_held",
			],
			order_by="status, joined_on, creation",
		):
			found.setdefault(row.customer, row)
		return found

	@staticmethod
	def _adjustments(names: list[str]) -> dict[tuple[str, str], frappe._dict]:
		rows = frappe.get_all(
			ADJUSTMENT,
			filters={"reference_name": ["in", names], "docstatus": ["<", 2]},
			fields=["name", "docstatus", "reference_type", "reference_name"],
			order_by="docstatus, creation",
		)
		return {(row.reference_type, row.reference_name): row for row in rows}


def suggested(row: frappe._dict) -> Decimal:
	"""What a sale of that amount would earn the member today: amount / amount per point x tier, rounded once."""
	program = programs.get(row.membership.program)
	return money.points_for(
		amount(row),
		program.amount_per_point,
		tiers.multiplier(program, row.membership.tier or ""),
		program.points_precision,
		program.rounding,
	)


def amount(row: frappe._dict) -> Decimal:
	"""The company amount of a credit note on the basis that its program earns on (positive)."""
	grand = programs.get(row.membership.program).earn_basis == "Grand Total"
	return abs(dec(row.base_grand_total if grand else row.base_net_total))


def usable(row: frappe._dict) -> Decimal:
	"""Points the member could be deducted now."""
	member = row.membership
	return max(ZERO, dec(member.points_active) - dec(member.points_arrears) - dec(member.points_held))
