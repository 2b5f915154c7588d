"""Rules as a manager keeps them, and those that come with the app."""

from __future__ import annotations

import json
from typing import Any

import frappe
from frappe import _
from frappe.query_builder import DocType
from frappe.utils import cint, escape_html, flt

from ccms_app.quality.parameters import KNOWN, Number, Parameter, wrong
from ccms_app.quality.rules import KINDS, Rule

DOCTYPE, FINDING = "CCMS Quality Rule", "CCMS Quality Finding"
# kind: (weight, parameters, what it looks for); the rule is called as its kind
SHIPPED: dict[str, tuple[float, dict[str, Any], str]] = {
	"Phone Invalid": (10, {}, "A phone number that cannot be dialled."),
	"E-mail Invalid": (10, {}, "A mail address that cannot be written to."),
	"Mail Domain Mistyped": (10, {}, "A mail domain one slip away from a common one, such as gmial.com."),
	"Test Data": (30, {}, "A name, mail address or number that was typed to try something out."),
	"Birth Date Impossible": (10, {"years": 120}, "Born in the future, or too long ago."),
	"Purchase before Birth": (10, {}, "The first purchase is older than the customer."),
	"Purchase before Joining": (5, {"days": 0}, "The first purchase is older than the membership."),
	"Phone Country Differs": (5, {}, "A phone of a country in which the customer has no address."),
	"No Way to Reach": (30, {"post_counts": 1}, "Neither phone nor mailbox nor account nor address."),
	"Not Confirmed": (5, {"months": 24}, "Nothing about the customer was noted or verified for a long time."),
	"Same Identifier, Another Name": (5, {}, "A phone, mailbox or card that a customer of another name has, too."),
	"Name in Wrong Field": (15, {}, "A phone number or mail address where a name should stand."),
}  # fmt: skip


def make() -> None:
	"""Add the rules that come with the app, once each: one that a manager deleted does not come back."""
	known = set(filter(None, (frappe.db.get_global("ccms_quality_rules") or "").split("|")))
	there = set(frappe.get_all(DOCTYPE, pluck="name"))
	for kind, (weight, parameters, description) in SHIPPED.items():
		if kind not in there and kind not in known:
			doc = {"doctype": DOCTYPE, "rule_name": kind, "kind": kind, "weight": weight, "enabled": 1}
			doc |= {"parameters": json.dumps(parameters), "description": description}
			frappe.get_doc(doc).insert(ignore_permissions=True)
	frappe.db.set_global("ccms_quality_rules", "|".join(sorted(known | set(SHIPPED))))


def before_uninstall() -> None:
	"""Another installation adds every rule anew."""
	frappe.db.set_global("ccms_quality_rules", None)


def enabled() -> list[Rule]:
	"""The rules that are looked at. One of an unknown kind is left out: a newer version may have made it."""
	rows = frappe.get_all(
		DOCTYPE, filters={"enabled": 1}, fields=["name", "kind", "weight", "parameters"], order_by="name"
	)
	return [
		Rule(row.name, row.kind, flt(row.weight), parameters(row.parameters) or {})
		for row in rows
		if row.kind in KINDS
	]


def parameters(text: Any) -> dict[str, Any] | None:
	"""Parameters as typed; None when they are no JSON object."""
	if isinstance(text, dict):
		return text
	try:
		found = json.loads(text or "{}")
	except (ValueError, TypeError, RecursionError):
		return None
	return found if isinstance(found, dict) else None


def validate(doc) -> None:
	"""Refuse what cannot be worked with.

	Raises:
		frappe.ValidationError: a weight outside 0 to 100, an unknown kind, or parameters that this kind does not have or cannot
			work with. What to do stands in the message.
	"""
	if not 0 <= flt(doc.weight) <= 100:
		frappe.throw(_("The weight must be from 0 to 100."))
	if doc.kind not in KINDS:
		frappe.throw(_("Choose what the rule looks for."))
	given = parameters(doc.parameters)
	if given is None:
		frappe.throw(_('Write the parameters as {"months": 24}, or leave them empty.'), title=_("Parameters"))
	if found := wrong(doc.kind, given):
		_refuse(doc.kind, *found)


def _refuse(kind: str, name: str, parameter: Parameter | None) -> None:
	shown, known = frappe.bold(escape_html(name)), KNOWN.get(kind, {})
	if isinstance(parameter, Number):
		text = _("{0} must be a whole number from {1} to {2}.").format(shown, parameter.least, parameter.most)
	elif parameter:
		text = _("{0} must be a list of at most {1} texts, such as {2}.").format(
			shown, parameter.most, parameter.example
		)
	elif known:
		text = _("A rule of this kind has no parameter {0}. It has: {1}.").format(shown, ", ".join(known))
	else:
		text = _("A rule of this kind has no parameters. Take {0} out.").format(shown)
	frappe.throw(text, title=_("Parameters"))


def changed(doc) -> None:
	"""A rule was saved: its findings weigh as it does; those of a disabled one go. The next run looks at everybody."""
	if not cint(doc.enabled):
		forget(doc.name)
	elif doc.has_value_changed("weight"):
		finding = DocType(FINDING)
		frappe.qb.update(finding).set(finding.weight, flt(doc.weight)).where(finding.rule == doc.name).run()


def forget(rule: str) -> None:
	"""Delete what a rule found, but for what a person decided."""
	frappe.db.delete(FINDING, {"rule": rule, "status": ["!=", "Ignored"]})
