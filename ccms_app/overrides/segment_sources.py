"""Documents whose changes segments follow: customers, memberships, points given by hand, tags, and renames of anything."""

import frappe

from ccms_app.segments.store import changes, renames


def customer_updated(doc, method=None):
	before = doc.get_doc_before_save()
	fields = [
		df.fieldname
		for df in doc.meta.fields
		if not before or before.get(df.fieldname) != doc.get(df.fieldname)
	]
	if fields:
		changes.enqueue(None, [doc.name], fields if before else [changes.ALL])


def customer_deleted(doc, method=None):
	renames.customer_deleted(doc.name)


def membership_changed(doc, method=None):
	changes.enqueue(doc.company, [doc.customer], changes.LOYALTY)


def points_adjusted(doc, method=None):
	for membership in filter(None, (doc.get("membership"), doc.get("to_membership"))):
		found = frappe.db.get_value("CCMS Membership", membership, ["company", "customer"], as_dict=True)
		changes.enqueue(found.company, [found.customer], changes.LOYALTY)


def tagged(doc, method=None):
	if doc.document_type == "Customer":
		changes.enqueue(None, [doc.document_name], [changes.TAGS])


def renamed(doc, method=None, old=None, new=None, merge=False):
	renames.document_renamed(doc.doctype, old, new)
