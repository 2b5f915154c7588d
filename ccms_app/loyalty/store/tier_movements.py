"""Members who joined a tier, went up, went down or stayed, between two days. Sums and lists from the journal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import frappe
from frappe.query_builder import DocType
from frappe.query_builder.functions import Coalesce, Count
from pypika import Order

from ccms_app.desk import permitted
from ccms_app.loyalty import tiers
from ccms_app.loyalty.model import TIER, ZERO, Program

from . import programs

ENTRY, MEMBER = "CCMS Points Ledger Entry", "CCMS Membership"
JOINED, UP, DOWN, RENEWED = "Joined", "Went up", "Went down", "Renewed"
MOVES = (JOINED, UP, DOWN, RENEWED)


@dataclass(slots=True, frozen=True)
class Step:
	"""A step from one tier to another ("" = none) in a program."""

	program: str
	old: str
	new: str
	reason: str = ""

	@property
	def move(self) -> str:
		"""Joined, went up, went down or renewed, as the entry itself says; by the thresholds of today where it does not."""
		if not self.old:
			return JOINED
		if self.old == self.new:
			return RENEWED
		if self.reason in ("upgrade", "merge"):
			return UP
		if self.reason == "downgrade":
			return DOWN
		return (
			UP
			if place(programs.get(self.program), self.new) > place(programs.get(self.program), self.old)
			else DOWN
		)


def place(program: Program, tier: str) -> tuple:
	"""Where a tier stands among its program's; one that is gone or none at all comes first."""
	found = tiers.find(program, tier)
	return (found is not None, found.threshold if found else ZERO, tier)


def counted(company: str, first: date, last: date, program: str | None = None) -> list[tuple[Step, int]]:
	"""How many times each step was taken."""
	entry = DocType(ENTRY)
	columns = (
		entry.program,
		Coalesce(entry.old_value, ""),
		Coalesce(entry.new_value, ""),
		Coalesce(entry.reason, ""),
	)
	query = frappe.qb.from_(entry).select(*columns, Count("*")).groupby(*columns)
	return [
		(Step(*row[:4]), row[4]) for row in _tier_entries(query, entry, company, first, last, program).run()
	]


def listed(
	company: str, first: date, last: date, steps: Iterable[Step], program: str | None, limit: int
) -> list[frappe._dict]:
	"""The movements themselves that took one of the steps, newest first."""
	entry, member = DocType(ENTRY), DocType(MEMBER)
	wanted = None
	for step in steps:
		one = (
			(entry.program == step.program)
			& (Coalesce(entry.old_value, "") == step.old)
			& (Coalesce(entry.new_value, "") == step.new)
			& (Coalesce(entry.reason, "") == step.reason)
		)
		wanted = one if wanted is None else wanted | one
	if wanted is None:
		return []
	query = (
		frappe.qb.from_(entry)
		.join(member)
		.on(member.name == entry.membership)
		.select(
			entry.name.as_("entry"),
			entry.posting_date,
			entry.membership,
			entry.customer,
			entry.program,
			entry.old_value.as_("from_tier"),
			entry.new_value.as_("to_tier"),
			entry.reason,
			entry.expires_on.as_("until"),
			member.customer_name,
			member.member_no,
			member.qualifying_value,
		)
		.orderby(entry.posting_date, order=Order.desc)
		.orderby(entry.name)
		.limit(limit)
	)
	return _tier_entries(query, entry, company, first, last, program).where(wanted).run(as_dict=True)


def members_now(company: str, program: str | None = None) -> dict[tuple[str, str], int]:
	"""Members of each tier today, those who have left aside: {(program, tier): members}."""
	member = DocType(MEMBER)
	query = (
		frappe.qb.from_(member)
		.select(member.program, Coalesce(member.tier, ""), Count("*"))
		.where((member.company == company) & member.status.isin(("Active", "Frozen")))
		.groupby(member.program, Coalesce(member.tier, ""))
	)
	if program:
		query = query.where(member.program == program)
	return {(of, tier): members for of, tier, members in permitted.restrict(query, MEMBER).run()}


def _tier_entries(query, entry, company: str, first: date, last: date, program: str | None):
	query = query.where(
		(entry.company == company) & entry.posting_date[first:last] & (entry.entry_type == TIER)
	)
	if program:
		query = query.where(entry.program == program)
	return permitted.restrict(query, ENTRY)
