"""Customer: one who is deleted takes what was found along."""

from ccms_app.quality.store import handler


def customer_deleted(doc, method=None):
	handler.deleted(doc.name)
