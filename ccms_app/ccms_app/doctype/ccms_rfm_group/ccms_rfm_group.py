from frappe.model.document import Document


class CCMSRFMGroup(Document):
	pass
