"""Privacy requests: the staff's door to export and erasure, and the jobs behind their buttons."""

from __future__ import annotations

from datetime import date

import frappe
from frappe import _
from frappe.utils import getdate, now_datetime, nowdate
from frappe.utils.background_jobs import get_job_status
from frappe.utils.html_utils import sanitize_html

from ccms_app.privacy import requests as of
from ccms_app.privacy import words

from . import consent, erasing, exporting, fence, profiling, restriction

DOCTYPE = "CCMS Privacy Request"
EVENT = "ccms_privacy_request"
TIMEOUT = 60 * 60
TRIES = 5
"""How often an erasure is begun anew when others hold what it needs."""
OWN = ("status", "due_on", "completed_on", "export_file", "export_asked_on", "waits_for", "result", "refusal_reason", "erased_as", "books_forget_on", "books_forgotten_on", "checked_by", "checked_on", "restricted_on", "lifted_on", "lifted_by", "lift_reason")  # fmt: skip
"""What nobody types."""


# --- the document ------------------------------------------------------------------------------------------------


def check(doc) -> None:
	"""Before a request is saved: what nobody types stays as it was; the due date; who made sure of the identity."""
	before = doc.get_doc_before_save()
	for field in OWN:
		doc.set(field, before.get(field) if before else None)
	doc.status = doc.status or of.OPEN
	if before:
		for field in ("customer", "request_type"):
			if doc.get(field) != before.get(field):
				frappe.throw(_("A request stays what it was: write another one."))
	if before and before.status not in of.UNSETTLED:
		frappe.throw(_("This request is settled."))
	if getdate(doc.received_on) > getdate(nowdate()):
		frappe.throw(_("A request cannot have come in the future."))
	if not doc.company:
		doc.company = strictest(doc.customer, getdate(doc.received_on)) or _default_company()
	doc.due_on = of.due_on(getdate(doc.received_on), _country(doc.company))
	if doc.identity_checked and not doc.checked_how:
		frappe.throw(_("Say how you made sure who asks."))
	if doc.identity_checked and not doc.checked_by:
		doc.checked_by, doc.checked_on = frappe.session.user, now_datetime()
	if not doc.identity_checked:
		doc.checked_by = doc.checked_on = doc.checked_how = None


def strictest(customer: str, received_on: date | None = None) -> str:
	"""Of the companies that a customer deals with the one whose law gives least time; empty: there is none."""
	day = received_on or getdate(nowdate())
	dealt_with = sorted(filter(None, fence.belongs_to(customer)))
	return min(dealt_with, key=lambda one: of.due_on(day, _country(one)), default="")


def _default_company() -> str | None:
	return frappe.defaults.get_user_default("Company") or frappe.db.get_single_value(
		"Global Defaults", "default_company"
	)


def _country(company: str | None) -> str:
	return (frappe.get_cached_value("Company", company, "country") if company else "") or ""


def keep(doc) -> None:
	"""Requests are proof of what was done: they are not deleted."""
	frappe.throw(_("A request is proof of what was done and is not deleted."), frappe.PermissionError)


def may_act(doc) -> None:
	"""Whoever may write the request may act on it, as it is stored: the desk sends a copy, which may say anything."""
	doc.reload()
	doc.check_permission("write")


def _ready(doc) -> None:
	if doc.status not in of.UNSETTLED:
		frappe.throw(_("This request is settled."))
	if not doc.identity_checked:
		frappe.throw(_("Make sure first who asks, and tick “Identity Checked”."))


# --- answers -----------------------------------------------------------------------------------------------------


def refuse(doc, reason: str) -> None:
	"""Refuse a request, saying why."""
	if doc.status not in (of.OPEN, of.WAITING):
		frappe.throw(_("This request is settled or at work."))
	_set(doc.name, status=of.REFUSED, refusal_reason=_why(reason), completed_on=now_datetime())


def complete(doc) -> None:
	"""Close a request that people answered. An objection is written down as one to Profiling and Marketing; a restriction
	begins."""
	_ready(doc)
	if doc.request_type == of.ERASURE:
		frappe.throw(_("An erasure is completed by “Erase …”."))
	if doc.request_type == of.OBJECTION:
		for purpose in (words.PROFILING, words.MARKETING):
			consent.record(doc.customer, purpose, words.OBJECTED, source="Desk", proof=doc.name)
	if doc.request_type == of.RESTRICTION:
		restriction.begin(doc.name)
	_set(doc.name, status=of.COMPLETED, completed_on=now_datetime())
	if doc.request_type == of.RESTRICTION:
		profiling.tell(doc.customer)


