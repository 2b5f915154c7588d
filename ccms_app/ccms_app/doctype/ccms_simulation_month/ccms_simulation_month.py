from frappe.model.document import Document


class CCMSSimulationMonth(Document):
	pass
