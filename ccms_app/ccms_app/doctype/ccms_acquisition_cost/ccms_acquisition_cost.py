from frappe.model.document import Document


class CCMSAcquisitionCost(Document):
	pass
