"""Documents that name a customer: written only while that customer is neither merged nor erased."""

import frappe
from frappe import _

from ccms_app.identity.store import locks

PARTY = {"Quotation": ("quotation_to", "party_name"), "Payment Entry": ("party_type", "party")}


def validate(doc, method=None):
	wanted = customers(doc)
	there = locks.keep(wanted)
	for name in sorted(wanted - there):
		if locks.keep([name]):
			continue  # the database takes it for the same, written otherwise
		frappe.throw(
			_("{0} was merged or erased just now. Choose the customer again.").format(frappe.bold(name))
		)


def customers(doc) -> set[str]:
	"""The customers a document names."""
	if doc.doctype == "Journal Entry":
		return {row.party for row in doc.accounts if row.party_type == "Customer" and row.party}
	kind, party = PARTY.get(doc.doctype, ("", "customer"))
	if kind and doc.get(kind) != "Customer":
		return set()
	return {doc.get(party)} - {None, ""}
