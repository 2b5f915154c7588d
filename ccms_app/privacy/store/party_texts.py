"""Where ERPNext writes who a customer is into its documents: one table of columns, the same for export and erasure.

`NOW` is what no law keeps; `BOOKS` is what the books must show until `books_retention_years` have passed.
"""

from __future__ import annotations

from dataclasses import dataclass

import frappe
from frappe.query_builder import DocType

REACH = ("contact_display", "contact_mobile", "contact_phone", "contact_email", "address_display")


@dataclass(frozen=True)
class Texts:
	"""The columns of a DocType that say who a customer is.

	party: the column that names the customer. kind: the column that says whether it does. named: columns that hold the
	person's name, which become the erased name; emptied: columns that are emptied. day: the date that the books go by.
	"""

	doctype: str
	party: str = "customer"
	kind: str = ""
	named: tuple[str, ...] = ("customer_name",)
	emptied: tuple[str, ...] = ()
	day: str = ""


NOW = (
	Texts("Quotation", "party_name", "quotation_to", ("customer_name", "title"), (*REACH, "shipping_address", "terms", "enq_det", "order_lost_reason")),
	Texts("Sales Order", named=("customer_name", "title"), emptied=(*REACH, "shipping_address", "dispatch_address", "po_no", "tax_id", "terms")),
	Texts("Delivery Note", named=("customer_name", "title"), emptied=(*REACH, "shipping_address", "dispatch_address", "po_no", "tax_id", "terms", "instructions")),
	Texts("Opportunity", "party_name", "opportunity_from", ("customer_name", "title"), (*REACH, "website", "whatsapp", "phone", "phone_ext", "job_title", "city", "state", "order_lost_reason")),
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
	Texts("Delivery Stop", named=(), emptied=("customer_address", "email_sent_to", "customer_contact", "details")),
)  # fmt: skip

BOOKS = (
	Texts("Sales Invoice", named=("customer_name", "title"), emptied=(*REACH, "shipping_address", "dispatch_address", "po_no", "tax_id", "terms", "remarks"), day="posting_date"),
	Texts("POS Invoice", named=("customer_name", "title"), emptied=(*REACH, "shipping_address", "po_no", "tax_id", "terms", "remarks"), day="posting_date"),
	Texts("Dunning", emptied=(*REACH, "body_text", "closing_text"), day="posting_date"),
	Texts("Payment Entry", "party", "party_type", ("party_name", "title"), ("contact_email", "remarks", "reference_no", "bank_account_no"), "posting_date"),
	Texts("Payment Ledger Entry", "party", "party_type", (), ("remarks",), "posting_date"),
)  # fmt: skip
VOUCHERS = ("Sales Invoice", "POS Invoice", "Payment Entry")
LEDGER_COLUMNS = {"GL Entry": ("against", "remarks"), "Version": ("data",)}
"""Further columns of the books: rows of the same vouchers."""


def book_columns() -> dict[str, tuple[str, ...]]:
	"""DocType → columns that may still name an erased customer until the books may forget."""
	found = {texts.doctype: (*texts.named, *texts.emptied) for texts in BOOKS}
	for doctype, columns in LEDGER_COLUMNS.items():
		found[doctype] = columns
	return found


def there(texts: Texts) -> list[str]:
	"""The columns of a row of the table that this site has."""
	columns = set(frappe.db.get_table_columns(texts.doctype))
	return [name for name in (*texts.named, *texts.emptied) if name in columns]


def of(texts: Texts, customers: list[str], until: str = "") -> list[str]:
	"""The documents of customers, by name; until: only of days up to that one."""
	table = DocType(texts.doctype)
	query = frappe.qb.from_(table).select(table.name).where(table[texts.party].isin(customers))
	if texts.kind:
		query = query.where(table[texts.kind] == "Customer")
	if until and texts.day:
		query = query.where(table[texts.day] <= until)
	return query.run(pluck=True)


def wipe(texts: Texts, names: list[str], erased_as: str) -> int:
	"""Take the person out of these documents, by raw SQL: submitted ones stay as they are but for that."""
	if not names:
		return 0
	table, here = DocType(texts.doctype), there(texts)
	for start in range(0, len(names), 1_000):
		query = frappe.qb.update(table).where(table.name.isin(names[start : start + 1_000]))
		for column in here:
			query = query.set(table[column], erased_as if column in texts.named else "")
		query.run()
	return len(names)
