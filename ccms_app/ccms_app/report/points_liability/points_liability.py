"""Points a company owes as of a day, by age or month of expiry and by program, tied to the ledger's own sum."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from functools import cached_property
from typing import Any

import frappe
from frappe import _

from ccms_app.desk import masking, reporting
from ccms_app.loyalty.model import ZERO, Program
from ccms_app.loyalty.money import rounded
from ccms_app.loyalty.store import programs
from ccms_app.loyalty.store.liability import AGES, Books, Open

AGE, MONTH, PROGRAM = "Age", "Expiry Month", "Program"
WAYS = {AGE: "age", MONTH: "month", PROGRAM: ""}
MONTHS_SHOWN = 24
PLACES = 6  # amounts are shown with cents; rows add up to the sum because they keep more


def execute(filters: dict | None = None) -> tuple:
	"""Columns, rows, the finding, chart and figures for the desk."""
	report = PointsLiability(reporting.read(filters))
	return masking.answer(report.columns(), report.rows(), report.finding(), report.chart(), report.figures())


class PointsLiability:
	"""What the open points of a company come to on a day."""

	def __init__(self, filters: frappe._dict):
		self.company = reporting.company(filters)
		self.program = programs.asked(filters, self.company)
		today = reporting.today()
		self.on = min(reporting.day(filters.report_date, _("As of")) or today, today)
		self.by = reporting.choice(filters.group_by, WAYS, _("Group by"))
		self.currency = reporting.currency_of(self.company)

	# --- figures ---------------------------------------------------------------------------------------------
	@cached_property
	def books(self) -> Books:
		return Books(self.company, self.on, self.program)

	@cached_property
	def open(self) -> list[Open]:
		return self.books.open(WAYS[self.by])

	@cached_property
	def arrears(self) -> dict[str, Decimal]:
		return {program: points for program, points in self.books.arrears().items() if points}

	@cached_property
	def journal(self) -> Decimal:
		return sum(self.books.journal().values(), ZERO)

	@cached_property
	def net(self) -> dict[str, Decimal]:
		"""Points owed to members, by program."""
		found: dict[str, Decimal] = defaultdict(lambda: ZERO)
		for row in self.open:
			found[row.program] += row.usable
		for program, points in self.arrears.items():
			found[program] -= points
		return found

	@property
	def lapsed(self) -> Decimal:
		return sum((row.lapsed for row in self.open), ZERO)

	def value(self, program: str, points: Decimal) -> Decimal:
		return rounded(points * self._rules(program).point_value, PLACES)

	def liability(self, program: str, points: Decimal) -> Decimal:
		"""What is expected to be used of the points one day, in money."""
		rules = self._rules(program)
		return rounded(points * rules.point_value * rules.expected_redemption_percent / 100, PLACES)

	def _rules(self, program: str) -> Program:
		return programs.get(program)

	def total(self, of) -> Decimal:
		return sum((of(program, points) for program, points in self.net.items()), ZERO)

	# --- table -----------------------------------------------------------------------------------------------
	def columns(self) -> list[dict[str, Any]]:
		found = [reporting.link("program", _("Loyalty Program"), programs.DOCTYPE, 190)]
		if self.by != PROGRAM:
			found.append(reporting.text("label", _("Age") if self.by == AGE else _("Expires in"), 150))
		found += [
			reporting.points("active", _("Usable")),
			reporting.points("pending", _("Pending", context="Points")),
		]
		if self.by == PROGRAM:
			found.append(reporting.points("owed", _("Owed by members"), 130))
		found += [
			reporting.points("points", _("Points open"), 120),
			reporting.money("value", _("Worth"), 145),
			reporting.money("liability", _("Expected to be used"), 170),
			reporting.currency_column(),
		]
		return found

	def rows(self) -> list[dict[str, Any]]:
		if self.by == PROGRAM:
			return [self._program_row(name) for name in sorted(self.net)]
		found = [self._row(row.program, self._label(row.group), row.group, row) for row in self._merged()]
		for program, points in sorted(self.arrears.items()):
			owed = Open(program, "owed", active=-points)
			found.append(self._row(program, _("Owed by members"), "owed", owed))
		return sorted(found, key=lambda row: row["program"])

	def _program_row(self, program: str) -> dict[str, Any]:
		own = [row for row in self.open if row.program == program]
		points = self.net[program]
		return {
			"program": program,
			"active": float(sum((row.active for row in own), ZERO)),
			"pending": float(sum((row.pending for row in own), ZERO)),
			"owed": float(-self.arrears.get(program, ZERO)),
			**self._worth(program, points),
		}

	def _row(self, program: str, label: str, group: str, row: Open) -> dict[str, Any]:
		return {
			"program": program,
			"label": label,
			"group": group,
			"active": float(row.active),
			"pending": float(row.pending),
			**self._worth(program, row.usable),
		}

	def _worth(self, program: str, points: Decimal) -> dict[str, Any]:
		return {
			"points": float(points),
			"value": float(self.value(program, points)),
			"liability": float(self.liability(program, points)),
			"currency": self.currency,
		}

	def _merged(self) -> list[Open]:
		"""Groups with points, months far ahead in one."""
		far = self._month_after(MONTHS_SHOWN)
		found: dict[tuple[str, str], Open] = {}
		for row in self.open:
			if not row.usable:
				continue
			group = "later" if self.by == MONTH and row.group and row.group >= far else row.group
			into = found.setdefault((row.program, group), Open(row.program, group))
			into.active += row.active
			into.pending += row.pending
		return sorted(found.values(), key=lambda row: (row.program, self._place(row.group)))

	def _month_after(self, months: int) -> str:
		year, month = divmod(self.on.year * 12 + self.on.month - 1 + months, 12)
		return f"{year:04d}-{month + 1:02d}"

	@staticmethod
	def _place(group: str) -> tuple[int, str]:
		return ({"later": 1, "": 2}.get(group, 0), group)

	def _label(self, group: str) -> str:
		if self.by == AGE:
			return age_label(int(group))
		if group == "later":
			return _("Later")
		if not group:
			return _("No date")
		return reporting.month_label(group)

	# --- finding, figures, chart -----------------------------------------------------------------------------
	def finding(self) -> str:
		points = sum(self.net.values(), ZERO)
		on = reporting.date_text(self.on)
		if not points and not self.journal:
			return reporting.finding(
				reporting.sentence(_("{0} owed no points on {1}."), self.company, on),
				_("Points appear here with the first invoice of a member."),
			)
		lines = [
			reporting.sentence(
				_("{0} owed its members {1} points on {2}, worth {3}; {4} of it is expected to be used."),
				self.company,
				reporting.number(points),
				on,
				self._money(self.total(self.value)),
				self._money(self.total(self.liability)),
			)
		]
		lapsed, difference = self.lapsed, self.journal - self.lapsed - points
		if difference:
			return reporting.finding(
				*lines,
				warning=_(
					"This does not tie to the ledger: its movements add up to {0}, a difference of {1}. Run the audit of the ledger."
				).format(reporting.number(self.journal), reporting.number(difference)),
			)
		if lapsed:
			lines.append(
				reporting.sentence(
					_(
						"Ties to the ledger: its movements add up to {0}, of which {1} have expired but are not written off yet."
					),
					reporting.number(self.journal),
					reporting.number(lapsed),
				)
			)
		else:
			lines.append(
				reporting.sentence(
					_("Ties to the ledger: its movements add up to {0} as well."),
					reporting.number(self.journal),
				)
			)
		return reporting.finding(*lines)

	def figures(self) -> list[dict[str, Any]]:
		pending = sum((row.pending for row in self.open), ZERO)
		owed = sum(self.arrears.values(), ZERO)
		return [
			reporting.card(_("Points open"), sum(self.net.values(), ZERO), indicator="Blue"),
			reporting.card(_("Of which pending"), pending),
			reporting.card(_("Owed by members"), owed),
			reporting.card(_("Worth"), self.total(self.value), "Currency", self.currency),
			reporting.card(
				_("Expected to be used"),
				self.total(self.liability),
				"Currency",
				self.currency,
				indicator="Red",
			),
		]

	def chart(self) -> dict[str, Any] | None:
		"""What is expected to be used, by group, a colour for each program."""
		if self.by == PROGRAM:
			names = sorted(self.net)
			values = [self.liability(name, self.net[name]) for name in names]
			return self._bars(names, {_("Expected to be used"): values})
		rows = self._merged()
		groups = sorted({row.group for row in rows}, key=self._place)
		by_program: dict[str, list[Decimal]] = {}
		for row in rows:
			series = by_program.setdefault(row.program, [ZERO] * len(groups))
			series[groups.index(row.group)] = self.liability(row.program, row.usable)
		return self._bars([self._label(group) for group in groups], by_program)

	def _bars(self, labels: list[str], datasets: dict[str, list]) -> dict[str, Any] | None:
		return reporting.chart(
			"bar",
			_("Expected to be used, {0}").format(self.currency),
			labels,
			datasets,
			barOptions={"stacked": 1},
			fieldtype="Currency",
			options=reporting.CURRENCY,
			currency=self.currency,
		)

	def _money(self, amount: Decimal) -> str:
		return reporting.amount(amount, self.currency)


def age_label(place: int) -> str:
	"""A group of AGES in words."""
	if place == len(AGES):
		return _("Over {0} months").format(AGES[-1])
	return _("{0}–{1} months").format(AGES[place - 1] if place else 0, AGES[place])
