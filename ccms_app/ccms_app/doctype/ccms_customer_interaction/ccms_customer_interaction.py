import frappe

from ccms_app.interactions.store import clearing
from ccms_app.interactions.store.kept import KeptEvent

OLD_INDEX = "reference_doctype_reference_name_index"


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
	# most events are about no document: these lie by their time, not all over the index by their random names
	frappe.db.add_index(doctype, ["reference_doctype", "reference_name", "occurred_at"], "reference_document")
	if frappe.db.has_index(f"tab{doctype}", OLD_INDEX):
		frappe.db.sql_ddl(f"alter table `tab{doctype}` drop index `{OLD_INDEX}`")
