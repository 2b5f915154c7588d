from frappe.model.document import Document

from ccms_app.privacy.store import wordings


class CCMSConsentWording(Document):
	def before_insert(self):
		self.version = wordings.next_version(self.purpose, self.language)

	def validate(self):
		wordings.check(self)

	def on_trash(self):
		wordings.refuse_used(self.name)