def lift(doc, reason: str) -> None:
	"""Lift the restriction that a request began, saying why."""
	if not doc.restricted_on or doc.lifted_on:
		frappe.throw(_("Nothing is restricted by this request."))
	profiling.tell(restriction.lift(doc.name, _why(reason)))


def _why(reason: str) -> str:
	reason = (reason or "").strip()
	if len(reason) < of.LEAST_REASON:
		frappe.throw(_("Say in a few words why: the person has a right to know."))
	return sanitize_html(reason)  # what no save has cleaned


def start_export(doc) -> None:
	"""Enqueue the file for the customer."""
	_ready(doc)
	if doc.request_type == of.ERASURE:
		frappe.throw(_("To give the customer a file first, write a request of the kind “Access”."))
	_set(doc.name, export_asked_on=now_datetime())
	_enqueue("export_job", doc.name, "export")


def foresee(doc) -> dict:
	"""What “Erase …” would do, for the person who is about to press it: {waits, forget_on, says}."""
	waits = erasing.waits_for(doc.customer)
	says = [
		_("Profile, scores, segments, interactions, identities and consent are deleted. What was refused is kept as a code."),
		_("Points end, the membership is left, card and sponsor are emptied. The points journal stays, without a name."),
		_("Customer, contacts and addresses are emptied and renamed. Comments, mails, files and tasks are deleted."),
		_("Names on invoices and in the general ledger stay until the books may forget; then a nightly job takes them out."),
		_("This cannot be undone, and merges of this customer cannot be undone afterwards."),
	]  # fmt: skip
	return {"waits": waits, "says": says}


def start_erasure(doc) -> None:
	"""Enqueue the erasure; when it has to wait, say for what."""
	_ready(doc)
	if doc.request_type != of.ERASURE:
		frappe.throw(_("This request does not ask for erasure."))
	_hold(doc)
	if waits := erasing.waits_for(doc.customer):
		_set(doc.name, status=of.WAITING, waits_for="\n".join(waits))
		return
	_set(doc.name, status=of.RUNNING, waits_for="", erased_as=doc.erased_as or erasing.new_name())
	_enqueue("erase_job", doc.name, "erase")


def _hold(doc) -> None:
	"""Have the customer stay who they are until the transaction ends, without waiting for anybody.

	Raises:
		erasing.Gone: they are somebody else by now, or nobody.
		frappe.ValidationError: somebody is at work on them.
	"""
	try:
		there = frappe.db.get_value("Customer", doc.customer, "name", for_update=True, wait=False)
		asked = frappe.db.get_value(DOCTYPE, doc.name, "customer", for_update=True, wait=False)
	except frappe.QueryTimeoutError:
		frappe.throw(_("Somebody is at work on {0} just now. Try again in a moment.").format(doc.customer))
	if not there or asked != doc.customer:
		frappe.throw(_("{0} was merged or erased just now. Look again.").format(doc.customer), erasing.Gone)


def being_erased(customers: list[str]) -> list[str]:
	"""Those of these customers whom a job is erasing, or was when it died, or will as soon as nothing is open."""
	at_work = ["in", [of.RUNNING, of.WAITING]]
	filters = {"customer": ["in", customers], "request_type": of.ERASURE, "status": at_work}
	return frappe.get_all(DOCTYPE, filters, pluck="customer", distinct=True)


# --- jobs --------------------------------------------------------------------------------------------------------


def _enqueue(job: str, name: str, kind: str) -> None:
	frappe.enqueue(
		f"ccms_app.privacy.store.requests.{job}",
		queue="long",
		timeout=TIMEOUT,
		job_id=f"ccms_privacy_request::{kind}::{name}",
		deduplicate=True,
		enqueue_after_commit=True,
		name=name,
	)


def export_job(name: str) -> None:
	"""The job that makes the file. Until it has, the request says since when it is asked for, and the night asks again."""
	doc = frappe.get_doc(DOCTYPE, name)
	file = exporting.attach(doc.customer, DOCTYPE, name)
	_set(name, export_file=file.file_url, export_asked_on=None)
	frappe.db.commit()
	_tell(name, 100, "")


def erase_job(name: str) -> None:
	"""The job that erases; started again it goes on, or finds that all is done."""
	for attempt in range(TRIES):
		try:
			_erase(name)
			break
		except (frappe.QueryDeadlockError, frappe.QueryTimeoutError):
			frappe.db.rollback()
			if attempt == TRIES - 1:
				raise  # the night starts it again
	_tell(name, 100, "")


