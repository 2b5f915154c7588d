"""Merging and undoing in the background: started, watched, told. A job that dies leaves no trace but that it died."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha1
from typing import Any

import frappe
from frappe import _
from frappe.utils.background_jobs import get_job_status

from . import merge_records, merging, undo

EVENT = "ccms_customer_merge"
TIMEOUT = 60 * 60
REMEMBERED = 24 * 60 * 60  # seconds for which a job can be asked about
WAITING, RUNNING, DONE, REFUSED, FAILED = "waiting", "running", "done", "refused", "failed"
ALIVE = ("queued", "started", "deferred", "scheduled")


def start_merge(source: str, target: str, reason: str = "") -> str:
	"""Enqueue a merge. Asks no permission. Returns the job's key for `status`.

	Raises:
		frappe.ValidationError: it is refused.
	"""
	if refused := merging.refusals(source, target):
		frappe.throw("<br>".join(refused), title=_("Not merged"))
	return start(f"{__name__}.merge", [source, target], source=source, target=target, reason=reason)


def start_undo(name: str, reason: str = "") -> str:
	"""Enqueue an undo; as `start_merge`."""
	merge = merge_records.hold(name)
	if refused := undo.refusal(merge):
		frappe.throw(refused, title=_("Not undone"))
	return start(f"{__name__}.undo_merge", [merge.source, merge.target], _key(name), name=name, reason=reason)


def status(key: str) -> dict[str, Any]:
	"""Where a job is: {state, percent, text, customers, …}; a job that was killed has failed. Asks no permission."""
	said = frappe.cache.get_value(_remembered(key), expires=True)
	if not said:
		return {"state": FAILED, "percent": 0, "text": _("There is no such job.")}
	if said["state"] in (WAITING, RUNNING) and get_job_status(_job(key)) not in ALIVE:
		# it may have ended between the two questions
		said = frappe.cache.get_value(_remembered(key), expires=True)
		if said["state"] in (WAITING, RUNNING):
			return {**said, "state": FAILED, "text": _("It was interrupted, and nothing was changed.")}
	return said


def _key(*parts: str) -> str:
	return sha1("\n".join(parts).encode()).hexdigest()[:20]


def _job(key: str) -> str:
	return f"ccms_customer_merge::{key}"


def _remembered(key: str) -> str:
	return f"ccms_customer_merge|{key}"


def _say(key: str, **said: Any) -> None:
	if "customers" not in said:
		before = frappe.cache.get_value(_remembered(key), expires=True) or {}
		said["customers"] = before.get("customers", [])
	frappe.cache.set_value(_remembered(key), said, expires_in_sec=REMEMBERED)
	frappe.publish_realtime(EVENT, {"key": key, **said}, user=frappe.session.user)


def start(method: str, customers: list[str], key: str = "", **arguments: Any) -> str:
	"""Enqueue a job that takes `key` and `arguments` and calls `do`; one that is on its way already goes on alone.

	Args:
		customers: whose job it is: who may merge them may ask about it.
		key: of the job; that of the merge of these two where it is not said.
	"""
	key = key or _key(*customers)
	if get_job_status(_job(key)) not in ALIVE:
		_say(key, state=WAITING, percent=0, text=_("Waiting for its turn"), customers=customers)
	frappe.enqueue(
		method,
		queue="long",
		timeout=TIMEOUT,
		job_id=_job(key),
		deduplicate=True,
		enqueue_after_commit=True,
		key=key,
		**arguments,
	)
	return key


# --- the jobs ---------------------------------------------------------------------------------------------------


def merge(key: str, source: str, target: str, reason: str = "") -> None:
	"""The job that merges."""
	do(
		key,
		lambda told: {"merge": merging.run(source, target, reason, told=told), "customer": target},
	)


def undo_merge(key: str, name: str, reason: str = "") -> None:
	"""The job that undoes."""

	def act(told) -> dict[str, Any]:
		source = frappe.db.get_value(merge_records.DOCTYPE, name, "source")
		frappe.db.rollback()  # the locks come before the first plain read
		return {"stayed": undo.run(name, reason, told), "merge": name, "customer": source}

	do(key, act)


def do(key: str, act: Callable[[merging.Told], dict[str, Any]]) -> None:
	"""What every such job does: act, commit, and say how far it is and how it ended."""
	frappe.db.rollback()  # so that what others have committed by now is seen
	text = ""

	def told(percent: float, what: str) -> None:
		nonlocal text
		text = what or text
		_say(key, state=RUNNING, percent=round(percent), text=text)

	try:
		done = act(told)
		frappe.db.commit()
	except frappe.ValidationError as error:
		frappe.db.rollback()
		_say(key, state=REFUSED, percent=0, text=str(error))
	except Exception:
		frappe.db.rollback()
		frappe.log_error(title="CCMS: a merge failed")
		frappe.db.commit()
		_say(
			key,
			state=FAILED,
			percent=0,
			text=_("It failed, and nothing was changed. The Error Log says more."),
		)
		raise
	else:
		_say(key, state=DONE, percent=100, text="", **done)
