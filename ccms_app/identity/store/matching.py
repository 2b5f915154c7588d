"""Looking for customers who are one person: the nightly run compares those who changed with everybody, a full run all.

Runs are taken one at a time by a lock that dies with its process. What a run finds is written in batches that commit; a
run that dies is begun anew within the hour and only writes what is not there yet.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta

import frappe
import numpy as np
import pandas as pd
from filelock import FileLock, Timeout
from frappe import _
from frappe.utils import flt, get_datetime, now_datetime

from ccms_app.identity.matching.engine import COLUMNS, Matcher
from ccms_app.identity.matching.model import Settings
from ccms_app.identity.matching.prepare import Prepared, prepare
from ccms_app.identity.matching.remembered import Remembered

from . import duplicates, match_memory, match_records

LAST = "ccms_matching_last"
"""When the last run that ended had begun: what has changed since is compared next."""
BEGUN = "ccms_matching_begun"
"""Stands while a run is on its way that compares everybody, or has died."""
JOB = "ccms_matching"
EVENT = "ccms_matching_progress"
FEW = 0.2  # of all customers: where more have changed, everybody is compared with everybody
WAIT = 10  # seconds that a run waits for another to end
Progress = Callable[[float, str], None]


class Busy(Exception):
	"""Another run is on its way."""


@dataclass
class Result:
	"""What a run did."""

	customers: int = 0
	compared: int = 0
	new: int = 0
	gone: int = 0
	open: int = 0
	merged: int = 0


def enqueue(full: bool = False) -> bool:
	"""Run in the background, once at a time. Returns False when a run is on its way."""
	from frappe.utils.background_jobs import is_job_enqueued

	if is_job_enqueued(JOB):
		return False
	frappe.enqueue(
		"ccms_app.identity.store.matching.work",
		queue="long",
		timeout=2 * 60 * 60,
		job_id=JOB,
		deduplicate=True,
		enqueue_after_commit=True,
		full=full,
	)
	return True


def work(full: bool = False) -> None:
	"""The job: run, telling whoever asked for it how far it is."""

	def tell(share: float, text: str) -> None:
		frappe.publish_realtime(
			EVENT, {"percent": round(share * 100), "text": text}, user=frappe.session.user
		)

	try:
		result = run(full, tell)
		said = {"ended": 1, "new": result.new, "open": result.open}
	except Busy:
		said = {"ended": 1, "busy": 1}
	frappe.publish_realtime(EVENT, {"percent": 100, **said}, user=frappe.session.user)


def nightly() -> None:
	"""Compare what has changed since the last run, wake what was put off, merge what the settings allow."""
	if not frappe.db.get_single_value("CCMS Settings", "no_nightly_matching"):
		with suppress(Busy):  # what has changed since that one began is the next night's
			# what took long to be committed is dated before the run that did not see it
			run(margin=timedelta(hours=6))


def resume() -> None:
	"""Begin a run again that was to compare everybody and has died."""
	if frappe.db.get_global(BEGUN):
		enqueue(full=True)


def settings() -> Settings:
	"""The engine's settings, as a manager has set them."""
	kept = frappe.get_cached_doc("CCMS Settings")
	usual = Settings()
	return Settings(
		certain=flt(kept.duplicates_certain_from) / 100 or usual.certain,
		likely=flt(kept.duplicates_likely_from) / 100 or usual.likely,
		possible=min(usual.possible, flt(kept.duplicates_likely_from) / 100 or usual.possible),
	)


