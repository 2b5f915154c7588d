"""Renames and merges: rules keep meaning what they meant, and a merged customer is in a segment once."""

from __future__ import annotations

import json

import frappe
from frappe.query_builder import DocType
from frappe.utils import now

from ccms_app.segments import rules as rules_of

from . import changes, registry, segments, tags

MEMBER = "CCMS Segment Member"


def document_renamed(doctype: str, old: str, new: str) -> None:
	"""A document that rules may name has another name now, or was merged into another."""
	fields = registry.fields()
	if doctype not in {field.options for field in fields.values() if field.options}:
		return
	needle = json.dumps(old, ensure_ascii=False)
	rule = DocType("CCMS Segment Rule")
	rows = (
		frappe.qb.from_(rule)
		.select(rule.name, rule.field, rule.operator, rule.value, rule.group_no, rule.scope)
		.where(rule.value.isnotnull() | (rule.scope == old))
		.run(as_dict=True)
	)
	for row in rows:
		if needle not in (row.value or "") and row.scope != old:
			continue
		before = rules_of.parse(rules_of.ALL, [row])
		(after,) = rules_of.renamed(before, fields, doctype, old, new).rules
		if after != before.rules[0]:
			value = json.dumps(after.value, ensure_ascii=False)
			frappe.db.set_value(
				"CCMS Segment Rule", row.name, {"value": value, "scope": after.scope}, update_modified=False
			)
	frappe.clear_document_cache(segments.DOCTYPE)


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
