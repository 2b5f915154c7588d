import frappe

from ccms_app.interactions.store import clearing
from ccms_app.interactions.store.kept import KeptEvent


class CCMSCustomerInteraction(KeptEvent):
	@staticmethod
	def clear_old_logs(days: int = 400) -> None:
		clearing.clear_events(days)


def on_doctype_update() -> None:
	doctype = "CCMS Customer Interaction"
	# the timeline pages by time and name; what it filters by stands behind, so that a filter reads the index alone
	filtered = ["interaction_type", "channel", "branch", "company"]
	frappe.db.add_index(doctype, ["identity", "occurred_at", "name", *filtered], "identity_timeline")
	frappe.db.add_index(doctype, ["visitor", "occurred_at", "name", *filtered], "visitor_timeline")
	frappe.db.add_index(doctype, ["company", "occurred_at", "name"])
	frappe.db.add_index(doctype, ["reference_doctype", "reference_name"])
