from frappe.model.document import Document


class CCMSSegmentCustomer(Document):
	pass
