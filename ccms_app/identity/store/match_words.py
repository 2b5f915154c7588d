"""The evidence of a pair in words, with the two customers' values beside it, as they are now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import frappe
from frappe import _
from frappe.query_builder import DocType
from frappe.query_builder.functions import Count
from frappe.utils import format_date

from ccms_app.identity import kinds

from . import match_records
from .duplicates import DOCTYPE

PLAIN = "plain"
WEAK, STRONG = 2.0, 8.0  # bits: below the one evidence is not shown in colour, from the other on it is strong
# a row of the comparison → the fields of the engine it stands for
ROWS: dict[str, tuple[str, ...]] = {
	"name": ("family", "given"),
	"type": ("type",),
	"gender": ("gender",),
	"birth_date": ("birth_date",),
	"tax_id": ("tax_id",),
	**{kind: (kind,) for kind in kinds.TYPED},
	"street": ("street", "house"),
	"line_2": ("line_2",),
	"city": ("city",),
	"postcode": ("postcode",),
	"state": ("state",),
}


def label(field: str) -> str:
	"""A field of the engine or a row of the comparison, in words."""
	return {
		"name": _("Name"),
		"family": _("Surname"),
		"given": _("Given name"),
		"type": _("Type"),
		"gender": _("Gender"),
		"birth_date": _("Birth date"),
		"tax_id": _("Tax ID"),
		"Phone": _("Phone"),
		"Email": _("E-mail"),
		"Card": _("Card"),
		"WeChat": _("WeChat"),
		"Social": _("Social account"),
		"street": _("Street"),
		"house": _("House number"),
		"line_2": _("Address line 2"),
		"city": _("City"),
		"postcode": _("Postal code"),
		"state": _("State"),
	}[field]


def agreement(field: str, level: str) -> str:
	"""How well a field agrees, in words."""
	if field in kinds.TYPED:
		words = {"exact": _("shared"), "near": _("a typing error apart"), "differ": _("not shared")}
		return words.get(level, "")
	if field == "birth_date" and level == "near":
		return _("one digit wrong, or day and month swapped")
	return {
		"exact": _("the same"),
		"sound": _("sounds the same"),
		"near": _("a typing error apart"),
		"close": _("alike"),
		"differ": _("different"),
	}.get(level, "")


def sentence(stored: str | dict) -> str:
	"""What speaks for one person, the strongest first, and what against, without any value."""
	found = _stored(stored)
	pro = [
		label(field)
		for field, level, bits in found["fields"]
		if bits > 1 and level != "differ" and field != "type"
	]
	con = [label(field) for field, level, bits in found["fields"] if bits < -3]
	parts = []
	if pro:
		parts.append(_("Agree: {0}").format(", ".join(pro)))
	if con:
		parts.append(_("Differ: {0}").format(", ".join(con)))
	if found["swapped"]:
		parts.append(_("surname and given name are swapped"))
	return "; ".join(parts)


def _stored(stored: str | dict | None) -> dict[str, Any]:
	return frappe.parse_json(stored) if stored else {"swapped": False, "fields": []}


def compare(pair: str) -> dict[str, Any]:
	"""The two customers of a pair side by side.

	Returns: customers (name, title, facts), rows (label, values of both, words, tone), chance and certainty in a sentence.
	"""
	row = frappe.db.get_value(DOCTYPE, pair, ["customer_a", "customer_b", "score", "evidence"], as_dict=True)
	both = [row.customer_a, row.customer_b]
	levels = {field: (level, bits) for field, level, bits in _stored(row.evidence)["fields"]}
	values = _values(both)
	rows = []
	for name, fields in ROWS.items():
		shown = [values[customer].get(name, "") for customer in both]
		if any(shown):
			rows.append({"label": label(name), "values": shown, **_verdict(fields, levels, name == "name")})
			if name == "name" and rows[-1]["words"] == _("the same") and shown[0] != shown[1]:
				rows[-1]["words"] = _("the same, written otherwise")
	if _stored(row.evidence)["swapped"]:
		rows[0]["words"] += f" · {_('swapped')}"
	return {
		"customers": [_about(customer) for customer in both],
		"rows": rows,
		"finding": _("{0} % likely one person.").format(
			frappe.format(row.score, {"fieldtype": "Float", "precision": 1})
		)
		+ " "
		+ sentence(row.evidence)
		+ ".",
	}


def _verdict(fields: Sequence[str], levels: dict[str, tuple[str, float]], is_name: bool) -> dict[str, str]:
	known = [(field, *levels[field]) for field in fields if field in levels]
	if not known:
		return {"words": "", "tone": PLAIN}
	if is_name and len({level for _field, level, _bits in known}) > 1:
		words = " · ".join(f"{label(field)}: {agreement(field, level)}" for field, level, _bits in known)
	elif len(known) > 1 and not is_name:
		words = " · ".join(
			f"{label(field)}: {agreement(field, level)}" for field, level, _bits in known if level != "exact"
		) or agreement(*known[0][:2])
	else:
		words = agreement(*known[0][:2])
	bits = sum(weight for _field, _level, weight in known)
	plain = {level for _field, level, _bits in known}
	if 0 <= bits < WEAK:
		tone = PLAIN
	elif plain <= {"exact"} or bits >= STRONG:
		tone = "same"
	elif "differ" in plain and bits < 0:
		tone = "differ" if bits < -2 else PLAIN
	else:
		tone = "near"
	return {"words": words, "tone": tone}


def _values(customers: list[str]) -> dict[str, dict[str, str]]:
	"""customer → row of the comparison → what is written there."""
	found: dict[str, dict[str, str]] = {customer: {} for customer in customers}
	for records, identities in match_records.read(customers, clear=True):
		for record in records.to_dict("records"):
			shown = {key: str(value) for key, value in record.items() if key != "id" and value}
			if record["birth_date"]:
				shown["birth_date"] = format_date(record["birth_date"])
			for field in ("type", "gender"):
				shown[field] = _(record[field]) if record[field] else ""
			found[record["id"]] = shown
		for (customer, kind), part in identities.groupby(["id", "kind"]):
			found[customer][kind] = "\n".join(
				f"{value} ✓" if verified else value
				for value, verified in zip(part["value"], part["verified"], strict=True)
			)
	return found


def _about(customer: str) -> dict[str, Any]:
	"""What helps to choose who stays: since when, and how many invoices."""
	title, made, disabled = frappe.db.get_value(
		"Customer", customer, ["customer_name", "creation", "disabled"]
	)
	return {
		"name": customer,
		"title": title,
		"since": format_date(made),
		"disabled": disabled,
		"invoices": sum(_invoices(doctype, customer) for doctype in ("Sales Invoice", "POS Invoice")),
	}


def _invoices(doctype: str, customer: str) -> int:
	invoice = DocType(doctype)
	query = frappe.qb.from_(invoice).select(Count("*"))
	return query.where((invoice.customer == customer) & (invoice.docstatus == 1)).run()[0][0]


def table(rows: list[frappe._dict], shown: Callable[[str], str]) -> list[dict[str, Any]]:
	"""Rows of a report: no value of anybody but what `shown` makes of the customers."""
	return [
		{
			**row,
			"customer_a": shown(row.customer_a),
			"customer_b": shown(row.customer_b),
			"certainty": _(row.certainty),
			"status": _(row.status),
			"evidence": sentence(row.evidence),
		}
		for row in rows
	]
