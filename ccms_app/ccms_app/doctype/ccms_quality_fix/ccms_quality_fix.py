from frappe.model.document import Document

from ccms_app.quality.store import findings, fixes, words


class CCMSQualityFix(Document):
	def onload(self) -> None:
		self.set_onload("field_label", words.field(self))
		self.set_onload("can_undo", fixes.may_fix(self))

	def validate(self) -> None:
		findings.refuse_by_hand(self)
