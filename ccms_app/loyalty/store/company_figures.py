"""The figures of the Loyalty workspace: a whole company at a glance, as far as the user may see it. Reads only."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal

import frappe
from frappe.core.doctype.user_permission.user_permission import get_permitted_documents
from frappe.query_builder.functions import Coalesce, Count, Sum
from frappe.utils import add_days, add_months, flt, get_first_day, get_last_day, getdate
from frappe.utils.caching import redis_cache

from ccms_app.desk import permitted

MEMBER, LOT, ENTRY = "CCMS Membership", "CCMS Points Lot", "CCMS Points Ledger Entry"

OPEN_STATES = ("Pending", "Active")
MEMBER_STATES = ("Active", "Frozen")

# What a movement counts as in the monthly picture. A reversal counts as what it reverses, so that a
# cancelled sale lowers what was earned instead of raising what was used.
EARNED = ("Earn", "Bonus", "Clawback")
USED = ("Redeem", "Restore")

REMEMBERED = 60 * 60  # seconds


def company_in_view(company: str | None = None) -> str | None:
	"""The company to show: the one asked for if the user may see it, else the user's own. None: there is none."""
	allowed = get_permitted_documents("Company")
	company = company or frappe.defaults.get_user_default("Company")
	if allowed and company not in allowed:
		company = allowed[0]
	return company or frappe.db.get_value("Company", {}, "name", order_by="lft")


def members(company: str | None) -> int:
	"""Memberships that have not left."""
	membership = frappe.qb.DocType(MEMBER)
	query = (
		frappe.qb.from_(membership)
		.select(Count("*"))
		.where((membership.company == company) & membership.status.isin(MEMBER_STATES))
	)
	return permitted.restrict(query, MEMBER).run()[0][0]


def open_points(company: str | None) -> float:
	"""Points the company owes: active and pending, less what members owe."""
	return flt(sum(_open_by_program(company).values()), 2)


def liability(company: str | None) -> float:
	"""Open points x value x expected use of their program, in company currency."""
	points = _open_by_program(company)
	total = Decimal(0)
	for program in frappe.get_all(
		"CCMS Loyalty Program",
		filters={"company": company},
		fields=["name", "point_value", "expected_redemption_percent"],
	):
		per_point = (
			Decimal(str(program.point_value)) * Decimal(str(program.expected_redemption_percent)) / 100
		)
		total += Decimal(str(points.get(program.name, 0))) * per_point
	return flt(total, 2)


def _open_by_program(company: str | None) -> dict[str, float]:
	membership = frappe.qb.DocType(MEMBER)
	owed = membership.points_active + membership.points_pending - membership.points_arrears
	query = (
		frappe.qb.from_(membership)
		.select(membership.program, Sum(owed))
		.where(membership.company == company)
		.groupby(membership.program)
	)
	owed = {program: flt(points) for program, points in permitted.restrict(query, MEMBER).run()}
	lot = frappe.qb.DocType(LOT)
	lapsed = (  # nobody's any more, though the nightly job has yet to write so
		frappe.qb.from_(lot)
		.select(lot.program, Sum(lot.remaining))
		.where(lot.state.isin(OPEN_STATES) & (lot.expires_on < getdate()))
		.where((lot.company == company) & (lot.remaining > 0))
		.groupby(lot.program)
	)
	for program, points in permitted.restrict(lapsed, LOT).run():
		owed[program] = owed.get(program, 0) - flt(points)
	return owed


def expiring_points(company: str | None, days: int, today: date) -> float:
	"""Points that expire from today within so many days, those of inactivity programs too."""
	until = add_days(today, days)
	lot = frappe.qb.DocType(LOT)
	query = (
		frappe.qb.from_(lot)
		.select(Sum(lot.remaining))
		.where(lot.state.isin(OPEN_STATES))
		.where(lot.expires_on[today:until])
		.where(lot.company == company)
	)
	dated = permitted.restrict(query, LOT).run()[0][0]
	return flt(flt(dated) + sum(_expiring_idle(company, today, until)), 2)


def _expiring_idle(company: str | None, today: date, until: date) -> list[float]:
	programs = frappe.get_all(
		"CCMS Loyalty Program",
		filters={"company": company, "expiry_model": "Inactivity"},
		fields=["name", "expiry_months"],
	)
	return [
		_points_idle_between(
			program.name, add_months(today, -program.expiry_months), add_months(until, -program.expiry_months)
		)
		for program in programs
	]


def _points_idle_between(program: str, first: date, last: date) -> float:
	membership = frappe.qb.DocType(MEMBER)
	query = (
		frappe.qb.from_(membership)
		.select(Sum(membership.points_active))
		.where(membership.program == program)
		.where(membership.last_activity_on[first:last])
	)
	return flt(permitted.restrict(query, MEMBER).run()[0][0])


