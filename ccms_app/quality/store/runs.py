"""Runs of the rules: over the customers that changed, or over all. One at a time; each batch commits, and a run whose
worker died is gone on with where it stopped."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

import frappe
from frappe import _
from frappe.utils import get_datetime, getdate, now_datetime, nowdate
from frappe.utils.file_lock import LockTimeoutError
from frappe.utils.synchronization import filelock

from ccms_app.quality.check import check
from ccms_app.quality.rules import Rule

from . import changes, findings, records, rules

DOCTYPE = "CCMS Quality Run"
RUNNING, COMPLETED, FAILED = "Running", "Completed", "Failed"
JOB, EVENT = "ccms_quality", "ccms_quality_progress"
BATCH = 2_000
TRIES = 4
Done = TypeVar("Done")
MARGIN = timedelta(hours=6)
"""What took long to be committed is dated before the run that did not see it."""


def enqueue(full: bool = False) -> bool:
	"""Run in the background, once at a time. Returns False when a run is on its way."""
	from frappe.utils.background_jobs import is_job_enqueued

	if is_job_enqueued(JOB):
		return False
	frappe.enqueue(
		"ccms_app.quality.store.runs.run",
		queue="long",
		timeout=2 * 60 * 60,
		job_id=JOB,
		deduplicate=True,
		enqueue_after_commit=True,
		full=full,
	)
	return True


def nightly() -> None:
	"""Look at what has changed since the last run, unless the settings say no, or somebody's run is on its way."""
	if not frappe.db.get_single_value("CCMS Settings", "no_nightly_quality"):
		_unless_running(run)


def resume() -> None:
	"""Go on with a run whose worker died, when there is one."""
	if frappe.db.exists(DOCTYPE, {"status": RUNNING}):
		_unless_running(run, only_resume=True)


def _unless_running(action: Callable[..., object], **arguments: bool) -> None:
	try:
		action(**arguments)
	except LockTimeoutError:  # the worker of the other run lives
		frappe.clear_last_message()


def run(full: bool = False, only_resume: bool = False) -> str | None:
	"""Look at customers now, and write what was found. Commits after each batch.

	Args:
		full: all customers. So are they where no run has ended, or a rule has changed since.
		only_resume: go on with an unfinished run, but begin none.

	Returns:
		The run's name.
	"""
	with filelock(JOB, timeout=5):
		frappe.db.commit()  # what was committed while this one waited must be seen
		unfinished = frappe.get_all(
			DOCTYPE, filters={"status": RUNNING}, pluck="name", order_by="creation desc"
		)
		if unfinished:
			_work(frappe.get_doc(DOCTYPE, unfinished[0]))
			if not full:
				return unfinished[0]
		if only_resume:
			return None
		doc = _begin(full)
		_work(doc)
		return doc.name


def _begin(full: bool):
	last = frappe.get_all(
		DOCTYPE, filters={"status": COMPLETED}, fields=["started_on"], order_by="started_on desc", limit=1
	)
	since = last[0].started_on if last else None
	if since and frappe.db.exists(rules.DOCTYPE, {"modified": [">=", since]}):
		since = None
	if full:
		since = None
	doc = frappe.new_doc(DOCTYPE)
	doc.update(
		{
			"status": RUNNING,
			"started_on": now_datetime(),
			"changed_since": since - MARGIN if since else None,
			"is_full": int(not since),
			**dict.fromkeys(("customers", "checked", "found", "resolved"), 0),
		}
	)
	doc.flags.from_quality = True
	doc.insert(ignore_permissions=True)
	frappe.db.commit()
	return doc


def _work(doc) -> None:
	try:
		_batches(doc)
	except Exception:
		frappe.db.rollback()
		frappe.log_error(title=_("Data Quality"), reference_doctype=DOCTYPE, reference_name=doc.name)
		frappe.db.set_value(DOCTYPE, doc.name, {"status": FAILED, "ended_on": now_datetime(), "position": ""})
		frappe.db.commit()
		raise


def _batches(doc) -> None:
	today, active = getdate(nowdate()), rules.enabled()
	names = records.names()
	if not doc.is_full:
		changed = changes.since(get_datetime(doc.changed_since), active, today)
		_drop(changed - set(names))
		names = [name for name in names if name in changed]
	elif not doc.position:
		held = set(frappe.get_all(findings.DOCTYPE, pluck="customer", distinct=True))
		_drop(held - set(names))
	doc.customers = len(names)
	_note(doc)  # so that the form can tell how far it is
	start = bisect_right(names, doc.position or "")
	for at in range(start, len(names), BATCH):
		part = names[at : at + BATCH]
		written = _patiently(lambda part=part: look(part, active, today))
		doc.checked += len(part)
		doc.found += written.found
		doc.resolved += written.resolved
		doc.position = part[-1]
		_note(doc)
		frappe.publish_realtime(
			EVENT, {"percent": round(100 * (at + len(part)) / len(names)), "text": _("Checking customers")},
			user=frappe.session.user,
		)  # fmt: skip
	doc.status, doc.ended_on, doc.position = COMPLETED, now_datetime(), ""
	_note(doc)


def _drop(customers: set[str]) -> None:
	_patiently(lambda: findings.drop(sorted(customers)))
	frappe.db.commit()


def _patiently(action: Callable[[], Done]) -> Done:
	"""Do it in a transaction of its own, once more where somebody who puts a value right meanwhile has the right of way."""
	left = TRIES
	while True:
		try:
			return action()
		except (frappe.QueryDeadlockError, frappe.QueryTimeoutError):
			frappe.db.rollback()
			left -= 1
			if not left:
				raise


def _note(doc) -> None:
	fields = ("status", "customers", "checked", "found", "resolved", "position", "ended_on")
	frappe.db.set_value(DOCTYPE, doc.name, {field: doc.get(field) for field in fields})
	frappe.db.commit()


def look(customers: list[str], active: list[Rule] | None = None, today=None) -> findings.Written:
	"""Look at some customers and write what was found, in the transaction."""
	active = rules.enabled() if active is None else active
	today = today or getdate(nowdate())
	found = [
		(record.customer, finding)
		for record in records.read(customers)
		for finding in check(record, active, today)
	]
	return findings.write(customers, found, {rule.name for rule in active})
