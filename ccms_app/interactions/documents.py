"""What ERPNext's own documents tell about dealings with a customer: one function a DocType, from its fields to events.

A document is a mapping of its fields (children as lists of mappings). The key of an event is made of the document's name
alone, so that telling of a document again adds nothing.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from ccms_app.identity import kinds

MOST_CONTENT, MOST_SUBJECT = 3_500, 280
"""Bytes of a text that go into an event, which may be 8 kB in all; the document itself has the rest."""
MOST_READ = 64_000
"""Characters of a text that are looked at for it."""
SETTLED = timedelta(hours=6)
"""So long after its end a visit is told as it stands, if nobody has said how it went."""
SHOPPING_CART = "Shopping Cart"
ENDED = ("Completed", "Failed", "Busy", "No Answer", "Canceled")
"""States of a call that is over."""
MEDIA = {
	"Email": ("E-mail", ""),
	"Chat": ("Chat", ""),
	"SMS": ("Chat", "SMS"),
	"Phone": ("Call", ""),
	"Meeting": ("Visit", ""),
	"Visit": ("Visit", ""),
	"Other": ("Chat", ""),
	"": ("Chat", ""),
}
"""Medium of a Communication: type and channel. Those of medium "Event" are Frappe's copies of calendar events."""
CATEGORIES = {"Call": "Call", "Sent/Received Email": "E-mail"}
"""Category of a calendar event: type; any other is a visit."""

Document = Mapping[str, Any]


@dataclass
class Happened:
	"""One dealing, before it is known whose it is.

	key: of the event. at: in the site's time. reach: (kind, as typed) of who it was with. customers: whom the document names.
	everybody: it was with each of them (a mail to three people), not with one who can be reached in several ways.
	changes: the key of the event that this one adds to; without that one it is not told.
	"""

	key: str
	type: str
	at: datetime
	doctype: str
	name: str
	company: str = ""
	reach: tuple[tuple[str, str], ...] = ()
	customers: tuple[str, ...] = ()
	everybody: bool = False
	changes: str = ""
	values: dict[str, Any] = field(default_factory=dict)


def communication(doc: Document) -> Iterator[Happened]:
	"""Mail, chat, phone and visits, in or out, with each of those it came from or went to."""
	medium = doc.get("communication_medium") or ""
	if doc.get("communication_type") != "Communication" or medium not in MEDIA:
		return
	kind, channel = MEDIA[medium]
	received = doc.get("sent_or_received") == "Received"
	typed = [doc.get("sender")] if received else _addresses(doc.get("recipients"))
	reach = [(kinds.EMAIL, address) for address in typed if address]
	if doc.get("phone_no"):
		reach.append((kinds.PHONE, doc["phone_no"]))
	yield _happened(
		"Communication",
		doc,
		kind,
		doc.get("communication_date") or doc.get("creation"),
		reach=tuple(reach),
		customers=_linked(doc),
		everybody=not received,
		values={
			"channel": channel or None,
			"direction": "In" if received else "Out",
			"subject": doc.get("subject"),
			"content": plain(doc.get("text_content") or doc.get("content")),
			"outcome": doc.get("delivery_status"),
		},
	)


def issue(doc: Document, complaint_types: frozenset[str] | None = None) -> Iterator[Happened]:
	"""A complaint; a request where its type is none of those that count as complaints (None: all do)."""
	is_complaint = complaint_types is None or doc.get("issue_type") in complaint_types
	yield _happened(
		"Issue",
		doc,
		"Complaint" if is_complaint else "Service Request",
		_moment(doc.get("opening_date"), doc.get("opening_time")) or doc.get("creation"),
		reach=((kinds.EMAIL, doc["raised_by"]),) if doc.get("raised_by") else (),
		customers=_named(doc.get("customer")),
		values={"direction": "In", "subject": doc.get("subject"), "content": plain(doc.get("description"))},
	)


def call_log(doc: Document) -> Iterator[Happened]:
	"""A call that is over, with its length and how it ended."""
	if doc.get("status") not in ENDED:
		return
	is_incoming = doc.get("type") != "Outgoing"
	number = doc.get("from") if is_incoming else doc.get("to")
	told = {
		"direction": "In" if is_incoming else "Out",
		"subject": doc.get("type_of_call"),
		"content": plain(doc.get("summary")),
	}
	whose: dict[str, Any] = {
		"reach": ((kinds.PHONE, number),) if number else (),
		"customers": _named(doc.get("customer"), *_linked(doc)),
	}
	values = {**told, "duration": _number(doc.get("duration")), "outcome": doc.get("status")}
	at = doc.get("start_time") or doc.get("creation")
	main = _happened("Call Log", doc, "Call", at, values=values, **whose)
	yield main
	if told["content"]:
		yield _happened(
			"Call Log",
			doc,
			"Call",
			doc.get("modified"),
			key="summary",
			changes=main.key,
			values=told,
			**whose,
		)


