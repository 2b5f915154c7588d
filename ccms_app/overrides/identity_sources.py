"""Documents that say how a customer can be reached: the identity map follows them."""

from ccms_app.identity.store import capture, customer_facts, identities


def customer_validate(doc, method=None):
	customer_facts.prepare(doc)


def customer_updated(doc, method=None):
	customer_facts.written(doc)
	capture.safely([doc.name])


def customer_deleted(doc, method=None):
	identities.forget(doc.name)


def linked_changed(doc, method=None):
	capture.safely(capture.customers_of(doc))


def membership_changed(doc, method=None):
	before = doc.get_doc_before_save()
	capture.safely({doc.customer, before.customer if before else None})
