import frappe

from ccms_app.privacy.store.kept import AppendOnly


class CCMSAccessLog(AppendOnly):
	pass


def on_doctype_update() -> None:
	frappe.db.add_index("CCMS Access Log", ["accessed_at"])
