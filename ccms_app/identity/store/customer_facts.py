"""What a customer record tells about the person: identifiers, kept masked, and facts, each with its source and time."""

from __future__ import annotations

import frappe
from frappe import _
from frappe.utils import now_datetime

from ccms_app.identity import facts, masks
from ccms_app.identity.normalise import normalise

from . import identities
from .region import site_region

SHORT = 80


def prepare(doc) -> None:
	"""Before a customer is saved: typed identifiers become identities and are shown masked; facts get their source.

	Raises:
		frappe.ValidationError: a typed identifier is none of its kind, or masked.
	"""
	if doc.meta.has_field("ccms_fact_sources"):  # else the app is just being installed
		_identifiers(doc)
		_sources(doc)


def source_of_now() -> str:
	"""Where what is being written comes from: said by whoever writes (`frappe.flags.ccms_fact_source`), else guessed."""
	if said := frappe.flags.ccms_fact_source:
		return said
	if frappe.flags.in_import:
		return facts.IMPORT
	website = frappe.db.get_value("User", frappe.session.user, "user_type", cache=True) == "Website User"
	return facts.PORTAL if website else facts.STAFF


def written(doc) -> None:
	"""After a customer was saved: proofs that somebody took back."""
	before = doc.get_doc_before_save()
	if not before:
		return
	proved = {row.identity for row in before.get("ccms_identifiers") or [] if row.verified}
	for row in doc.get("ccms_identifiers") or []:
		if row.identity in proved and not row.verified:
			identities.unverify(row.identity, doc.name)


# --- identifiers ---------------------------------------------------------------------------------------------
def _identifiers(doc) -> None:
	rows = doc.get("ccms_identifiers") or []
	if not rows:
		return
	kept = _kept(doc)
	typed = [row for row in rows if row.identity not in kept or not _reads_as(row, kept[row.identity])]
	values = {row.name or id(row): _value(row) for row in typed}
	found = identities.ensure_many((row.kind, values[row.name or id(row)]) for row in typed)
	now = now_datetime()
	for row in typed:
		value = values[row.name or id(row)]
		row.identity = found[row.kind, value]
		row.value = masks.mask(row.kind, value)
		row.source, row.since = source_of_now(), now
	for row in rows:
		if was := kept.get(row.identity):
			row.source, row.since = was.source, was.since
	seen: set[str] = set()
	for row in list(rows):
		if row.identity in seen:
			doc.remove(row)
		seen.add(row.identity)


def _kept(doc) -> dict[str, frappe._dict]:
	"""What the customer's own table held before this saving, by identity. What a client sends names an identity and shows
	its mask, which many people may read: only what was this customer's before is believed."""
	before = doc.get_doc_before_save()
	rows = [row for row in (before.get("ccms_identifiers") if before else None) or [] if row.identity]
	shown = _shown([row.identity for row in rows])
	return {
		row.identity: frappe._dict(source=row.source, since=row.since, shown=shown.get(row.identity))
		for row in rows
	}


def _reads_as(row, was: frappe._dict) -> bool:
	"""Whether a row was not typed over: it reads as its identity does, or the identity is gone (the site's key was lost)
	and it still reads masked."""
	value = row.value or ""
	return (row.kind, value) == was.shown if was.shown else masks.DOTS in value


def _shown(names: list[str]) -> dict[str, tuple[str, str]]:
	"""The identities that are there: their kind, and how they are shown, masked."""
	if not names:
		return {}
	found = frappe.get_all(
		identities.DOCTYPE, filters={"name": ["in", names]}, fields=["name", "kind", "shown_as"]
	)
	return {row.name: (row.kind, row.shown_as) for row in found}


def _value(row) -> str:
	if masks.DOTS in (row.value or ""):
		frappe.throw(
			_("Row {0} of Identifiers: {1} is masked. Type the whole identifier.").format(
				row.idx, frappe.bold(frappe.utils.escape_html(row.value[:SHORT]))
			),
			title=_("Not an Identifier"),
		)
	value = normalise(row.kind, row.value, site_region(), row.network or "")
	if not value:
		frappe.throw(
			_("Row {0} of Identifiers: {1} is not a valid {2}.").format(
				row.idx, frappe.bold(frappe.utils.escape_html((row.value or "")[:SHORT])), _(row.kind)
			),
			title=_("Not an Identifier"),
		)
	return value


# --- facts ---------------------------------------------------------------------------------------------------
def _sources(doc) -> None:
	before = doc.get_doc_before_save()
	noted, gone = facts.changed(before.as_dict() if before else {}, doc.as_dict())
	if not noted and not gone:
		return
	rows = {row.fact: row for row in doc.get("ccms_fact_sources") or []}
	for fact in gone & rows.keys():
		doc.remove(rows.pop(fact))
	for fact in sorted(noted):
		row = rows.get(fact) or doc.append("ccms_fact_sources", {"fact": fact})
		row.source, row.noted_on = source_of_now(), now_datetime()
