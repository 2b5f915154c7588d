import frappe
from frappe import _
from frappe.model.document import Document


class CCMSCustomerIdentifier(Document):
	def validate(self) -> None:
		"""Only a row that is saved apart from its customer comes here: what it names nobody has checked, and what is
		typed into it nobody has masked."""
		frappe.throw(_("Change identifiers on the customer itself."), frappe.PermissionError)
