import frappe

from ccms_app.interactions.store import clearing
from ccms_app.interactions.store.kept import KeptEvent


class CCMSInteractionDay(KeptEvent):
	@staticmethod
	def clear_old_logs(days: int = 1096) -> None:
		clearing.clear_days(days)


def on_doctype_update() -> None:
	doctype = "CCMS Interaction Day"
	frappe.db.add_index(doctype, ["identity", "day"])
	frappe.db.add_index(doctype, ["company", "day", "interaction_type", "channel", "branch", "identity"])
