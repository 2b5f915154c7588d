"""Rules and their problems in the reader's language."""

from __future__ import annotations

from typing import Any

import frappe
from frappe import _
from frappe.utils import flt, fmt_money, formatdate

from ccms_app.segments import wording
from ccms_app.segments.fields import Field
from ccms_app.segments.rules import Problem, Rule, RuleSet


def sentence(rule: Rule, field: Field, currency: str = "") -> str:
	"""A rule as people read it: "Last order · more than 60 days ago"."""
	parts = [
		_(part.words).format(*(_value(kind, value, field, currency) for kind, value in part.values))
		for part in wording.phrases(rule, field)
	]
	said = " · ".join(parts)
	return _("{0} (in {1})").format(said, rule.scope) if rule.scope else said


def problem(found: Problem) -> str:
	"""What is wrong with a row, as plain text."""
	said = _(found.words).format(*(_(str(value)) for value in found.values))
	return _("Rule {0}: {1}").format(found.row, said) if found.row else said


def whole(rules: RuleSet, fields: dict[str, Field], currency: str = "") -> str:
	"""All rules in one text."""
	inner, outer = (_("or"), _("and")) if rules.match == "All" else (_("and"), _("or"))
	brackets = []
	for bracket in rules.brackets():
		said = f" {inner} ".join(sentence(rule, fields[rule.field], currency) for rule in bracket)
		brackets.append(f"({said})" if len(bracket) > 1 else said)
	return f" {outer} ".join(brackets)


def _value(kind: str, value: Any, field: Field, currency: str) -> str:
	if kind == wording.NAMES:
		return f" {_('or')} ".join(name_of(field, one) for one in value)
	if kind == wording.MONEY:
		return fmt_money(flt(value), currency=currency or None)
	if kind == wording.SHARE:
		return f"{_plain(value)} %"
	if kind == wording.NUMBER:
		return _plain(value)
	if kind == wording.DATE:
		return formatdate(value)
	return str(value)


def name_of(field: Field, value: str) -> str:
	"""What people call a value: a segment's title, else the value in their language."""
	if field.type == "segment":
		return frappe.db.get_value("CCMS Customer Segment", value, "segment_name") or value
	return _(value)


def _plain(value: float) -> str:
	return f"{flt(value):,.10g}"
