import frappe

from ccms_app.loyalty.store.ledger_document import LedgerDocument


class CCMSPointsLedgerEntry(LedgerDocument):
	pass


def on_doctype_update() -> None:
	doctype = "CCMS Points Ledger Entry"
	frappe.db.add_unique(doctype, ["membership", "seq"])
	frappe.db.add_index(doctype, ["membership", "posting_date"])
	frappe.db.add_index(doctype, ["membership", "qualifying_date"])
	frappe.db.add_index(doctype, ["voucher_type", "voucher_no"])
	# with what the chart of a company's months and the reports add up, so that they read the index alone
	frappe.db.add_index(doctype, ["company", "posting_date", "entry_type", "program", "points"])
