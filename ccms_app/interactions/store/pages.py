"""Daily and monthly counts of pages and carts, without persons: what the report Path and Dwell reads.

A day is counted anew when events of it came, or went by an erasure. As long as its events are there, small counts are
too: an erasure takes those that its person stands behind. Before the events go, small counts are added up.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta

import frappe
from frappe import _
from frappe.query_builder import DocType
from frappe.query_builder.builder import QueryBuilder
from frappe.query_builder.functions import Coalesce, Max, Min
from frappe.utils import add_months, getdate, now_datetime, nowdate
from pypika.functions import Date as DateOf
from pypika.terms import Criterion

from ccms_app.identity.store.rows import insert
from ccms_app.interactions import dwell
from ccms_app.interactions.pages import DROPPED, PAGE, STEP, Cell, Key, rest, together
from ccms_app.interactions.totals import FEWEST

from . import clearing, marks, page_events
from .page_events import EVENT

COUNT = "CCMS Page Count"
DAY, MONTH = "Day", "Month"
FIGURES = ("path", "next_path", "step", "events", "entries", "followed", "visitors", "people", "amount")
COLUMNS = (
	"name",
	"creation",
	"modified",
	"owner",
	"modified_by",
	"company",
	"span",
	"day",
	"kind",
	"branch",
	"channel",
	*FIGURES,
	"place",
	"stays",
)
TEXTS = 500
"""Texts that a statement looks for at most."""


# --- counting --------------------------------------------------------------------------------------------------
def marked() -> int:
	"""How many days are marked."""
	mark = DocType(marks.DOCTYPE)
	query = frappe.qb.from_(mark).select(mark.company, mark.day).distinct().where(mark.span == marks.PAGES)
	return len(query.run())


def compute_marked(report: Callable[[int], None] | None = None) -> int:
	"""Count all marked days anew, each in a transaction of its own. Returns how many.

	A worker that dies goes on with what is left.

	Args:
		report: called after each day with how many there are in all.
	"""
	taken = marks.take(marks.PAGES)
	for number, (company, day) in enumerate(taken, 1):
		compute(company, day)
		frappe.db.commit()
		if report:
			report(len(taken))
		elif len(taken) >= 10:
			frappe.publish_progress(100 * number / len(taken), title=_("Counting pages"))
	return len(taken)


def compute(company: str, day: date) -> None:
	"""Count one day of a company anew, in the caller's transaction. A day whose events were deleted stays as it was."""
	day = getdate(day)
	if day >= clearing.oldest_day(getdate(nowdate())):
		_replace(company, DAY, day, page_events.cells(company, day))
		marks.months_of_pages(company, [day])
	marks.done(marks.PAGES, company, day)


def add_up_marked() -> int:
	"""Add up the days of all months in which a day has changed. Returns how many months."""
	taken = marks.take(marks.PAGES_OF_MONTH)
	for company, month in taken:
		add_up(company, month)
		frappe.db.commit()
	return len(taken)


def add_up(company: str, month: date) -> None:
	"""Write the counts of a month anew from those of its days, in the caller's transaction."""
	first = getdate(month).replace(day=1)
	_replace(company, MONTH, first, together(_kept(company, first, getdate(add_months(first, 1)))))
	marks.done(marks.PAGES_OF_MONTH, company, first)


def count_all_later() -> None:
	"""Have every day counted in the background. Whatever is left when a worker dies, the hourly round goes on with."""
	if mark_all():
		frappe.enqueue(
			"ccms_app.interactions.store.pages.compute_marked",
			queue="long",
			timeout=4 * 60 * 60,
			job_id="ccms_page_counts",
			deduplicate=True,
			enqueue_after_commit=True,
		)


def mark_all() -> int:
	"""Have every day counted from which there are events. Returns how many."""
	event, marked = DocType(EVENT), 0
	for company in frappe.get_all("Company", pluck="name"):
		ends = frappe.qb.from_(event).select(Min(event.occurred_at), Max(event.occurred_at))
		first, last = ends.where(event.company == company).run()[0]
		if not first:
			continue
		days = [day for day in _days(first.date(), last.date()) if _has_events(company, day)]
		marks.pages(company, days)
		marked += len(days)
	return marked


def _days(first: date, last: date) -> Iterator[date]:
	return (first + timedelta(days=number) for number in range((last - first).days + 1))


def _has_events(company: str, day: date) -> bool:
	event = DocType(EVENT)
	query = frappe.qb.from_(event).select(event.name).where(event.company == company)
	query = query.where((event.occurred_at >= day) & (event.occurred_at < day + timedelta(days=1)))
	return bool(query.limit(1).run())


