"""The one writer of the access log: who read what of whom, and why."""

from __future__ import annotations

import frappe
from frappe.query_builder import DocType
from frappe.utils import add_days, now_datetime

DOCTYPE = "CCMS Access Log"
UNMASKED, OPENED, EXPORTED = "Unmasked", "Customer 360 Opened", "Exported"
PRIVACY_FILE, SEARCHED = "Privacy File", "Searched by Identifier"
KEPT_DAYS = 731
"""Two years, however short a time the Log Settings name."""
ERASED, MERGED, UNDONE = "Erased", "Merged", "Undone"


def log(action: str, customer: str | None, what: str, reason: str = "") -> str:
	"""Write down that the session's user read something. Asks no permission: callers have.

	Args:
		action: one of the constants above.
		customer: whom; empty when it is about many, or nobody was found.
		what: which record and field, or which list; never the value that was read.
		reason: what the user said it is for.

	Returns:
		The name of the row. In a request that only reads (GET) the row is kept all the same.
	"""
	doc = frappe.get_doc(
		{
			"doctype": DOCTYPE,
			"user": frappe.session.user,
			"action": action,
			"customer": customer or None,
			"what": str(what)[:280],
			"reason": reason,
			"accessed_at": now_datetime(),
		}
	)
	doc.flags.from_privacy = True
	doc.flags.ignore_links = True
	doc.insert(ignore_permissions=True)
	frappe.local.flags.commit = True
	return doc.name


def clear(days: int) -> None:
	"""Delete rows that are older than two years, in batches that commit."""
	table = DocType(DOCTYPE)
	before = add_days(now_datetime(), -max(int(days), KEPT_DAYS))
	while True:
		query = frappe.qb.from_(table).select(table.name).where(table.accessed_at < before).limit(1000)
		names = query.run(pluck=True)
		if not names:
			return
		frappe.qb.from_(table).delete().where(table.name.isin(names)).run()
		frappe.db.commit()
