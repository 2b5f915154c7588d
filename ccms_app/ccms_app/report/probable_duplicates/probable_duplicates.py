"""Customers who are probably one person, with what agrees in words. Analysts see pseudonyms."""

from __future__ import annotations

import frappe
from frappe import _
from frappe.query_builder import DocType

from ccms_app.desk import permitted, reporting
from ccms_app.identity.matching.model import CERTAINTIES
from ccms_app.identity.store import duplicates, match_words
from ccms_app.privacy.store import reading

MOST = 1_000
STATUSES = (duplicates.OPEN, duplicates.SNOOZED, duplicates.NOT_DUPLICATE)


def execute(filters: dict | None = None) -> tuple:
	"""Columns, rows and the finding."""
	report = ProbableDuplicates(reporting.read(filters))
	rows = report.rows()
	return report.columns(), rows, report.finding(rows)


class ProbableDuplicates:
	"""Pairs of a status, the most probable first."""

	def __init__(self, filters: frappe._dict):
		self.status = reporting.choice(filters.status, STATUSES, _("Status")) or duplicates.OPEN
		self.certainty = reporting.choice(filters.certainty, ("", *CERTAINTIES), _("Certainty"))
		self.is_masked = reading.is_masked()

	def columns(self) -> list[dict]:
		"""Links only for those who may follow them."""
		pair = [] if self.is_masked else [_column("name", _("Pair"), "Link", 130, duplicates.DOCTYPE)]
		kind = ("Data", None) if self.is_masked else ("Link", "Customer")
		return [
			_column("customer_a", _("Customer"), kind[0], 170, kind[1]),
			_column("customer_b", _("Other Customer"), kind[0], 170, kind[1]),
			_column("certainty", _("Certainty"), "Data", 100),
			_column("score", _("Chance"), "Percent", 100),
			_column("evidence", _("Evidence"), "Data", 460),
			_column("found_on", _("Found On"), "Datetime", 160),
			*pair,
		]

	def rows(self) -> list[dict]:
		"""At most 1,000 pairs whose customers the user may both see."""
		pair = DocType(duplicates.DOCTYPE)
		fields = ("name", "customer_a", "customer_b", "certainty", "score", "status", "evidence", "found_on")
		query = (
			frappe.qb.from_(pair).select(*(pair[field] for field in fields)).where(pair.status == self.status)
		)
		if self.certainty:
			query = query.where(pair.certainty == self.certainty)
		if (names := permitted.customers()) is not None:
			query = query.where(pair.customer_a.isin(names or [""]) & pair.customer_b.isin(names or [""]))
		found = query.orderby(pair.score, order=frappe.qb.desc).limit(MOST).run(as_dict=True)
		rows = match_words.table(found, reading.name_of)
		if self.is_masked:
			for row in rows:
				row.pop("name")
		return rows

	def finding(self, rows: list[dict]) -> str:
		"""A sentence on top."""
		if not rows:
			return reporting.finding(
				_("No pairs here. They are looked for each night, and by “Look for Duplicates” in the list.")
			)
		certain = sum(row["certainty"] == _("Certain") for row in rows)
		return reporting.finding(_("{0} pairs, {1} of them certain.").format(len(rows), certain))


def _column(fieldname: str, label: str, fieldtype: str, width: int, options: str | None = None) -> dict:
	return {
		"fieldname": fieldname,
		"label": label,
		"fieldtype": fieldtype,
		"width": width,
		"options": options,
	}
