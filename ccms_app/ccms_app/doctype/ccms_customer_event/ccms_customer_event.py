import frappe

from ccms_app.behaviour.store.kept_document import KeptDocument


class CCMSCustomerEvent(KeptDocument):
	pass


def on_doctype_update() -> None:
	frappe.db.add_index("CCMS Customer Event", ["company", "occurred_on"])
	frappe.db.add_index("CCMS Customer Event", ["event_type", "occurred_on"])
