"""The message on an amended order, for sites that had the other messages before it. It starts switched off, as all do.

Those that are there, or were deleted, stay as they are; only a condition that is still word for word the first one of ours
becomes the present one: it thanks once more for an amended order, and for what is written down long afterwards.
"""

import frappe

from ccms_app.setup import order_messages

FIRST = {
	"CCMS Order Received": "doc.contact_email",
	"CCMS Order Cancelled": "doc.contact_email",
	"CCMS Order on Its Way": "doc.contact_email and not doc.is_return",
	"CCMS Return Received": "doc.contact_email and doc.is_return",
}


def execute() -> None:
	for message in order_messages.MESSAGES:
		first = FIRST.get(message.name)
		if first and frappe.db.get_value("Notification", message.name, "condition") == first:
			frappe.db.set_value("Notification", message.name, "condition", message.condition)
			frappe.clear_document_cache("Notification", message.name)
	order_messages.make(("CCMS Order Changed",))
