from frappe.model.document import Document


class CCMSInteractionType(Document):
	pass
