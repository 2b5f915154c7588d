"""The lead and the prospect that a customer was once: the same person, under another name in the books of sales."""

from __future__ import annotations

from collections.abc import Iterable

import frappe
from frappe.query_builder import DocType

from ccms_app.privacy import words as erased

from . import custom_fields, trails

LEAD, PROSPECT = "Lead", "Prospect"
NAMED = ("lead_name", "first_name", "title")
EMPTIED = ("company_name", "email_id", "phone", "phone_ext", "mobile_no", "whatsapp_no", "fax", "website", "salutation", "gender", "middle_name", "last_name", "job_title", "city", "state", "image")  # fmt: skip
IN_PROSPECTS = ("lead_name", "email", "mobile_no")


def of(customers: list[str]) -> list[str]:
	"""Leads that became these customers and nobody else."""
	customer, lead = DocType("Customer"), DocType(LEAD)
	from_them = (
		frappe.qb.from_(customer)
		.select(customer.lead_name)
		.where(customer.name.isin(customers))
		.run(pluck=True)
	)
	to_them = frappe.qb.from_(lead).select(lead.name).where(lead.customer.isin(customers)).run(pluck=True)
	found = {name for name in (*from_them, *to_them) if name}
	others = frappe.get_all(
		"Customer",
		{"lead_name": ["in", sorted(found) or [""]], "name": ["not in", customers]},
		pluck="lead_name",
	)
	return sorted(found - set(others))


def words(names: Iterable[str]) -> set[str]:
	"""What the person can be found by."""
	fields = ["lead_name", "email_id", "mobile_no", "phone", "whatsapp_no"]
	rows = frappe.get_all(LEAD, {"name": ["in", list(names) or [""]]}, fields)
	return {value for row in rows for value in row.values() if value}


def wipe(names: list[str], erased_as: str) -> dict[str, int]:
	"""Take the person out of leads."""
	if not names:
		return {}
	lead, here = DocType(LEAD), set(frappe.db.get_table_columns(LEAD))
	query = frappe.qb.update(lead).where(lead.name.isin(names))
	for column in here & {*NAMED, *EMPTIED}:
		query = query.set(lead[column], erased_as if column in NAMED else None)
	for column, nothing in custom_fields.emptied(LEAD).items():
		query = query.set(lead[column], nothing)
	query.run()
	frappe.db.delete("CRM Note", {"parenttype": LEAD, "parent": ["in", names]})
	prospect = DocType("Prospect Lead")
	query = frappe.qb.update(prospect).where(prospect.lead.isin(names))
	for column in IN_PROSPECTS:
		query = query.set(prospect[column], erased_as if column == "lead_name" else None)
	query.run()
	trails.clear(LEAD, names)
	trails.forget_marks(LEAD, names)
	trails.forget_search(LEAD, names)
	for name in names:
		frappe.clear_document_cache(LEAD, name)
	return {LEAD: len(names)}


def prospects(customers: list[str], names: list[str]) -> list[str]:
	"""Prospects that are these customers and leads, and nobody else."""
	row = DocType("Prospect Lead")
	found = set(frappe.qb.from_(row).select(row.parent).where(row.lead.isin(names or [""])).run(pluck=True))
	of_others = {"lead": ["not in", names or [""]], "parent": ["in", sorted(found) or [""]]}
	found -= set(frappe.get_all("Prospect Lead", of_others, pluck="parent"))
	of_customers = {"name": ["in", customers], "prospect_name": ["is", "set"]}
	found |= {
		name
		for name in frappe.get_all("Customer", of_customers, pluck="prospect_name")
		if not frappe.db.exists("Prospect Lead", {"parent": name, "lead": ["not in", names or [""]]})
	}
	others = {"prospect_name": ["in", sorted(found) or [""]], "name": ["not in", customers]}
	return sorted(found - set(frappe.get_all("Customer", others, pluck="prospect_name")))


def wipe_prospects(names: list[str], erased_as: str) -> dict[str, int]:
	"""Take the person out of prospects, which are called by a name that somebody typed."""
	for name in names:
		new = name
		trails.clear(PROSPECT, [name])
		if not name.startswith(erased.ERASED_PREFIX):
			new = f"{erased_as}-{frappe.generate_hash(length=6)}"
			trails.rename(PROSPECT, name, new)
		values = {"company_name": new, "website": None, "fax": None, **custom_fields.emptied(PROSPECT)}
		frappe.db.set_value(PROSPECT, new, values, update_modified=False)
		frappe.db.delete("CRM Note", {"parenttype": PROSPECT, "parent": new})
		trails.clear(PROSPECT, [new])
		trails.forget_marks(PROSPECT, [new])
		trails.forget_search(PROSPECT, [name, new])
	return {PROSPECT: len(names)} if names else {}
