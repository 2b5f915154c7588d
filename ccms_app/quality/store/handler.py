"""What data quality answers when customers are merged, exported or erased. Findings are found again each night."""

from __future__ import annotations

from typing import Any

import frappe

from ccms_app.customer_handler import Nothing
from ccms_app.customer_rows import delete, filled, readable

from .findings import DOCTYPE as FINDING

FIX, RUN = "CCMS Quality Fix", "CCMS Quality Run"
TECHNICAL = ("finding", "row_doctype", "row_name", "weight", "decided_by", "applied_by", "undone_by")


class Handler(Nothing):
	"""Findings and the log of fixes. A merge leaves them to the next run, which reads who was merged."""

	doctypes = (FINDING, FIX)

	def export(self, customer: str) -> dict[str, list[dict[str, Any]]]:
		found = {doctype: readable(doctype, {"customer": customer}, TECHNICAL) for doctype in (FINDING, FIX)}
		for row in found[FINDING]:
			if row.get("kind") == "Same Identifier, Another Name":  # names somebody else
				row.pop("reason_values", None)
				row.pop("fieldname", None)
		return filled(found)

	def erase(self, customer: str, erased_as: str) -> dict[str, int]:
		done: dict[str, int] = {}
		for name in {customer, erased_as} - {""}:
			for doctype in (FINDING, FIX):
				for key, count in delete(doctype, customer=name).items():
					done[key] = done.get(key, 0) + count
			# others' findings that name this customer
			frappe.db.delete(FINDING, {"fieldname": f"same:{name}"})
			frappe.db.set_value(RUN, {"position": name}, "position", "", update_modified=False)
		return done
