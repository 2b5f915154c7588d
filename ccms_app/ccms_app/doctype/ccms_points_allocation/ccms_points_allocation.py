import frappe

from ccms_app.loyalty.store.ledger_document import LedgerDocument


class CCMSPointsAllocation(LedgerDocument):
	pass


def on_doctype_update() -> None:
	frappe.db.add_index("CCMS Points Allocation", ["company", "posting_date", "creation"])
