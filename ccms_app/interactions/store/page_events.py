"""Counts of pages and carts from the events themselves: of one day, or of a day that is not over yet."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date, timedelta
from typing import Any

import frappe
from frappe.query_builder import Case, DocType
from frappe.query_builder.builder import QueryBuilder
from frappe.query_builder.functions import Coalesce, Count, Max, Sum
from frappe.utils import get_datetime
from pypika.functions import Floor
from pypika.terms import Criterion, Function

from ccms_app.interactions import dwell
from ccms_app.interactions.pages import ADDED, DROPPED, LOOKED, NEXT, PAGE, STEP, Cell, Key

EVENT = "CCMS Customer Interaction"
VIEW, CART_ADD, CART_DROP, CART_STEP = "Page View", "Cart Add", "Cart Drop", "Cart Step"
COUNTED = (VIEW, CART_ADD, CART_DROP, CART_STEP)
Narrow = Callable[[QueryBuilder, DocType], QueryBuilder]


class Exactly(Function):
	"""A text by its bytes: "/Tea" is another page than "/tea", as it is on the web."""

	def __init__(self, term: Any):
		super().__init__("Exactly", term)

	def get_function_sql(self, **kwargs: Any) -> str:
		return f"{self.args[0].get_sql(with_alias=False, subquery=True, **_inner(kwargs))} collate utf8mb4_nopad_bin"


def _inner(kwargs: dict[str, Any]) -> dict[str, Any]:
	return {name: value for name, value in kwargs.items() if name not in ("with_alias", "subquery")}


def cells(company: str, day: date, narrow: Narrow | None = None) -> list[Cell]:
	"""The counts of a day of a company.

	Args:
		narrow: what else is asked of the events.
	"""
	found: dict[Key, Cell] = {}

	def at(*key: str) -> Cell:
		made = Key(*key)
		return found.setdefault(made, Cell(made))

	_views(_events(company, day, narrow), at)
	_stays(_events(company, day, narrow), at)
	_next(_events(company, day, narrow), at)
	_visitors_and_carts(_events(company, day, narrow), at)
	return list(found.values())


def people(company: str, day: date, kind: str, but: Collection[str]) -> int:
	"""How many people stand behind the pages or steps of a day, these left out."""
	event = DocType(EVENT)
	types = {PAGE: VIEW, STEP: CART_STEP, DROPPED: CART_DROP}
	text = Exactly(Coalesce(event.subject if kind == STEP else event.path, ""))
	query = _events(company, day, None).where(event.interaction_type == types[kind])
	if but:
		query = query.where(text.notin(sorted(but)))
	return query.select(Count(_person()).distinct()).run()[0][0]


def _events(company: str, day: date, narrow: Narrow | None) -> QueryBuilder:
	event = DocType(EVENT)
	query = frappe.qb.from_(event).where(
		(event.company == company)
		& (event.occurred_at >= get_datetime(day))
		& (event.occurred_at < get_datetime(day) + timedelta(days=1))
	)
	return narrow(query, event) if narrow else query


def _views(query: QueryBuilder, at: Callable[..., Cell]) -> None:
	"""Views and visits that began. Who comes back to a tab stays anew, from the same page: a stay, not a view."""
	event = DocType(EVENT)
	place = (*_place(), Exactly(event.path))
	rows = (
		_of_pages(query)
		.select(
			*place,
			Sum(_one(_previous() != Exactly(event.path))),
			Sum(_one(_previous() == "")),
			Count(_person()).distinct(),
		)
		.groupby(*place)
		.run()
	)
	for branch, channel, path, views, entries, visitors in rows:
		cell = at(PAGE, branch, channel, path)
		cell.events, cell.entries = int(views), int(entries)
		cell.visitors = cell.people = visitors


def _stays(query: QueryBuilder, at: Callable[..., Cell]) -> None:
	"""How long stays lasted, where that was measured."""
	event = DocType(EVENT)
	keys = (*_place(), Exactly(event.path), Floor(event.dwell))
	for branch, channel, path, seconds, times in (
		_of_pages(query).where(event.dwell > 0).select(*keys, Count("*")).groupby(*keys).run()
	):
		dwell.add(at(PAGE, branch, channel, path).stays, dwell.counted([(seconds, times)]))


def _next(query: QueryBuilder, at: Callable[..., Cell]) -> None:
	"""Which page followed which."""
	event = DocType(EVENT)
	keys = (*_place(), Exactly(event.previous_path), Exactly(event.path))
	query = _of_pages(query).where((_previous() != "") & (_previous() != Exactly(event.path)))
	rows = query.select(*keys, Count("*"), Count(_person()).distinct()).groupby(*keys).run()
	for branch, channel, before, path, times, visitors in rows:
		cell = at(NEXT, branch, channel, before, path)
		cell.events, cell.visitors, cell.people = times, visitors, visitors
		at(PAGE, branch, channel, before).followed += times


def _visitors_and_carts(query: QueryBuilder, at: Callable[..., Cell]) -> None:
	event = DocType(EVENT)
	said = (
		Case()
		.when(event.interaction_type == CART_STEP, event.subject)
		.when(event.interaction_type == CART_DROP, event.path)
	)
	keys = (event.interaction_type, *_place(), Exactly(Coalesce(said, "")))
	rows = (
		query.where(event.interaction_type.isin(COUNTED))
		.select(*keys, Count("*"), Sum(event.amount), Count(_person()).distinct(), Max(event.path))
		.groupby(*keys)
		.run()
	)
	for kind, branch, channel, text, times, amount, visitors, place in rows:
		if kind == CART_STEP and not text:
			continue
		key = {
			VIEW: (LOOKED, branch, channel),
			CART_ADD: (ADDED, branch, channel),
			CART_DROP: (DROPPED, branch, channel, text),
			CART_STEP: (STEP, branch, channel, "", "", text),
		}[kind]
		cell = at(*key)
		cell.events, cell.visitors, cell.people = times, visitors, visitors
		if kind == CART_DROP:
			cell.amount = float(amount or 0)
		elif kind == CART_STEP:
			cell.place = place or ""


def _of_pages(query: QueryBuilder) -> QueryBuilder:
	event = DocType(EVENT)
	return query.where((event.interaction_type == VIEW) & (Coalesce(event.path, "") != ""))


def _place() -> tuple:
	event = DocType(EVENT)
	return Coalesce(event.branch, ""), Coalesce(event.channel, "")


def _person() -> Coalesce:
	event = DocType(EVENT)
	return Coalesce(event.identity, event.visitor)


def _previous() -> Coalesce:
	return Coalesce(DocType(EVENT).previous_path, "")


def _one(condition: Criterion) -> Case:
	return Case().when(condition, 1).else_(0)
