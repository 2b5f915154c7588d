"""Points that expire in the days ahead, by day and member or by month, with what they are worth."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

import frappe
from frappe import _
from frappe.utils import add_days

from ccms_app.desk import masking, reporting
from ccms_app.loyalty.model import ZERO
from ccms_app.loyalty.money import rounded
from ccms_app.loyalty.store import overview, programs
from ccms_app.loyalty.store.upcoming import Upcoming, months_of, reachable

MEMBER, MONTH = "Member", "Month"
MOST = 5000
MONTHS_OF_CHART = 24


def execute(filters: dict | None = None) -> tuple:
	"""Columns, rows, the finding, chart and figures for the desk."""
	report = ExpiringPoints(reporting.read(filters))
	return masking.answer(report.columns(), report.rows(), report.finding(), report.chart(), report.figures())


class ExpiringPoints:
	"""What expires in a company between two days, from today on."""

	def __init__(self, filters: frappe._dict):
		self.company = reporting.company(filters)
		self.program = programs.asked(filters, self.company)
		today = reporting.today()
		self.first, self.last = reporting.period(filters, today, add_days(today, overview.warning_days()))
		self.first = max(self.first, today)
		if self.last < today:
			frappe.throw(
				_("To Date is in the past. This report looks ahead: what has expired stands in the ledger.")
			)
		self.by = reporting.choice(filters.group_by, (MEMBER, MONTH), _("Group by"))
		self.currency = reporting.currency_of(self.company)
		self.upcoming = Upcoming(self.company, self.first, self.last, self.program)

	# --- figures ---------------------------------------------------------------------------------------------
	@cached_property
	def months(self) -> dict[tuple[str, str], tuple[Decimal, Decimal, int]]:
		return self.upcoming.by_month()

	@cached_property
	def points(self) -> Decimal:
		return sum((points for points, _pending, _count in self.months.values()), ZERO)

	@cached_property
	def worth(self) -> Decimal:
		return sum((self.value(program, found[0]) for (_month, program), found in self.months.items()), ZERO)

	@cached_property
	def batches(self) -> int:
		return sum(count for _points, _pending, count in self.months.values())

	@cached_property
	def members(self) -> int:
		return self.upcoming.members() if self.batches else 0

	def value(self, program: str, points: Decimal) -> Decimal:
		return rounded(points * programs.get(program).point_value, 2)

	# --- table -----------------------------------------------------------------------------------------------
	def columns(self) -> list[dict[str, Any]]:
		program = reporting.link("program", _("Loyalty Program"), programs.DOCTYPE, 180)
		worth = [
			reporting.points("points", _("Points")),
			reporting.money("value", _("Worth")),
			reporting.currency_column(),
		]
		if self.by == MONTH:
			return [reporting.text("label", _("Expires in"), 150), program, *worth]
		found = [
			reporting.date_column("expires_on", _("Last day of use"), 130),
			reporting.text("days", _("Days left"), 95) | {"disable_total": 1},
			reporting.text("customer_name", _("Name"), 150),
			worth[0],
			reporting.points("pending", _("Of which pending"), 155),
			*worth[1:],
			reporting.text("member_no", _("Card number"), 130),
			reporting.text("tier", _("Tier"), 90),
		]
		if frappe.has_permission("Customer", "read"):
			found += [reporting.text("email", _("E-mail"), 180), reporting.text("mobile", _("Phone"), 140)]
		return [*found, program, reporting.link("customer", _("Customer"), "Customer", 150)]

	def rows(self) -> list[dict[str, Any]]:
		return self._month_rows() if self.by == MONTH else self._member_rows()

	def _member_rows(self) -> list[dict[str, Any]]:
		found = self.upcoming.batches(MOST)
		names = {row.membership for row in found}
		people = {
			row.name: row
			for row in frappe.get_all(
				"CCMS Membership",
				filters={"name": ["in", names]},
				fields=["name", "customer_name", "member_no", "tier"],
			)
		}
		contact = reachable(list({row.customer for row in found}))
		today = reporting.today()
		return [
			{
				"expires_on": row.expires_on,
				"days": (row.expires_on - today).days,
				"membership": row.membership,
				"customer": row.customer,
				"customer_name": people[row.membership].customer_name,
				"member_no": people[row.membership].member_no,
				"tier": people[row.membership].tier,
				"program": row.program,
				"points": float(row.points),
				"pending": float(row.pending) or None,
				"value": float(self.value(row.program, row.points)),
				"currency": self.currency,
				**contact.get(row.customer, {}),
			}
			for row in found
			if row.membership in people
		]

	def _month_rows(self) -> list[dict[str, Any]]:
		return [
			{
				"month": month,
				"label": reporting.month_label(month),
				"program": program,
				"points": float(points),
				"value": float(self.value(program, points)),
				"currency": self.currency,
				"from_date": max(self.first, _first_of(month)),
			}
			for (month, program), (points, _pending, _count) in sorted(self.months.items())
		]

	# --- finding, figures, chart -----------------------------------------------------------------------------
	def finding(self) -> str:
		days = (reporting.date_text(self.first), reporting.date_text(self.last))
		if not self.batches:
			return reporting.finding(
				reporting.sentence(_("No points expire from {0} to {1}."), *days),
				""
				if self._can_expire()
				else _("The loyalty programs of this company let points live for ever."),
			)
		lines = [
			reporting.sentence(
				_("{0} points of one member, worth {2}, expire from {3} to {4} unless they are used.")
				if self.members == 1
				else _("{0} points of {1} members, worth {2}, expire from {3} to {4} unless they are used."),
				reporting.number(self.points),
				reporting.number(self.members),
				reporting.amount(self.worth, self.currency),
				*days,
			)
		]
		if self.by == MEMBER and self.batches > MOST:
			lines.append(
				reporting.sentence(
					_(
						"The list shows the first {0} of {1} batches; the sum below is theirs. Choose a shorter time to see the rest."
					),
					reporting.number(MOST),
					reporting.number(self.batches),
				)
			)
		return reporting.finding(*lines)

	def _can_expire(self) -> bool:
		return any(rule.expiry_model != "Never" for rule in programs.of_company(self.company))

	def figures(self) -> list[dict[str, Any]]:
		return [
			reporting.card(_("Points"), self.points, indicator="Orange"),
			reporting.card(
				_("Of which pending"),
				sum((pending for _points, pending, _count in self.months.values()), ZERO),
			),
			reporting.card(_("Members"), self.members),
			reporting.card(_("Worth"), self.worth, "Currency", self.currency),
		]

	def chart(self) -> dict[str, Any] | None:
		"""Points by month of expiry, a colour for each program."""
		months = months_of(self.first, self.last)[:MONTHS_OF_CHART]
		series = {
			program: [self.months.get((month, program), (ZERO,))[0] for month in months]
			for program in sorted({program for _month, program in self.months})
		}
		return reporting.chart(
			"bar",
			_("Points by month of expiry"),
			[reporting.month_label(month) for month in months],
			series,
			barOptions={"stacked": 1},
		)


def _first_of(month: str) -> date:
	return date(int(month[:4]), int(month[5:]), 1)
