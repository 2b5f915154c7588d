import frappe

from ccms_app.behaviour.store.kept_document import KeptDocument


class CCMSSegmentMember(KeptDocument):
	pass


def on_doctype_update() -> None:
	# who is in a segment now, who came today and why, all from the index; and the segments of a customer
	frappe.db.add_index("CCMS Segment Member", ["segment", "left_on", "customer", "entered_on", "cause"])
	frappe.db.add_index("CCMS Segment Member", ["customer", "left_on", "segment"])
