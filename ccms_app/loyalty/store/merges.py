"""Memberships of customers who become one, and of those who become two again."""

from __future__ import annotations

from typing import Any

import frappe
from frappe import _
from frappe.query_builder import DocType
from frappe.utils import flt, getdate, nowdate

from ccms_app.loyalty import movements
from ccms_app.loyalty.model import Entry, Program
from ccms_app.loyalty.money import dec

from . import ledger, members, programs
from .members import DOCTYPE, active_key

ENTRY = "CCMS Points Ledger Entry"
KEPT = (
	"name",
	"program",
	"customer_name",
	"active_key",
	"merged_into",
	"status",
	"tier",
	"tier_since",
	"tier_until",
	"member_no",
	"joined_on",
	"last_seq",
	"points_active",
	"points_pending",
	"points_arrears",
)
INVOICES = ("Sales Invoice", "POS Invoice")


# --- before -----------------------------------------------------------------------------------------------------


def refuse(old: str, new: str) -> None:
	"""Before customers are merged: refuse what must not be. Only reads, since the merge may never happen."""
	if frappe.db.exists(DOCTYPE, {"customer": old}) and members.is_walk_in(new):
		frappe.throw(
			_("{0} is the walk-in customer of a POS Profile and cannot take over the points of {1}.").format(
				frappe.bold(new), frappe.bold(old)
			)
		)


def foresee(source: str, target: str) -> list[str]:
	"""What happens to points, tier and card, in a sentence a programme."""
	ours = {row.program: row for row in _rows(target, lock=False) if not row.merged_into}
	said = []
	for row in _rows(source, lock=False):
		if row.merged_into:
			continue
		program = frappe.db.get_value("CCMS Loyalty Program", row.program, "program_name") or row.program
		points = flt(row.points_active + row.points_pending - row.points_arrears, 2)
		if row.program in ours and (row.tier or "") == (ours[row.program].tier or ""):
			said.append(_("{0}: {1} points move. The older card wins.").format(program, f"{points:g}"))
		elif row.program in ours:
			said.append(
				_("{0}: {1} points move. The higher tier ({2} or {3}) and the older card win.").format(
					program, f"{points:g}", _(row.tier or "–"), _(ours[row.program].tier or "–")
				)
			)
		else:
			said.append(_("{0}: the membership moves with {1} points.").format(program, f"{points:g}"))
	return said


def before(source: str, target: str) -> dict[str, Any]:
	"""What an undo needs: both customers' memberships as they are. Holds them until the merge is through."""
	rows = {name: _rows(name) for name in (source, target)}
	drafts = {}
	for row in rows[source]:
		for doctype in INVOICES:
			names = frappe.get_all(doctype, {"ccms_membership": row.name, "docstatus": 0}, pluck="name")
			if names:
				drafts.setdefault(row.name, {})[doctype] = names
	return {"source": rows[source], "target": rows[target], "drafts": drafts}


def _rows(customer: str, lock: bool = True) -> list[frappe._dict]:
	member = DocType(DOCTYPE)
	query = frappe.qb.from_(member).select(*(member[field] for field in KEPT))
	query = query.where(member.customer == customer).orderby(member.name)
	return (query.for_update() if lock else query).run(as_dict=True)


# --- merging ------------------------------------------------------------------------------------------------------


def customer_renamed(old: str, new: str) -> None:
	"""After a customer was renamed or merged, when all links already name the new one.

	The membership's key, a text that no rename rewrites, still tells which ones were the old customer's.
	"""
	rows = frappe.db.sql(
		"select name, program, active_key from `tabCCMS Membership` where customer = %s order by name for update",
		(new,),
		as_dict=True,
	)
	moved = [row for row in rows if row.active_key == active_key(row.program, old)]
	kept = {row.program: row.name for row in rows if row.active_key == active_key(row.program, new)}
	customer_name = frappe.db.get_value("Customer", new, "customer_name")
	pairs = []
	for row in moved:
		if row.program in kept:
			pairs.append((row.name, kept[row.program], row.program))
		else:
			_set(row.name, active_key=active_key(row.program, new), customer_name=customer_name)
	if pairs:
		books = {
			book.member.name: book
			for book in ledger.lock_all([name for source, target, _p in pairs for name in (source, target)])
		}
		for source, target, program in pairs:
			_absorb(books[source], books[target], programs.get(program), customer_name)


def _absorb(source: ledger.SiteBook, target: ledger.SiteBook, program: Program, customer_name: str) -> None:
	today = getdate(nowdate())
	names = source.member.name, target.member.name
	movements.absorb(source, target, program, today, _key(names[0], source.member.last_seq), reason="merge")
	if target.member.status == "Left":
		# a living member's points must not end in a membership that is over
		movements.set_status(target, source.member.status, today, "merged")
	movements.set_status(source, "Left", today, "merged")
	_keep_older_card(*names)
	_set(names[0], merged_into=names[1], active_key=names[0], customer_name=customer_name)
	ledger.write([source, target])
	for doctype in INVOICES:
		table = DocType(doctype)
		frappe.qb.update(table).set(table.ccms_membership, names[1]).where(
			(table.ccms_membership == names[0]) & (table.docstatus == 0)
		).run()


