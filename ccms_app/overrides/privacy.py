"""Customer: what privacy does when one is deleted."""

from ccms_app.privacy.store import handler


def customer_deleted(doc, method=None):
	handler.deleted(doc.name)
