"""Totals of a month, kept for good: made from the daily counts while there are any."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from datetime import date

import frappe
from frappe.query_builder import DocType
from frappe.query_builder.functions import Coalesce, Count, Sum
from frappe.utils import add_months, getdate, now_datetime

from ccms_app.identity.store.rows import insert
from ccms_app.interactions.totals import FEWEST, YEAR, Cell, merge, together

from . import days, marks, pages

DAY, TOTAL = "CCMS Interaction Day", "CCMS Interaction Total"
COLUMNS = (
	"name",
	"creation",
	"modified",
	"owner",
	"modified_by",
	"company",
	"span",
	"day",
	"branch",
	"interaction_type",
	"channel",
	"events",
	"dwell",
	"duration",
	"amount",
)


def compute_marked() -> int:
	"""Count the marked days, then the totals of the marked months. Returns how many months."""
	days.compute_marked()
	pages.add_up_marked()
	taken = marks.take(marks.MONTH)
	for company, month in taken:
		compute(company, month)
		marks.done(marks.MONTH, company, month)
		frappe.db.commit()
	return len(taken)


def compute(company: str, month: date) -> None:
	"""Write the totals of a month of a company anew, in the caller's transaction."""
	first = getdate(month).replace(day=1)
	after = getdate(add_months(first, 1))
	_delete(company, ("Day", "Month"), first, after)
	merged = merge(_cells(company, first, after))
	_insert(company, merged.cells)
	year = first.replace(month=1)
	if merged.rest or frappe.db.exists(TOTAL, {"company": company, "span": YEAR, "day": year}):
		_year(company, year)


def _year(company: str, first: date) -> None:
	"""What is too little even for its month goes to its year; where it is too little for that, it is not kept."""
	after = first.replace(year=first.year + 1)
	by_month: dict[date, list[Cell]] = defaultdict(list)
	for cell in _cells(company, first, after):
		by_month[cell.day.replace(day=1)].append(cell)
	rests = [rest for cells in by_month.values() if (rest := merge(cells).rest)]
	_delete(company, (YEAR,), first, after)
	if rests and (year := together(rests, YEAR)).is_open:
		_insert(company, [year])


def _cells(company: str, first: date, after: date) -> list[Cell]:
	day = DocType(DAY)
	key = (day.day, Coalesce(day.branch, ""), day.interaction_type, Coalesce(day.channel, ""))
	where = (day.company == company) & (day.day >= first) & (day.day < after)
	rows = (
		frappe.qb.from_(day)
		.select(
			*key,
			Sum(day.events),
			Sum(day.dwell),
			Sum(day.duration),
			Sum(day.amount),
			Count(day.identity).distinct(),
		)
		.where(where)
		.groupby(*key)
		.run()
	)
	few = {tuple(row[:4]) for row in rows if row[8] < FEWEST}
	people: dict[tuple, set[str]] = defaultdict(set)
	for on in sorted({cell[0] for cell in few}):
		named = (
			frappe.qb.from_(day)
			.select(*key, day.identity)
			.where((day.company == company) & (day.day == on) & day.identity.isnotnull())
		)
		kinds = sorted({cell[2] for cell in few if cell[0] == on})
		for row in named.where(day.interaction_type.isin(kinds)).run():
			if tuple(row[:4]) in few:
				people[tuple(row[:4])].add(row[4])
	return [
		Cell(
			*row[:4],
			sums=tuple(float(value) for value in row[4:8]),
			people=frozenset(people[tuple(row[:4])]),
			many=row[8] >= FEWEST,
		)
		for row in rows
	]


def _insert(company: str, cells: list[Cell]) -> None:
	now, user = now_datetime(), frappe.session.user
	rows = [
		(
			_name(company, cell),
			now,
			now,
			user,
			user,
			company,
			cell.span,
			cell.day,
			cell.branch or None,
			cell.interaction_type or None,
			cell.channel or None,
			*cell.sums,
		)
		for cell in cells
	]
	insert(TOTAL, COLUMNS, rows)


def _delete(company: str, spans: tuple[str, ...], first: date, after: date) -> None:
	total = DocType(TOTAL)
	(
		frappe.qb.from_(total)
		.delete()
		.where(
			(total.company == company) & total.span.isin(spans) & (total.day >= first) & (total.day < after)
		)
		.run()
	)


def _name(company: str, cell: Cell) -> str:
	parts = (company, cell.span, cell.day, cell.branch, cell.interaction_type, cell.channel)
	return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:40]
