"""The invoice lines that rules about purchases are asked of: the published facts and what was sold since.

For all customers the lines are Parquet files up to the night, and the days since from the invoices. For a few customers
all their lines come from the invoices, as they are now.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import frappe

from ccms_app.behaviour.lines import SCHEMA
from ccms_app.behaviour.store import counted, lake, months
from ccms_app.behaviour.store import settings as behaviour_settings
from ccms_app.segments.fields import Field
from ccms_app.segments.purchases import bought, question
from ccms_app.segments.rules import Rule

from .compile import with_descendants

BEGINNING = date(1900, 1, 1)


class Lines:
	"""The lines of a company up to a day; only those of some customers when they are given."""

	def __init__(self, company: str, today: date, customers: Sequence[str] | None = None):
		self.company, self.today, self.customers = company, today, customers
		self._table: Any = None
		self._engine: Any = None

	def bought(self, rule: Rule, field: Field) -> list[str]:
		"""Names of the customers who come up to the limit of a rule about purchases."""
		value = rule.value or {}
		of = tuple(value.get("of") or ())
		if field.column == "item_group":
			of = tuple(with_descendants("Item Group", of))
		asked = question(field.column, rule.operator, value, of, self.today)
		expression = bought(self.table(), asked, self.today)
		found = self._engine.arrow(expression) if self._engine else expression.to_pyarrow()
		return found["customer"].to_pylist()

	def table(self) -> Any:
		"""LINES as an Ibis table."""
		if self._table is None:
			self._table = self._read()
		return self._table

	def _read(self) -> Any:
		import ibis

		since = BEGINNING
		published = None
		if self.customers is None:
			try:
				published = lake.open(self.company)
				since = published.as_of
			except lake.Empty:
				pass
		recent = ibis.memtable(self._from_invoices(since))
		if published is None:
			return recent
		self._engine = published.engine
		return published.lines.filter(published.lines.day < since).union(recent)

	def _from_invoices(self, since: date) -> Any:
		import pyarrow as pa

		branch = behaviour_settings.read().branch_source
		found = [SCHEMA.empty_table()]
		for doctype in counted.DOCTYPES:
			query = counted.lines(doctype, self.company, since, self.today, branch)
			if self.customers is not None:
				query = query.where(frappe.qb.DocType(doctype).customer.isin(list(self.customers)))
			rows = [text.encode() for (text,) in query.run()]
			if rows:
				found.append(months.parse(rows, doctype))
		# as Parquet files give them: every column may be empty
		return pa.concat_tables(found).cast(pa.schema([field.with_nullable(True) for field in SCHEMA]))