def event(
	doc: Document, now: datetime, of_contacts: Mapping[str, Iterable[str]] | None = None
) -> Iterator[Happened]:
	"""A meeting or visit that is over, with each of the customers who take part: once somebody has said how it went, or some
	hours after its end; and what is said of it later. Of a private one only what it was, when and how long.

	of_contacts: the customers of contacts who take part.
	"""
	starts, ends, status = doc.get("starts_on"), doc.get("ends_on"), doc.get("status")
	if not starts or starts > now:
		return
	kind = CATEGORIES.get(doc.get("event_category") or "", "Visit")
	whose: dict[str, Any] = {
		"customers": _named(*_linked(doc), *_of_contacts(doc, of_contacts or {})),
		"everybody": True,
	}
	is_private = doc.get("event_type") != "Public"
	duration = (ends - starts).total_seconds() if ends and ends > starts else None
	said = {"subject": doc.get("subject"), "content": plain(doc.get("description")), "duration": duration}
	values = {"duration": duration} if is_private else {**said, "outcome": status}
	main = _happened("Event", doc, kind, starts, values=values, **whose)
	over = max(starts, ends or starts) + (timedelta(days=1) if doc.get("all_day") else timedelta())
	if status in ("Completed", "Closed") or (status != "Cancelled" and over + SETTLED <= now):
		yield main
	if is_private:
		return
	later: dict[str, Any] = {"changes": main.key, **whose}
	if status in ("Completed", "Cancelled"):
		key = f"outcome/{status}"
		yield _happened("Event", doc, kind, doc.get("modified"), key=key, values=values, **later)
	if said["content"]:
		yield _happened("Event", doc, kind, doc.get("modified"), key="summary", values=said, **later)


def _of_contacts(doc: Document, of_contacts: Mapping[str, Iterable[str]]) -> Iterator[str]:
	for row in doc.get("event_participants") or ():
		if row.get("reference_doctype") == "Contact":
			yield from of_contacts.get(row.get("reference_docname"), ())


def news(one: Happened, told: Iterable[Mapping[str, Any]]) -> dict[str, Any] | None:
	"""What a later change adds to the events that were told of its document; None: nothing, or there is nothing to add to.

	An outcome is told once, with whatever else is new by then; a text once, where there was none.
	"""
	told = list(told)
	if not any(is_key(row["event_id"], one.changes) for row in told):
		return None
	known = {name: {row.get(name) for row in told} - {None, "", 0} for name in one.values}
	new = dict(one.values)
	if new.get("outcome") in known.get("outcome", ()) or ("outcome" not in new and known["content"]):
		return None
	if known.get("duration"):
		new.pop("duration")
	if new.get("content") in known.get("content", ()):
		new.pop("content")
	return new


def is_key(event_id: str, key: str) -> bool:
	"""Whether an event is the one of a key, of whichever person: `key`, and behind it nothing, a place or a hash."""
	return event_id == key or bool(re.fullmatch(re.escape(key) + "/[0-9a-f]+", event_id))


def delivery_note(doc: Document) -> Iterator[Happened]:
	"""Goods on their way, or back; a cancelled note takes back what it told."""
	yield from _voucher("Delivery Note", doc, "Return" if doc.get("is_return") else "Delivery")


def invoice(doctype: str, doc: Document) -> Iterator[Happened]:
	"""Goods brought back, unless a Delivery Note told of them, or a POS Invoice that this one sums up."""
	told = doc.get("is_consolidated") or any(row.get("delivery_note") for row in doc.get("items") or ())
	if doc.get("is_return") and not told:
		yield from _voucher(doctype, doc, "Return")


def _voucher(doctype: str, doc: Document, kind: str) -> Iterator[Happened]:
	if not doc.get("docstatus"):
		return
	amount = _number(doc.get("base_net_total"))
	values = {
		"subject": doc.get("title"),
		"amount": abs(amount) if amount is not None else None,
		"outcome": doc.get("status") if doc["docstatus"] == 1 else None,
	}
	at = _moment(doc.get("posting_date"), doc.get("posting_time"))
	yield _happened(doctype, doc, kind, at, customers=_named(doc.get("customer")), values=values)
	if doc["docstatus"] == 2:
		cancelled = {**values, "outcome": "Cancelled", "amount": -values["amount"] if amount else None}
		yield _happened(
			doctype,
			doc,
			kind,
			doc.get("modified"),
			key="cancelled",
			customers=_named(doc.get("customer")),
			values=cancelled,
		)


