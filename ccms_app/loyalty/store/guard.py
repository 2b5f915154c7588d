"""Nothing of ours may block a sale or a payment."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import frappe


@contextmanager
def guarded(what: str, doc=None) -> Iterator[None]:
	"""Run a side effect of somebody else's document: if it fails, undo only it, log it, and go on.

	A deadlock or a lock that timed out is passed on: the database has then rolled back more than our part, and
	the whole request has to be made again. What was missed is found and made up for by the nightly repair.
	"""
	point = f"ccms_{secrets.token_hex(4)}"
	frappe.db.savepoint(point)
	messages = len(frappe.local.message_log)
	try:
		yield
	except (frappe.QueryDeadlockError, frappe.QueryTimeoutError):
		raise
	except Exception:
		if frappe.flags.ccms_raise_errors:
			raise
		frappe.db.rollback(save_point=point)
		del frappe.local.message_log[messages:]
		frappe.log_error(
			title=f"CCMS: {what}",
			reference_doctype=doc.doctype if doc is not None else None,
			reference_name=doc.name if doc is not None else None,
		)
	else:
		frappe.db.release_savepoint(point)
