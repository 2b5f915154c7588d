"""Changes of customers, carried to the segments that ask about what has changed: after commit, in the background, once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from hashlib import sha1

import frappe
from frappe.utils.background_jobs import get_job_status

from . import segments

PURCHASES, TAGS, ALL = "purchases", "tag", "*"
LOYALTY = ("points_active", "tier", "tier_until", "status", "program", "joined_on", "last_activity_on")
MANY = 2_000
_KNOWN = "ccms_segments_on_change"


def enqueue(company: str | None, customers: Iterable[str], fields: Iterable[str]) -> None:
	"""Tell that these fields of these customers have changed.

	Nothing happens unless an enabled segment that refreshes on change asks about one of them.

	Args:
		company: whose figures; None for what belongs to the customer in every company.
		fields: fieldnames of profile, score, customer or membership, "purchases" (which moves points, too), "tag", or "*".
	"""
	customers = sorted({customer for customer in customers if customer})
	asked = set(fields)
	if PURCHASES in asked:
		asked |= set(LOYALTY)
	if not customers:
		return
	for name in [company] if company else sorted(_on_change()):
		if ALL in asked or asked & set(_on_change().get(name, ())):
			_enqueue_one(name, customers, sorted(asked))


def customers_changed(company: str, customers: Sequence[str] | None, fields: Sequence[str]) -> None:
	"""Told by the figures (hook `ccms_customers_changed`): after an invoice about its customer, after a score run about all."""
	if customers is None:
		if not frappe.db.exists(segments.DOCTYPE, {"company": company, "enabled": 1}):
			return
		after_commit(
			"ccms_app.segments.store.refresh.nightly", f"ccms_segments_of::{company}", "long", company=company
		)
		return
	moved = {"orders", "revenue", "last_order"} & set(fields)
	enqueue(company, customers, [*fields, PURCHASES] if moved else fields)


def _enqueue_one(company: str, customers: list[str], fields: list[str]) -> None:
	few = customers if len(customers) <= MANY else None
	mark = sha1(json.dumps([company, few, fields]).encode()).hexdigest()[:24]
	after_commit(
		"ccms_app.segments.store.changes.evaluate",
		job=f"ccms_segments_changed::{mark}",
		queue="short",
		company=company,
		customers=few,
		fields=fields,
	)


def evaluate(company: str, customers: Sequence[str] | None, fields: Sequence[str]) -> None:
	"""The job: decide anew about these customers, in the segments that ask about these fields."""
	from . import refresh

	asked = frozenset(fields)
	wanted = [
		name
		for name, segment in segments.load(company).items()
		if segment.on_change and not segment.is_new and segment.asks(asked)
	]
	if wanted:
		refresh.refresh(company, only=wanted, customers=customers)


def after_commit(method: str, job: str, queue: str, **arguments) -> None:
	"""Enqueue a job when the transaction is committed. One that waits already will see what is committed now; one that is
	running may have looked too early, so another follows it. A failure is logged: it must not undo what was saved."""

	def send() -> None:
		try:
			job_id = job
			status = get_job_status(job_id)
			if status == "queued":
				return
			if status == "started":
				job_id = f"{job}::{frappe.generate_hash(length=6)}"
			frappe.enqueue(method, queue=queue, job_id=job_id, **arguments)
		except Exception:
			frappe.log_error(title="CCMS: a change did not reach the segments")

	frappe.db.after_commit.add(send)


def _on_change() -> dict[str, list[str]]:
	"""What the segments that refresh on change ask about, by company: asked with each invoice, so it is remembered."""
	return frappe.cache.get_value(_KNOWN, _read_on_change)


def _read_on_change() -> dict[str, list[str]]:
	found: dict[str, set[str]] = {}
	rows = frappe.get_all(
		segments.DOCTYPE,
		filters={"enabled": 1, "refresh_mode": segments.ON_CHANGE},
		fields=["name", "company"],
	)
	companies = {row.name: row.company for row in rows}
	for rule in frappe.get_all(
		"CCMS Segment Rule",
		filters={"parent": ["in", list(companies)], "parenttype": segments.DOCTYPE},
		fields=["parent", "field"],
	):
		source, _dot, column = (rule.field or "").partition(".")
		asked = PURCHASES if source == "purchase" else column
		found.setdefault(companies[rule.parent], set()).add(asked)
	return {company: sorted(asked) for company, asked in found.items()}


def forget_known() -> None:
	"""A segment was saved or deleted."""
	frappe.cache.delete_value(_KNOWN)
	frappe.db.after_commit.add(lambda: frappe.cache.delete_value(_KNOWN))


def not_profiled(customer: str) -> None:
	"""A customer must not be profiled: they leave every segment after the commit, also those that are refreshed at night."""
	for company in frappe.get_all(segments.DOCTYPE, filters={"enabled": 1}, pluck="company", distinct=True):
		mark = sha1(customer.encode()).hexdigest()[:24]
		after_commit(
			"ccms_app.segments.store.refresh.refresh",
			job=f"ccms_segments_left::{company}::{mark}",
			queue="short",
			company=company,
			customers=[customer],
		)
