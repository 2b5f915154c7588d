import frappe
from frappe.model.document import Document

from ccms_app.scoring.store import warnings


class CCMSChurnWarning(Document):
	def validate(self) -> None:
		warnings.check(self)

	def on_trash(self) -> None:
		warnings.refuse_deleting(self)


def on_doctype_update() -> None:
	frappe.db.add_index("CCMS Churn Warning", ["company", "status", "at_risk"])
	frappe.db.add_index("CCMS Churn Warning", ["company", "warned_on"])
