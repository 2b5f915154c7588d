from frappe.model.document import Document


class CCMSFactSource(Document):
	pass
