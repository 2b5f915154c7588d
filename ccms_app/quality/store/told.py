"""What people read of data quality beside its lists: a customer's score with its reasons, what each rule found, how many
customers wait."""

from __future__ import annotations

from typing import Any

import frappe
from frappe import _
from frappe.query_builder import DocType
from frappe.query_builder.functions import Count

from ccms_app.desk import permitted
from ccms_app.quality.parameters import KNOWN, Number

from . import findings, fixes, rules, runs, words

LAST_FIXES = 5


def of_customer(customer: str) -> dict[str, Any]:
	"""A customer's score with its reasons, the heaviest first, and the last fixes. Asks no permission.

	Returns:
		score (0 to 100), reasons (with `can_fix`: whether the user may put the value right where it stands), fixes (with
		`can_undo`: the same), may_decide,
		and looked_on: when the last run began that knew the customer; None when none did.
	"""
	score, rows = findings.score_of(customer)
	shown = [
		{
			**{field: row[field] for field in ("name", "rule", "weight", "suggestion", "source")},
			"reason": words.reason(row.kind, row.reason_values),
			"can_fix": fixes.may_fix(row),
		}
		for row in rows
	]
	return {
		"score": score,
		"reasons": shown,
		"fixes": _fixes(customer),
		"may_decide": bool(frappe.has_permission(findings.DOCTYPE, "write")),
		"looked_on": _looked_on(customer),
	}


def _fixes(customer: str) -> list[dict[str, Any]]:
	fields = ["name", "row_doctype", "reference_doctype", "reference_name", "fieldname", "old_value", "new_value", "status", "applied_on"]  # fmt: skip
	rows = frappe.get_all(
		fixes.DOCTYPE, {"customer": customer}, fields, order_by="creation desc", limit=LAST_FIXES
	)
	return [
		{
			**{field: row[field] for field in ("name", "old_value", "new_value", "status", "applied_on")},
			"label": words.field(row),
			"can_undo": fixes.may_fix(row),
		}
		for row in rows
	]


def _looked_on(customer: str):
	since = frappe.db.get_value("Customer", customer, "creation")
	filters = {"status": runs.COMPLETED, "started_on": [">=", since]}
	return since and frappe.db.get_value(runs.DOCTYPE, filters, "started_on", order_by="started_on desc")


def by_rule() -> dict[str, dict[str, int]]:
	"""Rule → status of findings → customers, of those whom the user in session may see."""
	finding = DocType(findings.DOCTYPE)
	query = frappe.qb.from_(finding).where(finding.status.isin((findings.OPEN, findings.IGNORED)))
	query = permitted.restrict(query, findings.DOCTYPE).groupby(finding.rule, finding.status)
	found: dict[str, dict[str, int]] = {}
	for rule, status, customers in query.select(
		finding.rule, finding.status, Count(finding.customer).distinct()
	).run():
		found.setdefault(rule, {})[status] = customers
	return found


def waiting() -> int:
	"""How many customers have open findings, of those whom the user in session may see."""
	finding = DocType(findings.DOCTYPE)
	query = frappe.qb.from_(finding).where(finding.status == findings.OPEN)
	query = permitted.restrict(query, findings.DOCTYPE)
	return query.select(Count(finding.customer).distinct()).run()[0][0]


def kinds() -> dict[str, dict[str, Any]]:
	"""What rules can look for: the usual parameters, and in words what is found and what may be set."""
	return {
		kind: {"parameters": parameters, "description": _(description), "help": _help(kind)}
		for kind, (_weight, parameters, description) in rules.SHIPPED.items()
	}


def _help(kind: str) -> str:
	said = []
	for name, parameter in KNOWN.get(kind, {}).items():
		if isinstance(parameter, Number):
			text = _("{0}: a whole number from {1} to {2}.").format(name, parameter.least, parameter.most)
		else:
			text = _("{0}: a list of at most {1}, such as {2}.").format(
				name, parameter.most, parameter.example
			)
		said.append(text)
	return " ".join(said) or _("This kind needs no parameters.")
