"""What ERPNext's own documents say about a customer: exported, and erased. The last one to be asked when erasing: it gives
the customer another name."""

from __future__ import annotations

from typing import Any

import frappe
from frappe.model.rename_doc import rename_doc
from frappe.query_builder import DocType

from ccms_app.customer_handler import Nothing
from ccms_app.customer_rows import filled, plain, readable
from ccms_app.identity.store import identities, links, merge_records
from ccms_app.privacy import words

from . import party_texts, trails
from .party_texts import BOOKS, NOW

CUSTOMER = "Customer"
FACTS = ("tax_id", "website", "mobile_no", "email_id", "primary_address", "customer_details", "first_name", "last_name", "gender", "image", "lead_name", "opportunity_name", "customer_pos_id", "salutation", "ccms_birth_date", "ccms_occupation", "ccms_home_place", "ccms_work_place", "ccms_preferred_channel")  # fmt: skip
LIKED = ("_user_tags", "_comments", "_assign", "_liked_by", "_seen")
KEPT_IN_CONTACT = ("name", "creation", "modified", "modified_by", "owner", "docstatus", "idx", "user", "status", "is_primary_contact", "is_billing_contact", "country", "address_type", "is_primary_address", "is_shipping_address", "disabled", "unsubscribed", "pulled_from_google_contacts", "sync_with_google_contacts", "is_your_company_address")  # fmt: skip


class Handler(Nothing):
	"""Customer, contacts, addresses, documents, and what Frappe keeps beside them."""

	doctypes = ("CCMS Privacy Request",)

	def export(self, customer: str) -> dict[str, list[dict[str, Any]]]:
		found = {CUSTOMER: readable(CUSTOMER, {"name": customer})}
		for doctype in ("Contact", "Address"):
			found[doctype] = readable(doctype, {"name": ["in", _linked(doctype, [customer]) or ["-"]]})
		for texts in (*NOW, *BOOKS):
			if texts.doctype != "Payment Ledger Entry" and (names := party_texts.of(texts, [customer])):
				found[texts.doctype] = _documents(texts, names)
		mails = trails.communications_of(CUSTOMER, [customer])
		for contact in _linked("Contact", [customer]):
			mails += trails.communications_of("Contact", [contact])
		fields = ["communication_date", "communication_type", "sent_or_received", "sender", "recipients", "subject", "content"]  # fmt: skip
		found["Communication"] = [
			{name: plain(value) for name, value in row.items() if value not in (None, "")}
			for row in frappe.get_all("Communication", {"name": ["in", mails or ["-"]]}, fields)
		]
		found["CCMS Privacy Request"] = [
			{name: plain(value) for name, value in row.items() if value not in (None, "")}
			for row in frappe.get_all(
				"CCMS Privacy Request",
				{"customer": customer},
				["request_type", "status", "received_on", "due_on", "completed_on", "refusal_reason"],
			)
		]
		return filled(found)

	def erase(self, customer: str, erased_as: str) -> dict[str, int]:
		both = [customer, erased_as]
		done = _wipe_now(both, erased_as)
		done |= _wipe_people("Contact", both, erased_as) | _wipe_people("Address", both, erased_as)
		_portal_users(both, erased_as)
		if customer != erased_as and frappe.db.exists(CUSTOMER, customer):
			tags = frappe.get_all(
				"Tag Link", {"document_type": CUSTOMER, "document_name": customer}, pluck="tag"
			)
			trails.clear(CUSTOMER, [customer])
			trails.unused_tags(tags)
			rename_doc(
				CUSTOMER,
				customer,
				erased_as,
				force=True,
				ignore_permissions=True,
				show_alert=False,
				rebuild_search=False,
			)
			done[CUSTOMER] = 1
		_wipe_customer(erased_as)
		for doctype in _ours():
			names = frappe.get_all(doctype, {"customer": erased_as}, pluck="name")
			trails.clear(doctype, names)
			trails.forget_marks(doctype, names)
		return done


def _documents(texts: party_texts.Texts, names: list[str]) -> list[dict[str, Any]]:
	wanted = ["name", *party_texts.there(texts)]
	columns = set(frappe.db.get_table_columns(texts.doctype))
	wanted += [
		name for name in ("transaction_date", "posting_date", "company", "grand_total", "currency", "status") if name in columns
	]  # fmt: skip
	found = []
	for start in range(0, len(names), 1_000):
		found += frappe.get_all(texts.doctype, {"name": ["in", names[start : start + 1_000]]}, wanted)
	return [{name: plain(value) for name, value in row.items() if value not in (None, "")} for row in found]


