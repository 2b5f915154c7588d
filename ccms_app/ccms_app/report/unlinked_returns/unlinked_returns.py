"""Credit notes of members that took no points back; each can be settled with an adjustment."""

from __future__ import annotations

from decimal import Decimal
from functools import cached_property
from typing import Any

import frappe
from frappe import _

from ccms_app.desk import masking, reporting
from ccms_app.loyalty.model import ZERO
from ccms_app.loyalty.store import programs, unlinked

MONTHS = 3
MOST = 2000


def execute(filters: dict | None = None) -> tuple:
	"""Columns, rows, the finding, chart and figures for the desk."""
	report = UnlinkedReturns(reporting.read(filters))
	return masking.answer(report.columns(), report.rows(), report.finding(), report.chart(), report.figures())


class UnlinkedReturns:
	"""The credit notes of a company without a sale that points could be taken back from."""

	def __init__(self, filters: frappe._dict):
		self.company = reporting.company(filters)
		self.program = programs.asked(filters, self.company)
		self.first, self.last = reporting.period(filters, reporting.months_ago(MONTHS), reporting.today())
		self.adjusted = reporting.checked(filters.show_adjusted)
		self.currency = reporting.currency_of(self.company)
		self.returns = unlinked.Returns(self.company, self.first, self.last, self.program, self.adjusted)

	@cached_property
	def found(self) -> list[frappe._dict]:
		return self.returns.rows(MOST)

	@cached_property
	def totals(self) -> tuple[int, Decimal]:
		return self.returns.totals()

	@cached_property
	def open_points(self) -> Decimal:
		"""Points suggested for what has no submitted adjustment yet, of the rows shown."""
		return sum((unlinked.suggested(row) for row in self.found if not self._done(row)), ZERO)

	@staticmethod
	def _done(row: frappe._dict) -> bool:
		return bool(row.adjustment and row.adjustment.docstatus == 1)

	def columns(self) -> list[dict[str, Any]]:
		return [
			reporting.date_column("posting_date", _("Date")),
			reporting.document("name", _("Credit note"), "doctype", 195),
			reporting.text("customer_name", _("Name"), 140),
			reporting.money("amount", _("Amount"), 120),
			reporting.points("suggested", _("Suggested points"), 155),
			reporting.points("usable", _("Usable"), 90) | {"disable_total": 1},
			reporting.text("action", _("Adjustment"), 175),
			reporting.text("why", _("Why"), 190),
			reporting.document("return_against", _("Against"), "doctype", 195),
			reporting.text("tier", _("Tier"), 90),
			reporting.link("program", _("Loyalty Program"), programs.DOCTYPE, 160),
			reporting.link("customer", _("Customer"), "Customer", 150),
			reporting.currency_column(),
		]

	def rows(self) -> list[dict[str, Any]]:
		return [self._row(row) for row in self.found]

	def _row(self, row: frappe._dict) -> dict[str, Any]:
		adjustment = row.adjustment
		return {
			"posting_date": row.posting_date,
			"doctype": row.doctype,
			"name": row.name,
			"customer": row.customer,
			"customer_name": row.customer_name,
			"why": _("The sale moved no points") if row.return_against else _("No sale is named"),
			"return_against": row.return_against or None,
			"amount": float(unlinked.amount(row)),
			"currency": self.currency,
			"membership": row.membership.name,
			"program": row.membership.program,
			"tier": row.membership.tier,
			"suggested": float(unlinked.suggested(row)),
			"usable": float(unlinked.usable(row)),
			"action": adjustment.name if adjustment else None,
			"adjustment": adjustment.name if adjustment else None,
			"adjusted": self._done(row),
		}

	def finding(self) -> str:
		count, amount = self.totals
		days = (reporting.date_text(self.first), reporting.date_text(self.last))
		if not count:
			return reporting.finding(
				reporting.sentence(
					_("From {0} to {1} every credit note of a member took its points back."), *days
				)
			)
		lines = [
			reporting.sentence(
				_("Credit notes of members that took no points back: {0}, {1} net, from {2} to {3}."),
				reporting.number(count),
				reporting.amount(amount, self.currency),
				*days,
			),
			reporting.sentence(
				_("At today's tiers they stand for {0} points. “Adjust” opens a deduction, filled in."),
				reporting.number(self.open_points),
			),
		]
		if count > MOST:
			lines.append(
				reporting.sentence(
					_("The list shows the latest {0}. Choose a shorter time to see the rest."),
					reporting.number(MOST),
				)
			)
		return reporting.finding(*lines)

	def figures(self) -> list[dict[str, Any]]:
		count, amount = self.totals
		return [
			reporting.card(_("Credit notes"), count),
			reporting.card(_("Net amount"), amount, "Currency", self.currency),
			reporting.card(
				_("Points to adjust"), self.open_points, indicator="Orange" if self.open_points else ""
			),
		]

	def chart(self) -> dict[str, Any] | None:
		"""Suggested points by month, those that are settled apart."""
		months = sorted({f"{row.posting_date:%Y-%m}" for row in self.found})
		open_, done = dict.fromkeys(months, ZERO), dict.fromkeys(months, ZERO)
		for row in self.found:
			(done if self._done(row) else open_)[f"{row.posting_date:%Y-%m}"] += unlinked.suggested(row)
		series = {_("To adjust"): list(open_.values())}
		if any(done.values()):
			series[_("Adjusted")] = list(done.values())
		return reporting.chart(
			"bar",
			_("Points to adjust"),
			[reporting.month_label(month) for month in months],
			series,
			barOptions={"stacked": 1},
		)
