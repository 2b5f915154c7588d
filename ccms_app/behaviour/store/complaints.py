"""Which Issues are a company's: one that names no company counts in one all the same, not in each."""

from __future__ import annotations

from collections.abc import Iterable

import frappe
from frappe.query_builder import DocType
from frappe.query_builder.functions import Coalesce
from pypika.terms import Criterion

_SALES = ("Sales Invoice", "POS Invoice")


def of_company(company: str) -> Criterion:
	"""A condition on Issue: it names the company; or it names none, and belongs to it.

	It then belongs where the invoice is that it names, else to the only company that the customer has bought from. Of several (or
	none) it is the default company; where the customer never bought there, the first by name of those they did buy from.
	"""
	issue = DocType("Issue")
	if frappe.db.count("Company") < 2:
		return Coalesce(issue.company, "").isin(["", company])
	return (issue.company == company) | issue.name.isin(_without_company(company) or [""])


def _without_company(company: str) -> list[str]:
	issue = DocType("Issue")
	rows = (
		frappe.qb.from_(issue)
		.select(issue.name, issue.customer, issue.ccms_invoice_type, issue.ccms_invoice)
		.where((Coalesce(issue.company, "") == "") & (Coalesce(issue.customer, "") != ""))
		.run(as_dict=True)
	)
	homes = _homes({row.customer for row in rows})
	of_invoice = {
		(doctype, name): home
		for doctype in _SALES
		for name, home in _pairs(
			doctype, "name", {row.ccms_invoice for row in rows if row.ccms_invoice_type == doctype}
		)
	}
	return [
		row.name
		for row in rows
		if of_invoice.get((row.ccms_invoice_type, row.ccms_invoice), homes[row.customer]) == company
	]


def _homes(customers: set[str]) -> dict[str, str]:
	"""customer → the company that counts what names none."""
	bought: dict[str, set[str]] = {name: set() for name in customers}
	for doctype in _SALES:
		for customer, company in _pairs(doctype, "customer", customers):
			bought[customer].add(company)
	default = frappe.db.get_single_value("Global Defaults", "default_company")
	default = default or min(frappe.get_all("Company", pluck="name"))
	return {name: default if default in own or not own else min(own) for name, own in bought.items()}


def _pairs(doctype: str, field: str, values: Iterable[str | None]) -> list[tuple[str, str]]:
	"""The field and the company of submitted invoices with one of these values."""
	wanted = sorted(value for value in values if value)
	if not wanted:
		return []
	invoice = DocType(doctype)
	query = frappe.qb.from_(invoice).select(invoice[field], invoice.company).distinct()
	return list(query.where((invoice.docstatus == 1) & invoice[field].isin(wanted)).run())
