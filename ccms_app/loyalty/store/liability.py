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
from functools import cached_property

import frappe
from frappe.query_builder import Case, DocType
from frappe.query_builder.functions import Cast, Coalesce, Date, Sum
from pypika import CustomFunction, Field, Interval, Order, Table
from pypika.terms import ExistsCriterion, Term, ValueWrapper

from ccms_app.loyalty.dates import add_months
from ccms_app.loyalty.model import (
	ACTIVATE,
	CANCEL,
	CLAWBACK,
	EARN,
	EXTEND,
	REDEEM,
	RESTORE,
	TRANSFER_IN,
	ZERO,
	Program,
)
from ccms_app.loyalty.money import dec

from . import permitted, programs

LOT, ENTRY, ALLOCATION, MEMBER = (
	"CCMS Points Lot",
	"CCMS Points Ledger Entry",
	"CCMS Points Allocation",
	"CCMS Membership",
)
AGES = (3, 6, 12, 24)
"""Upper bounds of the age groups, in months; the last group has none."""

_ALL = 2**62

_DateFormat = CustomFunction("date_format", ["date", "format"])
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
		self._undone: dict[str, list[tuple]] = {}

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
			rows += [row[:5] for row in self._undone_draws(by) if row[5]]
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
		query = frappe.qb.from_(member).select(member.program, Sum(member.points_arrears)).groupby(member.program)
		found = _by_program(self._of_company(query, member, MEMBER).run())
		if self.past:
			draws = next(iter(self._undone.values()), None) or self._undone_draws("")
			for program, points in [*self._later_debits(), *((row[0], row[4]) for row in draws)]:
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
		for idle, names in self._kinds():
			lot, opening = DocType(LOT), DocType(ENTRY).as_("opening")
			query = frappe.qb.from_(lot)
			if self.past:
				query = query.join(opening).on(opening.name == lot.name).where(opening.posting_date <= self.on)
			query, columns = self._described(query, lot, opening, by, idle)
			query = query.select(*columns, Sum(lot.remaining)).where((lot.remaining > 0) & lot.program.isin(names))
			yield from self._of_company(query, lot, LOT).groupby(*_names(columns)).run()
			if self.past:
				yield from self._moved_since(by, idle, names)

	def _moved_since(self, by: str, idle: list[Program], names: list[str]) -> Iterator[tuple]:
		"""What puts right the few lots whose dates have moved since: out of the group of now, into that of then."""
		lot, opening = DocType(LOT), DocType(ENTRY).as_("opening")
		changed = self._changed_later().as_("changed")
		query = (
			frappe.qb.from_(changed)
			.modifier("straight_join")  # from the few to the many
			.join(lot)
			.on(lot.name == changed.lot)
			.join(opening)
			.on(opening.name == lot.name)
		)
		query, now = self._described(query, lot, opening, by, idle)
		then = self._columns(lot, opening, by, idle, changed, suffix="_then")
		query = query.select(*now, *then, Sum(lot.remaining)).where((lot.remaining > 0) & lot.program.isin(names))
		for row in self._of_company(query, lot, LOT).groupby(*_names([*now, *then])).run():
			yield (*row[:4], -row[-1])
			yield (*row[4:8], row[-1])

	def _undone_draws(self, by: str) -> list[tuple]:
		"""(program, group, waits, lapsed, points, whether the lot was there): what did not count yet on the day.

		Those are the rows of later postings; and rows of earlier postings for what was itself posted later (a
		back-dated grant that pays a debt which is younger).
		"""
		if by not in self._undone:
			back_dated = self._back_dated_rows()
			self._undone[by] = [
				row
				for idle, names in self._kinds()
				for rows in (None, back_dated)[: 2 if back_dated else 1]
				for row in self._undone_rows(by, idle, names, rows)
			]
		return self._undone[by]

	def _undone_rows(
		self, by: str, idle: list[Program], names: list[str], rows: list[str] | None
	) -> Iterable[tuple]:
		row, lot, opening = DocType(ALLOCATION), DocType(LOT), DocType(ENTRY).as_("opening")
		changed = self._changed_later().as_("changed")
		query = (
			frappe.qb.from_(row)
			.join(lot)
			.on(lot.name == row.lot)
			.join(opening)
			.on(opening.name == row.lot)
			.left_join(changed)
			.on(changed.lot == row.lot)
			.where(row.company == self.company)
			.where(row.posting_date > self.on if rows is None else row.name.isin(rows))
		)
		query, columns = self._described(query, lot, opening, by, idle, changed)
		there = Case().when(opening.posting_date <= self.on, 1).else_(0).as_("there")
		query = query.select(*columns, Sum(row.points), there).where(lot.program.isin(names))
		return self._of_company(query, lot, LOT).groupby(*_names([*columns, there])).run()

	def _back_dated_rows(self) -> list[str]:
		"""Names of the allocation rows of earlier postings for a later debit, or on a later lot. Hardly ever any."""
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

	def _described(
		self, query, lot, opening, by: str, idle: list[Program], changed=None
	) -> tuple[object, list[Term]]:
		"""Join what `_columns` needs; (query, columns)."""
		if idle:
			member = self._members(idle).as_("holder")
			query = query.join(member).on(member.name == lot.membership)
		if by == "age" and not self.past:
			root = DocType(ENTRY).as_("root")
			query = query.join(root).on(root.name == lot.origin)
		return query, self._columns(lot, opening, by, idle, changed)

	def _columns(self, lot, opening, by: str, idle: list[Program], changed=None, suffix: str = "") -> list[Term]:
		"""Program, group, waits, lapsed of a lot on the day.

		Args:
			opening: the joined entry that opened the lot; only when a past day is asked for.
			changed: `_changed_later` when it is joined: the dates the lot had then.
		"""
		available, expires = lot.available_from, lot.expires_on
		if changed is not None:
			available = Case().when(changed.lot.isnull(), available).else_(_NullIf(changed.available, ""))
			expires = Case().when(changed.lot.isnull(), expires).else_(_NullIf(changed.expires, ""))
		waits = available.isnull() | (available > self.on)
		if idle:
			case = Case().when(expires.isnotnull(), expires)
			for rule in idle:
				ends = Field("last_activity_on", table=Table("holder")) + Interval(months=rule.expiry_months)
				case = case.when((lot.program == rule.name) & waits.negate(), ends)
			expires = case
		group: Term = ValueWrapper("")
		if by == "month":
			group = _DateFormat(expires, "%Y-%m")
		elif by == "age":
			group = self._age(lot, opening)
		flags = [Case().when(waits, 1).else_(0), Case().when(expires < self.on, 1).else_(0)]
		names = ("of_program", "grp", "waits", "lapsed")
		return [
			term.as_(name + suffix) for term, name in zip((lot.program, group, *flags), names, strict=True)
		]

	def _age(self, lot, opening) -> Term:
		"""The group in AGES of what a lot's points are descended from."""
		root = DocType(ENTRY).as_("root")
		earned: Term = root.posting_date
		if self.past:  # the opening entry is joined already, and nearly every lot is its own root
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

	def _changed_later(self):
		"""Lots whose availability or expiry moved later, with what both were on the day (as text, "" for none)."""
		entry, opening = DocType(ENTRY).as_("change"), DocType(ENTRY).as_("opened")
		return (
			frappe.qb.from_(entry)
			.join(opening)
			.on(opening.name == entry.lot)
			.select(
				entry.lot,
				Coalesce(self._value_then(opening, ACTIVATE), opening.available_from, "").as_("available"),
				Coalesce(self._value_then(opening, EXTEND), opening.expires_on, "").as_("expires"),
			)
			.where(self._later(entry) & entry.entry_type.isin((ACTIVATE, EXTEND)))
			.where(opening.posting_date <= self.on)
			.groupby(entry.lot)
			.limit(_ALL)  # keeps the server from working this out again for every lot it is joined to
		)

	def _value_then(self, opening, entry_type: str):
		"""What the last entry of a kind up to the day said about a lot."""
		last = DocType(ENTRY).as_("last_" + entry_type.lower())
		return (
			frappe.qb.from_(last)
			.select(last.new_value)
			.where((last.lot == opening.name) & (last.entry_type == entry_type))
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
				query = query.where((entry.points > 0) & entry.entry_type.isin((RESTORE, CANCEL, TRANSFER_IN)))
				query = query.where(entry.lot.isnull() | (entry.lot != entry.name))
			else:
				query = query.where(entry.points < 0)
			found += self._of_company(query, entry, ENTRY).run()
		return found

	def _members(self, rules: list[Program]):
		"""(name, last_activity_on) of the members of programs, as it was on the day."""
		member = DocType(MEMBER).as_("of_rules")
		query = frappe.qb.from_(member).select(member.name).where(member.program.isin([rule.name for rule in rules]))
		if not self.past:
			return query.select(member.last_activity_on)
		# grouped, so that the day is worked out once for each member and not for each lot
		return query.select(Date(self._last_activity(member)).as_("last_activity_on")).groupby(member.name)

	def _last_activity(self, member):
		"""The last earning or redemption of a member that stood on the day: neither cancelled nor all taken back."""
		entry, back, undoing = (DocType(ENTRY).as_(name) for name in ("activity", "back", "undoing"))
		cancelled = self._cancels(undoing, back)
		effect = Case()
		effect = effect.when(
			back.entry_type.isin((CANCEL, CLAWBACK)) & (Coalesce(back.new_value, "") != ""),
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


def _names(columns: Iterable[Term]) -> list[Field]:
	return [Field(column.alias) for column in columns]


def _by_program(rows: Iterable[tuple[str, object]]) -> dict[str, Decimal]:
	return {program: dec(points) for program, points in rows}
