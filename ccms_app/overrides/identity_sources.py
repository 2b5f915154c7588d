"""Documents that say how a customer can be reached: the identity map follows them."""

import frappe

from ccms_app.identity.store import capture, customer_facts, duplicates, identities, merge_records


def customer_validate(doc, method=None):
	customer_facts.prepare(doc)


def customer_updated(doc, method=None):
	customer_facts.written(doc)
	capture.safely([doc.name])


def customer_deleted(doc, method=None):
	identities.forget(doc.name)
	merge_records.customer_deleted(doc.name)


def linked_changed(doc, method=None):
	capture.safely(capture.customers_of(doc))
	# nothing tells the nightly runs any more that what is gone was theirs
	if left := capture.left_by(doc, deleted=method == "after_delete"):
		duplicates.look_again(left)
		frappe.enqueue(
			"ccms_app.quality.store.runs.look",
			queue="short",
			enqueue_after_commit=True,
			customers=sorted(left),
		)


def membership_changed(doc, method=None):
	before = doc.get_doc_before_save()
	capture.safely({doc.customer, before.customer if before else None})