def personal_words(customer: str) -> set[str]:
	"""What a person can be found by in a log: names, e-mail addresses, numbers."""
	row = frappe.db.get_value(CUSTOMER, customer, ["customer_name", "email_id", "mobile_no", "tax_id"]) or ()
	found_by = {customer, *row}
	for merge in merge_records.of([customer]):
		found_by.update(
			frappe.db.get_value(merge_records.DOCTYPE, merge.name, ["source", "source_title"]) or ()
		)
	for identity in links.of_customer(customer):
		try:
			found_by.add(identities.reveal(identity.identity).rpartition(":")[2])
		except (frappe.ValidationError, frappe.DoesNotExistError):
			frappe.clear_last_message()
	for contact in _linked("Contact", [customer]):
		found_by.add(contact)
		found = frappe.db.get_value("Contact", contact, ["full_name", "email_id", "mobile_no", "phone"])
		found_by.update(found or ())
		found_by.update(frappe.get_all("Contact Email", {"parent": contact}, pluck="email_id"))
		found_by.update(frappe.get_all("Contact Phone", {"parent": contact}, pluck="phone"))
	for address in _linked("Address", [customer]):
		found_by.add(address)
		found_by.update(frappe.db.get_value("Address", address, ["email_id", "phone", "address_line1"]) or ())
	return {str(word) for word in found_by if word}


def _linked(doctype: str, customers: list[str]) -> list[str]:
	"""Contacts or addresses of a customer."""
	return frappe.get_all(
		"Dynamic Link",
		{"parenttype": doctype, "link_doctype": CUSTOMER, "link_name": ["in", customers]},
		pluck="parent",
		distinct=True,
	)


def _wipe_now(both: list[str], erased_as: str) -> dict[str, int]:
	done = {}
	for texts in NOW:
		if not frappe.db.table_exists(texts.doctype) or not (names := party_texts.of(texts, both)):
			continue
		done[texts.doctype] = party_texts.wipe(texts, names, erased_as)
		trails.clear(texts.doctype, names)
		trails.forget_marks(texts.doctype, names)
		if texts.doctype in ("Quotation", "Sales Order", "Delivery Note", "Issue", "Opportunity"):
			trails.forget_search(texts.doctype, names)
	for texts in BOOKS:
		if names := party_texts.of(texts, both):
			trails.clear(texts.doctype, names, versions=False)
			trails.forget_marks(texts.doctype, names)
			trails.forget_search(texts.doctype, names)
	return done


def _wipe_people(doctype: str, both: list[str], erased_as: str) -> dict[str, int]:
	"""Contacts and addresses that are this customer's alone are emptied and renamed; of others only the link goes."""
	done = 0
	for name in _linked(doctype, both):
		links = frappe.get_all(
			"Dynamic Link", {"parenttype": doctype, "parent": name}, ["name", "link_doctype", "link_name"]
		)
		mine = [row.name for row in links if row.link_doctype == CUSTOMER and row.link_name in both]
		if len(mine) < len(links):
			frappe.db.delete("Dynamic Link", {"name": ["in", mine]})
			continue
		trails.clear(doctype, [name])
		if not name.startswith(words.ERASED_PREFIX):
			new = f"{erased_as}-{frappe.generate_hash(length=6)}"
			rename_doc(
				doctype,
				name,
				new,
				force=True,
				ignore_permissions=True,
				show_alert=False,
				rebuild_search=False,
			)
			trails.clear(doctype, [new])
			trails.forget_search(doctype, [name, new])
			name = new
		_empty(doctype, name, erased_as)
		done += 1
	return {doctype: done} if done else {}


def _empty(doctype: str, name: str, erased_as: str) -> None:
	table = DocType(doctype)
	query = frappe.qb.update(table).where(table.name == name)
	texts = {
		field.fieldname
		for field in frappe.get_meta(doctype).fields
		if field.fieldtype in ("Data", "Small Text", "Text", "Link", "Attach Image", "Attach", "Phone", "Select", "Date")
	}  # fmt: skip
	for column in frappe.db.get_table_columns(doctype):
		if column in LIKED or (column in texts and column not in KEPT_IN_CONTACT):
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


def _portal_users(both: list[str], erased_as: str) -> None:
	"""The log-in of a portal user who is this customer's alone is closed, and named nobody; staff keep theirs."""
	for user in frappe.get_all("Portal User", {"parenttype": CUSTOMER, "parent": ["in", both]}, pluck="user"):
		others = frappe.get_all("Portal User", {"user": user, "parent": ["not in", both]}, limit=1)
		if others or frappe.db.get_value("User", user, "user_type") != "Website User":
			continue
		from .frappe_requests import close_login

		if not user.endswith("@erased.invalid"):
			close_login(user, f"{erased_as}@erased.invalid")
	frappe.db.delete("Portal User", {"parenttype": CUSTOMER, "parent": ["in", both]})


def _wipe_customer(erased_as: str) -> None:
	columns = set(frappe.db.get_table_columns(CUSTOMER))
	values: dict[str, Any] = {name: None for name in (*FACTS, *LIKED) if name in columns}
	values |= {"customer_name": erased_as, "disabled": 1}
	frappe.db.set_value(CUSTOMER, erased_as, values, update_modified=False)
	trails.clear(CUSTOMER, [erased_as])  # Frappe's own word on the renaming, which tells the old name
	trails.forget_search(CUSTOMER, [erased_as])
	frappe.clear_document_cache(CUSTOMER, erased_as)


def _ours() -> list[str]:
	"""DocTypes of ours whose rows may have comments, tasks and files about a customer."""
	return ["CCMS Membership", "CCMS Points Adjustment", "CCMS Privacy Request"]
