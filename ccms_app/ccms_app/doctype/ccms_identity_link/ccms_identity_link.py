from frappe.model.document import Document


class CCMSIdentityLink(Document):
	pass
