"""Dealings that ERPNext's documents tell of, written as events: after the commit, in the background, and never twice.

Saving a document only notes its name; when the transaction is committed, one job is queued for all that it noted. What
fails there is logged, and the nightly round tells of the last days again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from hmac import digest
from typing import Any
from zoneinfo import ZoneInfo

import frappe
from frappe.query_builder import DocType
from frappe.utils import add_days, get_datetime, get_system_timezone, get_time, getdate, now_datetime

from ccms_app.identity import kinds
from ccms_app.identity.normalise import normalise
from ccms_app.identity.store import identities, region
from ccms_app.identity.store.keys import site_key
from ccms_app.interactions import answers, documents, texts
from ccms_app.interactions.documents import Happened

from . import clearing, event_rows, intake, sources

BATCH = 200
NIGHTLY_DAYS = 3
NOTED = "ccms_documents_noted"
# documents that tell nothing before they are submitted
SUBMITTED = ("Delivery Note", "Sales Invoice", "POS Invoice")
ONLY = {
	"Communication": {"communication_type": "Communication"},
	"Quotation": {"order_type": documents.SHOPPING_CART},
	"Sales Invoice": {"is_return": 1},
	"POS Invoice": {"is_return": 1},
}
Key = tuple[str, str]
Put = Callable[..., list[answers.Answer]]


# --- noting --------------------------------------------------------------------------------------------------
def note(doctype: str, name: str, extra: Iterable[Happened] = ()) -> None:
	"""Tell of a document once this transaction is committed. Costs the document next to nothing, and never fails it.

	extra: what only the document as it is now can tell, such as a row that leaves it.
	"""
	noted = getattr(frappe.local, NOTED, None)
	if noted is None:
		noted = {"names": {}, "extra": []}
		setattr(frappe.local, NOTED, noted)
		frappe.db.after_commit.add(_queue)
		frappe.db.after_rollback.add(_forget)
	noted["names"][doctype, name] = None
	noted["extra"] += [vars(one) for one in extra]


def _queue() -> None:
	noted = _forget()
	if not noted:
		return
	try:
		frappe.enqueue(
			"ccms_app.interactions.store.documents.tell",
			queue="short",
			timeout=1500,
			names=list(noted["names"]),
			extra=noted["extra"],
		)
	except Exception:
		# the queue is not there: tonight's round finds the documents
		frappe.logger("ccms").warning("events of documents wait for the night", exc_info=True)


def _forget() -> dict | None:
	noted = getattr(frappe.local, NOTED, None)
	setattr(frappe.local, NOTED, None)
	return noted


# --- telling -------------------------------------------------------------------------------------------------
def tell(names: Iterable[Key], extra: Iterable[dict] = (), put: Put = intake.take) -> dict[str, int]:
	"""Write the events of documents. Returns how many events had which answer.

	names: (DocType, name); documents that are gone tell nothing. put: commits, unless it is `intake.write`.
	"""
	happened = [Happened(**{**one, "at": get_datetime(one["at"])}) for one in extra]
	for doctype, name in names:
		try:
			happened += _of_document(doctype, name)
		except Exception:
			frappe.log_error(
				f"CCMS: no event of {doctype} {name}", reference_doctype=doctype, reference_name=name
			)
	return write(happened, put)


def write(happened: Iterable[Happened], put: Put = intake.take) -> dict[str, int]:
	"""Find whose each dealing is, and hand it to the intake. Dealings with nobody known are left out."""
	zone = ZoneInfo(get_system_timezone())
	by_company: dict[str, list[Happened]] = defaultdict(list)
	for one in happened:
		if one.at:
			by_company[one.company or _usual_company()].append(one)
	counted: dict[str, int] = defaultdict(int)
	for company, those in by_company.items():
		events = _with_people(those)
		if not events:
			continue
		for answer in put(events, sources.of_site(company), naive_zone=zone):
			counted[answer.status] += 1
			if answer.status in (answers.INVALID, answers.FORBIDDEN, answers.UNKNOWN_TYPE):
				frappe.logger("ccms").warning(f"{answer.event_id}: {answer.field} {answer.message}")
	return dict(counted)


def _of_document(doctype: str, name: str) -> list[Happened]:
	if not frappe.db.exists(doctype, name):
		return []
	fields = _typed(frappe.get_doc(doctype, name).as_dict())
	more: dict[str, Any] = {}
	if doctype == "Issue":
		more["complaint_types"] = _complaint_types()
	elif doctype == "Event":
		more |= {"now": now_datetime(), "of_contacts": _of_contacts(fields)}
		if fields.get("event_type") != "Public":
			# it may have been public when it was told
			event_rows.forget_words(doctype, name)
	found = list(documents.READERS[doctype](fields, **more))
	if not fields.get("company") and fields.get("reference_doctype"):
		company = _company_of(fields.reference_doctype, fields.get("reference_name"))
		for one in found:
			one.company = company
	return found


def _typed(fields: frappe._dict) -> frappe._dict:
	"""Dates and times as such: a document that was just made may hold them as text."""
	for row in (fields, *(fields.get("items") or ())):
		for name in ("creation", "modified", "communication_date", "start_time", "starts_on", "ends_on"):
			if row.get(name):
				row[name] = get_datetime(row[name])
	for name in ("posting_date", "opening_date"):
		if fields.get(name):
			fields[name] = getdate(fields[name])
	for name in ("posting_time", "opening_time"):
		if isinstance(fields.get(name), str):
			fields[name] = get_time(fields[name])
	return fields


def _complaint_types() -> frozenset[str] | None:
	rows = frappe.get_cached_doc("CCMS Settings").get("complaint_types")
	return frozenset(row.issue_type for row in rows) if rows else None


def _of_contacts(fields: frappe._dict) -> dict[str, list[str]]:
	"""The customers of the contacts who take part in an Event."""
	participants = fields.get("event_participants") or ()
	contacts = [row.reference_docname for row in participants if row.reference_doctype == "Contact"]
	found: dict[str, list[str]] = defaultdict(list)
	for row in frappe.get_all(
		"Dynamic Link",
		filters={
			"parenttype": "Contact",
			"parent": ["in", contacts or ["-"]],
			"link_doctype": "Customer",
		},
		fields=["parent", "link_name"],
		order_by="parent, idx",
	):
		found[row.parent].append(row.link_name)
	return found


def _company_of(doctype: str, name: str | None) -> str:
	if not name or not frappe.get_meta(doctype).has_field("company"):
		return ""
	return frappe.db.get_value(doctype, name, "company") or ""


def _usual_company() -> str:
	"""The company of documents that name none."""
	usual = frappe.db.get_single_value("Global Defaults", "default_company", cache=True)
	return usual or frappe.db.get_value("Company", {}, "name", order_by="lft", cache=True)


# --- whose it is ---------------------------------------------------------------------------------------------
def _with_people(happened: list[Happened]) -> list[dict]:
	"""Events with their identity. Mail and calls go by the address or number where it is known, and is not somebody
	else's than the document says; everything else by the customer's own record."""
	here = region.site_region()
	typed = {pair: normalise(*pair, region=here) for one in happened for pair in one.reach}
	names = identities.find_many((kind, typed[kind, text]) for kind, text in typed if typed[kind, text])
	told = _told(happened)
	known = {row.identity for rows in told.values() for row in rows if row.identity}
	owners = identities.owners({*names.values(), *known})
	found = []
	for one in happened:
		reached = [
			(kind, typed[kind, text])
			for kind, text in one.reach
			if typed[kind, text] and (kind, typed[kind, text]) in names
		]
		rows = told.get((one.doctype, one.name), [])
		for pair in _people(one, reached, {pair: owners.get(names[pair]) for pair in reached}):
			kind, value = pair
			identity = names.get(pair)
			customer = value if kind == kinds.CUSTOMER else owners.get(identity)
			mine = _with(pair, identity, customer, rows, owners) if one.everybody else rows
			values = documents.news(one, mine) if one.changes else one.values
			if values is None:
				continue
			event_id = _key(one, pair, mine)
			if one.changes:
				rows.append(frappe._dict(values, event_id=event_id, pair=pair))
			found.append(
				{
					"event_id": event_id,
					"type": one.type,
					"occurred_at": one.at,
					"identity": {"kind": kind, "value": value},
					"reference_doctype": one.doctype,
					"reference_name": one.name,
					**values,
				}
			)
	return found


def _told(happened: Iterable[Happened]) -> dict[Key, list[frappe._dict]]:
	"""What is there already of documents with several people, or with later changes, in the words in which it came."""
	asked: dict[str, set[str]] = defaultdict(set)
	for one in happened:
		if one.everybody or one.changes:
			asked[one.doctype].add(one.name)
	found: dict[Key, list[frappe._dict]] = defaultdict(list)
	for doctype, names in asked.items():
		for row in frappe.get_all(
			event_rows.DOCTYPE,
			filters={"reference_doctype": doctype, "reference_name": ["in", sorted(names)]},
			fields=["event_id", "reference_name", "identity", "outcome", "content", "duration"],
			order_by="creation, event_id",
		):
			for field in ("outcome", "content"):
				row[field] = texts.told(row[field] or "")
			found[doctype, row.reference_name].append(row)
	return found


def _with(
	pair: Key,
	identity: str | None,
	customer: str | None,
	rows: list[frappe._dict],
	owners: dict[str, str | None],
) -> list[frappe._dict]:
	"""Those of the events that are with this person: by the same identifier, or else by another one of the customer."""
	same = [row for row in rows if row.pair == pair or (identity and row.identity == identity)]
	return same or [row for row in rows if customer and owners.get(row.identity) == customer]


def _key(one: Happened, pair: Key, told: list[frappe._dict]) -> str:
	"""The id of an event with one of the people of a document. It depends on nobody else who is known, and stays what it is
	where it was told before: by an older version, or when the customer was known by another identifier."""
	if not one.everybody:
		return one.key
	there = next((row.event_id for row in told if documents.is_key(row.event_id, one.key)), None)
	hashed = digest(site_key(), "\0".join((one.key, *pair)).encode(), "sha256").hex()[:16]
	return there or f"{one.key}/{hashed}"


def _people(one: Happened, reached: list[Key], owners: dict[Key, str | None]) -> list[Key]:
	"""With whom it was, each by one identifier."""
	found: list[Key] = []
	left = dict.fromkeys(one.customers)
	for pair in reached:
		owner = owners[pair]
		if left and owner in left:
			found.append(pair)
			del left[owner]
		elif not one.customers or (one.everybody and owner not in one.customers):
			found.append(pair)
	found += [(kinds.CUSTOMER, customer) for customer in left]
	return found if one.everybody else found[:1]


# --- again ---------------------------------------------------------------------------------------------------
def names_since(doctype: str, since: datetime) -> Iterator[list[str]]:
	"""Names of the documents of a DocType that may tell something and were changed, begin or end since then, in batches."""
	table, last = DocType(doctype), ""
	while True:
		query = frappe.qb.from_(table).select(table.name).where(table.name > last)
		changed = table.modified >= since
		if doctype == "Event":
			changed |= (table.starts_on >= since) | (table.ends_on >= since)
		query = query.where(changed)
		if doctype in SUBMITTED:
			query = query.where(table.docstatus > 0)
		for field, value in ONLY.get(doctype, {}).items():
			query = query.where(table[field] == value)
		found = query.orderby(table.name).limit(BATCH).run(pluck=True)
		if not found:
			return
		yield found
		last = found[-1]


def first_day(given: str | None) -> datetime:
	"""The first moment that a round reads from.

	Raises:
		ValueError: what was given is no date.
	"""
	oldest = get_datetime(clearing.oldest_day(getdate()))
	return max(datetime.fromisoformat(given), oldest) if given else oldest


def count_since(since: datetime) -> int:
	"""How many documents `backfill` looks at, about."""
	return sum(
		frappe.db.count(doctype, {"modified": [">=", since], **ONLY.get(doctype, {})})
		for doctype in documents.READERS
	)


def backfill(since: datetime | None = None) -> Iterator[tuple[int, dict[str, int]]]:
	"""Tell of all documents changed since then; as far back as events are kept when empty. Commits a batch at a time, and
	may be stopped and started again.

	Yields: how many documents were read, and how many events had which answer.
	"""
	since = since or first_day(None)
	for doctype in documents.READERS:
		for names in names_since(doctype, since):
			yield len(names), tell([(doctype, name) for name in names])


def nightly() -> None:
	"""Tell of the documents of the last days again: what failed, and calendar events that have ended since."""
	for _done in backfill(get_datetime(add_days(now_datetime(), -NIGHTLY_DAYS))):
		pass
