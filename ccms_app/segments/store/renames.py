"""Renames and merges: rules keep meaning what they meant, and a merged customer is in a segment once."""

from __future__ import annotations

import json

import frappe
from frappe.query_builder import DocType
from frappe.utils import now

from ccms_app.segments import rules as rules_of

from . import changes, registry, segments, tags

MEMBER, RULE = "CCMS Segment Member", "CCMS Segment Rule"


def document_renamed(doctype: str, old: str, new: str) -> None:
	"""A document that rules may name has another name now, or was merged into another."""
	for row in _naming(doctype, old):
		after = _as_named(row, doctype, old, new)
		if after != (row.value, row.scope):
			_write(row.name, *after)
	frappe.clear_document_cache(segments.DOCTYPE)


def naming(doctype: str, name: str) -> dict[str, list]:
	"""{rule: [value, scope]} of the rules that name a document, as they stand."""
	return {row.name: [row.value, row.scope] for row in _naming(doctype, name)}


def give_back(doctype: str, old: str, new: str, kept: dict[str, list]) -> None:
	"""Let rules name a document again that had become another, where nobody has changed them since.

	Args:
		kept: what `naming` returned before.
	"""
	rule = DocType(RULE)
	if not kept:
		return
	query = frappe.qb.from_(rule).select(
		rule.name, rule.field, rule.operator, rule.value, rule.group_no, rule.scope
	)
	for row in query.where(rule.name.isin(list(kept))).run(as_dict=True):
		value, scope = kept[row.name]
		if (row.value, row.scope) == _as_named(
			frappe._dict(row, value=value, scope=scope), doctype, old, new
		):
			_write(row.name, value, scope)
	frappe.clear_document_cache(segments.DOCTYPE)


def _naming(doctype: str, name: str) -> list[frappe._dict]:
	fields = registry.fields()
	if doctype not in {field.options for field in fields.values() if field.options}:
		return []
	needle = json.dumps(name, ensure_ascii=False)
	rule = DocType(RULE)
	rows = (
		frappe.qb.from_(rule)
		.select(rule.name, rule.field, rule.operator, rule.value, rule.group_no, rule.scope)
		.where(rule.value.isnotnull() | (rule.scope == name))
		.run(as_dict=True)
	)
	return [row for row in rows if needle in (row.value or "") or row.scope == name]


def _as_named(row: frappe._dict, doctype: str, old: str, new: str) -> tuple[str | None, str | None]:
	"""(value, scope) of a rule once the document has its new name."""
	before = rules_of.parse(rules_of.ALL, [row])
	(after,) = rules_of.renamed(before, registry.fields(), doctype, old, new).rules
	if after == before.rules[0]:
		return row.value, row.scope
	return json.dumps(after.value, ensure_ascii=False), after.scope


def _write(name: str, value: str | None, scope: str | None) -> None:
	frappe.db.set_value(RULE, name, {"value": value, "scope": scope}, update_modified=False)


def customer_renamed(old: str, new: str, merged: bool) -> None:
	"""Frappe has written the new name into every row already. After a merge a segment may hold the customer twice, and
	its list too: the older membership stays."""
	by_segment: dict[str, list] = {}
	for row in frappe.get_all(
		MEMBER,
		filters={"customer": new, "left_on": ["is", "not set"]},
		fields=["name", "segment", "tag", "tagged", "member_key"],
		order_by="entered_on, name",
	):
		by_segment.setdefault(row.segment, []).append(row)
	for segment, rows in by_segment.items():
		_keep_one(segment, new, rows)
	if merged:
		_forget_doubles(new)
		changes.enqueue(None, [new], [changes.ALL])


def _keep_one(segment: str, customer: str, rows: list) -> None:
	kept, *others = rows
	for row in others:
		values = {"left_on": now(), "left_cause": "Merged", "member_key": row.name, "tagged": 0}
		frappe.db.set_value(MEMBER, row.name, values, update_modified=False)
	key = f"{segment}|{customer}"
	# a tag that the surviving customer had by hand stays by hand
	own = next((row for row in rows if row.member_key == key), None)
	tagged = own.tagged if own else kept.tagged
	values = {"member_key": key, "tagged": tagged, "tag": (own or kept).tag}
	frappe.db.set_value(MEMBER, kept.name, values, update_modified=False)
	if tagged:
		tags.hold(customer, (own or kept).tag)


def _forget_doubles(customer: str) -> None:
	seen = set()
	for row in frappe.get_all(
		"CCMS Segment Customer",
		filters={"customer": customer},
		fields=["name", "parent", "parentfield"],
		order_by="idx",
	):
		if (row.parent, row.parentfield) in seen:
			frappe.db.delete("CCMS Segment Customer", {"name": row.name})
		seen.add((row.parent, row.parentfield))


def customer_deleted(customer: str) -> None:
	"""A customer who goes leaves no rows behind."""
	frappe.db.delete(MEMBER, {"customer": customer})
	frappe.db.delete("CCMS Segment Customer", {"customer": customer})
