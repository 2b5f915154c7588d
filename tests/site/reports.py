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
		lines = (answer["message"] or "").replace("</div>", " ")
		self.message = unescape(re.sub(r"<[^>]+>", "", lines)).strip()
		self.warns = 'role="alert"' in (answer["message"] or "")
		self.chart = answer["chart"]
		self.figures = {card["label"]: card["value"] for card in answer["report_summary"] or []}

	def column(self, fieldname: str) -> list:
		return [row.get(fieldname) for row in self.rows]

	def only(self, **wanted) -> list[frappe._dict]:
		return [row for row in self.rows if all(row.get(key) == value for key, value in wanted.items())]
