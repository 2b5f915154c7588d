"""Churn warnings: who may be leaving, for somebody to work on. Each night makes the day's new ones and settles the old.

A warning runs for the days that scores look ahead. It ends when the customer comes back, when those days are over, or
when somebody dismisses it; until then no second one is made for the customer, and none within those days after it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import frappe
from frappe import _
from frappe.desk.form import assign_to
from frappe.query_builder import DocType
from frappe.query_builder.functions import IfNull
from frappe.utils import cint, escape_html, flt, formatdate, getdate, nowdate

from . import runs

if TYPE_CHECKING:
	from frappe.model.document import Document

DOCTYPE, PROFILE, SCORE = "CCMS Churn Warning", "CCMS Customer Profile", "CCMS Customer Score"
OPEN, CONTACTED, SNOOZED = "Open", "Contacted", "Snoozed"
CAME_BACK, NOT_BACK, DISMISSED = "Came Back", "Not Back", "Dismissed"
ACTIVE, CLOSED = (OPEN, CONTACTED, SNOOZED), (CAME_BACK, NOT_BACK, DISMISSED)
# what a person may not write
KEPT = (
	"customer",
	"company",
	"status",
	"warned_on",
	"churn_probability",
	"expected_revenue",
	"at_risk",
	"last_order",
	"contacted_on",
	"snoozed_until",
	"came_back_on",
	"closed_on",
	"score_run",
	"churn_reasons",
	"active_key",
)
A_DAY, RISK_FROM = 20, 50  # where the settings say nothing
# less at risk than this part of what the customer usually buys is not worth a call
WORTH_A_CALL = 100


@dataclass(frozen=True)
class Made:
	"""What a night did: warnings made, customers who came back, warnings whose days were over, warnings woken."""

	new: int = 0
	came_back: int = 0
	not_back: int = 0
	woken: int = 0


def a_day() -> int:
	"""How many warnings a day a company can work through, as the settings say."""
	return cint(frappe.db.get_single_value("CCMS Settings", "churn_warnings_a_day")) or A_DAY


def risk_from() -> float:
	"""From which probability of leaving on a customer is warned of."""
	return (flt(frappe.db.get_single_value("CCMS Settings", "churn_warning_from")) or RISK_FROM) / 100


# --- each night ----------------------------------------------------------------------------------------------


def refresh(company: str) -> Made:
	"""Settle the warnings of a company by what its customers did, and make the day's new ones from the published scores.

	Called when scores have been published; calling it again changes nothing.
	"""
	name = runs.published(company)
	if not name:
		return Made()
	run = frappe.get_doc(runs.DOCTYPE, name)
	today = max(getdate(run.data_cut), getdate(nowdate()))
	came_back = _settle_returned(company)
	not_back = _settle_over(company, today - timedelta(days=run.horizon))
	woken = _wake(company, today)
	_update_figures(company, name)
	return Made(_warn(run, today), came_back, not_back, woken)


def _settle_returned(company: str) -> int:
	warning, profile = DocType(DOCTYPE), DocType(PROFILE)
	rows = (
		frappe.qb.from_(warning)
		.join(profile)
		.on((profile.customer == warning.customer) & (profile.company == warning.company))
		.select(warning.name, profile.last_order)
		.where((warning.company == company) & warning.status.isin(ACTIVE))
		.where(profile.last_order >= warning.warned_on)
		.run(as_dict=True)
	)
	for row in rows:
		_close(row.name, CAME_BACK, came_back_on=row.last_order)
	return len(rows)


def _settle_over(company: str, until: date) -> int:
	names = frappe.get_all(
		DOCTYPE,
		filters={"company": company, "status": ["in", ACTIVE], "warned_on": ["<=", until]},
		pluck="name",
	)
	for name in names:
		_close(name, NOT_BACK)
	return len(names)


def _close(name: str, status: str, **values: object) -> None:
	doc = frappe.get_doc(DOCTYPE, name)
	doc.update({"status": status, **values})
	_keep(doc)


def _wake(company: str, today: date) -> int:
	names = frappe.get_all(
		DOCTYPE,
		filters={"company": company, "status": SNOOZED, "snoozed_until": ["<=", today]},
		pluck="name",
	)
	for name in names:
		doc = frappe.get_doc(DOCTYPE, name)
		doc.update({"status": CONTACTED if doc.contacted_on else OPEN, "snoozed_until": None})
		_keep(doc)
	return len(names)


def _update_figures(company: str, run: str) -> None:
	"""The list is sorted by what is at risk now, not by what was when the warning was made."""
	warning, score = DocType(DOCTYPE), DocType(SCORE)
	rows = (
		frappe.qb.from_(warning)
		.join(score)
		.on((score.score_run == run) & (score.customer == warning.customer))
		.select(
			warning.name,
			score.churn_probability,
			score.expected_revenue,
			score.churn_reasons,
			score.last_order,
		)
		.where((warning.company == company) & warning.status.isin(ACTIVE))
		.where(score.churn_probability.isnotnull() & score.expected_revenue.isnotnull())
		.run(as_dict=True)
	)
	found = {row.pop("name"): {**row, **_figures(row), "score_run": run} for row in rows}
	frappe.db.bulk_update(DOCTYPE, found, update_modified=False)


def _figures(row: frappe._dict) -> dict[str, float]:
	return {
		"churn_probability": row.churn_probability * 100,
		"at_risk": row.churn_probability * row.expected_revenue,
	}


def _warn(run: Document, today: date) -> int:
	"""Warn of the customers with most at risk, as many as a day can take, of whom no warning is young or open."""
	made_today = frappe.db.count(DOCTYPE, {"company": run.company, "warned_on": [">=", today]})
	room = a_day() - made_today
	if room <= 0:
		return 0
	score, warning, profile = DocType(SCORE), DocType(DOCTYPE), DocType(PROFILE)
	young = (
		frappe.qb.from_(warning)
		.select(warning.customer)
		.where(warning.company == run.company)
		.where(warning.status.isin(ACTIVE) | (warning.warned_on > today - timedelta(days=run.horizon)))
	)
	came_since = (
		frappe.qb.from_(profile)
		.select(profile.customer)
		.where((profile.company == run.company) & (profile.last_order >= run.data_cut))
	)
	at_risk = score.churn_probability * score.expected_revenue
	rows = (
		frappe.qb.from_(score)
		.select(
			score.customer,
			score.customer_name,
			score.churn_probability,
			score.expected_revenue,
			score.churn_reasons,
			score.last_order,
		)
		.where((score.score_run == run.name) & (score.churn_probability >= risk_from()))
		.where((score.expected_revenue > 0) & (at_risk * WORTH_A_CALL >= IfNull(score.basket_value, 0)))
		.where(score.customer.notin(young) & score.customer.notin(came_since))
		.orderby(at_risk, order=frappe.qb.desc)
		.orderby(score.customer)
		.limit(room)
		.run(as_dict=True)
	)
	for row in rows:
		_make(run, row, today)
	return len(rows)


def _make(run: Document, row: frappe._dict, today: date) -> None:
	doc = frappe.new_doc(DOCTYPE)
	doc.update(
		{
			**row,
			**_figures(row),
			"company": run.company,
			"warned_on": today,
			"score_run": run.name,
		}
	)
	_keep(doc)


# --- what people do ------------------------------------------------------------------------------------------


def contacted(doc: Document, outcome: str, note: str | None = None) -> None:
	"""Somebody spoke to the customer, or tried to."""
	_running(doc)
	doc.update({"outcome": outcome, "note": note or doc.note})
	doc.save()


def snooze(doc: Document, until: str | date) -> None:
	"""Take a warning off the list until a day."""
	_running(doc)
	day = getdate(until)
	if day <= getdate(nowdate()):
		frappe.throw(_("Choose a day in the future."))
	doc.update({"status": SNOOZED, "snoozed_until": day})
	_keep(doc)


def dismiss(doc: Document, note: str) -> None:
	"""Close a warning for which nothing is to be done."""
	_running(doc)
	doc.update({"status": DISMISSED, "note": note})
	_keep(doc)


def assign(doc: Document, user: str, next_step: str, due_on: str | date | None = None) -> None:
	"""Give a warning an owner and a task (a ToDo); an earlier owner's task is closed."""
	_running(doc)
	assign_to.close_all_assignments(DOCTYPE, doc.name, ignore_permissions=True)
	assign_to.add(
		{
			"assign_to": [user],
			"doctype": DOCTYPE,
			"name": doc.name,
			"description": f"{escape_html(doc.customer_name or doc.customer)}: {escape_html(next_step)}",
			"date": due_on or None,
		}
	)
	doc.reload()
	doc.next_step = next_step
	doc.save()


