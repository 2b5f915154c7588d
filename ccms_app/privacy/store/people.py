"""Contacts and addresses of a customer: whose they are, what is found by them, and how they are emptied."""

from __future__ import annotations

from collections.abc import Iterable

import frappe
from frappe.model.rename_doc import rename_doc
from frappe.query_builder import DocType

from ccms_app.privacy import words

from . import leads, trails

CUSTOMER = "Customer"
DOCTYPES = ("Contact", "Address")
LIKED = ("_user_tags", "_comments", "_assign", "_liked_by", "_seen")
KEPT = ("name", "creation", "modified", "modified_by", "owner", "docstatus", "idx", "user", "status", "is_primary_contact", "is_billing_contact", "country", "address_type", "is_primary_address", "is_shipping_address", "disabled", "unsubscribed", "pulled_from_google_contacts", "sync_with_google_contacts", "is_your_company_address")  # fmt: skip
COUNTERS = "tabSeries"


def linked(doctype: str, customers: list[str], leads_: Iterable[str] = ()) -> list[str]:
	"""Contacts or addresses of customers, and of the leads that they were."""
	found: dict[str, None] = {}
	for kind, names in ((CUSTOMER, customers), (leads.LEAD, list(leads_))):
		of = {"parenttype": doctype, "link_doctype": kind, "link_name": ["in", names or [""]]}
		found |= dict.fromkeys(frappe.get_all("Dynamic Link", of, pluck="parent", distinct=True))
	return list(found)


def found_by(customer: str, leads_: Iterable[str] = ()) -> set[str]:
	"""Names, e-mail addresses and numbers of these contacts and addresses."""
	found: set = set()
	for contact in linked("Contact", [customer], leads_):
		found.add(contact)
		row = frappe.db.get_value("Contact", contact, ["full_name", "email_id", "mobile_no", "phone"])
		found.update(row or ())
		found.update(frappe.get_all("Contact Email", {"parent": contact}, pluck="email_id"))
		found.update(frappe.get_all("Contact Phone", {"parent": contact}, pluck="phone"))
	for address in linked("Address", [customer], leads_):
		found.add(address)
		found.update(frappe.db.get_value("Address", address, ["email_id", "phone", "address_line1"]) or ())
	return {str(word) for word in found if word}


def wipe(doctype: str, both: list[str], leads_: list[str], erased_as: str) -> dict[str, int]:
	"""Those that are this person's alone are emptied and renamed; of others only the link goes."""
	done = 0
	for name in linked(doctype, both, leads_):
		rows = frappe.get_all(
			"Dynamic Link", {"parenttype": doctype, "parent": name}, ["name", "link_doctype", "link_name"]
		)
		mine = [row.name for row in rows if _is_mine(row, both, leads_)]
		if len(mine) < len(rows):
			frappe.db.delete("Dynamic Link", {"name": ["in", mine]})
			continue
		trails.clear(doctype, [name])
		if not name.startswith(words.ERASED_PREFIX):
			counters = _counters(doctype, name)
			new = f"{erased_as}-{frappe.generate_hash(length=6)}"
			rename(doctype, name, new)
			trails.clear(doctype, [new])
			trails.forget_search(doctype, [name, new])
			forget_counters(doctype, counters)
			name = new
		_empty(doctype, name, erased_as)
		done += 1
	return {doctype: done} if done else {}


def rename(doctype: str, old: str, new: str) -> None:
	"""Give a document another name, of which nothing is said."""
	rename_doc(doctype, old, new, force=True, ignore_permissions=True, show_alert=False, rebuild_search=False)


def _is_mine(row: frappe._dict, both: list[str], leads_: list[str]) -> bool:
	return row.link_name in (
		both if row.link_doctype == CUSTOMER else leads_ if row.link_doctype == leads.LEAD else ()
	)


def _counters(doctype: str, name: str) -> list[str]:
	"""Under what Frappe counts addresses of one title."""
	if doctype != "Address":
		return []
	title, kind = frappe.db.get_value(doctype, name, ["address_title", "address_type"])
	return [f"{(title or '').strip()}-{(kind or '').strip()}-"]


def forget_counters(doctype: str, counters: Iterable[str]) -> None:
	"""Delete counters that are called by a person, where no document is numbered by them any more."""
	series = frappe.qb.Table(COUNTERS)
	for counter in counters:
		if not frappe.db.exists(doctype, {"name": ["like", f"{counter}%"]}):
			frappe.qb.from_(series).delete().where(series.name == counter).run()


def _empty(doctype: str, name: str, erased_as: str) -> None:
	table = DocType(doctype)
	query = frappe.qb.update(table).where(table.name == name)
	texts = {
		field.fieldname
		for field in frappe.get_meta(doctype).fields
		if field.fieldtype in ("Data", "Small Text", "Text", "Link", "Attach Image", "Attach", "Phone", "Select", "Date")
	}  # fmt: skip
	for column in frappe.db.get_table_columns(doctype):
		if column in LIKED or (column in texts and column not in KEPT):
			query = query.set(table[column], None)
	for column in {"first_name", "full_name", "address_title"} & set(frappe.db.get_table_columns(doctype)):
		query = query.set(table[column], erased_as)
	query.run()
	for child in ("Contact Email", "Contact Phone"):
		frappe.db.delete(child, {"parenttype": doctype, "parent": name})
	link = DocType("Dynamic Link")
	frappe.qb.update(link).set(link.link_title, erased_as).where(
		(link.parenttype == doctype) & (link.parent == name)
	).run()
	frappe.clear_document_cache(doctype, name)
