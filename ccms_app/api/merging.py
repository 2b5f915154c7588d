"""What the dialogs of merging and undoing ask. Permission first, then one call."""

from typing import Any

import frappe

from ccms_app.identity.store import merge_jobs, merge_permitted, merge_records, merging, undo


@frappe.whitelist()
def foresee(source: str, target: str) -> dict[str, Any]:
	"""What a merge would move, or why it is refused."""
	merge_permitted.check(source, target)
	return merging.foresee(source, target)


@frappe.whitelist(methods=["POST"])
def merge(source: str, target: str, reason: str = "") -> str:
	"""Merge in the background; returns the key to ask `status` with."""
	merge_permitted.check(source, target)
	return merge_jobs.start_merge(source, target, reason)


@frappe.whitelist()
def may_undo(merge: str) -> dict[str, Any]:
	"""{refused}: why a merge cannot be undone, empty when it can."""
	_may_undo(merge)
	return {"refused": undo.refusal(frappe._dict(undo.facts(merge)))}


@frappe.whitelist(methods=["POST"])
def undo_merge(merge: str, reason: str = "") -> str:
	"""Undo in the background; returns the key to ask `status` with."""
	_may_undo(merge)
	return merge_jobs.start_undo(merge, reason)


@frappe.whitelist()
def status(key: str) -> dict[str, Any]:
	"""Where a job is, for whoever may merge those customers, whoever started it."""
	merge_permitted.check()
	said = merge_jobs.status(key)
	merge_permitted.check(*said.pop("customers", []))
	return said


def _may_undo(merge: str) -> None:
	frappe.has_permission(merge_records.DOCTYPE, "write", doc=merge, throw=True)
	merge_permitted.check(undo.facts(merge).get("target"))