def _key(source: str, last_seq: int) -> str:
	return f"merge:{source}:{last_seq + 1}"


def _keep_older_card(source: str, target: str) -> None:
	old, new = (
		frappe.db.get_value(DOCTYPE, name, ["member_no", "joined_on", "creation"], as_dict=True)
		for name in (source, target)
	)
	if (old.joined_on, old.creation) < (new.joined_on, new.creation):
		_swap_cards(source, target)
		_set(target, joined_on=old.joined_on)


def _swap_cards(one: str, other: str) -> None:
	cards = [frappe.db.get_value(DOCTYPE, name, "member_no") for name in (one, other)]
	_set(one, member_no=one)  # the number is unique: free it before it changes hands
	_set(other, member_no=cards[0])
	_set(one, member_no=cards[1])


def _set(membership: str, **values: object) -> None:
	frappe.db.set_value(DOCTYPE, membership, values, update_modified=False)


# --- undoing ------------------------------------------------------------------------------------------------------


def part(source: str, target: str, kept: dict[str, Any]) -> list[str]:
	"""Both customers are there again, and what pointed at the source does so: give each their points.

	Args:
		kept: what `before` returned.

	Returns: what could not go back, in sentences.
	"""
	said = []
	theirs = [frappe._dict(row) for row in kept["source"]]
	ours = {row["program"]: frappe._dict(row) for row in kept["target"] if not row["merged_into"]}
	there = set(frappe.get_all(DOCTYPE, {"name": ["in", [row.name for row in theirs] or [""]]}, pluck="name"))
	for row in theirs:
		if row.name not in there:
			continue  # its company's transactions were deleted
		pair = ours.get(row.program)
		if row.merged_into:
			_set(row.name, customer_name=row.customer_name)
		elif pair and frappe.db.get_value(DOCTYPE, row.name, "merged_into") == pair.name:
			said += _part_pair(row, pair, source)
		else:
			said += _take_along(row, source, target)
		_name_entries(row.name, source)
		for doctype, names in kept["drafts"].get(row.name, {}).items():
			_return_drafts(doctype, names, row.name, pair.name if pair else "")
	return said


def _part_pair(source: frappe._dict, target: frappe._dict, customer: str) -> list[str]:
	program_name = frappe.db.get_value(DOCTYPE, source.name, "program")
	program, today = programs.get(program_name), getdate(nowdate())
	theirs, ours = _locked(source.name, target.name)
	raised = ours.member.status == source.status and target.status == "Left" and source.status != "Left"
	# the source's new entries are written in its own name
	_set(
		source.name,
		merged_into=None,
		active_key=active_key(program_name, customer),
		customer_name=source.customer_name,
	)
	theirs.member.customer = customer
	merge = _entries_of_merge(source, target)
	theirs.fetch({entry.lot for entry in merge if entry.membership == source.name and entry.lot})
	ours.fetch({entry.lot for entry in merge if entry.membership == target.name and entry.lot})
	key = f"unmerge:{source.name}:{theirs.member.last_seq + 1}"
	parted = movements.part(theirs, ours, program, merge, today, key)
	movements.set_status(theirs, source.status, today, "unmerged")
	ledger.write([theirs, ours])
	counted = _count_returns_where_they_belong(theirs, ours, target.last_seq, today, key)
	ledger.write([theirs, ours])
	for book, row in ((theirs, source), (ours, target)):
		movements.stand_alone(
			book,
			program,
			today,
			tier=row.tier or "",
			since=getdate(row.tier_since) if row.tier_since else None,
			until=getdate(row.tier_until) if row.tier_until else None,
		)
	if raised and not _lived_since(target):
		movements.set_status(ours, "Left", today, "unmerged")
	ledger.write([theirs, ours])
	_return_card(source, target)
	said = []
	if parted.spent:
		said.append(
			_("{0}: {1} points of the merged customer were spent or expired since and stay so.").format(
				_title(program_name), f"{flt(parted.spent, 2):g}"
			)
		)
	if parted.settled:
		said.append(
			_("{0}: {1} points that the merged customer owed have been paid since and stay paid.").format(
				_title(program_name), f"{flt(parted.settled, 2):g}"
			)
		)
	if counted:
		said.append(
			_("{0}: {1} returns of the merged customer's purchases count for their tier again.").format(
				_title(program_name), counted
			)
		)
	return said


def _locked(*names: str) -> list[ledger.SiteBook]:
	books = {book.member.name: book for book in ledger.lock_all(names)}
	return [books[name] for name in names]


