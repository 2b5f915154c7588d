"""Running the reports as the desk does: with the roles and the User Permissions of whoever asks."""

import re
from html import unescape

import frappe
from frappe.desk.query_report import run


class Report:
	"""What the desk gets to see."""

	def __init__(self, name: str, **filters):
		answer = run(name, filters=filters, ignore_prepared_report=True)
		self.columns = {column["fieldname"]: column for column in answer["columns"]}
		result = answer["result"] or []
		self.rows = [frappe._dict(row) for row in result if isinstance(row, dict)]
		totals = [row for row in result if isinstance(row, list)]
		self.total = frappe._dict(zip(self.columns, totals[0], strict=True)) if totals else None
		if self.rows and self.rows[-1].is_total:  # a report that sums by itself
			self.total = self.rows.pop()
		self.html = answer["message"] or ""
		said, _found, self.picture = self.html.partition('<div class="ccms-picture">')
		self.message = plain(said)
		self.warns = 'role="alert"' in (answer["message"] or "")
		self.chart = answer["chart"]
		self.cards = {card["label"]: card["value"] for card in answer["report_summary"] or []}
		self.figures = {
			label: plain(value.partition('<div class="ccms-delta">')[0]) if isinstance(value, str) else value
			for label, value in self.cards.items()
		}

	def column(self, fieldname: str) -> list:
		return [row.get(fieldname) for row in self.rows]

	def only(self, **wanted) -> list[frappe._dict]:
		return [row for row in self.rows if all(row.get(key) == value for key, value in wanted.items())]


def plain(html: str) -> str:
	"""The text of some markup."""
	return unescape(re.sub(r"<[^>]+>", "", html.replace("</div>", " "))).strip()
