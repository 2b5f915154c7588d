"""Files: those attached to documents, and those of many rows that an import brought or a report left.

A file of many rows cannot lose one of them, so the whole file goes: an import that is done needs it no more, and a report
is made anew.
"""

from __future__ import annotations

from collections.abc import Iterable

import frappe
from frappe import _
from frappe.query_builder import DocType

from ccms_app.privacy import cells

from .scrubbing import SHORTEST, is_short_name

PREPARED = "Prepared Report"
AT_WORK = ("Running", "Checking", "Queued", "In Progress")


def delete_attached(doctype: str, names: list[str]) -> int:
	"""Delete the files attached to these documents. Returns how many."""
	found = frappe.get_all(
		"File", filters={"attached_to_doctype": doctype, "attached_to_name": ["in", names]}, pluck="name"
	)
	return _delete(found)


def _delete(files: Iterable[str]) -> int:
	count = 0
	for name in files:
		# its own on_trash takes the file off the disk, where no other File shows the same content
		frappe.delete_doc("File", name, force=True, ignore_permissions=True, delete_permanently=True)
		count += 1
	return count


def forget(words: Iterable[str]) -> dict[str, int]:
	"""Delete prepared reports that name a person, and the files of imports that do; what an import brought stays.

	Args:
		words: what the person can be found by.

	Returns: counts by DocType.

	Raises:
		frappe.ValidationError: such an import is at work.
	"""
	words = set(words)
	parts = sorted(word for word in words if len(word) >= SHORTEST)
	wholes = sorted(word for word in words if is_short_name(word))
	found: dict[str, list] = {}
	for file in _of_many_rows():
		if cells.names([file.file_name or ""], parts, wholes) or _names(file, parts, wholes):
			found.setdefault(file.attached_to_doctype, []).append(file)
	for doctype, files in found.items():
		names = sorted({file.attached_to_name for file in files})
		if doctype == PREPARED:
			delete_attached(PREPARED, names)
			frappe.db.delete(PREPARED, {"name": ["in", names]})
			continue
		_refuse_at_work(doctype, names)
		_delete(file.name for file in files)
		_detach(doctype, names, [file.file_url for file in files])
	return {doctype: len(files) for doctype, files in found.items()}


def _of_many_rows() -> list[frappe._dict]:
	file = DocType("File")
	query = frappe.qb.from_(file).select(
		file.name, file.file_name, file.file_url, file.attached_to_doctype, file.attached_to_name
	)
	of_import = file.attached_to_doctype.like("% Import") | file.attached_to_doctype.isin(
		[PREPARED, "Data Export"]
	)
	return query.where(of_import & file.attached_to_name.isnotnull()).run(as_dict=True)


def _names(file: frappe._dict, parts: list[str], wholes: list[str]) -> bool:
	doc = frappe.get_doc("File", file.name)
	try:
		with open(doc.get_full_path(), "rb") as held:
			return cells.names(cells.texts(doc.file_url or file.file_name, held.read()), parts, wholes)
	except (OSError, cells.Unreadable, frappe.ValidationError):
		return False


def _refuse_at_work(doctype: str, names: list[str]) -> None:
	if not frappe.get_meta(doctype).has_field("status"):
		return
	for name in frappe.get_all(doctype, {"name": ["in", names], "status": ["in", AT_WORK]}, pluck="name"):
		frappe.throw(_("{0} {1} is at work and names the customer.").format(_(doctype), name))


def _detach(doctype: str, names: list[str], urls: list[str]) -> None:
	"""Empty the fields that point at files that are gone."""
	table = DocType(doctype)
	for field in frappe.get_meta(doctype).get("fields", {"fieldtype": ["in", ["Attach", "Attach Image"]]}):
		column = table[field.fieldname]
		frappe.qb.update(table).set(column, "").where(table.name.isin(names) & column.isin(urls)).run()
