"""Bringing events in from files, in batches that commit with their place in the file: a worker may die at any moment."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import frappe
from frappe import _
from frappe.utils import add_days, now_datetime

from ccms_app.identity.store.rows import insert
from ccms_app.interactions import answers, mapping, tables
from ccms_app.interactions.answers import Answer
from ccms_app.interactions.tables import Unreadable

from . import intake, sources
from .import_document import ERROR, mapping_of, zone_of

DOCTYPE = "CCMS Interaction Import"
BATCH = 1_000
KEPT_DAYS = 7
"""So long the file of a finished import stays when rows of it were refused, for what was wrong may be mended."""
DRAFT, CHECKING, CHECKED, RUNNING = "Draft", "Checking", "Checked", "Running"
FINISHED, FAILED = "Finished", "Failed"
COLUMNS = (
	"name",
	"creation",
	"modified",
	"owner",
	"modified_by",
	"interaction_import",
	"row_no",
	"event_id",
	"status",
	"field",
	"message",
)
HEADER = ("Row", "Event ID", "Status", "Field", "Message")


def columns(name: str) -> list[dict[str, str]]:
	"""The columns of the attached file, with what they probably become: [{"column_name", "target"}].

	Raises:
		frappe.ValidationError: there is no file, or it cannot be read.
	"""
	doc = frappe.get_doc(DOCTYPE, name)
	try:
		found = tables.columns(_path(doc, asks=True), doc.encoding)
	except Unreadable as problem:
		frappe.throw(str(problem))
	guessed = mapping.guess(found)
	return [{"column_name": column, "target": guessed.get(column, "")} for column in found]


def start(name: str, dry: bool = False) -> None:
	"""Have an import run, or go on, in the background; or only its rows be checked. One that is finished runs again from
	the first row where rows were refused: those that are in are known."""
	doc = frappe.get_doc(DOCTYPE, name, for_update=True)
	if doc.status == FINISHED and not (doc.file and doc.refused):
		frappe.throw(_("All rows of this import are in."))
	path = _path(doc, asks=True)
	mapping_of(doc)
	continues = doc.status in (RUNNING, FAILED) and doc.rows_done and not dry
	values: dict[str, Any] = {"status": CHECKING if dry else RUNNING, "problem": ""}
	if dry and doc.status in (RUNNING, FAILED, FINISHED) and doc.rows_done:
		frappe.throw(_("Some rows of this import are in already: it can only go on."))
	if not continues:
		frappe.db.delete(ERROR, {"interaction_import": name})
		values |= {"rows_done": 0, "stored": 0, "duplicate": 0, "refused": 0, "rows_in_file": 0}
		values |= {"errors_file": "", "started_on": now_datetime(), "file_mark": _mark(path)}
	doc.db_set(values)
	enqueue(name)


def enqueue(name: str) -> None:
	"""Put a run that has been started on the queue; it is there once."""
	frappe.enqueue(
		"ccms_app.interactions.store.imports.run",
		queue="long",
		timeout=6 * 60 * 60,
		job_id=f"ccms_interaction_import_{name}",
		deduplicate=True,
		enqueue_after_commit=True,
		name=name,
	)


def resume_all() -> None:
	"""Go on with imports whose worker died; delete the files of those that are done and need them no more."""
	for name in frappe.get_all(DOCTYPE, {"status": ["in", [RUNNING, CHECKING]]}, pluck="name"):
		enqueue(name)
	done = {"status": FINISHED, "file": ["!=", ""]}
	waiting = add_days(now_datetime(), -KEPT_DAYS)
	for name, refused, modified in frappe.get_all(
		DOCTYPE, done, ["name", "refused", "modified"], as_list=True
	):
		if not refused or modified < waiting:
			_forget_file(frappe.get_doc(DOCTYPE, name))
	frappe.db.commit()


def run(name: str) -> None:
	"""Take in all rows from where the import stands. Every batch commits together with its place."""
	if not frappe.db.exists(DOCTYPE, name):
		return  # deleted while it waited
	doc = frappe.get_doc(DOCTYPE, name)
	if doc.status not in (RUNNING, CHECKING):
		return
	dry = doc.status == CHECKING
	try:
		path = _path(doc)
		if _mark(path) != doc.file_mark:
			# who started it was asked about that file; this one may be somebody else's
			raise Unreadable(_("The file is not the one that this import was started with."))
		if not doc.rows_in_file:
			doc.db_set("rows_in_file", tables.count(path, doc.encoding))
			frappe.db.commit()
		for number, batch in _batches(path, doc.rows_done, doc.encoding):
			if not _take(doc, number, batch, dry):
				return  # another worker is at it
			_show_progress(doc)
	except Unreadable as problem:
		frappe.db.rollback()
		doc.reload()
		_finish(doc, FAILED, str(problem))
	except Exception as error:
		frappe.db.rollback()
		frappe.log_error(f"Interaction import {name}")
		doc.reload()
		_finish(doc, FAILED, str(error)[:500])
		raise
	else:
		_finish(doc, CHECKED if dry else FINISHED)


def _batches(path: Path, start: int, encoding: str) -> Iterator[tuple[int, list[dict]]]:
	rows = iter(tables.rows(path, start, encoding))
	while True:
		batch: list[dict] = []
		try:
			batch.extend(islice(rows, BATCH))
		except Unreadable:
			if batch:
				yield start, batch
			raise
		if not batch:
			return
		yield start, batch
		start += len(batch)


def _take(doc, number: int, batch: list[dict], dry: bool) -> bool:
	"""One batch and its place, committed. False when the import stands elsewhere: another worker moved it."""
	found = mapping_of(doc)
	events = [found.event(row, number + place) for place, row in enumerate(batch)]
	source, zone = sources.load(doc.event_source), zone_of(doc)
	for attempt in range(intake.TRIES):
		try:
			place = frappe.db.get_value(DOCTYPE, doc.name, ["rows_done", "status"], for_update=True)
			if place != (number, CHECKING if dry else RUNNING):
				frappe.db.rollback()
				return False
			if dry:
				told = intake.dry_run(events, source, naive_zone=zone)
			else:
				told = intake.write(events, source, naive_zone=zone)
			_note(doc, number, told)
			frappe.db.commit()
			return True
		except (frappe.QueryDeadlockError, frappe.QueryTimeoutError):
			frappe.db.rollback()
			doc.reload()
			if attempt == intake.TRIES - 1:
				raise
			intake.pause(attempt)
	return False


def _note(doc, number: int, told: list[Answer]) -> None:
	kept = (answers.STORED, answers.DUPLICATE)
	bad = [one for one in told if one.status not in kept]
	now, user = now_datetime(), frappe.session.user
	rows = [
		(
			hashlib.sha256(f"{doc.name}\0{number + one.index}".encode()).hexdigest()[:40],
			*(now, now, user, user),
			doc.name,
			number + one.index + 1,
			one.event_id.replace("\0", ""),
			one.status,
			one.field.replace("\0", "")[:140],
			one.message[:300],
		)
		for one in bad
	]
	insert(ERROR, COLUMNS, rows, ignore=True)
	doc.db_set(
		{
			"rows_done": number + len(told),
			"stored": doc.stored + sum(one.status == answers.STORED for one in told),
			"duplicate": doc.duplicate + sum(one.status == answers.DUPLICATE for one in told),
			"refused": doc.refused + len(bad),
		},
		update_modified=False,
	)


def _finish(doc, status: str, problem: str = "") -> None:
	values = {"status": status, "problem": problem, "errors_file": _errors_file(doc)}
	if status == FAILED and doc.status == CHECKING:
		values |= {"rows_done": 0, "stored": 0, "duplicate": 0, "refused": 0}  # not one of them is in
	doc.db_set(values)
	frappe.db.commit()
	if status == FINISHED and not doc.refused:
		_forget_file(doc)  # after it is known that nobody needs it: a file on the disk does not come back
	frappe.publish_realtime("ccms_import_done", {"name": doc.name}, doctype=DOCTYPE, docname=doc.name)


def _forget_file(doc) -> None:
	_delete_files(doc, doc.file)
	doc.db_set("file", "")
	frappe.db.commit()


def _errors_file(doc) -> str:
	"""A CSV of the refused rows, attached; "" where there are none. Replaces the one before."""
	_delete_files(doc, doc.errors_file)
	text = io.StringIO()
	writer = csv.writer(text)
	writer.writerow([_(title) for title in HEADER])
	fields, last, any_row = ["row_no", "event_id", "status", "field", "message"], 0, False
	while rows := frappe.get_all(
		ERROR,
		{"interaction_import": doc.name, "row_no": [">", last]},
		fields,
		order_by="row_no",
		limit=5_000,
		as_list=True,
	):
		any_row, last = True, rows[-1][0]
		writer.writerows([_harmless(cell) for cell in row] for row in rows)
	if not any_row:
		return ""
	file = frappe.get_doc(
		{
			"doctype": "File",
			"file_name": f"{doc.name}-refused.csv",
			"content": "\ufeff" + text.getvalue(),
			"is_private": 1,
			"attached_to_doctype": DOCTYPE,
			"attached_to_name": doc.name,
			"attached_to_field": "errors_file",
		}
	)
	return file.insert(ignore_permissions=True).file_url


def _harmless(cell: Any) -> Any:
	"""A spreadsheet runs what begins like a formula."""
	return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def _delete_files(doc, url: str | None) -> None:
	if url:
		for name in frappe.get_all(
			"File",
			{"file_url": url, "attached_to_doctype": DOCTYPE, "attached_to_name": doc.name},
			pluck="name",
		):
			frappe.delete_doc("File", name, ignore_permissions=True, force=True)


def _show_progress(doc) -> None:
	if doc.rows_in_file:
		percent = min(100, round(100 * doc.rows_done / doc.rows_in_file))
		title = _("Checking Rows") if doc.status == CHECKING else _("Importing Interactions")
		frappe.publish_progress(percent, title=title, doctype=DOCTYPE, docname=doc.name)


def _path(doc, asks: bool = False) -> Path:
	"""Where the file is; with `asks` the user must be allowed to read it: any address can be typed into the field."""
	name = doc.file and frappe.db.get_value("File", {"file_url": doc.file})
	if not name:
		frappe.throw(_("Attach a file first."))
	file = frappe.get_doc("File", name)
	if asks:
		file.check_permission("read")
	path = Path(file.get_full_path())
	if not path.is_file():
		frappe.throw(_("The file is no longer there."))
	return path


def _mark(path: Path) -> str:
	"""What tells this file from others: rows without an id of their own are known again by it."""
	with open(path, "rb") as file:
		found = hashlib.sha256()
		while block := file.read(1 << 20):
			found.update(block)
	return found.hexdigest()[:32]
