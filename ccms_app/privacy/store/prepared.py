"""Prepared reports of ours are their owner's: Frappe shows one to everybody who may open the report, but what stands in it
is what its owner may see."""

from __future__ import annotations

import frappe
from frappe.query_builder import DocType

from .exports import MODULE

DOCTYPE = "Prepared Report"


def conditions(user: str | None = None, doctype: str | None = None) -> str:
	"""For `permission_query_conditions`."""
	user = user or frappe.session.user
	if _sees_all(user):
		return ""
	prepared, report = DocType(DOCTYPE), DocType("Report")
	ours = frappe.qb.from_(report).select(report.name).where(report.module == MODULE)
	found = (prepared.owner == user) | prepared.report_name.notin(ours)
	return f"({found.get_sql(quote_char='`', with_namespace=True)})"


def sees(doc, ptype: str | None = None, user: str | None = None, debug: bool = False) -> bool:
	"""For `has_permission`."""
	user = user or frappe.session.user
	return (
		doc.owner == user
		or _sees_all(user)
		or frappe.db.get_value("Report", doc.report_name, "module") != MODULE
	)


def _sees_all(user: str) -> bool:
	return user == "Administrator" or "System Manager" in frappe.get_roles(user)
