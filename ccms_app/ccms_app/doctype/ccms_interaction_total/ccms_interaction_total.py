import frappe

from ccms_app.interactions.store.kept import KeptEvent


class CCMSInteractionTotal(KeptEvent):
	pass


def on_doctype_update() -> None:
	frappe.db.add_index("CCMS Interaction Total", ["company", "day", "interaction_type"])