# --- when events go --------------------------------------------------------------------------------------------
def forget(criterion: Criterion) -> None:
	"""Take away what tells of these events, which the caller deletes in this transaction; their days are counted anew.

	Counts behind which stand others enough stay until then.
	"""
	event, said = DocType(EVENT), {}
	keys = (event.company, DateOf(event.occurred_at), event.path, event.previous_path, event.subject)
	query = frappe.qb.from_(event).select(*keys).distinct().where(criterion)
	for company, day, *texts in query.where(event.interaction_type.isin(page_events.COUNTED)).run():
		days, words = said.setdefault(company, (set(), set()))
		days.add(day)
		words.update(filter(None, texts))
	for company, (days, words) in said.items():
		marks.pages(company, days)
		marks.months_of_pages(company, days)
		ordered = sorted(words)
		for start in range(0, len(ordered), TEXTS):
			_delete_naming(company, days, ordered[start : start + TEXTS])


def _delete_naming(company: str, days: set[date], texts: list[str]) -> None:
	count = DocType(COUNT)
	months = {day.replace(day=1) for day in days}
	named = count.path.isin(texts) | count.next_path.isin(texts) | count.step.isin(texts)
	for span, those in ((DAY, days), (MONTH, months)):
		query = frappe.qb.from_(count).delete().where((count.company == company) & (count.span == span))
		query = query.where(count.day.isin(sorted(those)) & (named | count.place.isin(texts)))
		# a marked month is not read: it is added up anew
		(query.where(count.people < FEWEST) if span == DAY else query).run()


def close_days(company: str, until: date) -> None:
	"""Add up what fewer than ten people stand behind, on days before this one whose events are still there, but go now."""
	count = DocType(COUNT)
	query = frappe.qb.from_(count).select(count.day).distinct()
	query = query.where((count.company == company) & (count.span == DAY) & (count.day < until))
	for (day,) in query.where(count.people < FEWEST).orderby(count.day).run():
		cells = _kept(company, day, day + timedelta(days=1))
		kept = [cell for cell in cells if cell.is_open]
		for kind in (PAGE, STEP, DROPPED):
			one = rest(cells, kind)
			named = {_text(cell) for cell in kept if cell.key.kind == kind}
			one.people = page_events.people(company, day, kind, named)
			if one.is_open:
				kept.append(one)
		_replace(company, DAY, day, kept)
		marks.months_of_pages(company, [day])
		frappe.db.commit()


def _text(cell: Cell) -> str:
	return cell.key.step if cell.key.kind == STEP else cell.key.path


# --- rows ------------------------------------------------------------------------------------------------------
def _kept(company: str, start: date, end: date) -> list[Cell]:
	"""The counts of days from one until before another."""
	count = DocType(COUNT)
	place = (Coalesce(count.branch, ""), Coalesce(count.channel, ""))
	query = frappe.qb.from_(count).select(
		count.kind, *place, *(count[name] for name in FIGURES), count.place, count.stays
	)
	query = query.where((count.company == company) & (count.span == DAY))
	return [_cell(row) for row in query.where((count.day >= start) & (count.day < end)).run()]


def _cell(row: tuple) -> Cell:
	return Cell(
		Key(*(text or "" for text in row[:6])), *row[6:11], float(row[11]), row[12] or "", dwell.read(row[13])
	)


def _replace(company: str, span: str, day: date, cells: Iterable[Cell]) -> None:
	count = DocType(COUNT)
	of_day: QueryBuilder = frappe.qb.from_(count).delete()
	of_day.where((count.company == company) & (count.span == span) & (count.day == day)).run()
	now, user = now_datetime(), frappe.session.user
	rows = [
		(
			_name(company, span, day, cell.key),
			now,
			now,
			user,
			user,
			company,
			span,
			day,
			cell.key.kind,
			cell.key.branch or None,
			cell.key.channel or None,
			cell.key.path,
			cell.key.next_path,
			cell.key.step,
			cell.events,
			cell.entries,
			cell.followed,
			cell.visitors,
			cell.people,
			cell.amount,
			cell.place,
			dwell.write(cell.stays) or None,
		)
		for cell in sorted(cells, key=lambda cell: cell.key)
	]
	insert(COUNT, COLUMNS, rows)


def _name(company: str, span: str, day: date, key: Key) -> str:
	"""Rows lie in the order of their names: those that are read together lie together."""
	rest_ = "\0".join((key.branch, key.channel, key.path, key.next_path, key.step))
	first = hashlib.sha256(company.encode()).hexdigest()[:8]
	own = hashlib.sha256(rest_.encode()).hexdigest()[:32]
	return f"{first}-{key.kind[:2]}{span[0]}-{day:%Y%m%d}-{own}".lower().replace(" ", "")
