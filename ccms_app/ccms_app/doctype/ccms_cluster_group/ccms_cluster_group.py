from frappe.model.document import Document


class CCMSClusterGroup(Document):
	pass
