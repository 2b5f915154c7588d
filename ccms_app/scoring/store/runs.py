"""Score runs: which one everybody reads, starting one, and what becomes of runs that were stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import frappe
from frappe import _
from frappe.utils import add_to_date, cint, get_datetime, getdate, now_datetime, nowdate

from . import lock, settings

if TYPE_CHECKING:
	from frappe.model.document import Document

DOCTYPE = "CCMS Score Run"
SCORE = "CCMS Customer Score"
QUEUED, RUNNING, COMPLETED, FAILED = "Queued", "Running", "Completed", "Failed"
TIMEOUT = 4 * 60 * 60  # of the job, seconds; the long queue's own is 1,500
KEPT = 2  # older published runs whose scores stay
DELETE_BATCH = 5000
QUEUED_FOR = 1  # hours, after which nobody comes any more for a run that waits


def published(company: str) -> str | None:
	"""The run whose scores everybody reads; None before the first."""
	return frappe.db.get_value(DOCTYPE, {"company": company, "is_published": 1}, "name")


def start(company: str, full: bool = False) -> str:
	"""Queue a run of a company and return its name.

	Raises:
		lock.AtWork: a run is at work; it is named.
	"""
	refuse_second()
	name = new(company, full)
	frappe.enqueue(
		"ccms_app.scoring.store.pipeline.run",
		queue="long",
		timeout=TIMEOUT,
		job_id=f"ccms_score_{name}",
		deduplicate=True,
		enqueue_after_commit=True,
		name=name,
	)
	return name


def refuse_second() -> None:
	"""Say that a run is at work, if one is."""
	if lock.is_taken():
		name = at_work()
		frappe.throw(
			_("Score run {0} is at work. Please wait until it is done.").format(name)
			if name
			else held_otherwise(),
			lock.AtWork,
		)


def at_work() -> str:
	"""The run that is being carried out; empty when there is none."""
	return frappe.db.get_value(DOCTYPE, {"status": RUNNING}, "name") or ""


def held_otherwise() -> str:
	"""Why there is to be waited though no run says that it is at work."""
	return _("An erasure is at work, or another run is just beginning. Please try again in a minute.")


def is_alive(run: frappe._dict) -> bool:
	"""Whether a run (name, status, creation) is at work or about to be: one that was killed is neither."""
	if run.status not in (QUEUED, RUNNING):
		return False
	waits = run.status == QUEUED and get_datetime(run.creation) > add_to_date(
		now_datetime(), hours=-QUEUED_FOR
	)
	return waits or lock.is_taken()


def has_ended(company: str) -> bool:
	"""Whether a run of a company was ever carried out to its end: the profiles then are as it found them."""
	return bool(
		frappe.db.exists(DOCTYPE, {"company": company, "status": COMPLETED, "ended_on": ["is", "set"]})
	)


def new(company: str, full: bool = False) -> str:
	"""Write down that a run is to be made."""
	doc = frappe.new_doc(DOCTYPE)
	doc.update(
		{
			"company": company,
			"data_cut": getdate(nowdate()),
			"horizon": settings.read().horizon,
			"is_full": cint(full),
			"status": QUEUED,
		}
	)
	doc.flags.from_scoring = True
	return doc.insert(ignore_permissions=True).name


def companies() -> list[str]:
	"""Companies with anything to score: a submitted invoice, or scores from before."""
	return [
		company
		for company in frappe.get_all("Company", order_by="name", pluck="name")
		if frappe.db.exists("Sales Invoice", {"company": company, "docstatus": 1})
		or frappe.db.exists("POS Invoice", {"company": company, "docstatus": 1})
		or published(company)
	]


def mark_stopped() -> None:
	"""Whoever holds the lock knows that no other run is at work: runs that say so were killed."""
	for name in frappe.get_all(DOCTYPE, filters={"status": RUNNING}, pluck="name"):
		step = frappe.db.get_value(DOCTYPE, name, "stage_reached") or ""
		fail(
			name,
			_("The process was stopped while at work ({0}). The next run goes on from there.").format(step),
		)
	frappe.db.commit()


def fail(name: str, message: str) -> None:
	"""A run has come to nothing; the published scores stay what they were."""
	frappe.db.set_value(
		DOCTYPE, name, {"status": FAILED, "message": message, "ended_on": now_datetime(), "progress": 0}
	)


def tidy(company: str) -> None:
	"""Remove the scores of runs that nobody reads: of failed ones, and of all but the last KEPT before the published one."""
	done = frappe.get_all(
		DOCTYPE,
		filters={"company": company, "status": COMPLETED, "is_published": 0},
		order_by="creation desc",
		pluck="name",
	)
	failed = frappe.get_all(DOCTYPE, filters={"company": company, "status": FAILED}, pluck="name")
	for name in [*done[KEPT:], *failed]:
		delete_scores(name)


def delete_scores(name: str) -> None:
	"""Delete the scores of a run in batches that are committed."""
	while frappe.db.sql(f"select name from `tab{SCORE}` where score_run = %s limit 1", (name,)):
		frappe.db.sql(f"delete from `tab{SCORE}` where score_run = %s limit {DELETE_BATCH}", (name,))
		frappe.db.commit()


def forget(doc: Document) -> None:
	"""A run is deleted: its scores go too. The published one stays, and one that is at work.

	Raises:
		frappe.ValidationError: it is published or at work.
	"""
	if doc.is_published:
		frappe.throw(_("These scores are the ones everybody reads. Publish newer ones first."))
	if doc.status == RUNNING and lock.is_taken():
		frappe.throw(_("This run is at work."))
	frappe.db.delete(SCORE, {"score_run": doc.name})
