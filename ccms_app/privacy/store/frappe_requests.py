"""What Frappe's own requests do here: each customer behind the log-in gets a request of ours, and that does the work."""

from __future__ import annotations

import frappe
from frappe import _
from frappe.model.rename_doc import rename_doc

from ccms_app.privacy import requests as of

from . import erasing, exporting, mails, portal, requests, scrubbing, trails

CHECKED = "Mail to Known Address"
"""Frappe has sent a link to the address, and it was pressed."""


def erase(doc) -> None:
	"""Erase the customers behind a deletion request, in the background; close the log-in. Idempotent."""
	user = doc.email
	if frappe.db.get_value("User", user, "user_type") == "System User":
		frappe.throw(
			_("{0} is a log-in of staff. Erase the customer by a CCMS Privacy Request.").format(user)
		)
	waiting = False
	for customer in portal.customers_of(user):
		request = _request(customer)
		if request.status in (of.OPEN, of.WAITING):
			requests.start_erasure(request)
		waiting |= bool(erasing.waits_for(customer))
	if frappe.db.exists("User", user):
		frappe.db.set_value("User", user, "enabled", 0)
	if waiting:
		doc.db_set("status", "On Hold")
		return
	frappe.enqueue(
		"ccms_app.privacy.store.frappe_requests.finish",
		queue="long",
		job_id=f"ccms_personal_data::{doc.name}",
		deduplicate=True,
		enqueue_after_commit=True,
		name=doc.name,
	)


def _request(customer: str):
	open_ = {"customer": customer, "request_type": of.ERASURE, "status": ["in", of.UNSETTLED]}
	if name := frappe.db.exists(requests.DOCTYPE, open_):
		return frappe.get_doc(requests.DOCTYPE, name)
	doc = frappe.get_doc(
		{
			"doctype": requests.DOCTYPE,
			"customer": customer,
			"request_type": of.ERASURE,
			"identity_checked": 1,
			"checked_how": CHECKED,
		}
	)
	return doc.insert(ignore_permissions=True)


def finish(name: str) -> None:
	"""The job that closes the log-in under a name that is nobody's, and Frappe's request with it: after the customers, which
	wait before it in the same queue."""
	user = frappe.db.get_value("Personal Data Deletion Request", name, "email")
	if portal.customers_of(user):
		frappe.db.set_value("Personal Data Deletion Request", name, "status", "On Hold")
		frappe.db.commit()
		return
	words = [user]
	if frappe.db.get_value("User", user, "user_type") == "Website User":
		words.append(frappe.db.get_value("User", user, "full_name"))
		close_login(user, f"{erasing.new_name()}@erased.invalid")
	values = {"status": "Deleted", "email": name}
	frappe.db.set_value("Personal Data Deletion Request", name, values)
	trails.clear("Personal Data Deletion Request", [name])
	mails.forget_addresses([user], [word for word in words if word and len(word) >= scrubbing.SHORTEST])
	scrubbing.scrub(word for word in words if word)
	frappe.db.commit()


def close_login(user: str, new: str) -> None:
	"""Close a portal user's log-in and name it nobody."""
	if user != new:
		trails.clear("User", [user])
		rename_doc(
			"User", user, new, force=True, ignore_permissions=True, show_alert=False, rebuild_search=False
		)
	trails.clear("User", [new])
	empty = dict.fromkeys(
		("last_name", "middle_name", "username", "phone", "mobile_no", "birth_date", "location", "bio", "interest", "user_image", "last_ip", "gender")
	)  # fmt: skip
	first = new.partition("@")[0]
	values = {"enabled": 0, "email": new, "first_name": first, "full_name": first, **empty}
	frappe.db.set_value("User", new, values, update_modified=False)
	frappe.db.delete("__Auth", {"doctype": "User", "name": ["in", [user, new]]})
	frappe.db.delete("Sessions", {"user": ["in", [user, new]]})


def attach(doc) -> None:
	"""Attach what we hold about the customers behind a download request."""
	for customer in portal.customers_of(doc.user):
		exporting.attach(customer, doc.doctype, doc.name)
