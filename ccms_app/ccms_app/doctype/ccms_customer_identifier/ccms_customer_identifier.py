from frappe.model.document import Document


class CCMSCustomerIdentifier(Document):
	pass
