"""Logs and what people wrote: where a person's name or address may stand in any row, about whatever it is.

What is looked for is whole: a full name, an address, a number. Short words stand inside others' words, so they are looked
for only where nobody else can be meant (`short`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

import frappe
from frappe.query_builder import CustomFunction, DocType
from pypika.terms import Term

RegexpReplace = CustomFunction("REGEXP_REPLACE", ["text", "pattern", "by"])
USER_SETTINGS = "__UserSettings"
# machines' rows: one in which the person stands is deleted
LOGS = {
	"Deleted Document": ("data", "deleted_name"),
	"Error Log": ("error", "method", "reference_name"),
	"Notification Log": ("subject", "email_content", "document_name"),
	"Activity Log": ("subject", "content", "full_name"),
	"Integration Request": ("data", "output", "error", "url", "request_headers", "request_description"),
	"Webhook Request Log": ("data", "response", "headers", "url", "error"),
	"Route History": ("route",),
	"Access Log": ("filters", "page", "columns", "export_from", "reference_document"),
	"Prepared Report": ("filters", "report_name", "error_message"),
	"Submission Queue": ("ref_docname", "exception"),
	"SMS Log": ("message", "requested_numbers", "sent_to"),
	"Scheduled Job Log": ("details", "debug_log"),
	"Console Log": ("script",),
	"Data Import Log": ("messages", "exception", "docname"),
	"List Filter": ("filters", "filter_name"),
	"CCMS Interaction Import Error": ("message", "event_id"),
	USER_SETTINGS: ("data",),
}
# what people wrote, perhaps about others as well: the words are taken out, the row stays
WRITTEN = {
	"Event": ("subject", "description", "location"),
	"ToDo": ("description",),
	"Note": ("title", "content"),
	"Version": ("data",),
	"Comment": ("content", "subject"),
	"Communication": ("subject", "content", "text_content", "sender", "sender_full_name", "recipients", "cc", "bcc", "phone_no"),
	"Reminder": ("description",),
	"Auto Email Report": ("filters", "filter_meta", "email_to"),
	"Data Import": ("template_warnings", "template_options"),
	"Project": ("project_name", "notes"),
	"Task": ("subject", "description"),
	"CRM Note": ("note",),
}  # fmt: skip
GONE = "···"
SHORTEST = 5
"""A word shorter than this stands in too many others to be looked for anywhere."""
CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]")
"""Letters of which two already make a name: Chinese, Japanese, Korean."""


def scrub(words: Iterable[str], keep_versions_of: tuple[str, ...] = ()) -> int:
	"""Delete rows of logs in which one of these words stands, and take the words out of what people wrote. Returns how
	many rows.

	Args:
		keep_versions_of: DocTypes whose versions stay as they are: the books'.
	"""
	words = set(words)
	found = spelled(word for word in words if len(word) >= SHORTEST)
	names = sorted(word for word in words if is_short_name(word))
	done = 0
	for doctype, columns in LOGS.items():
		done += _delete(doctype, _standing_in(doctype, columns, found) if found else None)
		done += _delete(doctype, _quoted_in(doctype, columns, names) if names else None)
	if found:
		_scrub_repeated(found)
	for doctype, columns in WRITTEN.items():
		for column in columns if found else ():
			match = _standing_in(doctype, (column,), found)
			done += _take_out(doctype, column, match, [re.escape(word) for word in found], keep_versions_of)
	return done


def scrub_beside(rows: dict[str, list[str]], words: Iterable[str]) -> int:
	"""Take short names out of rows that are known to be about the person, wherever in the text they stand.

	Args:
		rows: DocType of `WRITTEN` → names.
	"""
	names, done = spelled(word for word in words if is_short_name(word)), 0
	for doctype, those in rows.items() if names else ():
		for column in WRITTEN.get(doctype, ()):
			match = _standing_in(doctype, (column,), names)
			if match is not None and those:
				match &= DocType(doctype).name.isin(sorted(set(those)))
				done += _take_out(doctype, column, match, [re.escape(word) for word in names], ())
	return done


def _scrub_repeated(words: list[str]) -> None:
	"""Documents repeat their last comments in a column of their own."""
	match, comment = _standing_in("Comment", ("content",), words), DocType("Comment")
	fields = (comment.reference_doctype, comment.reference_name)
	found: dict[str, set[str]] = {}
	for doctype, name in frappe.qb.from_(comment).select(*fields).distinct().where(match).run():
		if doctype and name:
			found.setdefault(doctype, set()).add(name)
	for doctype, names in found.items():
		if "_comments" in _there(doctype, ("_comments",)):
			match = _standing_in(doctype, ("_comments",), words) & DocType(doctype).name.isin(sorted(names))
			_take_out(doctype, "_comments", match, [re.escape(word) for word in words], ())


def is_short_name(word: str) -> bool:
	"""Whether this is a name too short to be looked for everywhere, yet one that says who somebody is: Chinese,
	Japanese or Korean letters, two at least."""
	return 2 <= len(word) < SHORTEST and all(CJK.match(letter) for letter in word)


def spelled(words: Iterable[str]) -> list[str]:
	"""The words and how Frappe writes them into JSON, the longest first: beyond ASCII as `\\uXXXX`."""
	found = {form for word in words if word for form in (word, json.dumps(word)[1:-1])}
	return sorted(found, key=lambda word: (-len(word), word))


def _quoted_in(doctype: str, columns: Iterable[str], names: list[str]) -> Term | None:
	"""The condition that a name is a whole value in JSON, or the whole column: 张伟 in "张伟", never in "张伟明"."""
	table, match = DocType(doctype), None
	for column in _there(doctype, columns):
		for name in names:
			quoted = [f'"{form}"' for form in spelled([name])]
			one = table[column] == name
			for form in (*quoted, *(form.replace('"', '\\"') for form in quoted)):
				one |= table[column].like(f"%{literal(form)}%")
			match = one if match is None else match | one
	return match


def _standing_in(doctype: str, columns: Iterable[str], words: list[str]) -> Term | None:
	"""The condition that one of these words stands in one of the columns; None without any."""
	table, match = DocType(doctype), None
	for column in _there(doctype, columns):
		for word in words:
			one = table[column].like(f"%{literal(word)}%")
			match = one if match is None else match | one
	return match


def _there(doctype: str, columns: Iterable[str]) -> Iterator[str]:
	if doctype == USER_SETTINGS:
		yield from columns
	elif frappe.db.table_exists(doctype):
		here = set(frappe.db.get_table_columns(doctype))
		yield from (column for column in columns if column in here)


def _delete(doctype: str, match: Term | None) -> int:
	if match is None:
		return 0
	frappe.qb.from_(DocType(doctype)).delete().where(match).run()
	return max(frappe.db._cursor.rowcount, 0)


def _take_out(doctype: str, column: str, match: Term | None, patterns: list[str], keep_versions_of) -> int:
	if match is None:
		return 0
	table = DocType(doctype)
	if doctype == "Version" and keep_versions_of:
		match &= table.ref_doctype.notin(keep_versions_of)
	text = table[column]
	for pattern in patterns:
		text = RegexpReplace(text, f"(?i){pattern}", GONE)
	frappe.qb.update(table).set(table[column], text).where(match).run()
	return max(frappe.db._cursor.rowcount, 0)


def literal(text: str) -> str:
	"""A text as LIKE finds it as it is."""
	return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
