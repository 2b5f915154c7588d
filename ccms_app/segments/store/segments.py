"""Segments as they are stored, read into what the rules know; and which of them can run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import frappe

from ccms_app.segments import rules as rules_of
from ccms_app.segments.fields import PURCHASE, Field
from ccms_app.segments.rules import Problem, RuleSet

DOCTYPE = "CCMS Customer Segment"
ON_CHANGE = "On Change"
RULE_COLUMNS = ("field", "operator", "value", "group_no", "scope")


@dataclass
class Segment:
	"""One stored segment. tag_in_use: what its members may still carry. always, never: its lists of customers."""

	name: str
	company: str
	segment_name: str
	owner: str
	rules: RuleSet
	tag: str
	tag_in_use: str
	status: str
	on_change: bool
	is_frozen: bool
	is_new: bool
	always: list[str] = field(default_factory=list)
	never: list[str] = field(default_factory=list)

	@property
	def builds_on(self) -> set[str]:
		return rules_of.segments_named(self.rules)

	def asks(self, fields: frozenset[str]) -> bool:
		"""Whether a change of these fields (or of "purchases") can move its members."""
		return "*" in fields or any(
			rule.field in fields
			or rule.field.partition(".")[2] in fields
			or (rule.field.startswith(f"{PURCHASE}.") and "purchases" in fields)
			for rule in self.rules.rules
		)


def load(company: str, enabled: bool = True, names: Sequence[str] | None = None) -> dict[str, Segment]:
	"""The segments of a company by name, in three queries."""
	filters: dict = {"company": company}
	if enabled:
		filters["enabled"] = 1
	if names is not None:
		filters["name"] = ["in", list(names)]
	rows = frappe.get_all(
		DOCTYPE,
		filters=filters,
		fields=[
			"name", "company", "segment_name", "owner", "match", "tag", "status", "refresh_mode", "is_frozen",
			"last_refreshed", "tag_in_use",
		],
		order_by="name",
	)  # fmt: skip
	children: dict[str, list] = {row.name: [] for row in rows}
	for rule in frappe.get_all(
		"CCMS Segment Rule",
		filters={"parent": ["in", list(children)], "parenttype": DOCTYPE},
		fields=["parent", *RULE_COLUMNS],
		order_by="parent, idx",
	):
		children[rule.parent].append(rule)
	lists: dict[tuple[str, str], list[str]] = {}
	for row in frappe.get_all(
		"CCMS Segment Customer",
		filters={"parent": ["in", list(children)], "parenttype": DOCTYPE},
		fields=["parent", "parentfield", "customer"],
	):
		lists.setdefault((row.parent, row.parentfield), []).append(row.customer)
	return {
		row.name: Segment(
			row.name,
			row.company,
			row.segment_name,
			row.owner,
			rules_of.parse(row.match, children[row.name]),
			row.tag or "",
			row.tag_in_use or "",
			row.status,
			row.refresh_mode == ON_CHANGE,
			bool(row.is_frozen),
			not row.last_refreshed,
			lists.get((row.name, "static_members"), []),
			lists.get((row.name, "excluded_customers"), []),
		)
		for row in rows
	}


def graph(company: str, enabled: bool = False) -> dict[str, set[str]]:
	"""Which segment builds on which."""
	return {name: segment.builds_on for name, segment in load(company, enabled).items()}


def problems(rules: RuleSet, fields: Mapping[str, Field]) -> list[Problem]:
	"""What is wrong with rules on this site: rows that cannot stand, and documents they name that are gone."""
	found = rules_of.check(rules, fields)
	if found:
		return found
	for doctype, names in rules_of.named(rules, fields).items():
		there = set(frappe.get_all(doctype, filters={"name": ["in", sorted(names)]}, pluck="name"))
		for name in sorted(names - there):
			row = next(
				number
				for number, rule in enumerate(rules.rules, start=1)
				if name in rules_of.named(RuleSet(rules.match, (rule,)), fields).get(doctype, ())
			)
			found.append(Problem("{0} {1} is no longer there.", (doctype, name), row, gone=True))
	return found
