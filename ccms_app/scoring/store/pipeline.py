"""A score run from the invoices to the published scores, in steps each of which can be taken up again.

Read the invoices → compute → write the scores → publish → bring the profiles along → tidy. What was read and computed
lies in files, so that a run after one that was killed starts where that one stopped. Nobody sees a run before it is
published, which is one short transaction.
"""

from __future__ import annotations

from collections.abc import Callable

import frappe
from frappe import _
from frappe.utils import getdate, now_datetime

from ccms_app.behaviour.engine import EngineError
from ccms_app.behaviour.store import extract, files, hooks, lake

from . import anomalies, computed, costs, lock, profiles, publishing, runs, scores, settings, warnings
from .progress import Progress, TimedOut

# what is told as it stands; anything else is a fault and goes to the Error Log
SAID = (EngineError, TimedOut)
PATIENCE = 15
"""Seconds that a run waits for an erasure to end, which holds the same lock."""
PATIENCE_AT_NIGHT = 60 * 60
"""Nobody watches, and who is not scored now is not before the next night: wait for a run that somebody has started, too."""


def run(name: str, echo: Callable[[float, str], None] | None = None, patience: int | None = None) -> bool:
	"""The job: carry out a queued run. What goes wrong is told on it; the scores that are published stay.

	Args:
		patience: seconds to wait for whoever is at work; PATIENCE unless said.

	Returns:
		whether it was completed.
	"""
	try:
		with lock.only_one(PATIENCE if patience is None else patience):
			runs.mark_stopped()
			return _carry_out(name, echo)
	except lock.AtWork:
		frappe.db.rollback()
		other = runs.at_work()
		runs.fail(
			name,
			_("Score run {0} is at work. Only one runs at a time.").format(other)
			if other
			else runs.held_otherwise(),
		)
		frappe.db.commit()
		return False


def nightly() -> None:
	"""Score every company, one after the other."""
	for company in runs.companies():
		name = runs.new(company)
		frappe.db.commit()
		run(name, patience=PATIENCE_AT_NIGHT)
	files.tidy_strangers()


def _carry_out(name: str, echo) -> bool:
	progress = Progress(name, echo)
	frappe.db.set_value(
		runs.DOCTYPE, name, {"status": runs.RUNNING, "started_on": now_datetime(), "message": ""}
	)
	frappe.db.commit()
	try:
		_steps(frappe.get_doc(runs.DOCTYPE, name), progress)
		done = True
	except Exception as error:
		frappe.db.rollback()
		done = False
		text = str(error) if isinstance(error, SAID) else ""
		if not text:
			frappe.log_error(title=f"Score run {name}", reference_doctype=runs.DOCTYPE, reference_name=name)
			text = _("The run stopped: {0}. The Error Log has the details.").format(
				f"{type(error).__name__} {error}".strip()
			)
		runs.fail(name, text)
	frappe.db.commit()
	frappe.publish_realtime("ccms_score_run", {"name": name}, doctype=runs.DOCTYPE, docname=name)
	return done


def _steps(doc, progress: Progress) -> None:
	company, as_of = doc.company, getdate(doc.data_cut)
	rules = settings.read()
	progress.step(_("Reading the invoices"), 30)
	seen = profiles.live_seqs(company)  # before the invoices: who changes from now on is not overwritten
	read = extract.extract(company, rules.branch_source, bool(doc.is_full), progress)
	progress.step(_("Computing"), 35)
	manifest = files.read(company)
	with settings.engine() as engine:
		lines = engine.lines(lake.line_files(company, manifest) or extract.SCHEMA.empty_table())
		result = computed.get(
			company, engine, lines, as_of, doc.horizon, rules, costs.read(company, as_of, rules), progress
		)
		today = profiles.with_documents_since(engine, lines, as_of)
	for add in frappe.get_hooks("ccms_score_columns"):
		frappe.get_attr(add)(company=company, scores=result.scores)
	progress.step(_("Writing the scores"), 20)
	scores.write(doc.name, company, result.scores, progress)
	progress.step(_("Publishing"), 1)
	first = not runs.has_ended(company)
	publishing.publish(doc, manifest, result, read)
	progress.step(_("Bringing the profiles along"), 12)
	changes = profiles.bring_along(
		company,
		result.scores,
		as_of,
		doc.name,
		seen,
		today,
		set(result.left_out["customer"]),
		first,
		progress,
	)
	progress.step(_("Warning of customers who may be leaving"), 1)
	_tell(company, warnings.refresh)
	progress.step(_("Looking for unusual orders"), 1)
	_tell(company, anomalies.refresh)
	progress.step(_("Tidying up"), 1)
	computed.forget(company)
	runs.tidy(company)
	files.tidy(company)
	_finish(doc.name, progress, changes)
	hooks.customers_changed(company, None, [*result.scores.columns, *profiles.FIELDS])


def _tell(company: str, refresh: Callable[[str], object]) -> None:
	"""The scores are published: a list for people that cannot be made takes nothing of that back."""
	try:
		refresh(company)
	except Exception:
		frappe.db.rollback()
		frappe.log_error(title=f"CCMS: {refresh.__module__.rpartition('.')[2]} of {company}")
	frappe.db.commit()


def _finish(name: str, progress: Progress, changes: int) -> None:
	seconds = progress.end()
	frappe.db.set_value(
		runs.DOCTYPE,
		name,
		{
			"ended_on": now_datetime(),
			"duration": seconds,
			"progress": 100,
			"stage_reached": "",
			"stage_changes": changes,
			"log": "\n".join([*progress.log, f"{seconds:7.1f} s"]),
		},
	)
