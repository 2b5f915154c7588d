"""Documents that tell of dealings with a customer; what they tell is written after the commit."""

from ccms_app.interactions import documents
from ccms_app.interactions.store.documents import note


def told(doc, method=None):
	note(doc.doctype, doc.name)


def issue_changed(doc, method=None):
	"""An Issue that learns whose it is tells now what it could not tell before."""
	if not doc.flags.in_insert and any(map(doc.has_value_changed, ("customer", "raised_by"))):
		note(doc.doctype, doc.name)


def call_changed(doc, method=None):
	if doc.status in documents.ENDED and any(map(doc.has_value_changed, ("status", "summary"))):
		note(doc.doctype, doc.name)


def invoice_returned(doc, method=None):
	if doc.is_return:
		note(doc.doctype, doc.name)


def cart_changed(doc, method=None):
	if doc.order_type != documents.SHOPPING_CART:
		return
	before = doc.get_doc_before_save()
	kept = {row.name for row in doc.items}
	left = [row for row in before.items if row.name not in kept] if before else []
	note(doc.doctype, doc.name, documents.quotation(doc.as_dict(), left, "Dropped"))


def cart_deleted(doc, method=None):
	if doc.order_type == documents.SHOPPING_CART:
		note(doc.doctype, doc.name, documents.quotation(doc.as_dict(), doc.items, "Dropped"))
