import frappe

from ccms_app.behaviour.store import columns
from ccms_app.behaviour.store.kept_document import KeptDocument


class CCMSCustomerProfile(KeptDocument):
	pass


def on_doctype_update() -> None:
	frappe.db.add_index("CCMS Customer Profile", ["customer", "company"])
	frappe.db.add_index("CCMS Customer Profile", ["company", "stage"])
	columns.allow_unknown("CCMS Customer Profile")
