"""Filling the identity map for customers who were there before the app, or whose documents changed unseen.

Customers are taken in the order of their names, a batch at a time; each batch commits and says where it ended, so that a
run that dies goes on there.
"""

from __future__ import annotations

from collections.abc import Iterator

import frappe
from frappe import _
from frappe.query_builder import DocType
from frappe.query_builder.functions import Count
from frappe.utils import add_days, cint, now_datetime

from . import capture

BATCH = 500
REACHED, LAST = "ccms_identity_backfill_reached", "ccms_identity_backfill_last"
"""Where a run stands that has not ended, as [customer, how many before]; and when the last one ended."""
JOB = "ccms_identity_backfill"
EVENT = "ccms_identity_progress"
DAYS = 3
"""The night looks at what changed in so many days: it may have missed some nights."""


def enqueue() -> bool:
	"""Start or continue a run in the background, once at a time. Returns False when one is on its way."""
	from frappe.utils.background_jobs import is_job_enqueued

	if is_job_enqueued(JOB):
		return False
	frappe.enqueue(
		"ccms_app.identity.store.backfill.work",
		queue="long",
		timeout=8 * 60 * 60,
		job_id=JOB,
		deduplicate=True,
		enqueue_after_commit=True,
	)
	return True


def work() -> None:
	"""The job: run to the end, telling the desk how far it is."""
	total = frappe.db.count("Customer")
	for done in run():
		frappe.publish_realtime(
			EVENT, {"done": done, "total": total}, doctype="CCMS Settings", docname="CCMS Settings"
		)
	frappe.publish_realtime(
		EVENT, {"done": total, "total": total, "ended": 1}, doctype="CCMS Settings", docname="CCMS Settings"
	)


def run(batch: int = BATCH) -> Iterator[int]:
	"""Capture all customers, from where an earlier run stopped. Yields how many are done, and commits, after each batch."""
	after, done = _reached()
	while customers := _customers(after, batch):
		capture.many(customers)
		after, done = customers[-1], done + len(customers)
		frappe.db.set_global(REACHED, frappe.as_json([after, done]))
		frappe.db.commit()
		yield done
	frappe.db.set_global(REACHED, None)
	frappe.db.set_global(LAST, str(now_datetime()))
	frappe.db.commit()


def _reached() -> tuple[str, int]:
	stored = frappe.db.get_global(REACHED)
	after, done = frappe.parse_json(stored) if stored else ("", 0)
	return after, cint(done)


def _customers(after: str, batch: int) -> list[str]:
	customer = DocType("Customer")
	query = frappe.qb.from_(customer).select(customer.name).where(customer.name > after)
	return query.orderby(customer.name).limit(batch).run(pluck=True)


def nightly() -> None:
	"""Capture the customers whose documents changed of late without being saved as documents: memberships that the ledger
	let leave, rows of imports and patches."""
	customers: set[str] = set()
	since = add_days(now_datetime(), -DAYS)
	for doctype in ("Customer", "CCMS Membership"):
		field = "name" if doctype == "Customer" else "customer"
		customers.update(frappe.get_all(doctype, filters={"modified": [">", since]}, pluck=field))
	link = DocType("Dynamic Link")
	for doctype in ("Contact", "Address"):
		table = DocType(doctype)
		query = frappe.qb.from_(link).inner_join(table).on(table.name == link.parent).select(link.link_name)
		where = (link.parenttype == doctype) & (link.link_doctype == "Customer") & (table.modified > since)
		customers.update(query.where(where).run(pluck=True))
	wanted = sorted(filter(None, customers))
	for start in range(0, len(wanted), BATCH):
		capture.many(wanted[start : start + BATCH])
		frappe.db.commit()


def standing() -> dict:
	"""How the map stands: identities, customers with any, shared ones, when it was last filled, and how far a run is."""
	identity, link = DocType("CCMS Identity"), DocType("CCMS Identity Link")
	shared = frappe.qb.from_(identity).select(Count("*")).where(identity.is_shared == 1).run()[0][0]
	known = frappe.qb.from_(link).select(Count(link.customer).distinct()).where(link.ended_on.isnull()).run()
	return {
		"identities": frappe.db.count("CCMS Identity"),
		"shared": shared,
		"known": known[0][0],
		"customers": frappe.db.count("Customer"),
		"last": frappe.db.get_global(LAST),
		"reached": _reached()[1],
	}


def after_install() -> None:
	"""A site that has customers gets its map in the background."""
	if not frappe.db.exists("Customer", {}):
		return
	try:
		enqueue()
	except Exception:  # no queue runs while a site is being made
		print(_("The identity map is empty as yet: bench --site SITE ccms-identity fills it."))


def before_uninstall() -> None:
	"""Forget how far runs came: another installation starts anew."""
	for key in (REACHED, LAST):
		frappe.db.set_global(key, None)
