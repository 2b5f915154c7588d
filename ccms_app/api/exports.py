"""Frappe's two exports, for what is ours: without formulas, and with a row in the access log."""

from __future__ import annotations

import frappe
from frappe.desk import query_report, reportview

from ccms_app.privacy.store import exports


@frappe.whitelist()
def query_report_export() -> None:
	"""`frappe.desk.query_report.export_query`."""
	report = frappe.form_dict.get("report_name") or ""
	with exports.of_report(report):
		query_report.export_query()


@frappe.whitelist()
def list_export() -> None:
	"""`frappe.desk.reportview.export_query`."""
	doctype = frappe.form_dict.get("doctype") or ""
	with exports.of_list(doctype):
		reportview.export_query()