def _erase(name: str) -> None:
	doc = frappe.get_doc(DOCTYPE, name)
	if doc.status != of.RUNNING:
		return
	customer, erased_as = doc.customer, doc.erased_as
	frappe.db.rollback()  # the locks come before the first plain read
	try:
		with erasing.still():
			done = erasing.now(customer, erased_as, lambda percent, text: _tell(name, percent, text))
			_settle(name, erased_as, done)
			frappe.db.commit()
	except erasing.Gone as gone:
		frappe.db.rollback()
		if _is_running(name):
			_set(name, status=of.OPEN, waits_for="", result=_said(gone))
		frappe.db.commit()
	except frappe.ValidationError as error:
		frappe.db.rollback()
		if _is_running(name):
			_set(name, status=of.WAITING, waits_for=_said(error))
		frappe.db.commit()


def _is_running(name: str) -> bool:
	"""Whether a request is still at work, as committed by now: another job may have done it."""
	return frappe.db.get_value(DOCTYPE, name, "status", for_update=True) == of.RUNNING


def _said(error: Exception) -> str:
	return frappe.utils.strip_html(str(error).replace("<br>", "\n"))


def _settle(name: str, erased_as: str, done: dict[str, int]) -> None:
	if not _is_running(name):
		return
	_set(
		name,
		status=of.COMPLETED,
		completed_on=now_datetime(),
		customer=erased_as,
		details="",
		export_file="",
		result="\n".join(f"{_(doctype)}: {count}" for doctype, count in done.items() if count),
		books_forget_on=erasing.books_forget_on(erased_as),
	)
	# what the person wrote in other requests goes, too; that there were any stays as proof
	row = frappe.qb.DocType(DOCTYPE)
	others = frappe.qb.update(row).set(row.details, "").set(row.export_file, "").set(row.refusal_reason, "")
	others = others.set(row.lift_reason, "").set(row.export_asked_on, None)
	others.where(row.customer == erased_as).run()
	same = (row.customer == erased_as) & (row.name != name) & (row.request_type == of.ERASURE)
	done_too = frappe.qb.update(row).set(row.status, of.COMPLETED).set(row.completed_on, now_datetime())
	done_too = done_too.set(row.erased_as, "").set(row.waits_for, "").set(row.result, name)
	done_too.where(same & row.status.isin(of.UNSETTLED)).run()


def resume() -> None:
	"""Nightly: start again what a dead worker left, and what had to wait and need not any more; let books forget."""
	for row in frappe.get_all(DOCTYPE, {"status": ["in", [of.RUNNING, of.WAITING]]}, ["name", "status"]):
		job = f"ccms_privacy_request::erase::{row.name}"
		if row.status == of.RUNNING and get_job_status(job) not in ("queued", "started"):
			_enqueue("erase_job", row.name, "erase")
		if row.status == of.WAITING:
			_try_again(row.name)
		frappe.db.commit()
	for name in frappe.get_all(DOCTYPE, {"export_asked_on": ["is", "set"]}, pluck="name"):
		if get_job_status(f"ccms_privacy_request::export::{name}") not in ("queued", "started"):
			_enqueue("export_job", name, "export")
			frappe.db.commit()
	from . import frappe_requests

	frappe_requests.resume()
	books_forget()


def _try_again(name: str) -> None:
	try:
		start_erasure(frappe.get_doc(DOCTYPE, name))
	except frappe.ValidationError:
		frappe.db.rollback()  # somebody is at work on the customer: the next night will do
		frappe.clear_messages()


def books_forget(on: str | None = None) -> int:
	"""Take names out of the books whose time is over; commits after each customer. Returns documents."""
	today, count = getdate(on or nowdate()), 0
	waiting = {"status": of.COMPLETED, "request_type": of.ERASURE, "books_forgotten_on": ["is", "not set"]}
	for row in frappe.get_all(DOCTYPE, {**waiting, "erased_as": ["!=", ""]}, ["name", "customer"]):
		# who the request is about by now, whatever they are called
		count += erasing.books(row.customer, today)
		last = erasing.books_forget_on(row.customer)
		done = now_datetime() if not last or last <= today else None
		_set(row.name, books_forget_on=last, books_forgotten_on=done)
		frappe.db.commit()
	return count


def _set(name: str, **values) -> None:
	frappe.db.set_value(DOCTYPE, name, values)


def _tell(name: str, percent: float, text: str) -> None:
	said = {"name": name, "percent": round(percent), "text": text}
	frappe.publish_realtime(EVENT, said, doctype=DOCTYPE, docname=name)
