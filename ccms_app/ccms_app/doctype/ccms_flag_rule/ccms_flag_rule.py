from frappe.model.document import Document


class CCMSFlagRule(Document):
	pass
