"""Exports of our reports and lists: no cell runs as a formula, and the log says who took what along."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import frappe
from frappe import _

from ccms_app.privacy import formulas

from . import access, children, reading

MODULE = "CCMS App"


@contextmanager
def of_report(report: str) -> Iterator[None]:
	"""Around Frappe's export of a query report."""
	if frappe.db.get_value("Report", report, "module") == MODULE:
		yield from _ours(f"Report {report}")
	else:
		yield


@contextmanager
def of_rows(doctype: str) -> Iterator[None]:
	"""Around Frappe's exports of documents with the rows of their tables, which ask no permission for these rows.

	Raises:
		frappe.PermissionError: the rows name persons, and the user sees persons masked.
	"""
	if doctype in children.TABLES and reading.is_masked():
		frappe.throw(
			_("You see persons masked. Export the list instead, without its tables."), frappe.PermissionError
		)
	with of_list(doctype):
		yield


@contextmanager
def of_list(doctype: str) -> Iterator[None]:
	"""Around Frappe's export of a list."""
	if frappe.db.get_value("DocType", doctype, "module") == MODULE:
		yield from _ours(f"List {doctype}")
	else:
		yield


def _ours(what: str) -> Iterator[None]:
	# a job in the background would write its file where nobody cleans it
	frappe.form_dict.pop("export_in_background", None)
	delimiter = frappe.form_dict.get("csv_delimiter") or ","
	yield
	if frappe.response.get("type") == "csv" and (text := frappe.response.get("result")):
		frappe.response["result"] = formulas.plain_csv(text.encode(), delimiter).decode()
		access.log(access.EXPORTED, None, what)
	content = frappe.response.get("filecontent")
	if not content:
		return
	if (frappe.response.get("filename") or "").endswith(".csv"):
		frappe.response["filecontent"] = formulas.plain_csv(content, delimiter)
	else:
		frappe.response["filecontent"] = formulas.plain_xlsx(content)
	access.log(access.EXPORTED, None, what)
