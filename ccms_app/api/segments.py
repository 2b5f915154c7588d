"""What the segment builder asks. Permission first, then one call."""

from typing import Any

import frappe
from frappe import _

from ccms_app.desk import masking, permitted, reporting
from ccms_app.segments import rules as rules_of
from ccms_app.segments.store import builder, clusters, in_common, members, preview, ready_made, snapshots
from ccms_app.segments.store.segments import DOCTYPE


@frappe.whitelist()
def fields(company: str) -> dict[str, Any]:
	"""The fields the user may ask, with operators and choices, in the order they are offered."""
	_may_read(company)
	return builder.fields(company)


@frappe.whitelist(methods=["POST"])
def count(
	company: str,
	match: str = "All",
	rules: list | str | None = None,
	always: list | str | None = None,
	never: list | str | None = None,
	frozen: str | None = None,
) -> dict[str, Any]:
	"""How many customers rules choose, and ten of them; nothing is saved, and customers the user may not see do not count."""
	_may_read(company)
	if frozen:
		_may_read_segment(frozen)
	masking.refuse(always, never)
	return preview.look(
		company,
		rules_of.parse(match, _rows(rules)),
		_names(always),
		_names(never),
		frozen,
	)


@frappe.whitelist()
def what_they_share(segment: str) -> dict[str, Any] | None:
	"""What the members have in common against everybody else, among customers the user may see."""
	_may_read_segment(segment)
	company = frappe.get_cached_value(DOCTYPE, segment, "company")
	found = in_common.of_segment(segment, company, permitted.restrict)
	return None if found and masking.is_few(found["size"]) else found


@frappe.whitelist()
def sizes(segment: str) -> list[dict[str, Any]]:
	"""The size of a segment by day, oldest first."""
	_may_read_segment(segment)
	return [
		row | {name: masking.drawn(row[name]) for name in ("size", "entered", "departed")}
		for row in builder.sizes(segment)
	]


@frappe.whitelist()
def used_in(segment: str) -> list[dict[str, str]]:
	"""Where a segment is used, and where it can be."""
	_may_read_segment(segment)
	return builder.used_in(segment)


@frappe.whitelist()
def of_customer(customer: str, company: str | None = None) -> list[dict[str, Any]]:
	"""The segments a customer is in now."""
	frappe.has_permission(DOCTYPE, "read", throw=True)
	masking.refuse([customer])
	permitted.check("Customer", customer)
	return members.of_customer(customer, company)


@frappe.whitelist(methods=["POST"])
def freeze(segment: str, title: str | None = None) -> str:
	"""A frozen copy of the members as they are now; returns the new segment."""
	_may_read_segment(segment)
	frappe.has_permission(DOCTYPE, "create", throw=True)
	return snapshots.freeze(segment, title)


@frappe.whitelist(methods=["POST"])
def make_ready_made(company: str) -> list[str]:
	"""Make the ready-made segments that a company lacks and has the figures for; returns their titles."""
	frappe.has_permission(DOCTYPE, "create", throw=True)
	permitted.check_choice("Company", company)
	return ready_made.make(company)


@frappe.whitelist(methods=["POST"])
def refit_clusters(company: str) -> str:
	"""Group the scored customers of a company anew; returns the new clusters' document."""
	frappe.has_permission(clusters.DOCTYPE, "create", throw=True)
	permitted.check_choice("Company", company)
	return clusters.refit(company)


def _may_read(company: str) -> None:
	frappe.has_permission(DOCTYPE, "read", throw=True)
	permitted.check_choice("Company", company)


def _may_read_segment(name: str) -> None:
	"""The same words whether it exists or not."""
	if not (frappe.db.exists(DOCTYPE, name) and frappe.has_permission(DOCTYPE, "read", name)):
		frappe.throw(_("You may not see this segment."), frappe.PermissionError)


def _rows(rules: list | str | None) -> list[dict]:
	rows = reporting.parsed(rules) or []
	if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
		frappe.throw(_("Rules are a list of rows."))
	return rows


def _names(names: list | str | None) -> list[str]:
	names = reporting.parsed(names) or []
	if not isinstance(names, list):
		frappe.throw(_("Customers are a list of names."))
	return [str(name) for name in names]
