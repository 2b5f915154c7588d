from frappe.model.document import Document


class CCMSLeftOutCustomer(Document):
	pass
