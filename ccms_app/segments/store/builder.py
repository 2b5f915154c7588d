"""What the rule builder and the segment's form show."""

from __future__ import annotations

from typing import Any

import frappe
from frappe import _

from ccms_app.segments.fields import Field

from . import registry, segments

SIZE = "CCMS Segment Size"
DAYS = 400
TAGS = 500


def fields(company: str) -> dict[str, Any]:
	"""{"groups": [{"label", "fields": [{"key", "label", "type", "operators", "options", "choices", "personal"}]}],
	"currency", "programs"}; texts are in the user's language."""
	groups: dict[str, list[dict]] = {}
	for field in registry.permitted().values():
		if field.source == "membership" and not frappe.has_permission("CCMS Membership", "report"):
			continue
		groups.setdefault(field.group, []).append(_shown(registry.choices(field, company), company))
	return {
		"groups": [{"label": _(label), "fields": of} for label, of in groups.items()],
		"currency": frappe.get_cached_value("Company", company, "default_currency"),
		"programs": frappe.get_all("CCMS Loyalty Program", filters={"company": company}, pluck="name"),
	}


def _shown(field: Field, company: str) -> dict[str, Any]:
	found: dict[str, Any] = {
		"key": field.key,
		"label": _(field.label),
		"type": field.type,
		"personal": bool(field.sensitivity),
		"operators": [
			{"code": one.code, "words": _(one.words), "takes": one.takes} for one in field.operators
		],
	}
	if field.source == "membership":
		found["scoped"] = True
	if field.type == "segment":
		rows = frappe.get_all(
			segments.DOCTYPE,
			filters={"company": company},
			fields=["name", "segment_name"],
			order_by="segment_name",
		)
		found["choices"] = [{"value": row.name, "label": row.segment_name} for row in rows]
	elif field.type == "tags":
		found["choices"] = _plain(frappe.get_all("Tag", pluck="name", order_by="name", limit=TAGS))
	elif field.type == "choice" or (field.type == "purchase" and field.column == "branch"):
		found["choices"] = [
			{"value": value, "label": _(value)} for value in field.options.split("\n") if value
		]
	elif field.options:
		found["doctype"] = field.options
	return found


def _plain(values: list[str]) -> list[dict[str, str]]:
	return [{"value": value, "label": value} for value in values]


def sizes(segment: str) -> list[dict[str, Any]]:
	"""The last days' sizes, oldest first."""
	rows = frappe.get_all(
		SIZE,
		filters={"segment": segment},
		fields=["date", "size", "entered", "departed"],
		order_by="date desc",
		limit=DAYS,
	)
	return rows[::-1]


def used_in(segment: str) -> list[dict[str, str]]:
	"""Segments that build on this one, and copies of it: {"doctype", "name", "label", "how"}."""
	company = frappe.get_cached_value(segments.DOCTYPE, segment, "company")
	titles = dict(
		frappe.get_all(
			segments.DOCTYPE, filters={"company": company}, fields=["name", "segment_name"], as_list=True
		)
	)
	found = [
		{"doctype": segments.DOCTYPE, "name": name, "label": titles[name], "how": _("builds on it")}
		for name, named in segments.graph(company).items()
		if segment in named
	]
	for name in frappe.get_all(segments.DOCTYPE, filters={"copy_of": segment}, pluck="name"):
		found.append(
			{"doctype": segments.DOCTYPE, "name": name, "label": titles[name], "how": _("frozen copy")}
		)
	return found
