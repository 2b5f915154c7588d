from frappe.model.document import Document

from ccms_app.interactions.store import source_document


class CCMSEventSource(Document):
	def validate(self) -> None:
		source_document.check(self)

	def on_trash(self) -> None:
		source_document.refuse_deleting(self)
