import frappe
from frappe.model.document import Document

from ccms_app.quality.store import findings, fixes, words


class CCMSQualityFinding(Document):
	def onload(self) -> None:
		self.set_onload("reason", words.reason(self.kind, self.reason_values))
		self.set_onload("field_label", words.field(self))
		self.set_onload("can_fix", fixes.may_fix(self))

	def validate(self) -> None:
		findings.refuse_by_hand(self)


def on_doctype_update() -> None:
	frappe.db.add_index("CCMS Quality Finding", ["status", "rule", "customer"])
