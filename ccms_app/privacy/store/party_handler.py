"""What ERPNext's own documents say about a customer: exported, and erased. The last one to be asked when erasing: it gives
the customer another name."""

from __future__ import annotations

from typing import Any

import frappe

from ccms_app.customer_handler import Nothing
from ccms_app.customer_rows import filled, plain, readable
from ccms_app.identity.store import identities, links, merge_records
from ccms_app.privacy import words

from . import custom_fields, leads, logins, mails, party_texts, people, trails
from .party_texts import BOOKS, NOW

CUSTOMER = "Customer"
FACTS = ("tax_id", "website", "mobile_no", "email_id", "primary_address", "customer_details", "first_name", "last_name", "gender", "image", "lead_name", "opportunity_name", "prospect_name", "customer_pos_id", "salutation", "ccms_birth_date", "ccms_occupation", "ccms_home_place", "ccms_work_place", "ccms_preferred_channel")  # fmt: skip
SEARCHED = ("Quotation", "Sales Order", "Delivery Note", "Issue", "Opportunity")


class Handler(Nothing):
	"""Customer, contacts, addresses, documents, and what Frappe keeps beside them."""

	doctypes = ("CCMS Privacy Request",)

	def export(self, customer: str) -> dict[str, list[dict[str, Any]]]:
		found = {CUSTOMER: readable(CUSTOMER, {"name": customer})}
		once = leads.of([customer])
		for doctype in people.DOCTYPES:
			names = people.linked(doctype, [customer], once)
			found[doctype] = readable(doctype, {"name": ["in", names or ["-"]]})
		prospects = leads.prospects([customer], once)
		found[leads.LEAD] = readable(leads.LEAD, {"name": ["in", once or ["-"]]})
		found[leads.PROSPECT] = readable(leads.PROSPECT, {"name": ["in", prospects or ["-"]]})
		for texts in (*NOW, *BOOKS):
			names = party_texts.of(texts, [customer], once, prospects)
			if names and texts.doctype != "Payment Ledger Entry":
				found[texts.doctype] = _documents(texts, names)
		held = _mails(customer, once)
		fields = ["communication_date", "communication_type", "sent_or_received", "sender", "recipients", "subject", "content"]  # fmt: skip
		found["Communication"] = [
			{name: plain(value) for name, value in row.items() if value not in (None, "")}
			for row in frappe.get_all("Communication", {"name": ["in", held or ["-"]]}, fields)
		]
		found["CCMS Privacy Request"] = [
			{name: plain(value) for name, value in row.items() if value not in (None, "")}
			for row in frappe.get_all(
				"CCMS Privacy Request",
				{"customer": customer},
				[
					"request_type",
					"status",
					"received_on",
					"due_on",
					"completed_on",
					"refusal_reason",
					"restricted_on",
					"lifted_on",
					"lift_reason",
				],
			)
		]
		return filled(found)

	def erase(self, customer: str, erased_as: str) -> dict[str, int]:
		both = [customer, erased_as]
		once = leads.of(both)
		prospects = leads.prospects(both, once)
		users, mine = logins.of(both), logins.alone(both)  # while contacts say whose they are
		done = _wipe_now(both, once, prospects, erased_as)
		for doctype in people.DOCTYPES:
			done |= people.wipe(doctype, both, once, erased_as, prospects=prospects, users=mine)
		done |= leads.wipe(once, erased_as) | leads.wipe_prospects(prospects, erased_as)
		_close(users, mine, both, erased_as)
		if customer != erased_as and frappe.db.exists(CUSTOMER, customer):
			tags = frappe.get_all(
				"Tag Link", {"document_type": CUSTOMER, "document_name": customer}, pluck="tag"
			)
			trails.clear(CUSTOMER, [customer])
			trails.unused_tags(tags)
			trails.rename(CUSTOMER, customer, erased_as)
			done[CUSTOMER] = 1
		_wipe_customer(erased_as)
		for doctype in _ours():
			names = frappe.get_all(doctype, {"customer": erased_as}, pluck="name")
			trails.clear(doctype, names)
			trails.forget_marks(doctype, names)
		return done