def by_month(company: str | None, today: date, months: int = 12) -> list[tuple[date, float, float]]:
	"""(first day of the month, points earned, points used) for the last months, this one included.

	Months that are over hardly change, and a large company has a million entries in them: they are remembered for an hour.
	"""
	this_month = getdate(get_first_day(today))
	first = getdate(add_months(this_month, 1 - months))
	over = _remembered(company, first, getdate(add_days(this_month, -1)))
	return [*over, *_by_month(company, this_month, get_last_day(today))]


@redis_cache(ttl=REMEMBERED, user=True)
def _remembered(company: str | None, first: date, last: date) -> list[tuple[date, float, float]]:
	return _by_month(company, first, last)


def _by_month(company: str | None, first: date, last: date) -> list[tuple[date, float, float]]:
	found: dict[date, list[float]] = {}
	month = first
	while month <= last:
		found[month] = [0.0, 0.0]
		month = getdate(add_months(month, 1))
	for posting_date, entry_type, points in (
		*_sums(company, first, last),
		*_cancelled(company, first, last),
	):
		sums = found[getdate(get_first_day(posting_date))]
		if entry_type in EARNED:
			sums[0] += flt(points)
		elif entry_type in USED:
			sums[1] -= flt(points)
	return [(month, flt(earned, 2), flt(used, 2)) for month, (earned, used) in found.items()]


def _sums(company: str | None, first: date, last: date) -> list[tuple[date, str, float]]:
	entry = frappe.qb.DocType(ENTRY)
	query = (
		frappe.qb.from_(entry)
		.select(entry.posting_date, entry.entry_type, Sum(entry.points))
		.where((entry.company == company) & entry.posting_date[first:last])
		.where(entry.entry_type.isin(EARNED + USED))
		.groupby(entry.posting_date, entry.entry_type)
	)
	return permitted.restrict(query, ENTRY).run()


def _cancelled(company: str | None, first: date, last: date) -> list[tuple[date, str, float]]:
	"""Cancellations, as what they cancel."""
	entry = frappe.qb.DocType(ENTRY)
	query = (
		frappe.qb.from_(entry)
		.select(entry.posting_date, entry.reverses, entry.points)
		.where((entry.company == company) & entry.posting_date[first:last])
		.where((entry.entry_type == "Cancel") & (entry.points != 0))
	)
	rows = permitted.restrict(query, ENTRY).run()
	kinds = _kinds({reverses for _day, reverses, _points in rows if reverses})
	return [(day, kinds.get(reverses, ""), points) for day, reverses, points in rows]


def _kinds(names: set[str]) -> dict[str, str]:
	"""What stands at the beginning of each chain of reversals (a cancelled return, and its sale cancelled after it)."""
	if not names:
		return {}
	entry = frappe.qb.DocType(ENTRY)
	query = frappe.qb.from_(entry).select(entry.name, entry.entry_type, entry.reverses)
	rows = query.where(entry.name.isin(names)).run()
	further = _kinds({reverses for _name, kind, reverses in rows if kind == "Cancel"})
	return {name: further.get(reverses, "") if kind == "Cancel" else kind for name, kind, reverses in rows}


def by_tier(company: str | None, program: str | None = None) -> list[tuple[str, str, int]]:
	"""(program, tier, members) in the order of the programs and of their tiers; "" for members without a tier.

	Args:
		program: only this one.
	"""
	membership = frappe.qb.DocType(MEMBER)
	query = (
		frappe.qb.from_(membership)
		.select(membership.program, Coalesce(membership.tier, ""), Count("*"))
		.where(membership.company == company)
		.where(membership.status.isin(MEMBER_STATES))
		.groupby(membership.program, Coalesce(membership.tier, ""))
	)
	if program:
		query = query.where(membership.program == program)
	rows = permitted.restrict(query, MEMBER).run()
	return sorted(rows, key=lambda row: (row[0], _tier_order(row[0]).get(row[1], -1)))


def largest(
	rows: list[tuple[str, str, int]], most: int
) -> tuple[list[tuple[str, str, int]], list[tuple[str, str, int]]]:
	"""Rows of `by_tier` of the programs with the most members, at most so many (of one program always all), and the rest."""
	size, tiers = Counter(), Counter()
	for program, _tier, members in rows:
		size[program] += members
		tiers[program] += 1
	kept: set[str] = set()
	for program in sorted(size, key=lambda name: (-size[name], name)):
		if kept and sum(tiers[name] for name in kept) + tiers[program] > most:
			break
		kept.add(program)
	return [row for row in rows if row[0] in kept], [row for row in rows if row[0] not in kept]


def _tier_order(program: str) -> dict[str, int]:
	tiers = frappe.get_cached_doc("CCMS Loyalty Program", program).tiers
	return {
		row.tier_name: place for place, row in enumerate(sorted(tiers, key=lambda row: flt(row.threshold)))
	}
