import frappe

from ccms_app.behaviour.store.kept_document import KeptDocument


class CCMSStageChange(KeptDocument):
	pass


def on_doctype_update() -> None:
	frappe.db.add_index("CCMS Stage Change", ["company", "changed_on"])
