"""What the form of an import refuses."""

from __future__ import annotations

from zoneinfo import ZoneInfo, available_timezones

import frappe
from frappe import _
from frappe.utils import get_system_timezone

from ccms_app.interactions import mapping
from ccms_app.interactions.sources import BROWSER

ERROR = "CCMS Interaction Import Error"
RESULTS = (
	"status",
	"rows_in_file",
	"rows_done",
	"problem",
	"stored",
	"duplicate",
	"refused",
	"errors_file",
	"started_on",
	"file_mark",
)


def check(doc) -> None:
	"""The results are the run's; once it has begun, what it reads and how stays as it is."""
	before = doc.get_doc_before_save()
	for field in RESULTS:
		doc.set(field, before.get(field) if before else ("Draft" if field == "status" else None))
	kind, doc.company = frappe.db.get_value("CCMS Event Source", doc.event_source, ["kind", "company"])
	if kind == BROWSER:
		frappe.throw(_("Choose a source that is no web page."))
	if doc.time_zone and doc.time_zone not in available_timezones():
		frappe.throw(_("{0} is no time zone, such as Asia/Shanghai.").format(_shown(doc.time_zone)))
	if before:
		_unchanged(doc, before)
	for row in doc.columns:
		if row.target and not row.column_name and not row.fixed_value:
			frappe.throw(_("Row {0}: name a column of the file, or a value for all rows.").format(row.idx))


def mapping_of(doc) -> mapping.ImportMapping:
	"""What becomes of the columns.

	Raises:
		frappe.ValidationError: the type or the time of events comes from nowhere.
	"""
	found = mapping.ImportMapping(
		tuple(
			mapping.Column(row.target, row.column_name or "", row.fixed_value or "")
			for row in doc.columns
			if row.target
		),
		doc.file_mark or "",
		doc.time_format or "",
	)
	if missing := found.missing():
		frappe.throw(_("Say which column becomes: {0}.").format(", ".join(_(target) for target in missing)))
	return found


def zone_of(doc) -> ZoneInfo:
	"""In which zone times without an offset are."""
	return ZoneInfo(doc.time_zone or get_system_timezone())


def forget(doc) -> None:
	"""What is left of a run goes with it."""
	if doc.status in ("Running", "Checking"):
		frappe.throw(_("This import is running."))
	frappe.db.delete(ERROR, {"interaction_import": doc.name})


def _unchanged(doc, before) -> None:
	"""Nothing changes while it runs: who started it was asked about this file alone. Later the file stays when rows of
	it are in; how it is read may change when the import is done, for the rows that were refused."""
	is_running = before.status in ("Running", "Checking")
	fixed: tuple[str, ...] = ()
	if is_running or (before.status == "Failed" and before.rows_done):
		fixed = ("event_source", "file", "time_zone", "time_format", "encoding")
	elif before.status == "Finished":
		fixed = ("event_source", "file")
	for field in fixed:
		if (doc.get(field) or "") != (before.get(field) or ""):
			words = (
				_("This import is running.")
				if is_running
				else _("Some rows are in already: {0} cannot change.")
			)
			frappe.throw(words.format(_(doc.meta.get_label(field))))
	if is_running and _columns(doc) != _columns(before):
		frappe.throw(_("This import is running."))


def _columns(doc) -> list[tuple[str, str, str]]:
	return [(row.target or "", row.column_name or "", row.fixed_value or "") for row in doc.columns]


def _shown(text: str) -> str:
	return frappe.bold(frappe.utils.escape_html(text))
