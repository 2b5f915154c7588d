"""Recomputing what stands in lots and memberships from the journal alone."""

from __future__ import annotations

from collections.abc import Iterator

import frappe
from frappe.utils import getdate, nowdate

from ccms_app.loyalty.dates import tier_window
from ccms_app.loyalty.model import Lot
from ccms_app.loyalty.replay import Folded

from . import balances, ledger, members, programs

LOT = "CCMS Points Lot"


def run(membership: str | None = None) -> Iterator[tuple[str, int]]:
	"""Rebuild one membership or all, committing each.

	The chain's last number, hash and seal are left as they are: a rebuild must not sign what was tampered with.

	Yields:
		(membership, number of corrected rows) as they are done.
	"""
	after = ""
	while names := _next(membership, after):
		for name in names:
			frappe.db.commit()  # what is read after the lock must not be older than the lock
			yield name, rebuild(name)
			frappe.db.commit()
		after = names[-1]
		if membership:
			return


def count(membership: str | None = None) -> int:
	"""How many memberships a run will visit."""
	return 1 if membership else frappe.db.count(members.DOCTYPE)


def _next(membership: str | None, after: str) -> list[str]:
	if membership:
		return [membership]
	return frappe.get_all(
		members.DOCTYPE, filters={"name": [">", after]}, order_by="name", limit=500, pluck="name"
	)


def rebuild(membership: str) -> int:
	"""Bring one membership's lots and projection to what its journal says; returns the corrected rows."""
	book = ledger.lock(membership)
	folded = balances.folded_on(membership)
	corrected = _rebuild_lots(book, folded)
	program = programs.get(book.member.program)
	today = getdate(nowdate())
	values = {
		"status": folded.status or book.member.status,
		"tier": folded.tier,
		"tier_since": folded.tier_since,
		"tier_until": folded.tier_until,
		"points_active": float(folded.points_active),
		"points_pending": float(folded.points_pending),
		"points_arrears": float(folded.points_arrears),
		"qualifying_value": float(balances.qualifying_between(membership, *tier_window(program, today))),
		"qualifying_on": today,
		"last_activity_on": book.last_activity(),
	}
	stored = frappe.db.get_value(members.DOCTYPE, membership, list(values), as_dict=True)
	if any((stored[field] or None) != (value or None) for field, value in values.items()):
		frappe.db.set_value(members.DOCTYPE, membership, values, update_modified=False)
		corrected += 1
	return corrected


def _rebuild_lots(book: ledger.SiteBook, folded: Folded) -> int:
	rows = frappe.db.sql(
		f"select {ledger.LOT_FIELDS} from `tabCCMS Points Lot` where membership = %s for update",
		(book.member.name,),
	)
	stored = {lot.name: lot for lot in map(ledger.lot_of, rows)}
	extra = [name for name in stored if name not in folded.lots]
	if extra:
		frappe.db.delete(LOT, {"name": ["in", extra]})
	corrected = len(extra)
	for name, lot in folded.lots.items():
		if name not in stored:
			book.fresh_lots.add(name)
		elif _same(lot, stored[name]):
			continue
		else:
			frappe.db.set_value(
				LOT,
				name,
				{"original": float(lot.original), "origin": lot.origin, "entry_seq": lot.entry_seq},
				update_modified=False,
			)
		book.changed_lots[name] = lot
		corrected += 1
	ledger.write_lots(book)
	return corrected


def _same(one: Lot, other: Lot) -> bool:
	return all(
		getattr(one, field) == getattr(other, field)
		for field in ("original", "remaining", "available_from", "expires_on", "state", "origin", "entry_seq")
	)
