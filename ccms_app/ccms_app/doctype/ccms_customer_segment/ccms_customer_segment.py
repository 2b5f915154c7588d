import frappe
from frappe.model.document import Document

from ccms_app.segments.store import documents


class CCMSCustomerSegment(Document):
	def validate(self) -> None:
		documents.check(self)

	def on_update(self) -> None:
		documents.saved(self)

	def on_trash(self) -> None:
		documents.forget(self)

	@frappe.whitelist()
	def refresh_now(self) -> None:
		"""Work the members out again, in the background."""
		self.reload()  # the desk sends a copy, which may say anything
		self.check_permission("write")
		documents.enqueue_refresh(self.name)
