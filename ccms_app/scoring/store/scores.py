"""The rows of CCMS Customer Score."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha1
from typing import TYPE_CHECKING

import frappe
from frappe.utils import now

from . import runs

if TYPE_CHECKING:
	import pandas as pd

IN_NAME = 16


def key(run: str, customer: str) -> str:
	"""The name of a score. It follows from whose it is: a run has one for each customer, and renamed customers are found."""
	return f"{run}-{sha1(customer.encode()).hexdigest()[:IN_NAME]}"


def write(
	run: str, company: str, scores: pd.DataFrame, progress: Callable[[float], None] | None = None
) -> None:
	"""Write the scores of a run that is not published; what an earlier attempt left is deleted first. Commits.

	scores: `ScoreResult.scores`; columns that are no fields are left away.
	"""
	from . import bulk  # not with every customer that is saved: it loads Arrow

	runs.delete_scores(run)
	if scores.empty:
		return
	meta = frappe.get_meta(runs.SCORE)
	fields = [name for name in scores.columns if meta.has_field(name)]
	frame = scores[fields].copy()
	for name in fields:
		if meta.get_field(name).fieldtype == "Check":
			frame[name] = frame[name].fillna(False).astype("int64")
	stamp, user = now(), frappe.session.user
	frame["name"] = [key(run, customer) for customer in frame["customer"]]
	frame = frame.assign(
		creation=stamp,
		modified=stamp,
		owner=user,
		modified_by=user,
		company=company,
		score_run=run,
		customer_name=frame["customer"].map(names()).fillna(""),
	)
	bulk.write(runs.SCORE, frame.sort_values("name"), progress)


def names(customers: list[str] | None = None) -> dict[str, str]:
	"""Customer → the name people know them by; of all customers, or of some."""
	import pyarrow as pa

	from ccms_app.behaviour.store import stream

	customer = frappe.qb.DocType("Customer")
	if customers is not None:
		query = frappe.qb.from_(customer).select(customer.name, customer.customer_name)
		parts = (customers[start : start + 1000] for start in range(0, len(customers), 1000))
		return {
			name: called for part in parts for name, called in query.where(customer.name.isin(part)).run()
		}
	found = stream.table(
		customer, {"name": (customer.name, pa.string()), "called": (customer.customer_name, pa.string())}
	)
	return dict(zip(found["name"].to_pylist(), found["called"].to_pylist(), strict=True))


def customer_renamed(new: str) -> None:
	"""After Frappe has moved the links: of two scores of one run and customer the one that was the target's stays."""
	rows = frappe.get_all(runs.SCORE, filters={"customer": new}, fields=["name", "score_run"])
	by_run: dict[str, list[str]] = {}
	for row in rows:
		by_run.setdefault(row.score_run, []).append(row.name)
	for run, found in by_run.items():
		right = key(run, new)
		if right in found:
			others = [name for name in found if name != right]
			if others:
				frappe.db.delete(runs.SCORE, {"name": ["in", others]})
		else:
			frappe.db.sql(f"update `tab{runs.SCORE}` set name = %s where name = %s", (right, found[0]))


def customer_deleted(name: str) -> None:
	"""A customer without invoices is deleted: nothing about them stays."""
	frappe.db.delete(runs.SCORE, {"customer": name})


def drop_without_run(customer: str) -> None:
	"""Scores that came back with a customer, of runs that are gone meanwhile, go too."""
	mine = set(frappe.get_all(runs.SCORE, filters={"customer": customer}, pluck="score_run"))
	there = set(frappe.get_all(runs.DOCTYPE, filters={"name": ["in", list(mine) or [""]]}, pluck="name"))
	if gone := mine - there:
		frappe.db.delete(runs.SCORE, {"customer": customer, "score_run": ["in", sorted(gone)]})
