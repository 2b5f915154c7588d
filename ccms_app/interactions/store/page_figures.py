"""Sums of pages and carts for the reports: whole months and days from their counts, today from the events.

All of it within the user's fence of companies and branches. A visitor counts once a day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property

import frappe
from frappe.query_builder import DocType
from frappe.query_builder.builder import QueryBuilder
from frappe.query_builder.functions import Coalesce, Count, Max, Sum
from frappe.utils import add_months, get_datetime, getdate, nowdate
from pypika.enums import Order
from pypika.terms import Criterion

from ccms_app.interactions import dwell
from ccms_app.interactions.pages import ADDED, DROPPED, LOOKED, NEXT, PAGE, STEP, Cell

from . import marks, page_events
from .figures import MARK, Where, narrow
from .page_events import CART_ADD, CART_STEP, VIEW, Exactly
from .pages import COUNT, DAY, MONTH

RAW_MOST = 50_000
"""Events of today up to which they are read themselves: more are seen when they are counted, within the hour."""
RANKED = 1_000
"""Pages of the counts among which the most viewed are looked for."""


@dataclass
class Page:
	"""A page: views, of which entries (the first of a visit), exits (no other page followed), visitors (each once a day),
	the median stay in seconds, and the pages that followed most: (path, times)."""

	path: str
	views: int = 0
	entries: int = 0
	visitors: int = 0
	followed: int = 0
	stays: dict[int, int] = field(default_factory=dict)
	following: list[tuple[str, int]] = field(default_factory=list)

	@property
	def exits(self) -> int:
		return max(self.views - self.followed, 0)

	@cached_property
	def dwell(self) -> float | None:
		return dwell.usual(self.stays)


@dataclass
class Step:
	"""A step on the way to an order: who reached it, each once a day, and what was taken out of carts on its page."""

	name: str
	kind: str
	visitors: int = 0
	path: str = ""
	drops: int = 0
	dropped: float = 0.0


class PageFigures:
	"""The figures of a period."""

	def __init__(self, where: Where):
		self.where = where
		self.today = getdate(nowdate())
		self.reads_today = where.start <= self.today < where.end and _is_little(where.company, self.today)

	# --- pages ---------------------------------------------------------------------------------------------------
	def pages(self, most: int) -> list[Page]:
		"""The most viewed pages."""
		ranked = self.views()
		first = sorted(ranked, key=lambda path: (-ranked[path], path))[:most]
		found = {path: Page(path) for path in first if ranked[path] > 0}
		for path, views, entries, visitors, followed, stays in self._rows_of(found):
			page = found[path]
			page.views += views
			page.entries += entries
			page.visitors += visitors
			page.followed += followed
			dwell.add(page.stays, stays)
		for path, after in self._after(found).items():
			found[path].following = sorted(after.items(), key=lambda one: (-one[1], one[0]))[:3]
		return sorted(found.values(), key=lambda page: (-page.views, page.path))

	def views(self) -> dict[str, int]:
		"""Views by page, of the most viewed."""
		count = DocType(COUNT)
		path, views = Exactly(count.path), Sum(count.events)
		query = self._counts(PAGE).select(path, views).where(count.path != "").groupby(path)
		query = query.orderby(views, order=Order.desc).orderby(path).limit(RANKED)
		found = {path: int(times) for path, times in query.run()}
		now = self._now(PAGE)
		if missing := {cell.key.path for cell in now} - found.keys() if len(found) == RANKED else ():
			more = self._counts(PAGE).select(path, views).where(path.isin(sorted(missing))).groupby(path)
			found |= {path: int(times) for path, times in more.run()}
		for cell in now:
			found[cell.key.path] = found.get(cell.key.path, 0) + cell.events
		return found

	def _rows_of(self, paths: Collection[str]) -> Iterable[tuple]:
		"""(path, views, entries, visitors, followed, stays) a count of these pages."""
		if not paths:
			return
		count = DocType(COUNT)
		query = self._counts(PAGE).where(Exactly(count.path).isin(list(paths)))
		columns = (count.path, count.events, count.entries, count.visitors, count.followed, count.stays)
		for *row, stays in query.select(*columns).run():
			yield (*row, dwell.read(stays))
		for cell in self._now(PAGE):
			if cell.key.path in paths:
				yield cell.key.path, cell.events, cell.entries, cell.visitors, cell.followed, cell.stays

	def _after(self, paths: Collection[str]) -> dict[str, dict[str, int]]:
		"""Which pages followed each of these, how often."""
		found: dict[str, dict[str, int]] = defaultdict(dict)
		if not paths:
			return found
		count = DocType(COUNT)
		keys = (Exactly(count.path), Exactly(count.next_path))
		query = self._counts(NEXT).where(keys[0].isin(list(paths)))
		for path, following, times in query.select(*keys, Sum(count.events)).groupby(*keys).run():
			found[path][following] = int(times)
		for cell in self._now(NEXT):
			if cell.key.path in paths:
				after = found[cell.key.path]
				after[cell.key.next_path] = after.get(cell.key.next_path, 0) + cell.events
		return found

	# --- carts ---------------------------------------------------------------------------------------------------
	def steps(self) -> list[Step]:
		"""The way from a page to an order, step by step: looked at a page, put something into the cart, then the steps that
		the shop's pages name, those that more visitors reached first.

		What was dropped counts for the step on whose page it was dropped, else for the cart.
		"""
		count = DocType(COUNT)
		found = [Step("", VIEW), Step("", CART_ADD)]
		for step, kind in zip(found, (LOOKED, ADDED), strict=True):
			step.visitors = int(self._counts(kind).select(Sum(count.visitors)).run()[0][0] or 0)
			step.visitors += sum(cell.visitors for cell in self._now(kind))
		found += self._named_steps()
		by_path = {step.path: step for step in found if step.path}
		for path, times, amount in self._drops():
			step = by_path.get(path, found[1])
			step.drops += int(times)
			step.dropped += float(amount)
		return found

	def _named_steps(self) -> list[Step]:
		count, name = DocType(COUNT), Exactly(DocType(COUNT).step)
		query = self._counts(STEP).where(count.step != "").groupby(name)
		named: dict[str, Step] = {}
		counted = query.select(name, Sum(count.visitors), Max(count.place)).run()
		now = [(cell.key.step, cell.visitors, cell.place) for cell in self._now(STEP)]
		for text, visitors, place in (*counted, *now):
			step = named.setdefault(text, Step(text, CART_STEP))
			step.visitors += int(visitors)
			step.path = max(step.path, place or "")
		return sorted(named.values(), key=lambda step: (-step.visitors, step.name))

	def _drops(self) -> Iterable[tuple[str, int, float]]:
		count, path = DocType(COUNT), Exactly(Coalesce(DocType(COUNT).path, ""))
		query = self._counts(DROPPED).select(path, Sum(count.events), Sum(count.amount))
		yield from query.groupby(path).run()
		for cell in self._now(DROPPED):
			yield cell.key.path, cell.events, cell.amount

	# --- what is read --------------------------------------------------------------------------------------------
	def _counts(self, kind: str) -> QueryBuilder:
		count = DocType(COUNT)
		query = frappe.qb.from_(count).where(
			(count.company == self.where.company) & (count.kind == kind) & self._when
		)
		return narrow(query, count, COUNT, self.where)

	@cached_property
	def _when(self) -> Criterion:
		"""Months that lie in the period and are added up, and the days around them."""
		count, where = DocType(COUNT), self.where
		months = self._months()
		days: list[tuple[date, date]] = []
		start = where.start
		for month in months:
			days.append((start, month))
			start = getdate(add_months(month, 1))
		end = where.end
		if self.reads_today:
			days += [(start, self.today), (self.today + timedelta(days=1), end)]
		else:
			days.append((start, end))
		found = None
		for first, after in days:
			if first < after:
				one = (count.span == DAY) & (count.day >= first) & (count.day < after)
				found = one if found is None else found | one
		if months:
			whole = (count.span == MONTH) & count.day.isin(months)
			found = whole if found is None else found | whole
		return found if found is not None else count.name.isnull()

	def _months(self) -> list[date]:
		"""The months that lie in the period whole, are over, and in which no day has changed since they were added up."""
		first = self.where.start.replace(day=1)
		months = []
		while (after := getdate(add_months(first, 1))) <= min(self.where.end, self.today):
			if first >= self.where.start:
				months.append(first)
			first = after
		mark = DocType(MARK)
		query = frappe.qb.from_(mark).select(mark.day).where(mark.company == self.where.company)
		stale = {day for (day,) in query.where(mark.span == marks.PAGES_OF_MONTH).run()}
		return [month for month in months if month not in stale]

	def _now(self, kind: str) -> list[Cell]:
		return [cell for cell in self._today if cell.key.kind == kind]

	@cached_property
	def _today(self) -> list[Cell]:
		if not self.reads_today:
			return []
		return page_events.cells(
			self.where.company,
			self.today,
			lambda query, event: narrow(query, event, page_events.EVENT, self.where),
		)


def is_behind(company: str) -> bool:
	"""Whether events came, or went, that the counts do not tell of yet: on other days than today, which is read itself
	where it can be."""
	mark, today = DocType(MARK), getdate(nowdate())
	query = frappe.qb.from_(mark).select(mark.day).where(mark.company == company)
	days = {day for (day,) in query.where(mark.span.isin((marks.DAY, marks.PAGES))).run()}
	return bool(days - {today}) or (bool(days) and not _is_little(company, today))


def _is_little(company: str, day: date) -> bool:
	"""Whether a day has so few events that they can be read themselves."""
	event = DocType(page_events.EVENT)
	some = frappe.qb.from_(event).select(event.occurred_at).where(event.company == company)
	some = some.where(
		(event.occurred_at >= get_datetime(day)) & (event.occurred_at < get_datetime(day) + timedelta(days=1))
	)
	return frappe.qb.from_(some.limit(RAW_MOST + 1)).select(Count("*")).run()[0][0] <= RAW_MOST
