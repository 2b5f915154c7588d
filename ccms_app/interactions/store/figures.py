"""Sums over many customers' events: from the daily counts, and of pages and carts from the events themselves.

All of it within the user's fence of companies and branches.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any

import frappe
from frappe.query_builder import Case, DocType
from frappe.query_builder.builder import QueryBuilder
from frappe.query_builder.functions import Coalesce, Count, Max, Sum
from frappe.utils import get_datetime
from pypika.enums import Order
from pypika.functions import Floor

from ccms_app.interactions.dwell import median
from ccms_app.privacy.store import fence

DAY, EVENT, MARK = "CCMS Interaction Day", "CCMS Customer Interaction", "CCMS Interaction Mark"
VIEW, ADD, DROP, STEP = "Page View", "Cart Add", "Cart Drop", "Cart Step"
COLUMNS = {"channel", "interaction_type", "branch", "day"}


@dataclass(frozen=True)
class Where:
	"""Which events: of a company, from a day until before another, and, where given, of a branch, channel, type."""

	company: str
	start: date
	end: date
	branch: str = ""
	channel: str = ""
	interaction_type: str = ""


# --- from daily counts ---------------------------------------------------------------------------------------
def sums(where: Where, *by: str) -> list[dict[str, Any]]:
	"""Sums by these columns of daily counts: events, dwell and duration (s), amount, customers (persons who are told
	apart), and the columns themselves, "" where a row has none."""
	if set(by) - COLUMNS:
		raise ValueError(by)
	day = DocType(DAY)
	keys = [day[name] if name == "day" else Coalesce(day[name], "").as_(name) for name in by]
	query = (
		frappe.qb.from_(day)
		.select(
			*keys,
			Sum(day.events).as_("events"),
			Sum(day.dwell).as_("dwell"),
			Sum(day.duration).as_("duration"),
			Sum(day.amount).as_("amount"),
			Count(day.identity).distinct().as_("customers"),
		)
		.where((day.company == where.company) & (day.day >= where.start) & (day.day < where.end))
	)
	query = _narrow(query, day, DAY, where).groupby(*(day[name] for name in by))
	rows = query.run(as_dict=True)
	return [row for row in rows if row.events]


def is_behind(company: str) -> bool:
	"""Whether events came that the daily counts do not hold yet."""
	return bool(frappe.db.exists(MARK, {"company": company, "span": "Day"}))


def _narrow(query: QueryBuilder, table, doctype: str, where: Where) -> QueryBuilder:
	for name in ("branch", "channel", "interaction_type"):
		if value := getattr(where, name):
			query = query.where(table[name] == value)
	fenced = fence.criterion(doctype, table=table)
	return query.where(fenced) if fenced is not None else query


# --- pages ---------------------------------------------------------------------------------------------------
@dataclass
class Page:
	"""A page: views, of which entries (the first of a visit), exits (no other page followed), visitors, the median stay in
	seconds, and the pages that followed most: (path, times)."""

	path: str
	views: int
	entries: int
	visitors: int
	exits: int = 0
	dwell: float | None = None
	following: list[tuple[str, int]] | None = None


def pages(where: Where, most: int) -> list[Page]:
	"""The most viewed pages.

	Who comes back to a tab stays anew, from the same page: a stay, not a view.
	"""
	event = DocType(EVENT)
	views = Sum(_one(_previous(event) != event.path))
	entries = Sum(_one(_previous(event) == ""))
	query = _events(where, VIEW).select(event.path, views, entries, Count(_person(event)).distinct())
	query = query.where(Coalesce(event.path, "") != "").groupby(event.path)
	rows = query.orderby(views, order=Order.desc).orderby(event.path).limit(most).run()
	found = [Page(path, int(views), int(entries), visitors) for path, views, entries, visitors in rows]
	after, stays = _after(where, [page.path for page in found]), _stays(where, [page.path for page in found])
	for page in found:
		followed = after.get(page.path, [])
		page.exits = max(page.views - sum(times for _path, times in followed), 0)
		page.following = followed[:3]
		page.dwell = median(stays.get(page.path, ()))
	return found


def views(where: Where) -> dict[str, int]:
	"""Views by page, of the 1,000 most viewed."""
	event = DocType(EVENT)
	number = Sum(_one(_previous(event) != event.path))
	query = _events(where, VIEW).select(event.path, number).where(Coalesce(event.path, "") != "")
	rows = query.groupby(event.path).orderby(number, order=Order.desc).limit(1000).run()
	return {path: int(times) for path, times in rows}


def _after(where: Where, paths: list[str]) -> dict[str, list[tuple[str, int]]]:
	"""Which pages followed each of these, the most often first."""
	if not paths:
		return {}
	event = DocType(EVENT)
	query = _events(where, VIEW).select(event.previous_path, event.path, Count("*").as_("times"))
	query = query.where(event.previous_path.isin(paths) & (event.previous_path != event.path))
	found: dict[str, list[tuple[str, int]]] = defaultdict(list)
	for before, path, times in query.groupby(event.previous_path, event.path).run():
		found[before].append((path, times))
	return {path: sorted(after, key=lambda one: (-one[1], one[0])) for path, after in found.items()}


def _stays(where: Where, paths: list[str]) -> dict[str, list[tuple[float, int]]]:
	if not paths:
		return {}
	event = DocType(EVENT)
	seconds = Floor(event.dwell)
	query = _events(where, VIEW).select(event.path, seconds, Count("*"))
	query = query.where(event.path.isin(paths) & event.dwell.isnotnull())
	found: dict[str, list[tuple[float, int]]] = defaultdict(list)
	for path, value, times in query.groupby(event.path, seconds).run():
		found[path].append((value, times))
	return found


# --- carts ---------------------------------------------------------------------------------------------------
@dataclass
class Step:
	"""A step on the way to an order: who reached it, and what was taken out of carts on its page."""

	name: str
	kind: str
	visitors: int
	path: str = ""
	drops: int = 0
	dropped: float = 0.0


def steps(where: Where) -> list[Step]:
	"""The way from a page to an order, step by step: looked at a page, put something into the cart, then the steps that
	the shop's pages name, those that more visitors reached first.

	What was dropped counts for the step on whose page it was dropped, else for the cart.
	"""
	event = DocType(EVENT)
	visitors = Count(_person(event)).distinct()
	found = [Step("", kind, _events(where, kind).select(visitors).run()[0][0]) for kind in (VIEW, ADD)]
	query = _events(where, STEP).select(event.subject, visitors, Max(event.path))
	named = query.where(Coalesce(event.subject, "") != "").groupby(event.subject).run()
	found += sorted(
		(Step(name, STEP, number, path or "") for name, number, path in named),
		key=lambda step: (-step.visitors, step.name),
	)
	by_path = {step.path: step for step in found if step.path}
	query = _events(where, DROP).select(Coalesce(event.path, ""), Count("*"), Coalesce(Sum(event.amount), 0))
	for path, times, amount in query.groupby(Coalesce(event.path, "")).run():
		step = by_path.get(path, found[1])
		step.drops += times
		step.dropped += float(amount)
	return found


def _events(where: Where, kind: str) -> QueryBuilder:
	event = DocType(EVENT)
	query = frappe.qb.from_(event).where(
		(event.company == where.company)
		& (event.occurred_at >= get_datetime(where.start))
		& (event.occurred_at < get_datetime(where.end))
		& (event.interaction_type == kind)
	)
	return _narrow(query, event, EVENT, where)


def _person(event):
	return Coalesce(event.identity, event.visitor)


def _previous(event):
	return Coalesce(event.previous_path, "")


def _one(condition) -> Case:
	return Case().when(condition, 1).else_(0)
