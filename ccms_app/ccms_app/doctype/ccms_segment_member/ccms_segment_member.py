import frappe

from ccms_app.behaviour.store.kept_document import KeptDocument


class CCMSSegmentMember(KeptDocument):
	pass


def on_doctype_update() -> None:
	# who is in a segment now, by customer; and the segments of a customer
	frappe.db.add_index("CCMS Segment Member", ["segment", "left_on", "customer"])
	frappe.db.add_index("CCMS Segment Member", ["customer", "left_on", "segment"])
