from frappe.model.document import Document


class CCMSComplaintType(Document):
	pass