def _mails(customer: str, once: list[str]) -> list[str]:
	"""Mails and calls about the customer, and those with an address of theirs and nobody else's."""
	found = set(mails.about(CUSTOMER, [customer])) | set(mails.about(leads.LEAD, once or [""]))
	for contact in people.linked("Contact", [customer], once):
		found.update(mails.about("Contact", [contact]))
	alone, _shared = mails.between(reached_by(personal_words(customer)))
	return sorted(found.union(alone))


def reached_by(found_by: set[str]) -> set[str]:
	"""Those words that are e-mail addresses or telephone numbers."""
	return {
		word
		for word in found_by
		if "@" in word or (word.startswith("+") and word[1:].replace(" ", "").isdigit())
	}


def _documents(texts: party_texts.Texts, names: list[str]) -> list[dict[str, Any]]:
	wanted = ["name", *party_texts.there(texts), *custom_fields.of(texts.doctype)]
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
	found_by = {customer, *row, *names_of(customer)}
	for merge in merge_records.of([customer]):
		found_by.add(frappe.db.get_value(merge_records.DOCTYPE, merge.name, "source_title"))
	for identity in links.of_customer(customer):
		try:
			found_by.add(identities.reveal(identity.identity).rpartition(":")[2])
		except (frappe.ValidationError, frappe.DoesNotExistError):
			frappe.clear_last_message()
	once = leads.of([customer])
	users = logins.alone([customer])
	found_by.update(leads.prospects([customer], once))
	found_by |= people.found_by(customer, once, users) | leads.words(once) | logins.words(users)
	return {str(word) for word in found_by if word}


def names_of(customer: str) -> set[str]:
	"""What a customer is called, and those were who were merged into them."""
	return {customer, *(merge.source for merge in merge_records.of([customer]) if merge.source)}


def _wipe_now(both: list[str], once: list[str], prospects: list[str], erased_as: str) -> dict[str, int]:
	done = {}
	called = [frappe.db.get_value(CUSTOMER, name, "customer_name") or name for name in both]
	for texts in (*NOW, *party_texts.copied()):
		if not (names := party_texts.of(texts, both, once, prospects)):
			continue
		done[texts.doctype] = party_texts.wipe(texts, names, erased_as)
		trails.clear(texts.doctype, names)
		trails.forget_marks(texts.doctype, names)
		if texts.doctype in SEARCHED:
			trails.forget_search(texts.doctype, names)
		for name in names:
			if any(word.casefold() in name.casefold() for word in (*called, *both)):
				_call_nobody(texts.doctype, name, called, erased_as)
	for texts in BOOKS:
		if names := party_texts.of(texts, both):
			trails.clear(texts.doctype, names, versions=False)
			trails.forget_marks(texts.doctype, names)
			trails.forget_search(texts.doctype, names)
	return done


def _call_nobody(doctype: str, name: str, called: list[str], erased_as: str) -> None:
	"""Some documents are called by their customer: APMT-Anna-0001, Anna - Bank."""
	if name.startswith(words.ERASED_PREFIX):
		return
	trails.rename(doctype, name, f"{erased_as}-{frappe.generate_hash(length=6)}")
	trails.clear(doctype, [name])
	people.forget_counters(doctype, [f"APMT-{one}-" for one in called])


def _close(users: list[str], mine: list[str], both: list[str], erased_as: str) -> None:
	"""The log-ins that are this customer's alone are closed; what any of them has downloaded goes."""
	logins.forget_downloads(users)
	for user in mine:
		logins.close(user, erased_as)
	frappe.db.delete("Portal User", {"parenttype": CUSTOMER, "parent": ["in", both]})


def _wipe_customer(erased_as: str) -> None:
	columns = set(frappe.db.get_table_columns(CUSTOMER))
	values: dict[str, Any] = {name: None for name in (*FACTS, *people.LIKED) if name in columns}
	values |= custom_fields.emptied(CUSTOMER)
	values |= {"customer_name": erased_as, "disabled": 1}
	frappe.db.set_value(CUSTOMER, erased_as, values, update_modified=False)
	trails.clear(CUSTOMER, [erased_as])  # Frappe's own word on the renaming, which tells the old name
	trails.forget_search(CUSTOMER, [erased_as])
	frappe.clear_document_cache(CUSTOMER, erased_as)


def _ours() -> list[str]:
	"""DocTypes of ours whose rows may have comments, tasks and files about a customer."""
	return ["CCMS Membership", "CCMS Points Adjustment", "CCMS Privacy Request"]
