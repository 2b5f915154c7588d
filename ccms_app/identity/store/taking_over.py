"""What the one who stays takes over from the one who goes: facts and ways to reach that were empty, and logins.

Nothing that is known is overwritten, and terms of trade (prices, credit, payment, accounts) are those of the one who
stays: empty means the usual ones there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import frappe
from frappe import _
from frappe.query_builder import DocType
from frappe.utils import now
from frappe.utils.formatters import format_value

from ccms_app.identity.facts import FACTS

CUSTOMER, FACT_SOURCE, PORTAL_USER = "Customer", "CCMS Fact Source", "Portal User"
ALONE = (
	"salutation",
	*FACTS,
	"tax_id",
	"territory",
	"market_segment",
	"industry",
	"website",
	"image",
	"account_manager",
	"customer_details",
	"ccms_acquisition_source",
)
"""Fields of Customer that are filled one by one."""
CONTACT, REACH = "customer_primary_contact", ("mobile_no", "email_id", "first_name", "last_name")
ADDRESS, WRITTEN = "customer_primary_address", "primary_address"
"""A contact or address is taken with what the record shows of it: apart from it that would be gone with the next saving."""
OF_OTHERS = ("Data", "Date", "Datetime", "Link", "Phone", "Select", "Small Text", "Text", "Time")
"""Fields that a site or another app has added are filled if they are of these types."""


def foresee(source: str, target: str) -> list[dict[str, str]]:
	"""What would be taken over, for people: [{label, value}]; of fields that the user may not read the label alone."""
	rows = _customers(source, target)
	meta = frappe.get_meta(CUSTOMER)
	levels = meta.get_permlevel_access("read", user=frappe.session.user)
	found = []
	for field, value in _fields(rows[source], rows[target]).items():
		if field == WRITTEN or (field in REACH[2:] and rows[source].get(CONTACT)):
			continue  # the address and the contact say it
		shape = meta.get_field(field)
		shown = frappe.utils.strip_html(str(format_value(value, shape))) if shape.permlevel in levels else ""
		found.append({"label": _(shape.label), "value": shown})
	if users := _logins(source, target):
		found.append({"label": _("Portal Users"), "value": ", ".join(sorted(users))})
	return found


def run(source: str, target: str) -> list[str]:
	"""Fill the fields of `target` in the merge's transaction; both customers are held. Returns the fields."""
	rows = _customers(source, target)
	values = _fields(rows[source], rows[target])
	logins = _logins(source, target)
	customer = DocType(CUSTOMER)
	if values:
		for field in values:
			if frappe.get_meta(CUSTOMER).get_field(field).unique:
				# the one who goes still has it
				frappe.qb.update(customer).set(customer[field], None).where(customer.name == source).run()
		query = frappe.qb.update(customer).set(customer.modified, now())
		query = query.set(customer.modified_by, frappe.session.user)
		for field, value in values.items():
			query = query.set(customer[field], value)
		query.where(customer.name == target).run()
	_move_rows(PORTAL_USER, logins.values(), target)
	_move_rows(FACT_SOURCE, _sources_of(values, source, target), target)
	frappe.clear_document_cache(CUSTOMER, target)
	return [*values, *(["portal_users"] if logins else [])]


def _customers(source: str, target: str) -> dict[str, dict[str, Any]]:
	customer = DocType(CUSTOMER)
	query = frappe.qb.from_(customer).select("*").where(customer.name.isin([source, target]))
	return {row["name"]: row for row in query.run(as_dict=True)}


def _fields(source: dict[str, Any], target: dict[str, Any]) -> dict[str, Any]:
	"""field → value: what `source` knows and `target` does not."""
	meta = frappe.get_meta(CUSTOMER)
	wanted = [field for field in _wanted(source, target) if meta.has_field(field)]
	return {
		field: source[field]
		for field in dict.fromkeys(wanted)
		if not _is_empty(source.get(field)) and _is_empty(target.get(field))
	}


def _wanted(source: dict[str, Any], target: dict[str, Any]) -> Iterator[str]:
	yield from ALONE
	if not target.get(CONTACT):
		# else what is shown is that contact's
		if not any(target.get(field) for field in REACH[:2]):
			yield CONTACT
		yield from REACH
	if not target.get(ADDRESS):
		yield from (ADDRESS, WRITTEN)
	for field in frappe.get_meta(CUSTOMER).fields:
		added = field.get("is_custom_field") and not field.fieldname.startswith("ccms_")
		if added and field.fieldtype in OF_OTHERS and not (field.fetch_from or field.is_virtual):
			yield field.fieldname


def _is_empty(value: Any) -> bool:
	return value is None or (isinstance(value, str) and not value.strip())


def _logins(source: str, target: str) -> dict[str, str]:
	"""Users of the portal who stand for the source alone: user → row."""
	row = DocType(PORTAL_USER)
	query = frappe.qb.from_(row).select(row.parent, row.user, row.name).where(row.parenttype == CUSTOMER)
	found = query.where(row.parent.isin([source, target])).run()
	theirs = {user for parent, user, _name in found if parent == target}
	return {user: name for parent, user, name in found if parent == source and user not in theirs}


def _sources_of(fields: dict[str, Any], source: str, target: str) -> list[str]:
	"""The rows that say where facts are known from which are taken over."""
	if not fields.keys() & FACTS.keys():
		return []
	row = DocType(FACT_SOURCE)
	query = frappe.qb.from_(row).select(row.parent, row.fact, row.name).where(row.parenttype == CUSTOMER)
	found = query.where(row.parent.isin([source, target]) & row.fact.isin(list(fields))).run()
	said = {fact for parent, fact, _name in found if parent == target}
	return [name for parent, fact, name in found if parent == source and fact not in said]


def _move_rows(doctype: str, names, target: str) -> None:
	"""Let rows of a child table be the target's, after those that are there."""
	names = list(names)
	if not names:
		return
	row = DocType(doctype)
	last = frappe.db.count(doctype, {"parenttype": CUSTOMER, "parent": target})
	for place, name in enumerate(names, last + 1):
		frappe.qb.update(row).set(row.parent, target).set(row.idx, place).where(row.name == name).run()
