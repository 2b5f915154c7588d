"""What happens to a segment's document: it is checked, refreshed after saving, and cleared away when it is deleted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import frappe
from frappe import _
from frappe.utils import escape_html

from ccms_app.segments import rules as rules_of

from . import changes, registry, segments, tags, wording

if TYPE_CHECKING:
	from frappe.model.document import Document

DOCTYPE = segments.DOCTYPE
MEMBER = "CCMS Segment Member"
SIZE = "CCMS Segment Size"


def rules(doc: Document) -> rules_of.RuleSet:
	"""The rules of a document, saved or not."""
	return rules_of.parse(doc.match, [row.as_dict() for row in doc.get("rules") or []])


def check(doc: Document) -> None:
	"""Refuse what cannot run, with everything that is wrong at once; write each rule's sentence."""
	doc.segment_name = (doc.segment_name or "").strip()
	doc.tag = (doc.tag or "").strip()
	_check_name(doc)
	_check_tag(doc)
	_check_lists(doc)
	found = rules(doc)
	fields = registry.fields()
	wrong = segments.problems(found, fields)
	if wrong and (doc.enabled or not all(problem.gone for problem in wrong)):
		frappe.throw(
			"<br>".join(escape_html(wording.problem(problem)) for problem in wrong), title=_("Rules")
		)
	if not wrong:
		_check_permitted(doc, found)
		_check_circle(doc, found)
		doc.status, doc.reason = "Active", ""
	currency = frappe.get_cached_value("Company", doc.company, "default_currency")
	for row, rule in zip(doc.get("rules") or [], found.rules, strict=True):
		row.value = json.dumps(rule.value, ensure_ascii=False) if rule.value is not None else ""
		if rule.field in fields and not wrong:
			row.sentence = wording.sentence(rule, fields[rule.field], currency)


def _check_name(doc: Document) -> None:
	other = {"company": doc.company, "segment_name": doc.segment_name, "name": ["!=", doc.name or ""]}
	if frappe.db.exists(DOCTYPE, other):
		frappe.throw(
			_("{0} already has a segment named {1}.").format(
				escape_html(doc.company), frappe.bold(escape_html(doc.segment_name))
			)
		)


def _check_tag(doc: Document) -> None:
	if "," in doc.tag:
		frappe.throw(_("A tag holds no comma."))


def _check_lists(doc: Document) -> None:
	for table in ("static_members", "excluded_customers"):
		seen: set[str] = set()
		rows = doc.get(table) or []
		doc.set(table, [row for row in rows if not (row.customer in seen or seen.add(row.customer))])
		for number, row in enumerate(doc.get(table), start=1):
			row.idx = number


def _check_permitted(doc: Document, found: rules_of.RuleSet) -> None:
	"""Nobody asks what they may not see; what stood there before may stay."""
	allowed = registry.permitted()
	before = doc.get_doc_before_save()
	kept = set(map(repr, rules(before).rules)) if before else set()
	for number, rule in enumerate(found.rules, start=1):
		if rule.field not in allowed and repr(rule) not in kept:
			frappe.throw(
				_("Rule {0}: you may not ask for {1}.").format(number, frappe.bold(escape_html(rule.field))),
				frappe.PermissionError,
			)


def _check_circle(doc: Document, found: rules_of.RuleSet) -> None:
	named = rules_of.segments_named(found)
	if not named:
		return
	others = frappe.get_all(
		DOCTYPE, filters={"name": ["in", list(named)]}, fields=["segment_name", "company"]
	)
	for other in others:
		if other.company != doc.company:
			frappe.throw(
				_("Segment {0} belongs to {1}.").format(
					frappe.bold(escape_html(other.segment_name)), escape_html(other.company)
				)
			)
	names = segments.graph(doc.company) | {doc.name: named}
	if way := rules_of.circle(names, doc.name):
		titles = {doc.name: doc.segment_name}
		said = [titles.get(name) or frappe.db.get_value(DOCTYPE, name, "segment_name") for name in way]
		frappe.throw(
			_("Segments cannot go in a circle: {0}.").format(escape_html(" → ".join(said))),
			title=_("Rules"),
		)


def saved(doc: Document) -> None:
	"""Work the members out anew when anything that decides about them has changed."""
	changes.forget_known()
	if doc.enabled and not doc.flags.is_copy and _moves_members(doc):
		enqueue_refresh(doc.name)


def _moves_members(doc: Document) -> bool:
	before = doc.get_doc_before_save()
	if not before:
		return True

	def decisive(one: Document) -> list:
		return [
			one.enabled,
			one.status,
			one.tag,
			rules(one),
			sorted(row.customer for row in one.get("static_members")),
			sorted(row.customer for row in one.get("excluded_customers")),
		]

	return decisive(doc) != decisive(before)


def enqueue_refresh(name: str) -> None:
	"""Refresh a segment, and those that build on it, in the background, once the transaction is committed."""
	changes.after_commit(
		"ccms_app.segments.store.refresh.one", job=f"ccms_segment::{name}", queue="long", segment=name
	)


def forget(doc: Document) -> None:
	"""A segment is deleted: its tags, members and sizes go with it. One that others build on stays."""
	users = [
		name for name, named in segments.graph(doc.company).items() if doc.name in named and name != doc.name
	]
	if users:
		titles = frappe.get_all(DOCTYPE, filters={"name": ["in", users]}, pluck="segment_name")
		frappe.throw(
			_("{0} is used in {1}.").format(
				frappe.bold(escape_html(doc.segment_name)), escape_html(", ".join(titles))
			),
			frappe.LinkExistsError,
		)
	frappe.db.set_value(MEMBER, {"segment": doc.name}, "left_on", frappe.utils.now(), update_modified=False)
	tags.remove_left(doc.name)
	frappe.db.delete(MEMBER, {"segment": doc.name})
	frappe.db.delete(SIZE, {"segment": doc.name})
	changes.forget_known()
