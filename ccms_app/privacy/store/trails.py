"""What Frappe keeps beside documents: comments, mails, versions, files, tasks, logs. All of it goes, with no copy left."""

from __future__ import annotations

import re
from collections.abc import Iterable

import frappe
from frappe.query_builder import CustomFunction, DocType

RegexpReplace = CustomFunction("REGEXP_REPLACE", ["text", "pattern", "by"])
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
# logs in which a person's name or address may stand anywhere
LOGS = {
	"Deleted Document": ("data", "deleted_name"),
	"Error Log": ("error", "method", "reference_name"),
	"Notification Log": ("subject", "email_content"),
	"Activity Log": ("subject", "content"),
	"Integration Request": ("data", "output", "error"),
	"Webhook Request Log": ("data", "response", "headers"),
	"Route History": ("route",),
	"Access Log": ("filters", "page", "export_from"),
	"Prepared Report": ("filters", "report_name"),
	"SMS Log": ("message", "requested_numbers", "sent_to"),
	"Scheduled Job Log": ("details",),
	"Email Queue": ("message",),
}
# what people wrote, perhaps about others as well: the words are taken out, the row stays
WRITTEN = {
	"Event": ("subject", "description"),
	"ToDo": ("description",),
	"Version": ("data",),
	"Comment": ("content", "subject"),
}
GONE = "···"
SHORTEST = 5
"""A name shorter than this stands in too many other words to be looked for."""


def clear(doctype: str, names: Iterable[str], *, versions: bool = True) -> int:
	"""Delete everything beside these documents. Returns how many rows.

	Args:
		versions: also what has changed in them; of books that stays until the books may forget.
	"""
	done, names = 0, sorted({name for name in names if name})
	for start in range(0, len(names), CHUNK):
		part = names[start : start + CHUNK]
		done += communications(communications_of(doctype, part))
		done += _files(doctype, part)
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
		_queue(doctype, part)
	return done


def communications_of(doctype: str, names: list[str]) -> list[str]:
	"""Mails and calls about these documents."""
	table = DocType("Communication")
	link = DocType("Communication Link")
	found = set(
		frappe.qb.from_(table)
		.select(table.name)
		.where((table.reference_doctype == doctype) & table.reference_name.isin(names))
		.run(pluck=True)
	)
	found.update(
		frappe.qb.from_(link)
		.select(link.parent)
		.where((link.link_doctype == doctype) & link.link_name.isin(names))
		.run(pluck=True)
	)
	return sorted(found)


def communications(names: list[str]) -> int:
	"""Delete mails and calls with what hangs on them."""
	for start in range(0, len(names), CHUNK):
		part = names[start : start + CHUNK]
		_files("Communication", part)
		for beside, (kind, name) in (("Comment", BESIDE["Comment"]), ("Version", BESIDE["Version"])):
			table = DocType(beside)
			frappe.qb.from_(table).delete().where(
				(table[kind] == "Communication") & table[name].isin(part)
			).run()
		queue, recipient = DocType("Email Queue"), DocType("Email Queue Recipient")
		mails = (
			frappe.qb.from_(queue).select(queue.name).where(queue.communication.isin(part)).run(pluck=True)
		)
		if mails:
			frappe.qb.from_(recipient).delete().where(recipient.parent.isin(mails)).run()
			frappe.qb.from_(queue).delete().where(queue.name.isin(mails)).run()
		for doctype, column in (("Communication Link", "parent"), ("Communication", "name")):
			table = DocType(doctype)
			frappe.qb.from_(table).delete().where(table[column].isin(part)).run()
	return len(names)


def _files(doctype: str, names: list[str]) -> int:
	found = frappe.get_all(
		"File", filters={"attached_to_doctype": doctype, "attached_to_name": ["in", names]}, pluck="name"
	)
	for name in found:
		# its own on_trash takes the file off the disk, where no other File shows the same content
		frappe.delete_doc("File", name, force=True, ignore_permissions=True, delete_permanently=True)
	return len(found)


def _queue(doctype: str, names: list[str]) -> None:
	queue, recipient = DocType("Email Queue"), DocType("Email Queue Recipient")
	mails = (
		frappe.qb.from_(queue)
		.select(queue.name)
		.where((queue.reference_doctype == doctype) & queue.reference_name.isin(names))
		.run(pluck=True)
	)
	if mails:
		frappe.qb.from_(recipient).delete().where(recipient.parent.isin(mails)).run()
		frappe.qb.from_(queue).delete().where(queue.name.isin(mails)).run()


def scrub_logs(words: Iterable[str], keep_versions_of: tuple[str, ...] = ()) -> int:
	"""Delete rows of logs in which one of these words stands, and take the words out of what people wrote. Returns how
	many rows."""
	words = sorted(
		{word for word in words if word and len(word) >= SHORTEST}, key=lambda word: (-len(word), word)
	)
	done = 0
	for doctype, columns in LOGS.items() if words else ():
		table, match = _standing_in(doctype, columns, words)
		if match is None:
			continue
		if doctype == "Email Queue":
			mails = frappe.qb.from_(table).select(table.name).where(match).run(pluck=True)
			recipient = DocType("Email Queue Recipient")
			if mails:
				frappe.qb.from_(recipient).delete().where(recipient.parent.isin(mails)).run()
		frappe.qb.from_(table).delete().where(match).run()
		done += max(frappe.db._cursor.rowcount, 0)
	for doctype, columns in WRITTEN.items() if words else ():
		for column in columns:
			done += _take_out(doctype, column, words, keep_versions_of)
	return done


def _take_out(doctype: str, column: str, words: list[str], keep_versions_of: tuple[str, ...]) -> int:
	table, match = _standing_in(doctype, (column,), words)
	if match is None:
		return 0
	if doctype == "Version" and keep_versions_of:
		match &= table.ref_doctype.notin(keep_versions_of)
	text = table[column]
	for word in words:
		text = RegexpReplace(text, f"(?i){re.escape(word)}", GONE)
	frappe.qb.update(table).set(table[column], text).where(match).run()
	return max(frappe.db._cursor.rowcount, 0)


def _standing_in(doctype: str, columns: Iterable[str], words: list[str]):
	"""(table, condition that one of these words stands in one of the columns); the condition is None without any."""
	table, match = DocType(doctype), None
	if not frappe.db.table_exists(doctype):
		return table, None
	here = set(frappe.db.get_table_columns(doctype))
	for column in columns:
		for word in words if column in here else ():
			one = table[column].like(f"%{_literal(word)}%")
			match = one if match is None else match | one
	return table, match


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


def _literal(text: str) -> str:
	return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
