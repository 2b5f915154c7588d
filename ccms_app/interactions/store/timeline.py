"""What happened with one customer, newest first, read a page at a time by key.

An event names an identity or a visitor, never the customer. So the customer's identities are found first, each with the
time in which it was the customer's; then the newest events of each are read from its index and merged. A merge or an undo
moves identities, and what is shown follows.

The name of an event is its key together with its time: a page starts after the last row of the page before it, however deep
it lies. A text stands in no index: it is looked for in one slice after the other, for a short time a page.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from time import monotonic
from typing import Any

import frappe
from frappe import _
from frappe.query_builder import DocType
from frappe.query_builder.builder import QueryBuilder
from frappe.utils import cint, get_datetime, getdate
from pypika.enums import Order
from pypika.terms import Criterion

from ccms_app.identity import kinds
from ccms_app.identity.spans import Span
from ccms_app.identity.store import identities
from ccms_app.interactions import texts
from ccms_app.privacy.store import fence, reading

from . import permitted

EVENT, IDENTITY, TYPE = "CCMS Customer Interaction", "CCMS Identity", "CCMS Interaction Type"
MOST = 100
"""Rows of a page at most."""
LONGEST_TEXT = 100
SLICE = 1_000
"""Rows in which a text is looked for at once."""
SEARCH_SECONDS = 0.03
"""So long a page looks for a text, and one slice longer."""
EXCERPT = 500
"""Characters of a content that a page shows."""
FIELDS = (
	"name",
	"occurred_at",
	"interaction_type",
	"channel",
	"direction",
	"company",
	"branch",
	"subject",
	"content",
	"outcome",
	"path",
	"previous_path",
	"dwell",
	"duration",
	"item",
	"amount",
	"identity",
	"visitor",
	"reference_doctype",
	"reference_name",
	"event_source",
)
PERSONAL = ("subject", "content", "path", "previous_path", "reference_doctype", "reference_name")
"""What may name people, and is not shown to who sees them masked."""
TOLD = ("subject", "content", "outcome", "path", "previous_path", "item")
"""Texts from outside."""
SEARCHED = ("subject", "content", "path", "item", "outcome")
EXACT = ("interaction_type", "channel", "company", "branch")


@dataclass(frozen=True)
class Key:
	"""The last row of a page: what follows lies before it."""

	at: datetime
	name: str

	def __str__(self) -> str:
		return f"{self.at:%Y-%m-%d %H:%M:%S.%f}|{self.name}"

	@classmethod
	def read(cls, text: str) -> Key:
		"""The key that `str` made.

		Raises:
			frappe.ValidationError: it is none.
		"""
		at, _bar, name = text.partition("|")
		try:
			return cls(datetime.strptime(at, "%Y-%m-%d %H:%M:%S.%f"), name)
		except ValueError:
			frappe.throw(_("This page cannot be found: open the list anew."))


@dataclass(frozen=True)
class Filters:
	"""What a page is narrowed to; empty: not.

	interaction_type, channel, company, branch: exactly that. category: of types. since, until: days, both included. text:
	stands in subject, content, path, item or outcome.
	"""

	interaction_type: str = ""
	category: str = ""
	channel: str = ""
	company: str = ""
	branch: str = ""
	since: date | None = None
	until: date | None = None
	text: str = ""

	@classmethod
	def read(cls, given: dict[str, Any] | None) -> Filters:
		"""Filters as a page of the desk sends them.

		Raises:
			frappe.ValidationError: unknown filters, texts that are none, dates that are none.
		"""
		given = {name: value for name, value in (given or {}).items() if value not in (None, "")}
		if given.keys() - cls.__dataclass_fields__.keys():
			frappe.throw(_("The timeline has no such filter."))
		for name, value in given.items():
			if name in ("since", "until"):
				try:
					given[name] = getdate(value)
				except (ValueError, TypeError, frappe.ValidationError):
					frappe.clear_last_message()
					frappe.throw(_("This is no date."))
			elif not isinstance(value, str) or len(value) > 140:
				frappe.throw(_("A filter of the timeline is a text of at most 140 characters."))
		given["text"] = given.get("text", "").strip()[:LONGEST_TEXT]
		return cls(**given)


# --- a page --------------------------------------------------------------------------------------------------
def page(
	customer: str, filters: Filters | None = None, before_key: str = "", limit: int = 30
) -> dict[str, Any]:
	"""The newest events of a customer, of all identities that are or were the customer's, before a key.

	Args:
		customer: the caller has made sure that the user may see it.
		before_key: the `next_key` of the page before; empty: the first page.
		limit: rows, at most `MOST`.

	Returns:
		{"rows": [...], "next_key": "", "read_until": None} where each row has `FIELDS` and `category`, `identity_kind`,
		`identity_shown` (masked), texts as they came, never to be taken for markup; `next_key` is empty on the last page. A page that looks for a text may be short, and
		go on nevertheless: `read_until` says until when it has looked. Rows of companies and branches beyond the user's
		fence are left out, and so is what names people for who sees them masked, and the words of documents that the
		user's roles do not read.
	"""
	filters = filters or Filters()
	limit = min(max(cint(limit), 1), MOST)
	if filters.text:
		reading.refuse_masked(_("Text"))
	before = Key.read(before_key) if before_key else None
	sources = _sources(identities.spans(customer))
	conditions = _conditions(filters)
	if conditions is None:
		return {"rows": [], "next_key": "", "read_until": None}
	if filters.text:
		keys, following = _search(sources, conditions, filters.text, before, limit)
	else:
		keys = _keys(sources, conditions, before, limit + 1)
		keys, following = keys[:limit], keys[limit - 1] if len(keys) > limit else None
	return {
		"rows": _rows([key.name for key in keys]),
		"next_key": str(following) if following else "",
		"read_until": following.at if following else None,
	}


def newest(customer: str, limit: int) -> list[dict[str, Any]]:
	"""The newest events of a customer, as in `page`."""
	return page(customer, limit=limit)["rows"]


def _sources(spans: Iterable[Span]) -> list[tuple[str, str, Span]]:
	"""Where events of these spans lie: column, index, span. Visitors stand in a column of their own, or, where a server
	names one as the person, in the other."""
	spans = list(spans)
	kind_of = _kinds({span.identity for span in spans})
	found = [("identity", "identity_timeline", span) for span in spans]
	by_machine = (kinds.VISITOR, kinds.DEVICE)
	found += [
		("visitor", "visitor_timeline", span) for span in spans if kind_of.get(span.identity) in by_machine
	]
	return found


def _keys(
	sources: list[tuple[str, str, Span]], conditions: list[Criterion], before: Key | None, limit: int
) -> list[Key]:
	"""The newest keys of all sources: each is read from the end of its index, so no query sorts."""
	found: set[tuple[datetime, str]] = set()
	always = sorted({span.identity for _column, _index, span in sources if not (span.start or span.end)})
	for column, index, span in sources:
		found.update(_of_span(column, index, span, always, conditions, before, limit).run())
	return [Key(*key) for key in sorted(found, reverse=True)[:limit]]


def _of_span(
	column: str,
	index: str,
	span: Span,
	always: list[str],
	conditions: list[Criterion],
	before: Key | None,
	limit: int,
) -> QueryBuilder:
	event = DocType(EVENT)
	query = frappe.qb.from_(event).force_index(index).select(event.occurred_at, event.name)
	query = query.where(event[column] == span.identity)
	if column == "visitor":
		# whom an event names decides, in whoever's browser it happened. What was hers for a time alone is found by its name.
		query = query.where(event.identity.isnull() | event.identity.isin(["", *always]))
	if before:
		# the first half lets the index start there, the second half is exact
		query = query.where(event.occurred_at <= before.at)
		query = query.where((event.occurred_at < before.at) | (event.name < before.name))
	if span.start:
		query = query.where(event.occurred_at >= span.start)
	if span.end:
		query = query.where(event.occurred_at < span.end)
	for one in conditions:
		query = query.where(one)
	query = query.orderby(event.occurred_at, order=Order.desc).orderby(event.name, order=Order.desc)
	return query.limit(limit)


def _search(
	sources: list[tuple[str, str, Span]],
	conditions: list[Criterion],
	text: str,
	before: Key | None,
	limit: int,
) -> tuple[list[Key], Key | None]:
	"""The newest keys whose row holds a text, and where the next page goes on."""
	found: list[Key] = []
	started = monotonic()
	while True:
		slice_ = _keys(sources, conditions, before, SLICE)
		holding = _holding([key.name for key in slice_], text)
		found += [key for key in slice_ if key.name in holding]
		if len(found) > limit:
			return found[:limit], found[limit - 1]
		if len(slice_) < SLICE:
			return found, None
		before = slice_[-1]
		if monotonic() - started > SEARCH_SECONDS:
			return found, before


def _holding(names: list[str], text: str) -> set[str]:
	"""Those of the events whose row holds a text."""
	if not names:
		return set()
	# not by the query builder: a thousand names take it longer than the database
	columns = " or ".join(f"`{name}` like %s" for name in SEARCHED)
	others = " or ".join(f"`{name}` like %s" for name in SEARCHED if name not in permitted.WORDS)
	places = ", ".join(["%s"] * len(names))
	like = f"%{_literal(texts.plain(text))}%"
	# whether it is not only the words: these may be hidden
	statement = f"select `name`, `reference_doctype`, ({others}) from `tab{EVENT}` where `name` in ({places}) and ({columns})"
	likes = [like] * (len(SEARCHED) - len(permitted.WORDS))
	found = frappe.db.sql(statement, [*likes, *names, *([like] * len(SEARCHED))])
	hidden = permitted.hidden({about for _name, about, _elsewhere in found})
	return {name for name, about, elsewhere in found if elsewhere or about not in hidden}


def _conditions(filters: Filters) -> list[Criterion] | None:
	"""What filters and the fence ask of a row, the text aside; None when no row can answer."""
	event, found = DocType(EVENT), []
	for name in EXACT:
		if value := getattr(filters, name):
			found.append(event[name] == value)
	if filters.category:
		types = frappe.get_all(TYPE, filters={"category": filters.category}, pluck="name")
		if not types:
			return None
		found.append(event.interaction_type.isin(types))
	if filters.since:
		found.append(event.occurred_at >= get_datetime(filters.since))
	if filters.until:
		found.append(event.occurred_at < get_datetime(filters.until) + timedelta(days=1))
	fenced = fence.criterion(EVENT, table=event)
	return [*found, fenced] if fenced is not None else found


def _literal(text: str) -> str:
	return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _kinds(names: set[str]) -> dict[str, str]:
	identity = DocType(IDENTITY)
	if not names:
		return {}
	query = frappe.qb.from_(identity).select(identity.name, identity.kind)
	return dict(query.where(identity.name.isin(sorted(names))).run())


def _rows(names: list[str]) -> list[dict[str, Any]]:
	"""The rows of these names, newest first, as the user may see them."""
	if not names:
		return []
	event = DocType(EVENT)
	rows = (
		frappe.qb.from_(event)
		.select(*(event[field] for field in FIELDS))
		.where(event.name.isin(names))
		.orderby(event.occurred_at, order=Order.desc)
		.orderby(event.name, order=Order.desc)
		.run(as_dict=True)
	)
	categories = dict(frappe.get_all(TYPE, fields=["name", "category"], as_list=True))
	shown = _shown({name for row in rows for name in (row.identity, row.visitor) if name})
	is_masked = reading.is_masked()
	hidden = permitted.hidden({row.reference_doctype for row in rows})
	for row in rows:
		row.category = categories.get(row.interaction_type) or ""
		row.identity_kind, row.identity_shown = shown.get(row.identity or row.visitor, ("", ""))
		row.update({name: texts.told(row[name]) for name in TOLD if row[name]})
		row.content = (row.content or "")[:EXCERPT]
		if row.reference_doctype in hidden:
			row.update(dict.fromkeys(permitted.WORDS, ""))
		if is_masked:
			row.update(dict.fromkeys(PERSONAL, ""))
	return rows


def _shown(names: set[str]) -> dict[str, tuple[str, str]]:
	identity = DocType(IDENTITY)
	if not names:
		return {}
	query = frappe.qb.from_(identity).select(identity.name, identity.kind, identity.shown_as)
	return {name: (kind, shown) for name, kind, shown in query.where(identity.name.isin(sorted(names))).run()}


# --- choices -------------------------------------------------------------------------------------------------
def choices() -> dict[str, list[str]]:
	"""What the filters of a timeline offer: types with their categories, and channels."""
	from ccms_app.interactions.check import CHANNELS

	types = frappe.get_all(TYPE, fields=["name", "category"], order_by="name")
	return {
		"types": [row.name for row in types],
		"categories": sorted({row.category for row in types}),
		"channels": list(CHANNELS),
	}
