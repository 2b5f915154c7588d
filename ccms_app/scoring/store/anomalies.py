"""Unusual orders for somebody to look at: found each night, worked through by people.

An order is judged by what the customer's own earlier orders were (`scoring.anomalies`), ranked among the orders of a year.
Those of the last days are listed, and stay, however old, until somebody has looked at them. Only what is found not to be
unusual within those days (an invoice was put right), and nobody has looked at, goes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import frappe
from frappe import _
from frappe.utils import getdate, nowdate

from ccms_app.behaviour.store import lake

from . import runs

if TYPE_CHECKING:
	import pandas as pd
	from frappe.model.document import Document

DOCTYPE = "CCMS Purchase Anomaly"
NEW, LOOKED_AT, EXPLAINED, WRONG = "New", "Looked At", "Explained", "Wrong"
SETTLED = (LOOKED_AT, EXPLAINED, WRONG)
RANKED_DAYS, LISTED_DAYS = 365, 90
MOST = 200
"""More than anybody looks at: of a night's findings the strangest are kept."""
FIGURES = ("value", "usual_value", "items", "per_item", "usual_per_item", "score", "z", "z_per_item")
# what a person may not write
KEPT = ("customer", "company", "day", "status", "invoice_type", "invoice", "score_run", *FIGURES)


@dataclass(frozen=True)
class Found:
	"""What a night did: orders newly listed, listed ones that are not unusual any more."""

	new: int = 0
	gone: int = 0


def refresh(company: str) -> Found:
	"""List the unusual orders of a company from its published facts; calling it again changes nothing."""
	try:
		facts = lake.open(company)
	except lake.Empty:
		return Found()
	flagged, since = _flagged(facts)
	found = _with_documents(facts, flagged.head(MOST))
	listed = frappe.get_all(
		DOCTYPE, filters={"company": company}, fields=["name", "customer", "day", "status"], limit=0
	)
	there = {(row.customer, row.day): row for row in listed}
	known = set(zip(flagged["customer"], flagged["day"], strict=True))
	gone = [
		row.name for key, row in there.items() if row.status == NEW and row.day >= since and key not in known
	]
	for name in gone:
		_delete(name)
	fresh = [row for row in found.to_dict("records") if (row["customer"], row["day"]) not in there]
	run = runs.published(company)
	for row in fresh:
		_make(company, run, row)
	return Found(len(fresh), len(gone))


def _flagged(facts: lake.Lake) -> tuple[pd.DataFrame, date]:
	"""The unusual orders of the last days, the strangest first, and the first of those days."""
	from ccms_app.scoring import anomalies

	judged = anomalies.score(facts.orders, since=facts.as_of - timedelta(days=RANKED_DAYS))
	judged["day"] = [getdate(day) for day in judged["day"]]
	since = facts.as_of - timedelta(days=LISTED_DAYS)
	return judged[judged["flagged"].astype(bool) & (judged["day"] >= since)], since


def _with_documents(facts: lake.Lake, found: pd.DataFrame) -> pd.DataFrame:
	"""Orders as they are listed: customer, day, FIGURES, invoice_type, invoice."""
	found = found.assign(score=found["score"] * 100, per_item=found["value"] / found["items"])
	return found.merge(_documents(facts, found), on=["customer", "day"], how="left")


def _documents(facts: lake.Lake, found: pd.DataFrame) -> pd.DataFrame:
	"""The largest sale of each of those days."""
	import ibis
	import pandas as pd
	import pyarrow as pa

	asked = pa.table(
		{
			"customer": pa.array(list(found["customer"]), pa.string()),
			"day": pa.array(list(found["day"]), pa.date32()),
		}
	)
	lines = facts.lines.semi_join(ibis.memtable(asked), ["customer", "day"])
	lines = lines.filter(~lines.is_return)
	documents = facts.engine.frame(
		lines.group_by("customer", "day", "voucher_type", "invoice").agg(amount=lines.net_amount.sum())
	)
	documents = documents.sort_values(["amount", "invoice"], ascending=[False, True])
	documents = documents.drop_duplicates(["customer", "day"]).rename(
		columns={"voucher_type": "invoice_type"}
	)
	documents["day"] = pd.Series([getdate(day) for day in documents["day"]], documents.index, object)
	return documents[["customer", "day", "invoice_type", "invoice"]]


def _make(company: str, run: str | None, row: dict[str, Any]) -> None:
	doc = frappe.new_doc(DOCTYPE)
	doc.update({name: row[name] for name in ("customer", "day", "invoice_type", "invoice", *FIGURES)})
	doc.update(
		{
			"company": company,
			"score_run": run,
			"customer_name": frappe.db.get_value("Customer", row["customer"], "customer_name"),
		}
	)
	doc.flags.ignore_links = True  # an invoice may be cancelled, a customer renamed since the facts were read
	_keep(doc)


def _delete(name: str) -> None:
	doc = frappe.get_doc(DOCTYPE, name)
	doc.flags.from_store = True
	doc.delete(ignore_permissions=True, delete_permanently=True)


# --- what people do ------------------------------------------------------------------------------------------


def settle(doc: Document, status: str, note: str | None = None) -> None:
	"""Somebody has looked at it; what is explained or wrong says why.

	Raises:
		frappe.ValidationError: no such status, or no note.
	"""
	if status not in SETTLED:
		frappe.throw(_("{0} must be one of {1}.").format(_("Status"), ", ".join(map(_, SETTLED))))
	note = (note or "").strip() or doc.note
	if status != LOOKED_AT and not note:
		frappe.throw(_("Say in a note why it is {0}.").format(_(status).lower()))
	doc.update(
		{"status": status, "note": note, "looked_at_by": frappe.session.user, "looked_at_on": nowdate()}
	)
	_keep(doc)


def _keep(doc: Document) -> None:
	"""Save what only this store may write."""
	doc.flags.from_store = True
	doc.save(ignore_permissions=True)
	doc.flags.from_store = False


def check(doc: Document) -> None:
	"""On every save: people write notes, the rest is found or follows from what they do.

	Raises:
		frappe.PermissionError: somebody writes one, or what is computed of one, by hand.
	"""
	if doc.flags.from_store:
		return
	if doc.is_new():
		frappe.throw(_("Unusual orders are found in the facts, not written by hand."), frappe.PermissionError)
	if changed := [field for field in KEPT if doc.has_value_changed(field)]:
		frappe.throw(
			_("{0} is not changed by hand.").format(_(doc.meta.get_label(changed[0]))), frappe.PermissionError
		)


def refuse_deleting(doc: Document) -> None:
	"""What somebody found out stays."""
	if not doc.flags.from_store:
		frappe.throw(_("An unusual order is explained, not deleted."), frappe.PermissionError)


def customer_deleted(customer: str) -> None:
	"""A customer goes, or must not be profiled: no order of theirs is unusual."""
	frappe.db.delete(DOCTYPE, {"customer": customer})


def customers_merged(target: str) -> None:
	"""Two customers have become one: of two findings on a day, one stays that somebody has looked at, else the older one."""
	by_day: dict[tuple, list[frappe._dict]] = {}
	for row in frappe.get_all(
		DOCTYPE,
		filters={"customer": target},
		fields=["name", "company", "day", "status"],
		order_by="name",
		limit=0,
	):
		by_day.setdefault((row.company, row.day), []).append(row)
	for rows in by_day.values():
		stays = next((row for row in rows if row.status != NEW), rows[0])
		if twins := [row.name for row in rows if row.status == NEW and row is not stays]:
			frappe.db.delete(DOCTYPE, {"name": ["in", twins]})
