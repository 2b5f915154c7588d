"""The audit: proves that lots and memberships equal the journal, and that nobody has touched it.

A check is a generator in the list `CHECKS`; what it yields is a finding. Nothing is mended here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

import frappe

from ccms_app.loyalty import chain

from .ledger import chain_key


@dataclass(frozen=True, slots=True)
class Finding:
	"""One thing that is wrong."""

	check: str
	membership: str
	where: str
	message: str

	def __str__(self) -> str:
		return f"{self.check}: membership {self.membership}, {self.where}: {self.message}"


def run(checks: Iterable[Callable[[], Iterator[Finding]]] | None = None) -> Iterator[Finding]:
	"""All findings, check by check."""
	for check in checks or CHECKS:
		yield from check()


# --- the chain ------------------------------------------------------------------------------------------------


def content_in_sql() -> str:
	"""The canonical text of an entry, as `chain.content` builds it, computed by the database."""
	parts = []
	for name, kind in chain.CONTENT:
		column = f"e.`{name}`"
		if kind == "decimal":
			parts.append(f"cast(cast({column} as decimal(31,9)) as char)")
		elif kind == "text":
			parts.append(f"coalesce({column}, '')")
		else:
			parts.append(f"coalesce(cast({column} as char), '')")
	return f"concat_ws(char(31), {', '.join(parts)})"


def check_chain() -> Iterator[Finding]:
	"""Every membership's chain verifies from its first entry to the sealed last one."""
	key = chain_key()
	tails: dict[str, tuple[int, str]] = {}
	query = f"""select e.membership, e.seq, {content_in_sql()}, e.chain_hash
		from `tabCCMS Points Ledger Entry` e order by e.membership, e.seq"""
	with frappe.db.unbuffered_cursor():
		rows = frappe.db.sql(query, as_list=True, as_iterator=True)
		for membership, group in groupby(rows, key=itemgetter(0)):
			own = [(int(seq), text, stored) for _membership, seq, text, stored in group]
			for seq, fault in chain.verify(key, own):
				yield Finding("chain", membership, f"entry {seq}", CHAIN_FAULTS[fault])
			tails[membership] = (own[-1][0], own[-1][2])
	yield from _check_seals(key, tails)


CHAIN_FAULTS = {
	"changed": "its content or its place does not match its hash",
	"missing": "the entry or entries before it are missing",
	"inserted": "it was inserted",
}


def _check_seals(key: bytes, tails: dict[str, tuple[int, str]]) -> Iterator[Finding]:
	from ccms_app.loyalty.model import Member

	with frappe.db.unbuffered_cursor():
		for name, seq, last_hash, mac in frappe.db.sql(
			"select name, last_seq, last_hash, chain_mac from `tabCCMS Membership`",
			as_list=True,
			as_iterator=True,
		):
			member = Member(name, last_seq=int(seq or 0), last_hash=last_hash or "")
			tail = tails.pop(name, (0, ""))
			if chain.seal(key, member) != (mac or ""):
				yield Finding("seal", name, "membership", "its last number and hash were changed")
			elif tail != (member.last_seq, member.last_hash):
				yield Finding(
					"seal",
					name,
					f"entry {member.last_seq}",
					f"the journal ends at {tail[0]}: entries at its end are missing or added",
				)
	for name in tails:
		yield Finding("seal", name, "membership", "has entries but is gone")


# --- sums -------------------------------------------------------------------------------------------------------


def _query(check: str, query: str, message: str) -> Callable[[], Iterator[Finding]]:
	"""A check that is one set-based query of (membership, where, detail) rows."""

	def run_query() -> Iterator[Finding]:
		for membership, where, detail in frappe.db.sql(query):
			yield Finding(check, membership or "", str(where), message.format(detail))

	run_query.__name__ = f"check_{check}"
	return run_query


# Each query reads a table once, in the order of an index or of the table, and joins by primary key: what is asked of
# a million rows has to be asked that way.
SUMS = """
	select m.name, 'membership', concat_ws(' / ',
		coalesce(j.points, 0), coalesce(l.active, 0) + coalesce(l.pending, 0),
		coalesce(j.owed, 0) - coalesce(a.drawn, 0), m.points_active, m.points_pending, m.points_arrears)
	from `tabCCMS Membership` m
	left join (select membership, sum(points) as points,
			sum(case when points < 0 or (points > 0 and (lot is null or lot != name)) then -points end) as owed
		from `tabCCMS Points Ledger Entry` group by membership) j on j.membership = m.name
	left join (select membership,
			sum(case when state = 'Pending' then remaining else 0 end) as pending,
			sum(case when state != 'Pending' then remaining else 0 end) as active
		from `tabCCMS Points Lot` group by membership) l on l.membership = m.name
	left join (select membership, sum(points) as drawn from `tabCCMS Points Allocation` group by membership) a
		on a.membership = m.name
	where abs(coalesce(j.points, 0) - (m.points_active + m.points_pending - m.points_arrears)) > 1e-6
		or abs(coalesce(l.active, 0) - m.points_active) > 1e-6
		or abs(coalesce(l.pending, 0) - m.points_pending) > 1e-6
		or abs(coalesce(j.owed, 0) - coalesce(a.drawn, 0) - m.points_arrears) > 1e-6
		or m.points_arrears < 0"""

