"""A merge of two customers. Written by `identity.store.merging` alone; nothing here is typed."""

import frappe
from frappe import _
from frappe.model.document import Document


class CCMSCustomerMerge(Document):
	def validate(self):
		if not self.is_new():
			frappe.throw(_("What was done is not edited."), frappe.PermissionError)

	def on_trash(self):
		frappe.throw(_("A merge is not deleted: it is how the customer came about."), frappe.PermissionError)