def run(full: bool = False, progress: Progress | None = None, margin: timedelta = timedelta(0)) -> Result:
	"""Look for duplicates now, and write what was found. Commits.

	Args:
		full: compare everybody with everybody, also where nothing changed.
		margin: how long before the start of the last run changes are looked for.
		progress: called with the share done (0 to 1) and what is going on.

	Raises:
		Busy: another run is on its way.
	"""
	tell = progress or (lambda _share, _text: None)
	with _alone():
		began = now_datetime()
		frappe.db.commit()  # what was committed while this one waited must be seen
		duplicates.wake()
		customers = match_records.names()
		changed = _changed(customers, full or bool(frappe.db.get_global(BEGUN)), margin)
		if changed is None:
			frappe.db.set_global(BEGUN, str(began))
			frappe.db.commit()
		result = Result(len(customers), len(customers) if changed is None else len(changed))
		if changed is None or changed:
			found = _everybody(customers, tell) if changed is None else _newcomers(customers, changed, tell)
			tell(0.8, _("Writing"))
			result.new, result.gone = duplicates.write(
				found, changed, began, lambda share: tell(0.8 + 0.2 * share, _("Writing"))
			)
		frappe.db.set_global(LAST, str(began))
		frappe.db.set_global(BEGUN, None)
		frappe.db.commit()
		if frappe.db.get_single_value("CCMS Settings", "merge_duplicates_alone"):
			result.merged = duplicates.merge_alone()
	result.open = frappe.db.count(duplicates.DOCTYPE, {"status": "Open"})
	return result


@contextmanager
def _alone() -> Iterator[None]:
	# Frappe's own `filelock` writes an error into the log whenever somebody waits in vain
	lock = FileLock(os.path.abspath(frappe.get_site_path("locks", f"{JOB}.lock")))
	try:
		lock.acquire(timeout=WAIT)
	except Timeout as error:
		raise Busy from error
	try:
		yield
	finally:
		lock.release()


def _changed(customers: list[str], full: bool, margin: timedelta) -> set[str] | None:
	"""Customers to be compared; None for all of them."""
	last = frappe.db.get_global(LAST)
	if full or not last:
		return None
	there = set(customers)
	changed = match_records.changed_since(get_datetime(last) - margin) | duplicates.stale()
	# of customers who are not compared any more, pairs go
	duplicates.drop(changed - there)
	changed &= there
	return None if len(changed) > FEW * len(customers) else changed


def _everybody(customers: list[str], tell: Progress) -> pd.DataFrame:
	"""Compare all with all, and remember them."""
	records = _read(customers, lambda share: tell(0.5 * share, _("Reading customers")))
	matcher = Matcher(records, settings())
	match_memory.save(Remembered.of(records, match_memory.numbers(records.ids), matcher.passes))
	tell(0.5, _("Comparing"))
	if len(records) < 2:
		return pd.DataFrame(columns=list(COLUMNS))
	return matcher.all(lambda share: tell(0.5 + 0.3 * share, _("Comparing")))


def _newcomers(customers: list[str], changed: set[str], tell: Progress) -> pd.DataFrame:
	"""Compare those who changed with all: by what is remembered, where only they and who is like them are read."""
	memory = match_memory.load()
	if memory is None:
		others = _read(
			[customer for customer in customers if customer not in changed],
			lambda share: tell(0.5 * share, _("Reading customers")),
		)
		memory = Remembered.of(others, match_memory.numbers(others.ids))
	names = dict(zip(match_memory.numbers(customers).tolist(), customers, strict=True))
	# who is disabled or gone since does not count either
	memory.keep(np.fromiter(names, dtype=np.uint64, count=len(names)))
	memory.drop(match_memory.numbers(changed))
	tell(0.5, _("Comparing"))
	newcomers = _read(sorted(changed))

	def read(numbers: np.ndarray) -> tuple[np.ndarray, Prepared]:
		records = _read([names[number] for number in numbers.tolist()])
		return match_memory.numbers(records.ids), records

	found = memory.new(newcomers, read, settings(), lambda share: tell(0.5 + 0.3 * share, _("Comparing")))
	memory.add(newcomers, match_memory.numbers(newcomers.ids))
	match_memory.save(memory)
	return found


def _read(customers: list[str], tell: Callable[[float], None] = lambda _share: None) -> Prepared:
	"""Customers, prepared part by part: only the prepared ones are kept."""
	parts, done = [], 0
	for records, identities in match_records.read(customers):
		parts.append(prepare(records, identities))
		done += len(records)
		tell(done / len(customers))
	return Prepared.joined(parts) if parts else prepare(pd.DataFrame({"id": []}))


def before_uninstall() -> None:
	"""Forget when the last run was: another installation starts anew."""
	for key in (LAST, BEGUN):
		frappe.db.set_global(key, None)
	match_memory.forget()
