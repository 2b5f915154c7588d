"""What happens to profiles, stages and events when a customer or a company is renamed, merged or deleted."""

from __future__ import annotations

import frappe

from . import counted, dirty, events, files, live, profiles, stage_changes

# what a line of LINES names beside its document, which shows a new customer, group or territory by itself
NAMED_IN_LINES = {
	"Item",
	"Item Group",
	"Brand",
	"Sales Person",
	"Cost Center",
	"Warehouse",
	"POS Profile",
	"Coupon Code",
}


def renamed(new: str, merge: bool) -> None:
	"""A customer has another name, or has become another customer whose invoices are then those of both."""
	for company in profiles.customer_renamed(new, merge):
		try:
			live.update(new, company, most=live.MOST_AT_LEISURE)
		except live.Busy:
			live.later(new, company)


def deleted(name: str) -> None:
	"""A customer without invoices is deleted: nothing about them stays."""
	for doctype in (profiles.DOCTYPE, stage_changes.DOCTYPE, events.DOCTYPE):
		frappe.db.delete(doctype, {"customer": name})


def profiled_again(customer: str) -> None:
	"""A customer may be profiled again: profiles come at once, scores with the next night."""
	for company in counted.companies_of(customer):
		live.later(customer, company)


def company_renamed(new: str) -> None:
	"""A company has another name, and so its folder of facts."""
	profiles.company_renamed(new)


def renamed_in_lines(doctype: str, old: str, new: str) -> None:
	"""Something that lines name has another name: no document shows it, so that all months are read anew."""
	if doctype in NAMED_IN_LINES or doctype in _dimensions():
		for company in frappe.get_all("Company", pluck="name"):
			if files.read(company):
				dirty.mark(f"{doctype} {old} → {new}", company)


def _dimensions() -> set[str]:
	return set(frappe.get_all("Accounting Dimension", pluck="document_type"))
