from frappe.model.document import Document

from ccms_app.quality.store import rules


class CCMSQualityRule(Document):
	def validate(self) -> None:
		rules.validate(self)

	def on_update(self) -> None:
		rules.changed(self)

	def on_trash(self) -> None:
		rules.forget(self.name)
