"""Which customer scores a list shows: those of published runs alone."""

from __future__ import annotations

import frappe


def score_conditions(user: str | None = None, doctype: str | None = None) -> str:
	"""For `permission_query_conditions`: rows of runs that are published."""
	names = frappe.get_all("CCMS Score Run", filters={"is_published": 1}, pluck="name")
	if not names:
		return "1 = 0"
	return f"`tabCCMS Customer Score`.score_run in ({', '.join(map(frappe.db.escape, names))})"
