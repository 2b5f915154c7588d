"""What Frappe keeps beside documents: comments, mails, versions, files, tasks. All of it goes, with no copy left."""

from __future__ import annotations

from collections.abc import Iterable

import frappe
from frappe.model.rename_doc import rename_doc
from frappe.query_builder import DocType

from . import mails, papers

CHUNK = 500
# DocType: (column of the document's DocType, column of its name)
BESIDE = {
	"Comment": ("reference_doctype", "reference_name"),
	"Version": ("ref_doctype", "docname"),
	"ToDo": ("reference_type", "reference_name"),
	"View Log": ("reference_doctype", "reference_name"),
	"Activity Log": ("reference_doctype", "reference_name"),
	"Document Follow": ("ref_doctype", "ref_docname"),
	"DocShare": ("share_doctype", "share_name"),
	"Tag Link": ("document_type", "document_name"),
	"Notification Log": ("document_type", "document_name"),
	"Document Share Key": ("reference_doctype", "reference_docname"),
	"Email Unsubscribe": ("reference_doctype", "reference_name"),
	"Energy Point Log": ("reference_doctype", "reference_name"),
	"Event Participants": ("reference_doctype", "reference_docname"),
	"Integration Request": ("reference_doctype", "reference_docname"),
	"Reminder": ("reminder_doctype", "reminder_docname"),
	"Auto Repeat": ("reference_doctype", "reference_document"),
	"Deleted Document": ("deleted_doctype", "deleted_name"),
}


def rename(doctype: str, old: str, new: str) -> None:
	"""Give a document another name, of which nothing is said."""
	rename_doc(doctype, old, new, force=True, ignore_permissions=True, show_alert=False, rebuild_search=False)


def clear(doctype: str, names: Iterable[str], *, versions: bool = True) -> int:
	"""Delete everything beside these documents. Returns how many rows.

	Args:
		versions: also what has changed in them; of books that stays until the books may forget.
	"""
	done, names = 0, sorted({name for name in names if name})
	for start in range(0, len(names), CHUNK):
		part = names[start : start + CHUNK]
		done += mails.delete(mails.about(doctype, part))
		done += papers.delete_attached(doctype, part)
		for beside, (kind, name) in BESIDE.items():
			if beside == "Version" and not versions:
				continue
			if not frappe.db.table_exists(beside):
				continue
			table = DocType(beside)
			if not {kind, name} <= set(frappe.db.get_table_columns(beside)):
				continue
			frappe.qb.from_(table).delete().where((table[kind] == doctype) & table[name].isin(part)).run()
			done += max(frappe.db._cursor.rowcount, 0)
		mails.unqueue(doctype, part)
	return done


def forget_marks(doctype: str, names: Iterable[str]) -> None:
	"""Empty what Frappe repeats of comments, tasks and tags in the documents themselves."""
	table, here, names = DocType(doctype), set(frappe.db.get_table_columns(doctype)), list(names)
	marks = [name for name in ("_comments", "_assign", "_user_tags") if name in here]
	for start in range(0, len(names) if marks else 0, CHUNK):
		query = frappe.qb.update(table).where(table.name.isin(names[start : start + CHUNK]))
		for mark in marks:
			query = query.set(table[mark], None)
		query.run()


def unused_tags(tags: Iterable[str]) -> None:
	"""Delete those of these tags that nothing carries any more: staff write what they like into a tag."""
	for tag in set(tags):
		if not frappe.db.exists("Tag Link", {"tag": tag}):
			frappe.db.delete("Tag", {"name": tag})


def forget_search(doctype: str, names: Iterable[str]) -> None:
	"""Take documents out of the global search."""
	table = frappe.qb.Table("__global_search")
	for name in names:
		frappe.qb.from_(table).delete().where((table.doctype == doctype) & (table.name == name)).run()