def _title(program: str) -> str:
	return frappe.db.get_value("CCMS Loyalty Program", program, "program_name") or program


def _entries_of_merge(source: frappe._dict, target: frappe._dict) -> list[Entry]:
	rows = frappe.db.sql(
		f"""select {ledger.ENTRY_FIELDS} from `tab{ENTRY}`
		where membership in %(names)s and idempotency_key like %(key)s order by membership, seq""",
		{"names": [source.name, target.name], "key": _key(source.name, source.last_seq) + ":%"},
	)
	return sorted(map(ledger.entry_of, rows), key=lambda entry: int(entry.seq))


def _count_returns_where_they_belong(
	theirs: ledger.SiteBook, ours: ledger.SiteBook, since_seq: int, today, key: str
) -> int:
	"""What was taken back since of the source's purchases was counted off the target's tier: count it off the source's."""
	rows = frappe.db.sql(
		f"""select e.name, e.qualifying_value, e.qualifying_date, o.membership, o.reverses
		from `tab{ENTRY}` e join `tab{ENTRY}` o on o.name = e.reverses
		where e.membership = %s and e.seq > %s and e.qualifying_value != 0 and e.qualifying_date is not null
		order by e.seq""",
		(ours.member.name, since_seq),
	)
	count = 0
	for name, value, day, membership, further in rows:
		while membership == ours.member.name and further:  # a cancelled return reverses a reversal
			membership, further = frappe.db.get_value(ENTRY, further, ["membership", "reverses"])
		if membership != theirs.member.name:
			continue
		count += 1
		for book, sign, kind in ((ours, -1, "Transfer Out"), (theirs, 1, "Transfer In")):
			book.append(
				kind,
				dec(0),
				today,
				f"{key}:counts-{kind[9:].lower()}:{name}",
				qualifying_value=sign * dec(value),
				qualifying_date=day,
				reason="unmerge",
			)
	return count


def _lived_since(target: frappe._dict) -> bool:
	"""Whether the target has earned or spent since the merge."""
	return bool(
		frappe.db.sql(
			f"""select 1 from `tab{ENTRY}` where membership = %s and seq > %s
			and entry_type in ('Earn', 'Redeem', 'Adjust', 'Bonus', 'Opening') limit 1""",
			(target.name, target.last_seq),
		)
	)


def _return_card(source: frappe._dict, target: frappe._dict) -> None:
	cards = {name: frappe.db.get_value(DOCTYPE, name, "member_no") for name in (source.name, target.name)}
	if cards[source.name] == target.member_no and cards[target.name] == source.member_no:
		_swap_cards(source.name, target.name)
		if str(frappe.db.get_value(DOCTYPE, target.name, "joined_on")) == str(source.joined_on):
			_set(target.name, joined_on=target.joined_on)


def _take_along(row: frappe._dict, customer: str, target: str) -> list[str]:
	"""A membership that had moved as it was goes back; what the target earned with it since stays with the target."""
	program_name = frappe.db.get_value(DOCTYPE, row.name, "program")
	_set(row.name, active_key=active_key(program_name, customer), customer_name=row.customer_name)
	(book,) = _locked(row.name)
	book.member.customer = customer
	since = [lot for lot in book.open_lots() if lot.entry_seq > row.last_seq and lot.remaining]
	if not since:
		return []
	# the target's new membership is written with the source's lock held, as any transfer
	own = members.enrol(target, program_name)
	theirs, ours = _locked(row.name, own)
	theirs.member.customer = customer
	program, today = programs.get(program_name), getdate(nowdate())
	moved = movements.hand_over(
		theirs,
		ours,
		program,
		[lot.name for lot in since],
		today,
		f"unmerge:{row.name}:{theirs.member.last_seq + 1}",
	)
	ledger.write([theirs, ours])
	_set(own, parted_from=row.name, parted_after=row.last_seq, parted_until=theirs.member.last_seq)
	return [
		_("{0}: {1} points that came since the merge stay with {2}, in a membership of their own.").format(
			_title(program_name), f"{flt(moved, 2):g}", target
		)
	]


def _name_entries(membership: str, customer: str) -> None:
	"""The journal shows a membership's customer. It is a name, as every rename rewrites it, and outside the chain."""
	for doctype in (ENTRY, "CCMS Points Lot", "CCMS Points Adjustment"):
		table = DocType(doctype)
		frappe.qb.update(table).set(table.customer, customer).where(table.membership == membership).run()


def _return_drafts(doctype: str, names: list[str], membership: str, merged_into: str) -> None:
	table = DocType(doctype)
	query = frappe.qb.update(table).set(table.ccms_membership, membership)
	query.where(
		table.name.isin(names) & (table.docstatus == 0) & (table.ccms_membership == merged_into)
	).run()
