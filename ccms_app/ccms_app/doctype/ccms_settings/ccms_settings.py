from frappe.model.document import Document


class CCMSSettings(Document):
	pass
