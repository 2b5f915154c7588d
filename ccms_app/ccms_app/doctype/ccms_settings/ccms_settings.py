from frappe.model.document import Document

from ccms_app.scoring.store import settings


class CCMSSettings(Document):
	def validate(self) -> None:
		settings.check(self)
