from frappe.model.document import Document


class CCMSInteractionImportColumn(Document):
	pass
