from frappe.model.document import Document


class CCMSIdentity(Document):
	pass
