"""What becomes of an erased customer's points: they end, the membership is Left, and nothing on it names a person.

The journal itself names nobody but by links, which the renaming of the customer rewrites: it stays, and the audit proves it.
"""

from __future__ import annotations

import frappe
from frappe.query_builder import DocType
from frappe.utils import getdate, nowdate

from ccms_app.loyalty import movements
from ccms_app.loyalty.model import EXPIRE

from . import ledger

MEMBERSHIP, ADJUSTMENT = "CCMS Membership", "CCMS Points Adjustment"
REASON = "Erasure"
ADJUSTMENTS_SAY = "-"


def erase(customer: str, erased_as: str) -> dict[str, int]:
	"""End all memberships of a customer, in the caller's transaction. Idempotent. Counts memberships that were changed."""
	table = DocType(MEMBERSHIP)
	names = (
		frappe.qb.from_(table)
		.select(table.name)
		.where(table.customer.isin([customer, erased_as]))
		.orderby(table.name)
		.run(pluck=True)
	)
	if not names:
		return {}
	ended = [book for book in ledger.lock_all(names) if _end(book)]
	ledger.write(ended)
	frappe.qb.update(table).set(table.sponsor, None).where(table.sponsor.isin(names)).run()
	for name in names:
		frappe.db.set_value(
			MEMBERSHIP,
			name,
			# a card number is unique: none is the name of the membership, which is nobody's
			{"member_no": name, "sponsor": None, "customer_name": erased_as, "_user_tags": None},
			update_modified=False,
		)
	adjustment = DocType(ADJUSTMENT)
	frappe.qb.update(adjustment).set(adjustment.reason, ADJUSTMENTS_SAY).where(
		adjustment.membership.isin(names) | adjustment.to_membership.isin(names)
	).run()
	return {MEMBERSHIP: len(names)}


def _end(book: ledger.SiteBook) -> bool:
	"""Write that all points are gone and the member has left. Returns whether anything was written."""
	today = getdate(nowdate())
	for lot in book.open_lots():
		if lot.remaining:
			entry = book.append(
				EXPIRE,
				-lot.remaining,
				today,
				f"erasure:{lot.name}:{book.member.last_seq + 1}",
				lot=lot.name,
				expires_on=today,
				reason=REASON,
			)
			book.allocate(entry.name, lot, lot.remaining, entry)
	if book.member.status != "Left" and not frappe.db.get_value(MEMBERSHIP, book.member.name, "merged_into"):
		movements.set_status(book, "Left", today, REASON)
	return bool(book.new_entries)
