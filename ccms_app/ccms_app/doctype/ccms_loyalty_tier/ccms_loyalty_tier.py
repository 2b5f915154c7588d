from frappe.model.document import Document


class CCMSLoyaltyTier(Document):
	pass
