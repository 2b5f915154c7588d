"""Where ERPNext writes who a customer is into its documents: one table of columns, the same for export and erasure.

`NOW` is what no law keeps; `BOOKS` is what the books must show until `books_retention_years` have passed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import frappe
from frappe.query_builder import DocType

from . import custom_fields

REACH = ("contact_display", "contact_mobile", "contact_phone", "contact_email", "address_display")


@dataclass(frozen=True)
class Texts:
	"""The columns of a DocType that say who a customer is.

	party: the column that names the customer. kind: the column that says whether it does. named: columns that hold the
	person's name, which become the erased name; emptied: columns that are emptied. day: the date that the books go by.
	within: the DocType of the rows in which `party` and `kind` stand, where it is not the document itself.
	rows: (DocType of rows, their columns that are emptied with the document). items: the DocType of its item lines, whose
	descriptions go back to what the item is called.
	"""

	doctype: str
	party: str = "customer"
	kind: str = ""
	named: tuple[str, ...] = ("customer_name",)
	emptied: tuple[str, ...] = ()
	day: str = ""
	within: str = ""
	rows: tuple[tuple[str, tuple[str, ...]], ...] = ()
	items: str = ""


NOW = (
	Texts("Quotation", "party_name", "quotation_to", ("customer_name", "title"), (*REACH, "shipping_address", "terms", "enq_det", "order_lost_reason"), items="Quotation Item"),
	Texts("Sales Order", named=("customer_name", "title"), emptied=(*REACH, "shipping_address", "dispatch_address", "po_no", "tax_id", "terms"), items="Sales Order Item"),
	Texts("Delivery Note", named=("customer_name", "title"), emptied=(*REACH, "shipping_address", "dispatch_address", "po_no", "tax_id", "terms", "instructions"), items="Delivery Note Item"),
	Texts("Opportunity", "party_name", "opportunity_from", ("customer_name", "title"), (*REACH, "website", "whatsapp", "phone", "phone_ext", "job_title", "city", "state", "order_lost_reason"), items="Opportunity Item", rows=(("CRM Note", ("note",)),)),
	Texts("Issue", named=("customer_name", "subject"), emptied=("description", "raised_by", "resolution_details", "contact", "lead")),
	Texts("Warranty Claim", emptied=(*REACH, "complaint", "description", "resolution_details", "service_address", "complaint_raised_by", "from_company")),
	Texts("Maintenance Visit", emptied=(*REACH, "customer_feedback")),
	Texts("Maintenance Schedule", emptied=REACH),
	Texts("Installation Note", emptied=(*REACH, "remarks")),
	Texts("Pick List"),
	Texts("Blanket Order", emptied=("terms", "order_no")),
	Texts("Call Log", named=(), emptied=("from", "to", "summary", "recording_url", "contact", "caller_information")),
	Texts("Payment Request", "party", "party_type", ("party_name",), ("email_to", "subject", "message", "payment_url", "phone_number", "bank_account_no", "iban")),
	Texts("Contract", "party_name", "party_type", ("party_full_name",), ("signee", "ip_address", "contract_terms")),
	Texts("Appointment", "party", "appointment_with", ("customer_name",), ("customer_phone_number", "customer_skype", "customer_details", "customer_email")),
	Texts("Bank Account", "party", "party_type", ("account_name",), ("iban", "bank_account_no", "branch_code")),
	Texts("Timesheet", named=(), emptied=("note",)),
	Texts("Shipment", "delivery_customer", named=(), emptied=("delivery_to", "delivery_address", "delivery_contact", "delivery_contact_email", "description_of_content")),
	Texts("Purchase Order", emptied=("customer_contact_display", "customer_contact_mobile", "customer_contact_email", "shipping_address_display")),
	Texts("Project", named=(), emptied=("notes",)),
	Texts("Process Statement Of Accounts Customer", emptied=("billing_email", "primary_email")),
	Texts("Delivery Stop", named=(), emptied=("customer_address", "email_sent_to", "customer_contact", "details")),
)  # fmt: skip

BOOKS = (
	Texts("Sales Invoice", named=("customer_name", "title"), emptied=(*REACH, "shipping_address", "dispatch_address", "po_no", "tax_id", "terms", "remarks"), day="posting_date", items="Sales Invoice Item", rows=(("Sales Invoice Advance", ("remarks",)),)),
	Texts("POS Invoice", named=("customer_name", "title"), emptied=(*REACH, "shipping_address", "po_no", "tax_id", "terms", "remarks"), day="posting_date", items="POS Invoice Item"),
	Texts("Dunning", emptied=(*REACH, "body_text", "closing_text"), day="posting_date"),
	Texts("Payment Entry", "party", "party_type", ("party_name", "title"), ("contact_email", "remarks", "reference_no", "bank_account_no"), "posting_date"),
	Texts("Journal Entry", "party", "party_type", ("title",), ("remark", "user_remark", "pay_to_recd_from", "cheque_no", "bill_no"), "posting_date", "Journal Entry Account", (("Journal Entry Account", ("user_remark",)),)),
	Texts("Bank Transaction", "party", "party_type", (), ("description", "reference_number", "bank_party_name", "bank_party_iban", "bank_party_account_number"), "date"),
	Texts("Payment Ledger Entry", "party", "party_type", (), ("remarks",), "posting_date"),
)  # fmt: skip
VOUCHERS = ("Sales Invoice", "POS Invoice", "Payment Entry", "Journal Entry")
LEDGER_COLUMNS = {
	"GL Entry": ("against", "remarks"),
	"Journal Entry Account": ("against_account", "user_remark"),
	"Version": ("data",),
}
"""Further columns of the books: rows of the same vouchers."""
COPIED = ("Data", "Small Text", "Text", "Long Text", "Text Editor", "Read Only", "Phone", "Code")


def book_columns() -> dict[str, tuple[str, ...]]:
	"""DocType → columns that may still name an erased customer until the books may forget."""
	found = {texts.doctype: (*texts.named, *texts.emptied) for texts in BOOKS}
	for texts in BOOKS:
		found.update(texts.rows)
		if texts.items:
			found[texts.items] = ("description",)
	for doctype, columns in LEDGER_COLUMNS.items():
		found[doctype] = columns
	return found


def copied() -> list[Texts]:
	"""Other DocTypes, of whatever app, that copy facts of the customer they name (`fetch_from`): what the forms say."""
	left_out = {texts.doctype for texts in (*NOW, *BOOKS)}
	left_out.update(frappe.get_all("DocType", {"module": "CCMS App"}, pluck="name"))
	links, copies = set(), []
	for source, parent in (("DocField", "parent"), ("Custom Field", "dt")):
		of = f"{parent} as doctype"
		found = frappe.get_all(source, {"fieldtype": "Link", "options": "Customer"}, [of, "fieldname"])
		links |= {(row.doctype, row.fieldname) for row in found}
		filters = {"fetch_from": ["like", "%.%"], "fieldtype": ["in", COPIED]}
		copies += frappe.get_all(source, filters, [of, "fieldname", "fetch_from"])
	by_party: dict[tuple[str, str], list[str]] = {}
	for row in copies:
		party = row.doctype, row.fetch_from.partition(".")[0]
		if party in links and row.doctype not in left_out:
			by_party.setdefault(party, []).append(row.fieldname)
	return [
		Texts(
			doctype,
			party,
			named=tuple(name for name in names if name.endswith("customer_name")),
			emptied=tuple(name for name in names if not name.endswith("customer_name")),
		)
		for (doctype, party), names in by_party.items()
		if frappe.db.table_exists(doctype)
	]


def there(texts: Texts) -> list[str]:
	"""The columns of a row of the table that this site has."""
	columns = set(frappe.db.get_table_columns(texts.doctype))
	return [name for name in (*texts.named, *texts.emptied) if name in columns]


def of(
	texts: Texts, customers: list[str], leads: Iterable[str] = (), prospects: Iterable[str] = ()
) -> list[str]:
	"""The documents of customers, and of the leads and prospects that they were once, by name."""
	if not frappe.db.table_exists(texts.doctype):
		return []
	table = DocType(texts.within or texts.doctype)
	name = table.parent if texts.within else table.name
	mine = table[texts.party].isin(customers)
	if texts.kind:
		mine &= table[texts.kind] == "Customer"
		for kind, names in (("Lead", list(leads)), ("Prospect", list(prospects))):
			if names:
				mine |= (table[texts.kind] == kind) & table[texts.party].isin(names)
	if texts.within:
		mine &= table.parenttype == texts.doctype
	return frappe.qb.from_(table).select(name).distinct().where(mine).run(pluck=True)


def dated(texts: Texts, customer: str) -> list[frappe._dict]:
	"""(name, company, day) of the books of a customer."""
	found, names = [], of(texts, [customer])
	for start in range(0, len(names), 1_000):
		part = names[start : start + 1_000]
		fields = ["name", "company", f"{texts.day} as day"]
		found += frappe.get_all(texts.doctype, {"name": ["in", part]}, fields)
	return [row for row in found if row.day]


def wipe(texts: Texts, names: list[str], erased_as: str) -> int:
	"""Take the person out of these documents, by raw SQL: submitted ones stay as they are but for that."""
	if not names:
		return 0
	table, here, added = DocType(texts.doctype), there(texts), custom_fields.emptied(texts.doctype)
	for start in range(0, len(names), 1_000):
		part = names[start : start + 1_000]
		query = frappe.qb.update(table).where(table.name.isin(part))
		for column in here:
			query = query.set(table[column], erased_as if column in texts.named else "")
		for column, nothing in added.items():
			query = query.set(table[column], nothing)
		if here or added:
			query.run()
		for doctype, columns in _lines(texts).items():
			row = DocType(doctype)
			query = frappe.qb.update(row).where((row.parenttype == texts.doctype) & row.parent.isin(part))
			for column, nothing in columns.items():
				query = query.set(row[column], nothing)
			query.run()
		if texts.items:
			_describe_anew(texts, part)
	return len(names)


def _lines(texts: Texts) -> dict[str, dict[str, str | None]]:
	"""Rows of the documents → their columns that are emptied, and what they hold then."""
	found = {doctype: dict.fromkeys(columns, "") for doctype, columns in texts.rows}
	for doctype in {*found, *filter(None, [texts.items])}:
		found[doctype] = {**found.get(doctype, {}), **custom_fields.emptied(doctype)}
	return {doctype: columns for doctype, columns in found.items() if columns}


def _describe_anew(texts: Texts, names: list[str]) -> None:
	"""What was written into item lines is replaced by what the item is called."""
	line, item = DocType(texts.items), DocType("Item")
	query = (
		frappe.qb.from_(line)
		.left_join(item)
		.on(item.name == line.item_code)
		.select(line.name, line.item_name)
	)
	mine = (line.parenttype == texts.doctype) & line.parent.isin(names)
	rows = query.where(mine & (item.name.isnull() | (line.description != item.description))).run()
	for name, called in rows:
		frappe.qb.update(line).set(line.description, called).where(line.name == name).run()
