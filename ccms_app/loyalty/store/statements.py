"""A member's statement on a site: whose, from the journal, in words, each line with its document."""

from __future__ import annotations

from datetime import date

import frappe
from frappe import _

from ccms_app.desk import permitted
from ccms_app.loyalty.dates import DAY
from ccms_app.loyalty.model import Program
from ccms_app.loyalty.statement import Statement, statement

from . import balances, members, programs


def choose(membership: str | None, customer: str | None, program: str | None) -> str | None:
	"""The membership that is meant: itself, else the customer's in that program, else the one that counts first.

	Returns:
		None when the customer is no member.

	Raises:
		frappe.PermissionError: the user may not see the membership or its customer.
	"""
	if customer:
		permitted.check("Customer", customer)
	if not membership and customer:
		membership = members.find(customer, program) if program else _first_of(customer)
	if not membership:
		return None
	permitted.check(members.DOCTYPE, membership)
	owner, of_program = frappe.db.get_value(members.DOCTYPE, membership, ["customer", "program"])
	permitted.check("Customer", owner)
	if customer and owner != customer:
		frappe.throw(_("This membership is not {0}'s.").format(frappe.bold(customer)))
	if program and of_program != program:
		frappe.throw(_("This membership is one of {0}.").format(frappe.bold(of_program)))
	return membership


def _first_of(customer: str) -> str | None:
	"""The customer's oldest active membership, else frozen, else left."""
	found = frappe.db.sql(
		"""select name from `tabCCMS Membership` where customer = %s and coalesce(merged_into, '') = ''
		order by field(status, 'Active', 'Frozen', 'Left'), joined_on, creation limit 1""",
		(customer,),
	)
	return found[0][0] if found else None


def of(membership: str, first: date, last: date) -> Statement:
	"""The statement of a membership between two days."""
	program = _program_of(membership)
	return statement(
		*balances.journal(membership),
		first,
		last,
		tuple(balances.last_day(membership, program, on) for on in (first - DAY, last)),
	)


def _program_of(membership: str) -> Program:
	return programs.get(frappe.db.get_value(members.DOCTYPE, membership, "program"))
