"""What a member has: now, from the projection; on any past day, from the journal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

import frappe
from frappe.utils import getdate, nowdate

from ccms_app.loyalty import movements, tiers
from ccms_app.loyalty.dates import inactive_after, tier_window
from ccms_app.loyalty.model import NEVER, ZERO, Allocation, Entry, Member, Program
from ccms_app.loyalty.money import dec, rounded
from ccms_app.loyalty.replay import Folded, fold, last_activity

from . import ledger, members, programs

LAST_DATE = NEVER - timedelta(days=1)
NO_LIMIT = 1_000_000


@dataclass(slots=True)
class Balance:
	"""Points of one membership on a day."""

	membership: str
	program: Program
	status: str
	tier: str
	active: Decimal
	pending: Decimal
	held: Decimal
	arrears: Decimal
	qualifying_value: Decimal
	tier_until: date | None = None
	tier_since: date | None = None
	member_no: str = ""
	last_day: date | None = None
	"""The last day on which points without a date of their own can be used (Inactivity)."""

	@property
	def spendable(self) -> Decimal:
		"""active - arrears - held, not below zero."""
		return max(ZERO, self.active - self.arrears - self.held)

	@property
	def value(self) -> Decimal:
		"""What the spendable points are worth, in company currency."""
		return rounded(self.spendable * self.program.point_value, 2)

	@property
	def next_tier(self) -> dict | None:
		"""The tier above, and what is missing for it."""
		above = tiers.following(self.program, self.tier)
		if above is None:
			return None
		return {
			"name": above.name,
			"threshold": float(above.threshold),
			"missing": float(max(ZERO, above.threshold - self.qualifying_value)),
		}


def now(membership: str, on: date | None = None) -> Balance:
	"""Today's balance, whether or not the nightly jobs have run. Two queries, whatever the history."""
	on = on or getdate(nowdate())
	((*row, member_no),) = frappe.db.sql(
		f"select {ledger.MEMBER_FIELDS}, member_no from `tabCCMS Membership` where name = %s", (membership,)
	)
	member = ledger.member_of(tuple(row))
	program = programs.get(member.program)
	active, pending = member.points_active, member.points_pending
	lapsed, came_due, gone, early = _corrections(member, program, on)
	return Balance(
		member.name,
		program,
		member.status,
		member.tier,
		max(ZERO, active - lapsed + came_due - early),
		max(ZERO, pending - came_due - gone + early),
		member.points_held,
		member.points_arrears,
		member.qualifying_value,
		member.tier_until,
		member.tier_since,
		member_no or "",
		inactive_after(program, member.last_activity_on),
	)


def _corrections(member: Member, program: Program, on: date) -> tuple[Decimal, Decimal, Decimal, Decimal]:
	"""Active points past their expiry, pending points whose day has come, pending points past expiry, and active
	points of documents with a future posting date, which their own index finds wherever there are any."""
	idle = movements.idle(program, member, on)
	row = frappe.db.sql(
		"""select
			coalesce(sum(case when state = 'Active' and (draw_before < %(on)s or (%(idle)s and expires_on is null))
				then remaining end), 0),
			coalesce(sum(case when state = 'Pending' and draw_before >= %(on)s and available_from <= %(on)s
				then remaining end), 0),
			coalesce(sum(case when state = 'Pending' and draw_before < %(on)s then remaining end), 0),
			coalesce((select sum(remaining) from `tabCCMS Points Lot` force index (state_available_from_index)
				where state = 'Active' and available_from > %(on)s and membership = %(membership)s), 0)
		from `tabCCMS Points Lot`
		where membership = %(membership)s and remaining > 0
			and ((state = 'Active' and (draw_before < %(on)s or %(idle)s)) or state = 'Pending')""",
		{
			"membership": member.name,
			"on": on,
			"idle": int(idle),  # dateless lots matter only when the member has been idle too long
		},
	)[0]
	return dec(row[0]), dec(row[1]), dec(row[2]), dec(row[3])


def on_date(membership: str, on: date, known_at: datetime | None = None) -> Balance:
	"""The balance of a past posting date, reproduced from the journal.

	Args:
		known_at: as it was known then; movements posted later are left out.
	"""
	folded = folded_on(membership, on, known_at)
	row = frappe.db.get_value(
		members.DOCTYPE, membership, ["program", "member_no", "points_held"], as_dict=True
	)
	program = programs.get(row.program)
	until = last_day(membership, program, on, known_at)
	active, pending, arrears = folded.balance(on, until)
	return Balance(
		membership,
		program,
		folded.status,
		folded.tier,
		active,
		pending,
		ZERO,
		arrears,
		qualifying_between(membership, *tier_window(program, on), by=on),
		folded.tier_until,
		folded.tier_since,
		row.member_no or "",
		until,
	)