def reasons(found: str | None) -> list[str]:
	"""The reasons of a score in words."""
	from ccms_app.scoring import wording

	return wording.reasons(found, _, formatdate)


def _running(doc: Document) -> None:
	if doc.status not in ACTIVE:
		frappe.throw(
			_("This warning was closed on {0}: {1}.").format(formatdate(doc.closed_on), _(doc.status))
		)


# --- the document --------------------------------------------------------------------------------------------


def _keep(doc: Document) -> None:
	"""Save what only this store may write."""
	doc.flags.from_store = True
	doc.save(ignore_permissions=True)
	doc.flags.from_store = False


def check(doc: Document) -> None:
	"""On every save: people write what they did, the rest follows.

	Raises:
		frappe.PermissionError: somebody writes a warning, or what is computed of one, by hand.
	"""
	if not doc.flags.from_store:
		_only_own_words(doc)
	if doc.outcome and not doc.contacted_on:
		doc.contacted_on = nowdate()
		if doc.status in (OPEN, SNOOZED):
			doc.update({"status": CONTACTED, "snoozed_until": None})
	closed = doc.status in CLOSED
	doc.closed_on = (doc.closed_on or nowdate()) if closed else None
	doc.active_key = (
		"" if doc.is_new() and closed else doc.name if closed else _active_key(doc.company, doc.customer)
	)
	if closed and not doc.is_new():
		assign_to.close_all_assignments(DOCTYPE, doc.name, ignore_permissions=True)