LOTS = """
	select l.membership, concat('lot ', l.name), concat_ws(' / ', l.original, l.remaining, e.points)
	from `tabCCMS Points Lot` l
	left join `tabCCMS Points Ledger Entry` e on e.name = l.name
	where l.remaining < 0 or l.remaining > l.original or e.name is null or e.lot != e.name
		or e.membership != l.membership or abs(e.points - l.original) > 1e-6"""

DRAWN_LOTS = """
	select l.membership, concat('lot ', l.name), concat_ws(' / ', l.original, l.remaining, a.drawn)
	from (select lot, sum(points) as drawn from `tabCCMS Points Allocation` group by lot) a
	join `tabCCMS Points Lot` l on l.name = a.lot
	where abs(l.original - l.remaining - a.drawn) > 1e-6
	union all
	select l.membership, concat('lot ', l.name), concat_ws(' / ', l.original, l.remaining, 0)
	from `tabCCMS Points Lot` l
	where abs(l.original - l.remaining) > 1e-6
		and not exists (select 1 from `tabCCMS Points Allocation` a where a.lot = l.name)"""

LOST_LOTS = """
	select e.membership, concat('entry ', e.seq), e.points
	from `tabCCMS Points Ledger Entry` e left join `tabCCMS Points Lot` l on l.name = e.name
	where e.lot = e.name and l.name is null"""

DEBITS = """
	select e.membership, concat('entry ', e.seq), concat_ws(' / ', -e.points, a.drawn)
	from (select entry, sum(points) as drawn from `tabCCMS Points Allocation` group by entry) a
	join `tabCCMS Points Ledger Entry` e on e.name = a.entry
	where a.drawn > 1e-6 - e.points or (e.reverses is not null and a.drawn < -1e-6)
	union all
	select e.membership, concat('entry ', e.seq), concat_ws(' / ', -e.points, r.settled)
	from (select x.reverses, sum(x.points) as settled from `tabCCMS Points Ledger Entry` x
		where x.reverses > '' and x.points > 0 and x.lot != x.name group by x.reverses) r
	join `tabCCMS Points Ledger Entry` e on e.name = r.reverses
	where -e.points + 1e-6 < r.settled + coalesce(
		(select sum(a.points) from `tabCCMS Points Allocation` a where a.entry = e.name), 0)"""

ALLOCATIONS = """
	select a.membership, concat('allocation ', a.name), case
		when l.name is null or e.name is null or b.name is null then 'its lot, its debit or its cause is missing'
		when e.points >= 0 then 'it belongs to no debit'
		when a.points > 0 and l.expires_on < a.posting_date and e.entry_type not in ('Expire', 'Transfer Out')
			then concat('it drew from a lot that had expired on ', l.expires_on)
		else 'its lot, its debit or its cause belongs to another member' end
	from `tabCCMS Points Allocation` a
	left join `tabCCMS Points Lot` l on l.name = a.lot
	left join `tabCCMS Points Ledger Entry` e on e.name = a.entry
	left join `tabCCMS Points Ledger Entry` b on b.name = a.by_entry
	where l.name is null or e.name is null or b.name is null or l.membership != a.membership
		or e.membership != a.membership or b.membership != a.membership or e.points >= 0
		or (a.points > 0 and l.expires_on < a.posting_date and e.entry_type not in ('Expire', 'Transfer Out')
			and not exists (select 1 from `tabCCMS Points Ledger Entry` x
				where x.membership = a.membership and x.entry_type = 'Extend' and x.lot = l.name))"""


def _last(kind: str) -> str:
	"""The last entry of a kind for each lot: what it set."""
	return f"""(select x.lot, x.new_value, x.posting_date
		from (select membership, lot, max(seq) as seq from `tabCCMS Points Ledger Entry`
			where entry_type = '{kind}' group by membership, lot) y
		join `tabCCMS Points Ledger Entry` x on x.membership = y.membership and x.seq = y.seq)"""


