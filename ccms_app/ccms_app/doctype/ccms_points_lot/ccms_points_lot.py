import frappe

from ccms_app.loyalty.store.ledger_document import LedgerDocument


class CCMSPointsLot(LedgerDocument):
	pass


def on_doctype_update() -> None:
	doctype = "CCMS Points Lot"
	frappe.db.add_index(doctype, ["membership", "state", "draw_before", "entry_seq"])
	frappe.db.add_index(doctype, ["state", "expires_on"])
	frappe.db.add_index(doctype, ["state", "available_from"])
