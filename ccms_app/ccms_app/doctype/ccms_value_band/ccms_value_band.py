from frappe.model.document import Document


class CCMSValueBand(Document):
	pass
