"""A merge taken back: the source is there again, and what the merge moved points at it, where it still points at the target."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import frappe
from frappe import _
from frappe.query_builder import DocType
from frappe.utils import add_days, cint, get_datetime, now, now_datetime
from frappe.utils.html_utils import sanitize_html

from . import capture, handlers, images, locks, merge_records
from .merge_records import ERASED, UNDONE
from .references import CUSTOMER, Moved, Place, point

Told = Callable[[float, str], None]
DAYS = 90


def days() -> int:
	"""How long a merge can be undone, in days."""
	return cint(frappe.db.get_single_value("CCMS Settings", "merge_undo_days")) or DAYS


def refusal(merge: frappe._dict) -> str:
	"""Why a merge cannot be undone; empty when it can."""
	if merge.status == UNDONE:
		return _("This merge is undone already.")
	if merge.status == ERASED:
		return _("One of the two was erased or deleted since, and with them the copy that an undo needs.")
	if not merge.record:
		return _("Nothing was written down when this merge was made, so nothing can be taken back.")
	if get_datetime(add_days(merge.merged_on, days())) < now_datetime():
		return _("A merge can be undone for {0} days. This one was made on {1}.").format(
			days(), frappe.format(merge.merged_on, "Datetime")
		)
	if not frappe.db.exists(CUSTOMER, merge.target):
		return _("{0} is no longer there.").format(frappe.bold(merge.target))
	if newer := merge_records.later(merge):
		return _("Undo the newer merge of {0} into {1} first.").format(
			frappe.bold(newer.source), frappe.bold(newer.target)
		)
	if frappe.db.exists(CUSTOMER, merge.source):
		return _("Another customer is called {0} now. Rename it first.").format(frappe.bold(merge.source))
	return ""


def facts(name: str) -> dict[str, Any]:
	"""A merge as `refusal` wants it, not held."""
	return frappe.db.get_value(merge_records.DOCTYPE, name, "*", as_dict=True) or {}


def run(name: str, reason: str = "", told: Told | None = None) -> list[str]:
	"""Undo a merge, in this transaction. Asks no permission.

	Returns: sentences on what could not go back and stays with the target.

	Raises:
		frappe.ValidationError: it is refused; nothing was changed.
	"""
	told = told or (lambda percent, text: None)
	# locks first: whatever is read after them is what is committed by now
	merge = merge_records.hold(name)
	locks.hold([merge.target, merge.source])
	if said := refusal(merge):
		frappe.throw(said, title=_("Not undone"))
	record = merge_records.unpack(merge.record)
	source, target = merge.source, merge.target
	called = {record["target"]: target} if record["target"] != target else {}
	told(10, _("Making {0} again").format(source))
	said = _restore_customers(record, source, called)
	told(25, _("Giving back what was theirs"))
	said += _point_back(record, source, target, told)
	said += _restore_rows(record, called)
	told(70, _("Taking points and figures apart"))
	for path, handler in handlers.all().items():
		if path in record["handlers"]:
			said += handler.unmerge(source, target, record["handlers"][path])
	# a saving since may have ended what the documents of the two say again, now that all of them are back
	capture.again([source, target], get_datetime(merge.merged_on))
	_restore_lead(record["lead"])
	_call_off_cleaning(source)
	told(90, _("Writing it down"))
	_write_down(merge, reason, said)
	return said


def _restore_customers(record: dict[str, Any], source: str, called: dict[str, str]) -> list[str]:
	"""Both customers and their children, column by column: as rows, since no hook may make a contact or a membership of
	one who comes back."""
	said: list[str] = []

	def insert(doctype: str, row: images.Row) -> None:
		said.extend(_without_dead_links(doctype, row, record))
		images.insert_row(doctype, row)

	record["target_row"] = record["images"][CUSTOMER]["before"][record["target"]]
	tables = [CUSTOMER, *{field.options for field in frappe.get_meta(CUSTOMER).get_table_fields()}]
	for doctype in tables:
		image = record["images"].pop(doctype, None)
		if image:
			images.restore(doctype, image["before"], image.get("after", {}), called, insert)
	if not frappe.db.exists(CUSTOMER, source):
		frappe.throw(_("{0} could not be made again.").format(source))
	return said


def _without_dead_links(doctype: str, row: images.Row, record: dict[str, Any]) -> list[str]:
	"""Empty the links of a row to what has been deleted since; one that must not be empty takes the target's."""
	said = []
	for field in frappe.get_meta(doctype).get_link_fields():
		value = row.get(field.fieldname)
		if not value or (field.options == CUSTOMER) or field.is_virtual:
			continue
		if frappe.db.exists(field.options, value):
			continue
		others = record["target_row"] if doctype == CUSTOMER else {}
		row[field.fieldname] = others.get(field.fieldname) if field.reqd else None
		said.append(_("{0} {1} is gone since.").format(_(field.options), value))
	return said


