"""The fields of this site: those of every site that its DocTypes really have, and the Customer form's own ones."""

from __future__ import annotations

from collections.abc import Mapping

import frappe
from frappe.model import get_permitted_fields

from ccms_app.segments.fields import (
	CUSTOMER,
	FIELDS,
	MEMBERSHIP,
	PERSONAL,
	PROFILE,
	SCORE,
	Field,
	with_choices,
)

DOCTYPES = {
	PROFILE: "CCMS Customer Profile",
	SCORE: "CCMS Customer Score",
	CUSTOMER: "Customer",
	MEMBERSHIP: "CCMS Membership",
}
# names come from where the site keeps them; "" is a site's free text
CHOICES = {
	"score.rfm_group": "rfm_group",
	"score.value_band": "value_band",
	"score.cluster": "cluster",
	"score.home_branch": "home_branch",
	"score.home_channel": "home_channel",
}
TYPES = {
	"Data": "text",
	"Small Text": "text",
	"Phone": "text",
	"Autocomplete": "text",
	"Int": "number",
	"Float": "number",
	"Percent": "number",
	"Rating": "number",
	"Currency": "money",
	"Date": "date",
	"Datetime": "date",
	"Check": "check",
	"Select": "choice",
	"Link": "link",
}
PERSONAL_OPTIONS = ("Email", "Phone")
STANDARD = ("creation",)
OWN_FIELDS = "Fields of your own"


def fields() -> Mapping[str, Field]:
	"""Every field that a rule may name here, by key. What a role may not see is not left out (see `permitted`)."""
	found = {key: field for key, field in FIELDS.items() if _is_there(field)}
	for field in _own_fields():
		found.setdefault(field.key, field)
	return found


def permitted() -> Mapping[str, Field]:
	"""The fields the user may ask: personal ones only for who reads customers, and no field of a level they lack."""
	reads = (
		set(get_permitted_fields("Customer", ignore_virtual=True))
		if frappe.has_permission("Customer")
		else set()
	)
	found = {}
	for key, field in fields().items():
		if field.sensitivity and not reads:
			continue
		if field.source == CUSTOMER and reads and field.column not in reads and field.column not in STANDARD:
			continue
		found[key] = field
	return found


def choices(field: Field, company: str | None) -> Field:
	"""The field with the values that a company's figures hold, where those are the site's own words."""
	if field.key in CHOICES:
		values = _in_use(CHOICES[field.key], company)
		return with_choices(field, values or field.options.split("\n"))
	if field.key == "membership.tier":
		return with_choices(
			field, _distinct("CCMS Loyalty Tier", "tier_name", {"parenttype": "CCMS Loyalty Program"})
		)
	if field.key in ("customer.customer_type", "customer.ccms_preferred_channel"):
		options = frappe.get_meta(DOCTYPES[CUSTOMER]).get_field(field.column).options or ""
		return with_choices(field, filter(None, options.split("\n")))
	if field.key == "purchase.branch":
		return with_choices(field, _in_use("home_branch", company))
	return field


def _is_there(field: Field) -> bool:
	doctype = DOCTYPES.get(field.source)
	return not doctype or field.column in STANDARD or frappe.get_meta(doctype).has_field(field.column)


def _own_fields() -> list[Field]:
	"""Custom fields of Customer, whatever app or person added them, but ours."""
	found = []
	for df in frappe.get_meta(DOCTYPES[CUSTOMER]).get("fields", {"is_custom_field": 1}):
		kind = TYPES.get(df.fieldtype)
		if not kind or df.fieldname.startswith("ccms_") or df.is_virtual:
			continue
		options = df.options or ""
		if kind == "link" and frappe.db.get_value("DocType", options, "is_tree"):
			kind = "tree"
		personal = df.permlevel or df.fieldtype == "Phone" or (kind == "text" and options in PERSONAL_OPTIONS)
		found.append(
			Field(
				f"{CUSTOMER}.{df.fieldname}",
				df.label or df.fieldname,
				kind,
				OWN_FIELDS,
				options if kind in ("link", "tree", "choice") else "",
				PERSONAL if personal else "",
			)
		)
	return found


def _in_use(column: str, company: str | None) -> list[str]:
	from ccms_app.scoring.store import runs

	run = runs.published(company) if company else None
	if not run:
		return []
	return _distinct(DOCTYPES[SCORE], column, {"score_run": run})


def _distinct(doctype: str, column: str, filters: dict) -> list[str]:
	values = frappe.get_all(doctype, filters={**filters, column: ["is", "set"]}, pluck=column, distinct=True)
	return sorted(set(values))
