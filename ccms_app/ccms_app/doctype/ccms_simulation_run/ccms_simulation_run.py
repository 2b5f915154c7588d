from frappe.model.document import Document


class CCMSSimulationRun(Document):
	pass
