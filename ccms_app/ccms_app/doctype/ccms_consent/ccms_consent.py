import frappe

from ccms_app.privacy.store.kept import AppendOnly


class CCMSConsent(AppendOnly):
	pass


def on_doctype_update() -> None:
	frappe.db.add_index("CCMS Consent", ["purpose", "state"])
