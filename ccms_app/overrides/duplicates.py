"""Customer: one who is deleted takes the pairs along."""

from ccms_app.identity.store import duplicates


def customer_deleted(doc, method=None):
	duplicates.forget(doc.name)
