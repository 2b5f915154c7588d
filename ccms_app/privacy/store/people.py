"""Contacts and addresses of a customer: whose they are, what is found by them, and how they are emptied."""

from __future__ import annotations

from collections.abc import Iterable

import frappe
from frappe.query_builder import DocType

from ccms_app.privacy import words

from . import custom_fields, leads, party_texts, trails

CUSTOMER = "Customer"
DOCTYPES = ("Contact", "Address")
LIKED = ("_user_tags", "_comments", "_assign", "_liked_by", "_seen")
KEPT = ("name", "creation", "modified", "modified_by", "owner", "docstatus", "idx", "status", "is_primary_contact", "is_billing_contact", "country", "address_type", "is_primary_address", "is_shipping_address", "disabled", "unsubscribed", "pulled_from_google_contacts", "sync_with_google_contacts", "is_your_company_address")  # fmt: skip
COUNTERS = "tabSeries"


def linked(
	doctype: str, customers: list[str], leads_: Iterable[str] = (), users: Iterable[str] = ()
) -> list[str]:
	"""Contacts or addresses of customers, of the leads that they were, and of their log-ins."""
	found: dict[str, None] = {}
	for kind, names in ((CUSTOMER, customers), (leads.LEAD, list(leads_))):
		of = {"parenttype": doctype, "link_doctype": kind, "link_name": ["in", names or [""]]}
		found |= dict.fromkeys(frappe.get_all("Dynamic Link", of, pluck="parent", distinct=True))
	if doctype == "Contact" and (users := list(users)):
		found |= dict.fromkeys(frappe.get_all("Contact", {"user": ["in", users]}, pluck="name"))
	if doctype == "Contact":
		found |= dict.fromkeys(_loose(list(found), list(leads_)))
	return list(found)


def _loose(contacts: list[str], leads_: list[str]) -> list[str]:
	"""Contacts that are linked to nothing and have an e-mail address of these contacts or leads and of nobody else: ERPNext
	makes such ones of a lead."""
	theirs = {"parenttype": "Contact", "parent": ["in", contacts or [""]]}
	addresses = {*frappe.get_all("Contact Email", theirs, pluck="email_id")}
	addresses.update(frappe.get_all(leads.LEAD, {"name": ["in", leads_ or [""]]}, pluck="email_id"))
	having = {"parenttype": "Contact", "email_id": ["in", sorted(filter(None, addresses)) or [""]]}
	rows = frappe.get_all("Contact Email", having, ["parent", "email_id"])
	others = [row.parent for row in rows if row.parent not in contacts]
	held = {"parenttype": "Contact", "parent": ["in", others or [""]]}
	held = {*frappe.get_all("Dynamic Link", held, pluck="parent")}
	held.update(
		frappe.get_all("Contact", {"name": ["in", others or [""]], "user": ["is", "set"]}, pluck="name")
	)
	shared = {row.email_id.casefold() for row in rows if row.parent in held}
	return sorted(
		{row.parent for row in rows if row.parent in others and row.email_id.casefold() not in shared}
	)


def found_by(customer: str, leads_: Iterable[str] = (), users: Iterable[str] = ()) -> set[str]:
	"""Names, e-mail addresses and numbers of these contacts and addresses."""
	found: set = set()
	for contact in linked("Contact", [customer], leads_, users):
		found.add(contact)
		row = frappe.db.get_value("Contact", contact, ["full_name", "email_id", "mobile_no", "phone"])
		found.update(row or ())
		found.update(frappe.get_all("Contact Email", {"parent": contact}, pluck="email_id"))
		found.update(frappe.get_all("Contact Phone", {"parent": contact}, pluck="phone"))
	for address in linked("Address", [customer], leads_):
		found.add(address)
		found.update(frappe.db.get_value("Address", address, ["email_id", "phone", "address_line1"]) or ())
	return {str(word) for word in found if word}


def wipe(
	doctype: str,
	both: list[str],
	leads_: list[str],
	erased_as: str,
	*,
	prospects: list[str] | None = None,
	users: Iterable[str] = (),
) -> dict[str, int]:
	"""Those that are this person's alone are emptied and renamed; of others only the link goes."""
	mine = _Own(both, leads_, prospects or [])
	done = 0
	for name in linked(doctype, both, leads_, users):
		rows = frappe.get_all(
			"Dynamic Link", {"parenttype": doctype, "parent": name}, ["name", "link_doctype", "link_name"]
		)
		own = [row.name for row in rows if mine.names(row.link_doctype, row.link_name)]
		if len(own) < len(rows):
			frappe.db.delete("Dynamic Link", {"name": ["in", own or [""]]})
			continue
		trails.clear(doctype, [name])
		if not name.startswith(words.ERASED_PREFIX):
			counters = _counters(doctype, name)
			new = f"{erased_as}-{frappe.generate_hash(length=6)}"
			trails.rename(doctype, name, new)
			trails.clear(doctype, [new])
			trails.forget_search(doctype, [name, new])
			forget_counters(doctype, counters)
			name = new
		_empty(doctype, name, erased_as)
		done += 1
	return {doctype: done} if done else {}


class _Own:
	"""What a contact or an address may be linked to and yet be one person's: the person, and the person's documents."""

	def __init__(self, customers: list[str], leads_: list[str], prospects: list[str]) -> None:
		self.parties = {CUSTOMER: customers, leads.LEAD: leads_, leads.PROSPECT: prospects}

	def names(self, doctype: str, name: str) -> bool:
		if doctype in self.parties:
			return name in self.parties[doctype]
		texts = next((one for one in (*party_texts.NOW, *party_texts.BOOKS) if one.doctype == doctype), None)
		if not texts or texts.within:
			return False
		kind, party = frappe.db.get_value(doctype, name, [texts.kind or "name", texts.party]) or ("", "")
		return party in self.parties.get(kind if texts.kind else CUSTOMER, ())


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
		if field.fieldtype in (*custom_fields.TYPES, "Link", "Select")
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
