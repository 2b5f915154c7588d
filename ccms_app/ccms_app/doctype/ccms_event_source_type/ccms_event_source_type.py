from frappe.model.document import Document


class CCMSEventSourceType(Document):
	pass
