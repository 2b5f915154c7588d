"""Every movement of one member's points between two days, in plain words, with opening and closing balance."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import Any

import frappe
from frappe import _

from ccms_app.desk import reporting
from ccms_app.loyalty import statement
from ccms_app.loyalty.dates import DAY
from ccms_app.loyalty.money import rounded
from ccms_app.loyalty.store import members, programs, statements
from ccms_app.loyalty.store.plain_words import OF_POINTS, Words

MONTHS = 12
POINTS_OF_CHART = 13


def execute(filters: dict | None = None) -> tuple:
	"""Columns, rows, the finding, chart and figures for the desk."""
	report = PointsStatement(reporting.read(filters))
	if not report.membership:
		return report.columns(), [], report.nobody(), None, []
	return report.columns(), report.rows(), report.finding(), report.chart(), report.figures()


class PointsStatement:
	"""The statement of one membership: chosen itself, or by customer and program."""

	def __init__(self, filters: frappe._dict):
		self.filters = filters
		today = reporting.today()
		self.program_asked = programs.asked(filters)
		self.membership = statements.choose(filters.membership, filters.customer, self.program_asked)
		self.first, self.last = reporting.period(filters, reporting.months_ago(MONTHS), today, latest=today)
		self.everything = reporting.checked(filters.show_changes)

	# --- whose, and what happened ----------------------------------------------------------------------------
	@cached_property
	def member(self) -> frappe._dict:
		fields = (
			"customer",
			"customer_name",
			"member_no",
			"program",
			"company",
			"status",
			"tier",
			"merged_into",
		)
		return frappe.db.get_value(members.DOCTYPE, self.membership, fields, as_dict=True)

	@cached_property
	def statement(self) -> statement.Statement:
		return statements.of(self.membership, self.first, self.last)

	@cached_property
	def words(self) -> Words:
		return Words(programs.get(self.member.program), reporting.currency_of(self.member.company))

	# --- table -----------------------------------------------------------------------------------------------
	def columns(self) -> list[dict[str, Any]]:
		return [
			reporting.date_column("posting_date", _("Date")),
			reporting.text("what", _("What happened"), 290),
			reporting.points("points_in", _("Points in"), 95),
			reporting.points("points_out", _("Points out"), 95),
			reporting.points("balance", _("Balance"), 105),
			reporting.document("voucher_no", _("Voucher"), "voucher_type", 195),
			reporting.date_column("available_from", _("Usable from")),
			reporting.date_column("expires_on", _("Usable until")),
			reporting.link("entry", _("Ledger entry"), "CCMS Points Ledger Entry", 110),
		]

	def rows(self) -> list[dict[str, Any]]:
		found = [self._balance_row(_("Opening balance"), self.statement.opening)]
		found[0]["member"] = self._header()
		found += [
			self._row(line)
			for line in self.statement.lines
			if line.points or (self.everything and line.entry.entry_type not in OF_POINTS)
		]
		return [*found, self._balance_row(_("Closing balance"), self.statement.closing)]

	def _balance_row(self, title: str, standing: statement.Standing) -> dict[str, Any]:
		if standing.pending or standing.arrears:
			title = f"{title}: {self._split(standing)}"
		return {
			"posting_date": self.first if standing is self.statement.opening else standing.on,
			"what": title,
			"balance": float(standing.points),
			"bold": 1,
		}

	def _split(self, standing: statement.Standing) -> str:
		"""What the balance is made of."""
		parts = [_("{0} usable").format(reporting.number(standing.active))]
		if standing.pending:
			parts.append(_("{0} pending").format(reporting.number(standing.pending)))
		if standing.arrears:
			parts.append(_("{0} owed").format(reporting.number(standing.arrears)))
		return ", ".join(parts)

	def _row(self, line: statement.Line) -> dict[str, Any]:
		entry, lot = line.entry, line.lot
		if entry is None:
			row = {
				"what": self.words.expired(lot.expires_on),
				"voucher_type": lot.voucher_type or None,
				"voucher_no": lot.voucher_no or None,
			}
		else:
			source = entry
			if not entry.voucher_no and entry.lot and not entry.opens_lot:
				source = self._openings.get(entry.lot, entry)
			row = {
				"what": self.words.of(entry),
				"voucher_type": source.voucher_type or None,
				"voucher_no": source.voucher_no or None,
				"entry": entry.name,
			}
			if entry.opens_lot:
				row |= {"available_from": entry.available_from, "expires_on": entry.expires_on}
		return row | {
			"posting_date": line.day,
			"points_in": float(line.points) if line.points > 0 else None,
			"points_out": float(-line.points) if line.points < 0 else None,
			"balance": float(line.balance),
		}

	@cached_property
	def _openings(self) -> dict[str, frappe._dict]:
		"""What opened the lots that an expiry or a change of dates in this statement is about."""
		lots = {line.entry.lot for line in self.statement.lines if line.entry and line.entry.lot}
		rows = frappe.get_all(
			"CCMS Points Lot", filters={"name": ["in", lots]}, fields=["name", "voucher_type", "voucher_no"]
		)
		return {row.name: row for row in rows}

	def _header(self) -> dict[str, Any]:
		"""For the print: whose statement this is."""
		member, closing = self.member, self.statement.closing
		return {
			"customer_name": member.customer_name or member.customer,
			"member_no": member.member_no,
			"program": member.program,
			"company": member.company,
			"tier": _(member.tier) if member.tier else "",
			"first": self.first,
			"last": self.last,
			"closing": float(closing.points),
			"split": self._split(closing),
			"worth": self._worth(),
		}

	# --- the finding -----------------------------------------------------------------------------------------
	def nobody(self) -> str:
		"""What to do first, when there is no statement to show."""
		if not self.filters.customer:
			return reporting.finding(_("Choose a customer, or a membership by its card number."))
		where = self.program_asked or _("any loyalty program")
		return reporting.finding(
			reporting.sentence(_("{0} is not a member of {1}."), self.filters.customer, where),
			_("Enrol the customer on the Loyalty tab of the customer."),
		)

	def finding(self) -> str:
		found, member = self.statement, self.member
		opening, closing = found.opening, found.closing
		lines = [
			reporting.sentence(
				_("{0} ({1}) has {2} points on {3}: {4} before, {5} came in, {6} went out."),
				member.customer_name or member.customer,
				member.program,
				reporting.number(closing.points),
				reporting.date_text(self.last),
				reporting.number(opening.points),
				reporting.number(found.points_in),
				reporting.number(found.points_out),
			),
			reporting.sentence(_("On that day {0}; worth {1}."), self._split(closing), self._worth()),
		]
		if member.merged_into:
			lines.append(_("This membership was merged into another one, where its points have gone on."))
		warning = "" if found.adds_up else _("This statement does not add up. Run the audit of the ledger.")
		return reporting.finding(*lines, warning=warning)

	def _worth(self) -> str:
		return reporting.amount(self._value(), reporting.currency_of(self.member.company))

	def _value(self):
		closing = self.statement.closing
		usable = max(closing.active - closing.arrears, 0)
		return rounded(usable * programs.get(self.member.program).point_value, 2)

	def figures(self) -> list[dict[str, Any]]:
		found = self.statement
		cards = [
			reporting.card(_("Opening balance"), found.opening.points),
			reporting.card(_("Points in"), found.points_in, indicator="Green"),
			reporting.card(_("Points out"), found.points_out, indicator="Red"),
			reporting.card(_("Closing balance"), found.closing.points, indicator="Blue"),
		]
		if found.closing.pending:
			cards.append(reporting.card(_("Of which pending"), found.closing.pending))
		if found.closing.arrears:
			cards.append(reporting.card(_("Owed"), found.closing.arrears))
		currency = reporting.currency_of(self.member.company)
		return [*cards, reporting.card(_("Worth"), self._value(), "Currency", currency)]

	def chart(self) -> dict[str, Any] | None:
		"""The balance at evenly spaced days."""
		length = (self.last - self.first).days + 1
		steps = min(length, POINTS_OF_CHART)
		days = [self.first - DAY + timedelta(days=length * step // steps) for step in range(steps + 1)]
		balances, lines = [], iter(self.statement.lines)
		line, balance = next(lines, None), self.statement.opening.points
		for day in days:
			while line is not None and line.day <= day:
				line, balance = next(lines, None), line.balance
			balances.append(balance)
		return reporting.chart(
			"line",
			_("Balance"),
			[reporting.day_label(day) for day in days],
			{_("Balance"): balances},
			lineOptions={"regionFill": 1},
		)
