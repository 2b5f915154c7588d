"""Who joined a tier, went up, went down or kept it between two days: counts, a from-to matrix, the members."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from typing import Any

import frappe
from frappe import _

from ccms_app.desk import masking, reporting
from ccms_app.loyalty.store import programs
from ccms_app.loyalty.store import tier_movements as store
from ccms_app.loyalty.store.tier_movements import DOWN, JOINED, MOVES, RENEWED, UP, Step

TIER, MATRIX, MEMBERS = "Tiers", "From → To", "Members"
MONTHS = 3
MOST = 5000
COLOURS = {JOINED: reporting.BLUE, UP: reporting.GREEN, DOWN: reporting.RED, RENEWED: reporting.GREY}


def execute(filters: dict | None = None) -> tuple:
	"""Columns, rows, the finding, chart and figures for the desk."""
	report = TierMovements(reporting.read(filters))
	return masking.answer(
		report.columns(),
		report.rows(),
		report.finding(),
		report.chart(),
		report.figures(),
		report.no_total,
	)


class TierMovements:
	"""The tier entries of a company between two days."""

	def __init__(self, filters: frappe._dict):
		self.company = reporting.company(filters)
		self.program = programs.asked(filters, self.company)
		self.first, self.last = reporting.period(filters, reporting.months_ago(MONTHS), reporting.today())
		self.view = reporting.choice(filters.view, (TIER, MATRIX, MEMBERS), _("Show"))
		self.tier = filters.tier or None
		self.from_tier = filters.from_tier or None
		self.move = reporting.choice(filters.movement, MOVES, _("Tier change")) if filters.movement else None
		self.no_total = self.view == MEMBERS

	@cached_property
	def steps(self) -> list[tuple[Step, int]]:
		"""Every step that fits the filters, with how many times it was taken."""
		return [
			(step, times)
			for step, times in store.counted(self.company, self.first, self.last, self.program)
			if (not self.tier or step.new == self.tier)
			and (not self.from_tier or step.old == self.from_tier)
			and (not self.move or step.move == self.move)
		]

	@cached_property
	def tiers(self) -> list[tuple[str, str]]:
		"""(program, tier) of everything that occurs, programs by name, tiers from the lowest up."""
		found = {(step.program, step.new) for step, _times in self.steps}
		found |= {(step.program, step.old) for step, _times in self.steps if step.old}
		if not (self.tier or self.from_tier or self.move):
			found |= {key for key in self.members if key[1]}
		return sorted(found, key=lambda key: (key[0], store.place(programs.get(key[0]), key[1])))

	@cached_property
	def members(self) -> dict[tuple[str, str], int]:
		return store.members_now(self.company, self.program)

	@cached_property
	def moves(self) -> dict[str, int]:
		found: dict[str, int] = dict.fromkeys(MOVES, 0)
		for step, times in self.steps:
			found[step.move] += times
		return found

	# --- table -----------------------------------------------------------------------------------------------
	def columns(self) -> list[dict[str, Any]]:
		first = [reporting.link("program", _("Loyalty Program"), programs.DOCTYPE, 190)]
		if self.view == MATRIX:
			names = self._tier_names()
			return [
				*first,
				reporting.text("tier", _("From Tier"), 150),
				*(reporting.count(f"to_{place}", _(name), 110) for place, name in enumerate(names)),
			]
		if self.view == MEMBERS:
			return [
				reporting.date_column("posting_date", _("Date")),
				reporting.link("customer", _("Customer"), "Customer", 160),
				reporting.text("customer_name", _("Name"), 150),
				reporting.text("member_no", _("Card number"), 130),
				*first,
				reporting.text("movement", _("Tier change"), 110),
				reporting.text("from_tier", _("From Tier"), 110),
				reporting.text("to_tier", _("To Tier"), 110),
				reporting.date_column("until", _("Kept until")),
				reporting.link("entry", _("Ledger entry"), "CCMS Points Ledger Entry", 130),
			]
		return [
			*first,
			reporting.text("tier", _("Tier"), 150),
			reporting.count("joined", _("Joined")),
			reporting.count("up", _("Up to here"), 110),
			reporting.count("down", _("Down to here"), 120),
			reporting.count("renewed", _("Renewed"), 100),
			reporting.count("went_up", _("Up from here"), 120),
			reporting.count("went_down", _("Down from here"), 140),
			reporting.count("members", _("Members now"), 120),
		]

	def rows(self) -> list[dict[str, Any]]:
		if self.view == MEMBERS:
			return self._member_rows()
		if not self.steps:
			return []
		return self._matrix_rows() if self.view == MATRIX else self._tier_rows()

	def _tier_rows(self) -> list[dict[str, Any]]:
		into: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
		fields = {
			JOINED: ("joined",),
			UP: ("up", "went_up"),
			DOWN: ("down", "went_down"),
			RENEWED: ("renewed",),
		}
		for step, times in self.steps:
			for field, tier in zip(fields[step.move], (step.new, step.old), strict=False):
				into[step.program, tier][field] += times
		return [
			{
				"program": program,
				"tier": tier,
				**{field: into[program, tier][field] for names in fields.values() for field in names},
				"members": self.members.get((program, tier), 0),
			}
			for program, tier in self.tiers
		]

	def _matrix_rows(self) -> list[dict[str, Any]]:
		names = self._tier_names()
		rows: dict[tuple[str, str], dict[str, Any]] = {}
		for step, times in sorted(self.steps, key=lambda pair: self._from_place(pair[0])):
			row = rows.setdefault(
				(step.program, step.old),
				{"program": step.program, "from_tier": step.old, "tier": _(step.old) or _("New member")}
				| {f"to_{place}": 0 for place in range(len(names))},
			)
			row[f"to_{names.index(step.new)}"] += times
		for row in rows.values():
			row["to_tiers"] = names
		return list(rows.values())

	@staticmethod
	def _from_place(step: Step) -> tuple:
		return (step.program, bool(step.old), store.place(programs.get(step.program), step.old))

	def _tier_names(self) -> list[str]:
		return list(dict.fromkeys(tier for _program, tier in self.tiers))

	def _member_rows(self) -> list[dict[str, Any]]:
		found = store.listed(
			self.company, self.first, self.last, [step for step, _times in self.steps], self.program, MOST
		)
		for row in found:
			step = Step(row.program, row.from_tier or "", row.to_tier or "", row.reason or "")
			row.move, row.movement = step.move, _(step.move)
		return found

	# --- finding, figures, chart -----------------------------------------------------------------------------
	def finding(self) -> str:
		moves, days = self.moves, (reporting.date_text(self.first), reporting.date_text(self.last))
		if not self.steps:
			return reporting.finding(
				reporting.sentence(_("No member changed tier from {0} to {1}."), *days),
				"" if any(tier for _of, tier in self.members) else _("Tiers are set in the loyalty program."),
			)
		lines = [
			reporting.sentence(
				_("From {0} to {1}: {2} joined, {3} went up, {4} went down, {5} kept their tier."),
				*days,
				*(reporting.number(moves[move]) for move in (JOINED, UP, DOWN, RENEWED)),
			)
		]
		total = sum(moves.values())
		if self.view == MEMBERS and total > MOST:
			lines.append(
				reporting.sentence(
					_(
						"The list shows the latest {0} of {1} movements. Choose a shorter time or a tier to see the rest."
					),
					reporting.number(MOST),
					reporting.number(total),
				)
			)
		return reporting.finding(*lines)

	def figures(self) -> list[dict[str, Any]]:
		colours = {JOINED: "Blue", UP: "Green", DOWN: "Red", RENEWED: "Grey"}
		return [
			reporting.card(_(move), self.moves[move], indicator=colour) for move, colour in colours.items()
		]

	def chart(self) -> dict[str, Any] | None:
		"""Members who came into each tier, by movement."""
		several = len({program for program, _tier in self.tiers}) > 1
		labels = [f"{_(tier)} · {program}" if several else _(tier) for program, tier in self.tiers]
		series = {_(move): [0] * len(labels) for move in MOVES}
		for step, times in self.steps:
			series[_(step.move)][self.tiers.index((step.program, step.new))] += times
		shown = {
			name: colour for name, colour in zip(series, COLOURS.values(), strict=True) if any(series[name])
		}
		series = {name: series[name] for name in shown}
		title = _("Members who came into a tier, or kept it")
		return reporting.chart("bar", title, labels, series, shown.values(), barOptions={"stacked": 1})
