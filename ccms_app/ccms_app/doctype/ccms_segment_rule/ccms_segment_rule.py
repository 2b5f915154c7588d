from frappe.model.document import Document


class CCMSSegmentRule(Document):
	pass
