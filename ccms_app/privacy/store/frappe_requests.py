"""What Frappe's own requests do here: each customer behind the log-in gets a request of ours, and that does the work."""

from __future__ import annotations

import frappe
from frappe import _

from ccms_app.privacy import requests as of

from . import erasing, exporting, logins, mails, people, portal, requests, scrubbing
from .logins import DELETION

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
			"company": requests.strictest(customer),  # else Frappe fills in the site's default
			"request_type": of.ERASURE,
			"identity_checked": 1,
			"checked_how": CHECKED,
		}
	)
	return doc.insert(ignore_permissions=True)


def finish(name: str) -> None:
	"""The job that closes the log-in under a name that is nobody's, and Frappe's request with it: after the customers, which
	wait before it in the same queue."""
	user, status = frappe.db.get_value(DELETION, name, ["email", "status"])
	if status == "Deleted":
		return  # the log-in went with its customer
	if portal.customers_of(user):
		frappe.db.set_value(DELETION, name, "status", "On Hold")
		frappe.db.commit()
		return
	words = {user}
	if frappe.db.get_value("User", user, "user_type") == "Website User":
		words |= logins.words([user])
		erased_as = erasing.new_name()
		people.wipe("Contact", [], [], erased_as, users=[user])
		logins.forget_downloads([user])
		logins.close(user, erased_as)
	else:
		logins.settle_deletions([user])
	mails.forget_addresses([user], [word for word in words if len(word) >= scrubbing.SHORTEST])
	scrubbing.scrub(words)
	frappe.db.commit()


def resume() -> None:
	"""Finish what was on hold for the sake of customers who are erased by now. What staff put on hold stays so: its log-in
	was never closed."""
	for name, user in frappe.get_all(DELETION, {"status": "On Hold"}, ["name", "email"], as_list=True):
		if not frappe.db.get_value("User", user, "enabled") and not portal.customers_of(user):
			finish(name)


# --- downloads ---------------------------------------------------------------------------------------------------


def check_asker(doc) -> None:
	"""A log-in asks for what is held about itself. A guest may name an address: the answer goes to that address alone."""
	if frappe.session.user not in ("Guest", doc.user):
		frappe.throw(
			_("You can ask for your own data only. For a customer, write a CCMS Privacy Request."),
			frappe.PermissionError,
		)


def answer(doc, personal_data: str) -> None:
	"""Make the files of a download request and mail their links to the person. Request and files belong to the person's
	log-in, whoever asked, and open to nobody else who is logged in but those who handle such requests."""
	doc.db_set("owner", doc.user, update_modified=False)
	files = [exporting.attach(customer, doc.doctype, doc.name) for customer in portal.customers_of(doc.user)]
	files.append(
		frappe.get_doc(
			{
				"doctype": "File",
				"file_name": f"log-in-{doc.name}.json",
				"attached_to_doctype": doc.doctype,
				"attached_to_name": doc.name,
				"content": str(personal_data),
				"is_private": 1,
			}
		).insert(ignore_permissions=True)
	)
	for file in files:
		file.db_set("owner", doc.user, update_modified=False)
	shown = "".join(
		f'<li><a href="{frappe.utils.get_url(file.unique_url)}">{frappe.utils.escape_html(file.file_name)}</a></li>'
		for file in files
	)
	frappe.sendmail(
		recipients=doc.user,
		subject=_("Download Your Data"),
		message=f"<p>{_('This is what we hold about you. Log in to open it:')}</p><ul>{shown}</ul>",
		header=[_("Download Your Data"), "green"],
	)
