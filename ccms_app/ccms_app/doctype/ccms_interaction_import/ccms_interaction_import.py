from frappe.model.document import Document

from ccms_app.interactions.store import import_document


class CCMSInteractionImport(Document):
	def validate(self) -> None:
		import_document.check(self)

	def on_trash(self) -> None:
		import_document.forget(self)