def _point_back(record: dict[str, Any], source: str, target: str, told: Told) -> list[str]:
	missed: dict[str, int] = {}
	stored = record["references"]
	for number, one in enumerate(stored, 1):
		moved = Moved.of_list(one)
		if not _there(moved.place):
			continue
		back = point(moved, target, source)
		if back < len(moved.names):
			doctype = moved.place.doctype
			missed[doctype] = missed.get(doctype, 0) + len(moved.names) - back
		if number % 20 == 0:
			told(25 + 40 * number / len(stored), "")
	ours = {doctype for handler in handlers.all().values() for doctype, _field in handler.restored}
	ours |= set(record["images"])
	return [
		_("{0}: {1} were deleted or given to somebody else since.").format(_(doctype), count)
		for doctype, count in sorted(missed.items())
		if doctype not in ours
	]


def _there(place: Place) -> bool:
	"""Whether a place still exists: its app may have been removed."""
	if not frappe.db.exists("DocType", place.doctype):
		return False
	return bool(frappe.get_meta(place.doctype).issingle or frappe.db.has_column(place.doctype, place.field))


def _restore_rows(record: dict[str, Any], called: dict[str, str]) -> list[str]:
	for doctype, image in record["images"].items():
		if frappe.db.table_exists(doctype):
			images.restore(doctype, image["before"], image.get("after", {}), called)
	return []


def _restore_lead(lead: list[str] | None) -> None:
	if lead and frappe.db.get_value("Lead", lead[0], "status") == "Interested":
		frappe.db.set_value("Lead", lead[0], "status", lead[1], update_modified=False)


def _call_off_cleaning(source: str) -> None:
	"""Frappe clears what pointed at a deleted document in a job of its own. One that still waits since the merge would
	clear it off the customer who is back."""
	from frappe.utils.background_jobs import get_queues

	for queue in get_queues():
		for job in queue.jobs:
			given = job.kwargs.get("kwargs") or {}
			if (
				job.kwargs.get("site") == frappe.local.site
				and str(job.kwargs.get("method", "")).endswith("delete_dynamic_links")
				and (given.get("doctype"), given.get("name")) == (CUSTOMER, source)
			):
				job.delete()


def _write_down(merge: frappe._dict, reason: str, said: list[str]) -> None:
	deleted = DocType("Deleted Document")
	query = frappe.qb.update(deleted).set(deleted.restored, 1).set(deleted.new_name, merge.source)
	query.where((deleted.deleted_doctype == CUSTOMER) & (deleted.deleted_name == merge.source)).run()
	values = {
		"status": UNDONE,
		"undone_on": now(),
		"undone_by": frappe.session.user,
		"undo_reason": sanitize_html(reason),  # what no save has cleaned
		"stayed": "\n".join(said),
		"record": "",
	}
	frappe.db.set_value(merge_records.DOCTYPE, merge.name, values)
	for name, text in (
		(merge.source, _("taken out of {0} again").format(frappe.bold(merge.target))),
		(merge.target, _("{0} taken out again").format(frappe.bold(merge.source))),
	):
		frappe.get_doc(CUSTOMER, name).add_comment("Edit", text)
	# links were rewritten beneath the documents, anywhere
	frappe.clear_cache()
