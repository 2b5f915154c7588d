import frappe

from ccms_app.interactions.store import clearing
from ccms_app.interactions.store.kept import KeptEvent


class CCMSCustomerInteraction(KeptEvent):
	@staticmethod
	def clear_old_logs(days: int = 400) -> None:
		clearing.clear_events(days)


def on_doctype_update() -> None:
	doctype = "CCMS Customer Interaction"
	frappe.db.add_index(doctype, ["identity", "occurred_at", "name"])
	frappe.db.add_index(doctype, ["visitor", "occurred_at", "name"])
	frappe.db.add_index(doctype, ["company", "occurred_at", "name"])
	frappe.db.add_index(doctype, ["reference_doctype", "reference_name"])
