"""Frappe's exports, for what is ours: without formulas, and with a row in the access log."""

from typing import Any

import frappe
from frappe.core.doctype.data_export import exporter
from frappe.core.doctype.data_import import data_import
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


@frappe.whitelist()
def import_template(
	doctype: str,
	export_fields: Any = None,
	export_records: str | None = None,
	export_filters: Any = None,
	file_type: str = "CSV",
) -> None:
	"""`frappe.core.doctype.data_import.data_import.download_template`."""
	with exports.of_rows(doctype):
		data_import.download_template(doctype, export_fields, export_records, export_filters, file_type)


@frappe.whitelist()
def data_export(
	doctype: Any = None,
	parent_doctype: str | None = None,
	all_doctypes: Any = True,
	with_data: Any = False,
	select_columns: Any = None,
	file_type: str = "CSV",
	template: Any = False,
	filters: Any = None,
	export_without_column_meta: Any = False,
) -> None:
	"""`frappe.core.doctype.data_export.exporter.export_data`."""
	with exports.of_rows(_first(doctype) or parent_doctype or ""):
		exporter.export_data(
			doctype=doctype,
			parent_doctype=parent_doctype,
			all_doctypes=all_doctypes,
			with_data=with_data,
			select_columns=select_columns,
			file_type=file_type,
			template=template,
			filters=filters,
			export_without_column_meta=export_without_column_meta,
		)


def _first(doctype: Any) -> str:
	"""Frappe takes one DocType or a list of them, of which the first has the others as tables."""
	parsed = frappe.parse_json(doctype) if isinstance(doctype, str) and doctype.startswith("[") else doctype
	return (parsed[0] if parsed else "") if isinstance(parsed, list) else parsed or ""