LOT_DATES = f"""
	select l.membership, concat('lot ', l.name),
		concat_ws(' / ', l.state, l.available_from, coalesce(l.expires_on, 'never'), l.draw_before, l.origin)
	from `tabCCMS Points Lot` l
	join `tabCCMS Points Ledger Entry` e on e.name = l.name
	left join {_last("Extend")} moved on moved.lot = l.name
	left join {_last("Activate")} made on made.lot = l.name
	where not l.expires_on <=> if(moved.lot is null, e.expires_on, cast(nullif(moved.new_value, '') as date))
		or not l.available_from <=> if(made.lot is null, e.available_from, cast(nullif(made.new_value, '') as date))
		or not l.draw_before <=> coalesce(l.expires_on, '9999-12-31')
		or not l.origin <=> coalesce(nullif(e.voucher_detail_no, ''), e.name)
		or (l.remaining > 0) != (l.state in ('Active', 'Pending'))
		or (l.state = 'Active' and l.available_from is null)
		or (l.state = 'Pending' and l.available_from <= coalesce(made.posting_date, e.posting_date)
			and not exists (select 1 from `tabCCMS Points Allocation` a
				where a.lot = l.name and a.posting_date < l.available_from))"""

STANDING = """
	select m.name, 'membership', concat_ws(' / ', m.status, m.tier, m.tier_until)
	from `tabCCMS Membership` m
	left join (select membership, max(if(entry_type = 'Status', seq, 0)) as status, max(if(entry_type = 'Tier', seq, 0)) as tier
		from `tabCCMS Points Ledger Entry` where entry_type in ('Status', 'Tier') group by membership) y
		on y.membership = m.name
	left join `tabCCMS Points Ledger Entry` s on s.membership = m.name and s.seq = y.status
	left join `tabCCMS Points Ledger Entry` t on t.membership = m.name and t.seq = y.tier
	where (s.name is not null and m.status != s.new_value) or coalesce(m.tier, '') != coalesce(t.new_value, '')
		or not m.tier_until <=> t.expires_on"""

# Frappe rewrites these names when something is renamed or merged, so the chain cannot hold them.
NAMES = """
	select e.membership, concat('entry ', e.seq), concat_ws(' / ', e.customer, e.program, e.company)
	from `tabCCMS Points Ledger Entry` e join `tabCCMS Membership` m on m.name = e.membership
	where e.customer != m.customer or e.program != m.program or e.company != m.company
	union all
	select l.membership, concat('lot ', l.name), concat_ws(' / ', l.customer, l.program, l.company)
	from `tabCCMS Points Lot` l join `tabCCMS Membership` m on m.name = l.membership
	where l.customer != m.customer or l.program != m.program or l.company != m.company"""

EDITED = """
	select membership, concat('entry ', seq), modified from `tabCCMS Points Ledger Entry` where modified != creation
	union all
	select membership, concat('allocation ', name), modified from `tabCCMS Points Allocation` where modified != creation"""

RAISED = """
	select membership, concat('entry ', seq), points from `tabCCMS Points Ledger Entry`
	where (entry_type in ('Activate', 'Extend', 'Tier', 'Status') and points != 0)
		or (entry_type in ('Expire', 'Redeem', 'Clawback', 'Transfer Out') and points > 0)
		or (entry_type in ('Earn', 'Bonus', 'Opening', 'Restore', 'Transfer In') and points < 0)"""

TRANSFERS = """
	select min(membership), concat('transfer ', coalesce(nullif(voucher_no, ''), reason)), sum(points)
	from `tabCCMS Points Ledger Entry` where entry_type in ('Transfer Out', 'Transfer In')
	group by program, substring_index(idempotency_key, ':', 2) having abs(sum(points)) > 1e-6"""

CHECKS: list[Callable[[], Iterator[Finding]]] = [
	check_chain,
	_query("balance", SUMS, "journal / lots / owed / active / pending / arrears do not agree: {0}"),
	_query("lots", LOTS, "original / remaining / entry do not agree: {0}"),
	_query("lots", DRAWN_LOTS, "original / remaining / drawn do not agree: {0}"),
	_query("lots", LOST_LOTS, "its lot of {0} points is missing"),
	_query(
		"lots",
		LOT_DATES,
		"state / available / expires / draw before / origin are not what the journal says: {0}",
	),
	_query("standing", STANDING, "status / tier / kept until are not what the journal says: {0}"),
	_query("names", NAMES, "customer / program / company are not the membership's: {0}"),
	_query("debits", DEBITS, "took / allocated or settled do not agree: {0}"),
	_query("allocations", ALLOCATIONS, "{0}"),
	_query("append-only", EDITED, "was edited at {0}"),
	_query("signs", RAISED, "moves {0} points, which its type never does"),
	_query("transfers", TRANSFERS, "the halves differ by {0} points"),
]