def quotation(
	doc: Document, rows: list[Document] | None = None, outcome: str = "Added"
) -> Iterator[Happened]:
	"""What lies in the cart of a web shop, or was taken out of it: one event a row.

	rows: those meant; all of the document when None. outcome: Added, or Dropped.
	"""
	if doc.get("order_type") != SHOPPING_CART or doc.get("quotation_to") != "Customer":
		return
	for row in doc.get("items") or () if rows is None else rows:
		yield _happened(
			"Quotation",
			doc,
			"Cart",
			row.get("creation") if outcome == "Added" else doc.get("modified"),
			key=f"{row.get('name')}/{outcome}",
			customers=_named(doc.get("party_name")),
			values={
				"item": row.get("item_code"),
				"subject": row.get("item_name"),
				"amount": _number(row.get("base_net_amount") or row.get("base_amount")),
				"outcome": outcome,
			},
		)


READERS: dict[str, Callable[..., Iterator[Happened]]] = {
	"Communication": communication,
	"Issue": issue,
	"Call Log": call_log,
	"Event": event,
	"Delivery Note": delivery_note,
	"Quotation": quotation,
	"Sales Invoice": lambda doc: invoice("Sales Invoice", doc),
	"POS Invoice": lambda doc: invoice("POS Invoice", doc),
}


# --- parts ---------------------------------------------------------------------------------------------------
def _happened(
	doctype: str, doc: Document, kind: str, at: datetime | None, key: str = "", **more: Any
) -> Happened:
	values = {name: value for name, value in more.pop("values").items() if value not in (None, "")}
	if "subject" in values:
		values["subject"] = plain(values["subject"])[:MOST_SUBJECT]
	if doc.get("branch"):
		values["branch"] = doc["branch"]
	return Happened(
		"/".join(filter(None, (doctype, doc["name"], key))),
		kind,
		at,
		doctype,
		doc["name"],
		doc.get("company") or "",
		values=values,
		**more,
	)


_CODE = re.compile(r"(?i)<(/?)(style|script)\b[^<>]*>?")


def plain(text: object) -> str:
	"""The text of HTML or plain text, without control characters, short enough for an event. Takes as long for a text that
	means harm as for any other."""
	text = _without_code(str(text or "")[:MOST_READ])
	text = re.sub(r"(?i)<br\s*/?>|</(p|div|li|tr|h\d)>", "\n", text)
	text = html.unescape(re.sub(r"<[a-zA-Z/!][^<>]*>", "", text))
	text = "".join(sign for sign in text if sign >= " " or sign in "\n\t")
	text = re.sub(r"\n\s*\n+", "\n", text).strip()
	return text.encode()[:MOST_CONTENT].decode(errors="ignore")


def _without_code(text: str) -> str:
	"""The text without its scripts and styles. One that never ends is text."""
	tags = list(_CODE.finditer(text))
	last_end = {tag[2].lower(): tag.start() for tag in tags if tag[1]}
	parts, kept_from, inside = [], 0, ""
	for tag in tags:
		kind = tag[2].lower()
		if tag[1] and kind == inside:
			kept_from, inside = tag.end(), ""
		elif not tag[1] and not inside and last_end.get(kind, -1) > tag.start():
			parts.append(text[kept_from : tag.start()])
			inside = kind
	return " ".join([*parts, text[kept_from:]])


def _addresses(typed: str | None) -> list[str]:
	"""Addresses of a line such as "Wang Fang <fang@example.com>, li@example.com", each once."""
	parts = re.split(r"[\s<>,;\"']+", typed or "")
	return list(dict.fromkeys(part.casefold() for part in parts if "@" in part.strip("@")))


def _linked(doc: Document) -> tuple[str, ...]:
	"""The customers that a document points at, by its reference or its rows of links."""
	pairs = [
		(doc.get("reference_doctype"), doc.get("reference_name")),
		*((row.get("link_doctype"), row.get("link_name")) for row in doc.get("timeline_links") or ()),
		*((row.get("link_doctype"), row.get("link_name")) for row in doc.get("links") or ()),
		*(
			(row.get("reference_doctype"), row.get("reference_docname"))
			for row in doc.get("event_participants") or ()
		),
	]
	return _named(*(name for doctype, name in pairs if doctype == "Customer"))


def _named(*names: str | None) -> tuple[str, ...]:
	return tuple(dict.fromkeys(name for name in names if name))


def _moment(day: date | None, clock: time | timedelta | None) -> datetime | None:
	if not day:
		return None
	start = datetime.combine(day, time.min)
	if isinstance(clock, timedelta):
		return start + clock
	return datetime.combine(day, clock) if clock else start


def _number(value: object) -> float | None:
	return None if value in (None, "") else float(value)
