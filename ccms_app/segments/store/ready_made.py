"""Ready-made segments on this site: those that its figures support, each made once."""

from __future__ import annotations

import json

import frappe
from frappe import _
from frappe.query_builder import DocType
from frappe.query_builder.functions import Max

from ccms_app.scoring.store import runs
from ccms_app.segments import ready_made
from ccms_app.segments.fields import CUSTOMER, SCORE, Field

from . import registry, segments

DOCTYPES = {"score": "CCMS Customer Score", "profile": "CCMS Customer Profile"}


def make(company: str) -> list[str]:
	"""Make those that are missing and that figures support; returns their titles. One that was deleted comes back."""
	fields = registry.fields()
	birthday = next(
		(
			field.key
			for field in fields.values()
			if field.source == CUSTOMER
			and field.type == "date"
			and ready_made.looks_like_birthday(field.key, field.label)
		),
		None,
	)
	there = frappe.get_all(
		segments.DOCTYPE, filters={"company": company}, fields=["ready_made", "segment_name"]
	)
	codes, titles = {row.ready_made for row in there}, {row.segment_name for row in there}
	made = []
	for one in ready_made.possible(fields, birthday):
		title = _(one.title)
		if one.code in codes or title in titles or not _supported(one, fields, company):
			continue
		_insert(one, title, company)
		made.append(title)
	return made


def _insert(one: ready_made.ReadyMade, title: str, company: str) -> None:
	frappe.get_doc(
		{
			"doctype": segments.DOCTYPE,
			"segment_name": title,
			"company": company,
			"description": _(one.description),
			"match": one.match,
			"ready_made": one.code,
			"rules": [
				{
					"field": rule.field,
					"operator": rule.operator,
					"value": json.dumps(rule.value, ensure_ascii=False),
					"group_no": rule.group,
				}
				for rule in one.rules
			],
		}
	).insert(ignore_permissions=True)


def _supported(one: ready_made.ReadyMade, fields: dict[str, Field], company: str) -> bool:
	"""Whether anybody has a value in each of its fields."""
	return all(_is_known(fields[key], company) for key in one.fields)


def _is_known(field: Field, company: str) -> bool:
	if field.source == CUSTOMER:
		table = DocType("Customer")
		query = frappe.qb.from_(table)
	else:
		table = DocType(DOCTYPES[field.source])
		query = frappe.qb.from_(table).where(table.company == company)
		if field.source == SCORE:
			query = query.where(table.score_run == (runs.published(company) or ""))
	found = query.select(Max(table[field.column])).run()[0][0]
	return found not in (None, "")