def _active_key(company: str, customer: str) -> str:
	"""What keeps a second warning from being open beside the first."""
	return f"{company}|{customer}"


def _only_own_words(doc: Document) -> None:
	before = doc.get_doc_before_save()
	if not before:
		frappe.throw(_("Churn warnings are made from the scores, not by hand."), frappe.PermissionError)
	if changed := [field for field in KEPT if doc.has_value_changed(field)]:
		frappe.throw(
			_("{0} is not changed by hand.").format(_(doc.meta.get_label(changed[0]))), frappe.PermissionError
		)
	if before.status in CLOSED and doc.has_value_changed("outcome"):
		frappe.throw(_("This warning is closed; only its note may still change."))


def refuse_deleting(doc: Document) -> None:
	"""What was warned of stays, or the rates of those who came back would mean nothing."""
	if not doc.flags.from_store:
		frappe.throw(_("A churn warning is dismissed, not deleted."), frappe.PermissionError)


def customer_deleted(customer: str) -> None:
	"""A customer goes, or must not be profiled: nobody is warned about them."""
	frappe.db.delete(DOCTYPE, {"customer": customer})


# --- customers who become one, and part again ----------------------------------------------------------------


def _active(*customers: str) -> list[frappe._dict]:
	"""The running warnings of customers, the oldest first."""
	return frappe.get_all(
		DOCTYPE,
		filters={"customer": ["in", customers], "status": ["in", ACTIVE]},
		fields=["name", "customer", "company", "status", "note"],
		order_by="warned_on, name",
		limit=0,
	)


def second_ones(*customers: str) -> dict[str, dict]:
	"""The running warnings, as they stand, that must end when these customers are one: of each company all but the oldest."""
	going_on, found = {}, {}
	for row in _active(*customers):
		if going_on.setdefault(row.company, row.name) != row.name:
			found[row.name] = {
				"status": row.status,
				"note": row.note,
				"ended": _ended(row.note, going_on[row.company]),
				"tasks": frappe.get_all("ToDo", filters=_tasks(row.name), pluck="name"),
			}
	return found


def _tasks(warning: str) -> dict[str, str]:
	return {"reference_type": DOCTYPE, "reference_name": warning, "status": "Open"}


def _ended(note: str | None, going_on: str) -> str:
	"""The note of a warning that ends because another one of the same customer goes on."""
	return "\n".join(filter(None, [note, _("Merged: {0} goes on.").format(going_on)]))


def keep_one(customer: str) -> None:
	"""After links were moved: of two running warnings of a company the older one goes on, under the customer's own name."""
	for name, was in second_ones(customer).items():
		assign_to.close_all_assignments(DOCTYPE, name, ignore_permissions=True)
		_write(name, status=DISMISSED, note=was["ended"], closed_on=nowdate(), active_key=name)
	for row in _active(customer):
		_write(row.name, active_key=_active_key(row.company, customer))


def customers_parted(source: str, target: str, kept: dict[str, dict]) -> None:
	"""After an undo has given the warnings back: those that the merge had ended go on, unless a newer one runs.

	kept: what `second_ones` returned before the merge.
	"""
	for customer in (source, target):
		keep_one(customer)
	running = {(row.company, row.customer) for row in _active(source, target)}
	for name, was in kept.items():
		row = frappe.db.get_value(
			DOCTYPE, name, ["company", "customer", "status", "note"], as_dict=True, for_update=True
		)
		if not row or row.status != DISMISSED or (row.company, row.customer) in running:
			continue
		note = was["note"] if row.note == was["ended"] else row.note
		key = _active_key(row.company, row.customer)
		_write(name, status=was["status"], note=note, closed_on=None, active_key=key)
		for task in was["tasks"]:
			_reopen(task)


def _reopen(task: str) -> None:
	if frappe.db.exists("ToDo", {"name": task, "status": "Closed"}):
		doc = frappe.get_doc("ToDo", task)
		doc.status = "Open"
		doc.save(ignore_permissions=True)


def _write(name: str, **values: object) -> None:
	"""As columns: nobody has worked on the warning."""
	frappe.db.set_value(DOCTYPE, name, values, update_modified=False)
