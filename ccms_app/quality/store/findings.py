"""Findings of customers: written in bulk, kept where nothing changed, decided by people."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import frappe
from frappe import _
from frappe.query_builder import DocType
from frappe.utils import now_datetime

from ccms_app.identity.store.rows import insert
from ccms_app.quality.check import Finding, score

DOCTYPE = "CCMS Quality Finding"
OPEN, FIXED, IGNORED = "Open", "Fixed", "Ignored"
PLACE = ("reference_doctype", "reference_name", "fieldname", "row_doctype", "row_name")
COLUMNS = (
	"name", "creation", "modified", "owner", "modified_by", "customer", "rule", "kind", "weight", "status", "source",
	"found_on", "suggestion", "reason_values", *PLACE,
)  # fmt: skip
MOST = 140


@dataclass
class Written:
	"""What a write did: new or reopened findings, and those no longer found."""

	found: int = 0
	resolved: int = 0


def write(
	customers: Sequence[str], found: Iterable[tuple[str, Finding]], active: Collection[str] | None = None
) -> Written:
	"""Make the findings of these customers what was found now, in the transaction; what did not change is not touched.

	A finding that a person ignored stays ignored as long as the same value stands there.

	Args:
		found: (customer, finding).
		active: the rules that were asked; by default all. What somebody ignored stays so while its rule is switched off.
	"""
	wanted = {key: row for key, row in map(_row, found)}
	table = DocType(DOCTYPE)
	fields = ("name", "customer", "rule", "status", "suggestion", "reason_values", "weight", *PLACE)
	query = frappe.qb.from_(table).select(*(table[field] for field in fields))
	there = query.where(table.customer.isin(customers)).orderby(table.creation).run(as_dict=True)
	done, gone, twice, seen = Written(), [], [], set()
	for row in there:
		key = (row.customer, row.rule, *((row[field] or "") for field in PLACE))
		if key in seen:
			twice.append(row.name)  # of a merged customer
			continue
		seen.add(key)
		new = wanted.get(key)
		if new is None:
			is_kept = row.status == IGNORED and active is not None and row.rule not in active
			if row.status != FIXED and not is_kept:
				gone.append(row.name)
		elif _values(row.reason_values) != _values(new["reason_values"]) or row.status == FIXED:
			_reopen(row.name, new)
			done.found += 1
		elif row.weight != new["weight"] or (row.suggestion or "") != new["suggestion"]:
			changed = {"weight": new["weight"], "suggestion": new["suggestion"]}
			frappe.db.set_value(DOCTYPE, row.name, changed, update_modified=False)
	fresh = [row for key, row in wanted.items() if key not in seen]
	now, user = now_datetime(), frappe.session.user
	standard = {
		"creation": now,
		"modified": now,
		"owner": user,
		"modified_by": user,
		"status": OPEN,
		"found_on": now,
	}
	rows = [{**row, **standard, "name": frappe.generate_hash(length=16)} for row in fresh]
	insert(DOCTYPE, COLUMNS, [tuple(row[column] for column in COLUMNS) for row in rows])
	if gone:
		query = (
			frappe.qb.update(table).set(table.status, FIXED).set(table.fixed_on, now).set(table.modified, now)
		)
		query.where(table.name.isin(gone)).run()
	if twice:
		frappe.db.delete(DOCTYPE, {"name": ["in", twice]})
	done.found += len(rows)
	done.resolved = len(gone)
	return done


def _values(text: Any) -> Any:
	return json.loads(text) if isinstance(text, str) and text else text


def _reopen(name: str, new: dict[str, Any]) -> None:
	values = {field: new[field] for field in ("suggestion", "reason_values", "weight", "source", "kind")}
	now = now_datetime()
	values |= {"status": OPEN, "found_on": now, "fixed_on": None, "decided_by": None}
	frappe.db.set_value(DOCTYPE, name, values)


def _row(one: tuple[str, Finding]) -> tuple[tuple, dict[str, Any]]:
	customer, finding = one
	found, rule = finding.found, finding.rule
	place = found.place
	where = {
		"reference_doctype": place.doctype,
		"reference_name": place.name or customer,
		"fieldname": place.fieldname[:MOST],
		"row_doctype": place.row_doctype,
		"row_name": place.row_name,
	}
	row = {
		"customer": customer,
		"rule": rule.name,
		"kind": rule.kind,
		"weight": rule.weight,
		"source": found.source[:60],
		"suggestion": found.suggestion if len(found.suggestion) <= MOST else "",
		"reason_values": json.dumps(found.values, ensure_ascii=False, sort_keys=True),
		**where,
	}
	return (customer, rule.name, *(where[field] for field in PLACE)), row


def drop(customers: Sequence[str]) -> None:
	"""Delete what was found on customers who are not looked at any more, but for what a person decided."""
	for start in range(0, len(customers), 1_000):
		part = customers[start : start + 1_000]
		frappe.db.delete(DOCTYPE, {"customer": ["in", part], "status": ["!=", IGNORED]})


def score_of(customer: str) -> tuple[float, list[dict[str, Any]]]:
	"""A customer's score, 0 to 100, and the open findings that it comes from, the heaviest first. Asks no permission."""
	fields = ["name", "rule", "kind", "weight", "reason_values", "suggestion", "source", *PLACE]
	filters = {"customer": customer, "status": OPEN}
	rows = frappe.get_all(DOCTYPE, filters=filters, fields=fields, order_by="weight desc, rule, name")
	return score((row.rule, row.weight) for row in rows), rows


def ignore(name: str) -> None:
	"""A person says that a finding is none; it comes back when another value stands there.

	Raises:
		frappe.PermissionError: the user may not write findings of this customer.
	"""
	_decide(name, OPEN, {"status": IGNORED, "decided_by": frappe.session.user})


def reopen(name: str) -> None:
	"""Take `ignore` back. Raises as `ignore` does."""
	_decide(name, IGNORED, {"status": OPEN, "decided_by": None})


def _decide(name: str, status: str, values: dict[str, Any]) -> None:
	doc = frappe.get_doc(DOCTYPE, name, for_update=True)
	doc.check_permission("write")
	if doc.status != status:
		frappe.throw(_("This finding is {0}.").format(_(doc.status)))
	doc.update(values)
	doc.flags.from_quality = True
	doc.save()


def refuse_by_hand(doc) -> None:
	"""For `validate` of what only the app writes.

	Raises:
		frappe.PermissionError: somebody writes it.
	"""
	if not doc.flags.from_quality:
		frappe.throw(_("This is written by the app and cannot be changed by hand."), frappe.PermissionError)
