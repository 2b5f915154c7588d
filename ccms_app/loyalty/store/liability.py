"""Points a company owes, on any day, by program and by age or month of expiry. Sums in the database, by index.

The lots tell today. A past day is today with everything undone that was posted later: draws are given back, lots
opened later left out, availability and expiry set to what they were. So the cost is what happened since, not the
whole history; and the ledger's own sum of entries, read apart, must come to the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property, reduce

import frappe
from frappe.query_builder import Case, DocType
from frappe.query_builder.functions import Cast, Coalesce, Sum
from pypika import CustomFunction, Field, Interval, Order
from pypika.terms import ExistsCriterion, Term, ValueWrapper

from ccms_app.desk import permitted
from ccms_app.loyalty.dates import add_months
from ccms_app.loyalty.model import (
	ACTIVATE,
	CANCEL,
	CLAWBACK,
	EARN,
	EXTEND,
	REDEEM,
	RESTORE,
	STATUS,
	TRANSFER_IN,
	ZERO,
	Program,
)
from ccms_app.loyalty.money import dec

from . import programs

LOT, ENTRY, ALLOCATION, MEMBER = (
	"CCMS Points Lot",
	"CCMS Points Ledger Entry",
	"CCMS Points Allocation",
	"CCMS Membership",
)
AGES = (3, 6, 12, 24)
"""Upper bounds of the age groups, in months; the last group has none."""

_DateFormat = CustomFunction("date_format", ["date", "format"])
_Date = CustomFunction("date", ["value"])
_Greatest = CustomFunction("greatest", ["one", "other"])
_NullIf = CustomFunction("nullif", ["value", "other"])


@dataclass(slots=True)
class Open:
	"""Points of one group. `lapsed` ones are past their expiry though no job has written it: nobody can use them."""

	program: str
	group: str
	active: Decimal = ZERO
	pending: Decimal = ZERO
	lapsed: Decimal = ZERO

	@property
	def usable(self) -> Decimal:
		return self.active + self.pending


class Books:
	"""The points of a company, or of one of its programs, as they stood at the end of a day.

	Args:
		on: a day in the past or today.
	"""

	def __init__(self, company: str, on: date, program: str | None = None):
		self.company, self.on = company, on
		self.programs = [rule for rule in programs.of_company(company) if program in (None, rule.name)]

	@cached_property
	def past(self) -> bool:
		"""Whether anything was posted for a later day: then today's lots have to be turned back."""
		entry = DocType(ENTRY)
		return bool(frappe.qb.from_(entry).select(entry.name).where(self._later(entry)).limit(1).run())

	# --- what is asked ---------------------------------------------------------------------------------------
	def open(self, by: str = "") -> list[Open]:
		"""Points that lots hold, by program and by "age", by "month" of expiry, or by neither.

		Groups: of ages the place in AGES as text; of months "YYYY-MM", "" without an expiry.
		"""
		rows = list(self._lots(by))
		if self.past:
			rows += self._undone_draws(by)
		found: dict[tuple[str, str], Open] = {}
		for program, group, waits, lapsed, points in rows:
			group = "" if lapsed else group or ""
			row = found.setdefault((program, group), Open(program, group))
			if lapsed:
				row.lapsed += dec(points)
			elif waits:
				row.pending += dec(points)
			else:
				row.active += dec(points)
		return sorted(
			(row for row in found.values() if row.active or row.pending or row.lapsed),
			key=lambda row: (row.program, row.group == "", row.group),
		)

	def arrears(self) -> dict[str, Decimal]:
		"""Points that members owe, by program."""
		member = DocType(MEMBER)
		query = (
			frappe.qb.from_(member).select(member.program, Sum(member.points_arrears)).groupby(member.program)
		)
		found = _by_program(self._of_company(query, member, MEMBER).run())
		if self.past:
			for program, points in [*self._later_debits(), *self._later_draws()]:
				found[program] = found.get(program, ZERO) + dec(points)
		return found

	def journal(self) -> dict[str, Decimal]:
		"""The sum of all entries up to the day, by program: what lots less arrears must come to."""
		entry = DocType(ENTRY)
		query = frappe.qb.from_(entry).select(entry.program, Sum(entry.points)).groupby(entry.program)
		return _by_program(self._of_company(query, entry, ENTRY).where(entry.posting_date <= self.on).run())

	# --- lots ------------------------------------------------------------------------------------------------
	def _lots(self, by: str) -> Iterator[tuple]:
		"""(program, group, waits, lapsed, points) of the lots there were, with what is left in them today."""
		lot = DocType(LOT)
		for idle, names in self._kinds():
			query = frappe.qb.from_(lot).where((lot.remaining > 0) & lot.program.isin(names))
			yield from self._grouped(query, Sum(lot.remaining), by, idle)

	def _undone_draws(self, by: str) -> Iterator[tuple]:
		"""The same of what did not yet count as drawn from lots that were there."""
		row, lot = DocType(ALLOCATION), DocType(LOT)
		for idle, names in self._kinds():
			for later in self._later_rows():
				query = frappe.qb.from_(row).join(lot).on(lot.name == row.lot)
				query = query.where(later & lot.program.isin(names))
				yield from self._grouped(query, Sum(row.points), by, idle)

	def _later_rows(self) -> Iterator:
		"""Conditions that find the allocation rows which did not count yet.

		Those are the rows of later postings; and rows of earlier postings for what was itself posted later (a
		back-dated grant that pays a debt which is younger), of which there are hardly ever any.
		"""
		row = DocType(ALLOCATION)
		yield (row.company == self.company) & (row.posting_date > self.on)
		if self._back_dated:
			yield row.name.isin(self._back_dated)

	@cached_property
	def _back_dated(self) -> list[str]:
		parts = []
		for field, gives in (("entry", False), ("lot", True)):
			entry, row = DocType(ENTRY).as_(f"later_{field}"), DocType(ALLOCATION).as_(f"row_{field}")
			parts.append(
				frappe.qb.from_(entry)
				.join(row)
				.on(row[field] == entry.name)
				.select(row.name)
				.where(self._later(entry) & (entry.points > 0 if gives else entry.points < 0))
				.where(row.posting_date <= self.on)
			)
		return list({name for part in parts for (name,) in part.run()})

	def _kinds(self) -> Iterator[tuple[list[Program], list[str]]]:
		"""Programs apart whose points expire by inactivity: only they need to know what each member last did."""
		idle = [rule for rule in self.programs if rule.expiry_model == "Inactivity"]
		dated = [rule.name for rule in self.programs if rule.expiry_model != "Inactivity"]
		if dated:
			yield [], dated
		if idle:
			yield idle, [rule.name for rule in idle]

	def _grouped(self, query, points: Term, by: str, idle: list[Program]) -> Iterable[tuple]:
		"""Run a query over lots, its points summed by program, group, waits and lapsed, as lots were on the day."""
		lot, opening = DocType(LOT), DocType(ENTRY).as_("opening")
		if self.past:
			query = query.join(opening).on(opening.name == lot.name).where(opening.posting_date <= self.on)
		elif by == "age":
			query = query.join(opening).on(opening.name == lot.origin)
		available, expires = lot.available_from, lot.expires_on
		if self.past:
			available, expires = self._available_then(lot, opening), self._expires_then(lot, opening)
		waits = available.isnull() | (available > self.on)
		if idle:
			member = self._members(idle).as_("holder")
			query = query.join(member).on(member.name == lot.membership)
			case = Case().when(expires.isnotnull(), expires)
			for rule in idle:
				ends = member.last_activity_on + Interval(months=rule.expiry_months)
				case = case.when((lot.program == rule.name) & waits.negate(), ends)
			expires = case
		group: Term = ValueWrapper("")
		if by == "month":
			group = _DateFormat(expires, "%Y-%m")
		elif by == "age":
			group = self._age(lot, opening)
		flags = (Case().when(waits, 1).else_(0), Case().when(expires < self.on, 1).else_(0))
		names = ("of_program", "grp", "waits", "lapsed")
		columns = [term.as_(name) for term, name in zip((lot.program, group, *flags), names, strict=True)]
		query = query.select(*columns, points).groupby(*(Field(name) for name in names))
		return self._of_company(query, lot, LOT).run()

	def _available_then(self, lot, opening) -> Term:
		"""From when a lot could be used, as far as was known on the day.

		What is available by the day now was so then: an activation is never posted after the day it tells.
		"""
		then = _NullIf(Coalesce(self._value_then(lot, ACTIVATE), opening.available_from, ""), "")
		return Case().when(lot.available_from <= self.on, lot.available_from).else_(_Date(then))

	def _expires_then(self, lot, opening) -> Term:
		"""Until when a lot could be used, as far as was known on the day."""
		if not self._extended:
			return lot.expires_on
		then = _NullIf(Coalesce(self._value_then(lot, EXTEND), opening.expires_on, ""), "")
		return Case().when(lot.name.isin(self._extended), _Date(then)).else_(lot.expires_on)

	@cached_property
	def _extended(self) -> list[str]:
		"""Lots whose expiry was moved later, by hand."""
		entry = DocType(ENTRY)
		query = frappe.qb.from_(entry).select(entry.lot).distinct()
		return [lot for (lot,) in query.where(self._later(entry) & (entry.entry_type == EXTEND)).run()]

	def _age(self, lot, opening) -> Term:
		"""The group in AGES of what a lot's points are descended from."""
		earned: Term = opening.posting_date
		if self.past:  # the opening entry is the lot's own, and nearly every lot is its own root
			root = DocType(ENTRY).as_("root")
			earlier = frappe.qb.from_(root).select(root.posting_date).where(root.name == lot.origin)
			earned = Case().when(lot.origin == lot.name, opening.posting_date).else_(earlier)
		group = Case()
		for place, months in enumerate(AGES):
			group = group.when(earned > add_months(self.on, -months), str(place))
		return group.else_(str(len(AGES)))

	def _of_company(self, query, table, doctype: str):
		query = query.where(table.company == self.company)
		if len(self.programs) == 1:
			query = query.where(table.program == self.programs[0].name)
		return permitted.restrict(query, doctype)

	# --- what was posted later -------------------------------------------------------------------------------
	def _later(self, entry):
		return (entry.company == self.company) & (entry.posting_date > self.on)

	def _value_then(self, lot, entry_type: str):
		"""What the last entry of a kind up to the day said about a lot."""
		last = DocType(ENTRY).as_("last_" + entry_type.lower())
		return (
			frappe.qb.from_(last)
			.select(last.new_value)
			.where((last.lot == lot.name) & (last.entry_type == entry_type))
			.where(last.posting_date <= self.on)
			.orderby(last.seq, order=Order.desc)
			.limit(1)
		)

	def _later_debits(self) -> list[tuple]:
		"""What later entries without a lot of their own added to arrears, with the sign that undoes it."""
		found = []
		for gives in (False, True):
			entry = DocType(ENTRY)
			query = frappe.qb.from_(entry).select(entry.program, Sum(entry.points)).groupby(entry.program)
			query = query.where(entry.posting_date > self.on)
			if gives:  # what gives points back to lots, or pays a debt, opens none
				query = query.where(
					(entry.points > 0) & entry.entry_type.isin((RESTORE, CANCEL, TRANSFER_IN))
				)
				query = query.where(entry.lot.isnull() | (entry.lot != entry.name))
			else:
				query = query.where(entry.points < 0)
			found += self._of_company(query, entry, ENTRY).run()
		return found

	def _later_draws(self) -> Iterator[tuple]:
		row, member = DocType(ALLOCATION), DocType(MEMBER)
		for later in self._later_rows():
			drawn = frappe.qb.from_(row).select(row.membership, Sum(row.points).as_("points")).where(later)
			drawn = drawn.groupby(row.membership).as_("drawn")
			query = frappe.qb.from_(drawn).join(member).on(member.name == drawn.membership)
			query = query.select(member.program, Sum(drawn.points)).groupby(member.program)
			yield from self._of_company(query, member, MEMBER).run()

	def _members(self, rules: list[Program]):
		"""(name, last_activity_on) of the members of programs, as it was on the day."""
		member = DocType(MEMBER).as_("of_rules")
		query = (
			frappe.qb.from_(member)
			.select(member.name)
			.where(member.program.isin([rule.name for rule in rules]))
		)
		if not self.past:
			return query.select(member.last_activity_on)
		last = _Date(self._last_activity(member))
		if absorbed := self._absorbed_activity(rules):
			rows = [
				frappe.qb.select(ValueWrapper(name).as_("name"), ValueWrapper(day).as_("day"))
				for name, day in absorbed
			]
			theirs = reduce(lambda one, other: one.union_all(other), rows).as_("theirs")
			query = query.left_join(theirs).on(theirs.name == member.name)
			other = _Date(theirs.day)
			last = _Greatest(Coalesce(last, other), Coalesce(other, last))
		# grouped, so that the day is worked out once for each member and not for each lot
		return query.select(last.as_("last_activity_on")).groupby(member.name)

	def _absorbed_activity(self, rules: list[Program]) -> list[tuple[str, date]]:
		"""(membership, last activity of those that had been merged into it by the day)."""
		member, entry = DocType(MEMBER).as_("of_rules"), DocType(ENTRY)
		merged = (
			frappe.qb.from_(member)
			.join(entry)
			.on((entry.membership == member.name) & (entry.entry_type == STATUS) & (entry.reason == "merged"))
			.where(
				member.program.isin([rule.name for rule in rules]) & (Coalesce(member.merged_into, "") != "")
			)
			.where((entry.new_value == "Left") & (entry.posting_date <= self.on))
			.select(member.name, member.merged_into, self._last_activity(member))
			.run()
		)
		into = {name: target for name, target, _day in merged}
		found: dict[str, date] = {}
		for _name, target, day in merged:
			while target in into:
				target = into[target]
			if day:
				found[target] = max(day, found.get(target, day))
		return list(found.items())

	def _last_activity(self, member):
		"""The last earning or redemption of a member that stood on the day: neither cancelled nor all taken back."""
		entry, back, undoing = (DocType(ENTRY).as_(name) for name in ("activity", "back", "undoing"))
		cancelled = self._cancels(undoing, back)
		effect = Case()
		effect = effect.when(
			back.entry_type.isin((CANCEL, CLAWBACK, RESTORE)) & (Coalesce(back.new_value, "") != ""),
			Cast(back.new_value, "decimal(21, 9)"),
		).else_(back.points)
		taken_back = (
			frappe.qb.from_(back)
			.select(Coalesce(Sum(effect), 0))
			.where((back.reverses == entry.name) & (back.posting_date <= self.on))
			.where(ExistsCriterion(cancelled).negate())
		)
		return (
			frappe.qb.from_(entry)
			.select(entry.posting_date)
			.where((entry.membership == member.name) & (entry.posting_date <= self.on))
			.where(entry.entry_type.isin((EARN, REDEEM)))
			.where(ExistsCriterion(self._cancels(DocType(ENTRY).as_("cancel"), entry)).negate())
			.where((entry.points == 0) | (entry.points + taken_back != 0))
			.orderby(entry.posting_date, order=Order.desc)
			.limit(1)
		)

	def _cancels(self, cancel, entry):
		return (
			frappe.qb.from_(cancel)
			.select(cancel.name)
			.where((cancel.reverses == entry.name) & (cancel.entry_type == CANCEL))
			.where(cancel.posting_date <= self.on)
		)


def _by_program(rows: Iterable[tuple[str, object]]) -> dict[str, Decimal]:
	return {program: dec(points) for program, points in rows}