def folded_on(membership: str, on: date | None = None, known_at: datetime | None = None) -> Folded:
	"""A membership's journal added up to a posting date."""
	return fold(*journal(membership, known_at), on)


def journal(membership: str, known_at: datetime | None = None) -> tuple[list[Entry], list[Allocation]]:
	"""All entries and allocation rows of a membership, in the order in which they were written."""
	allocations = [
		Allocation(m, entry, lot, dec(points), by, day)
		for m, entry, lot, points, by, day in frappe.db.sql(
			"""select membership, entry, lot, points, by_entry, posting_date from `tabCCMS Points Allocation`
			where membership = %(membership)s and creation <= %(known)s order by creation, idx""",
			{"membership": membership, "known": known_at or "9999-12-31"},
		)
	]
	return _entries(membership, known_at), allocations


def _entries(membership: str, known_at: datetime | None = None) -> list[Entry]:
	rows = frappe.db.sql(
		f"""select {ledger.ENTRY_FIELDS} from `tabCCMS Points Ledger Entry`
		where membership = %(membership)s and posted_on <= %(known)s order by seq""",
		{"membership": membership, "known": known_at or "9999-12-31"},
	)
	return [ledger.entry_of(row) for row in rows]


def last_day(membership: str, program: Program, on: date, known_at: datetime | None = None) -> date | None:
	"""The last day on which points without a date of their own can be used, as it was on a day (Inactivity)."""
	if program.expiry_model != "Inactivity":
		return None
	entries = [entry for name in _merged_by(membership, on) for entry in _entries(name, known_at)]
	return inactive_after(program, last_activity(entries, on))


def _merged_by(membership: str, on: date) -> list[str]:
	"""A membership and those merged into it by a day, and into those before."""
	found, fresh = [membership], [membership]
	while fresh:
		fresh = [
			name
			for (name,) in frappe.db.sql(
				"""select m.name from `tabCCMS Membership` m
				join `tabCCMS Points Ledger Entry` e on e.membership = m.name and e.entry_type = 'Status'
					and e.reason = 'merged' and e.new_value = 'Left' and e.posting_date <= %(on)s
				where m.merged_into in %(into)s""",
				{"into": fresh, "on": on},
			)
			if name not in found
		]
		found += fresh
	return found


def qualifying_between(membership: str, first: date, last: date, by: date | None = None) -> Decimal:
	"""Qualifying value of a window, of a membership and all merged into it, as posted by a day."""
	total = frappe.db.sql(
		"""select sum(qualifying_value) from `tabCCMS Points Ledger Entry`
		where membership in %(names)s and qualifying_date between %(first)s and %(last)s and posting_date <= %(by)s""",
		{"names": ledger.with_merged(membership), "first": first, "last": last, "by": by or "9999-12-31"},
	)
	return dec(total[0][0])


def spendable_on_both(membership: str, posting_date: date, today: date) -> Decimal:
	"""What can be spent on a posting date and today: the lower of the two."""
	can = now(membership, today).spendable
	if posting_date < today and can:
		can = min(can, on_date(membership, posting_date).spendable)
	return can


def expiring(
	membership: str,
	on: date | None = None,
	until: date | None = None,
	limit: int = 12,
	known: Balance | None = None,
) -> list[dict]:
	"""Upcoming expiry batches: [{date, points}], soonest first. Reads the lots of these batches and no others.

	Args:
		known: the balance on that day, where the caller has it: it tells what expires by inactivity.
	"""
	on = on or getdate(nowdate())
	known = known or now(membership, on)
	last_day = known.last_day if known.last_day and known.last_day >= on else None
	# grouped in the order of the index and state by state, so that the reading ends with the last batch wanted
	batches = """(select draw_before, sum(remaining) from `tabCCMS Points Lot`
			force index (membership_state_draw_before_entry_seq_index)
		where membership = %(membership)s and state = '{state}' and draw_before between %(on)s and %(until)s
			and remaining > 0 {only}
		group by draw_before order by draw_before limit %(limit)s)"""
	rows = frappe.db.sql(
		batches.format(state="Active", only="")
		+ " union all "
		+ batches.format(state="Pending", only="and available_from <= %(on)s"),
		{
			"membership": membership,
			"on": on,
			"until": LAST_DATE if last_day else min(until or LAST_DATE, LAST_DATE),
			# what has no date of its own is the rest: the few points that have one are then read to the end
			"limit": NO_LIMIT if last_day else limit,
		},
	)
	points: dict[date, Decimal] = {}
	for day, part in rows:
		points[day] = points.get(day, ZERO) + dec(part)
	if last_day:
		rest = known.active - sum(points.values(), ZERO)
		if rest > 0:
			points[last_day] = points.get(last_day, ZERO) + rest
	return [
		{"date": day, "points": float(points[day])} for day in sorted(points) if until is None or day <= until
	][:limit]
