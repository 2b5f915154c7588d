"""Every value of an event is checked here, before the database sees it: it shortens and converts in silence.

An event is a mapping as it comes from JSON. `check` answers with what will be stored, or with what is wrong.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any

from ccms_app.identity import kinds
from ccms_app.identity.normalise import is_normal, normalise

from . import answers, clock
from .answers import Answer, _
from .sources import Source, Type, type_key
from .texts import has_control, holds_no_number, plain, plain_deep

MOST_DEPTH = 4
"""Levels of objects and lists in an event, the event itself being the first."""
MOST_BYTES = 8 * 1024
CHANNELS = ("Phone", "E-mail", "SMS", "Chat", "Store", "Web", "App", "WeChat", "Social", "Device", "Post")
DIRECTIONS = ("In", "Out")
REFERENCES = (
	"Sales Invoice",
	"POS Invoice",
	"Sales Order",
	"Quotation",
	"Delivery Note",
	"Communication",
	"Call Log",
	"Issue",
	"Event",
	"Opportunity",
	"Lead",
	"Warranty Claim",
	"Maintenance Visit",
	"Appointment",
	"Campaign",
)
"""The documents an event may be about."""
PURPOSES = ("Marketing", "Profiling", "Web Tracking", "Third Parties")
GIVEN, WITHDRAWN, OBJECTED = STATES = ("Given", "Withdrawn", "Objected")
IDENTIFY, CONSENT = "Identify", "Consent"
"""Types that do something beside being stored."""
TEXTS = {
	"subject": 300,
	"content": 8000,
	"outcome": 140,
	"path": 500,
	"previous_path": 500,
	"item": 140,
}
"""Fields that are text, with the most characters of each."""
NUMBERS = {"dwell": (0, 86_400 * 7), "duration": (0, 86_400 * 30), "amount": (-1e11, 1e11)}
"""Fields that are numbers, with the least and the most: seconds, seconds, the company's currency."""
BASE = ("event_id", "type", "occurred_at", "identity", "visitor", "company", "branch", "channel", "direction")
FIELDS = frozenset([*BASE, *TEXTS, *NUMBERS, "reference_doctype", "reference_name", "payload"])
IDENTIFY_FIELDS = frozenset([*BASE, "token", "claim"])
CONSENT_FIELDS = frozenset([*BASE, "purpose", "state", "wording"])
MOST_ID = 140

_encode = json.JSONEncoder(
	sort_keys=True, ensure_ascii=False, separators=(",", ":"), check_circular=False, default=str
).encode
_payload = json.JSONEncoder(
	ensure_ascii=False, separators=(",", ":"), check_circular=False, default=str
).encode


@dataclass(frozen=True)
class Rules:
	"""What a batch is checked against.

	types: by `sources.type_key`, the enabled ones. branches: those there are. received, sent: in UTC; sent by the
	client's clock. oldest: what happened before is refused. zone: in which the site keeps its times. naive_zone: what a
	time without an offset means, if anything. region: for phones without a country code.
	"""

	source: Source
	types: dict[str, Type]
	received: datetime
	oldest: datetime
	zone: tzinfo
	sent: datetime | None = None
	naive_zone: tzinfo | None = None
	branches: frozenset[str] = frozenset()
	region: str = ""
	is_refused: bool = False


@dataclass(slots=True)
class Checked:
	"""An event that may be stored, if consent is there and its key is new.

	person, visitor: (kind, normalised value). values: by column, where there is a value. extra: of an identify or consent.
	"""

	index: int
	event_id: str
	name: str
	content_hash: str
	type: Type
	occurred: datetime
	claimed: datetime
	person: tuple[str, str] | None = None
	visitor: tuple[str, str] | None = None
	values: dict[str, Any] = field(default_factory=dict)
	extra: dict[str, Any] = field(default_factory=dict)


class _Wrong(Exception):
	def __init__(self, field: str, message: str, *values: object, status: str = answers.INVALID):
		self.field, self.message, self.values, self.status = field, message, values, status


def event_name(source: str, event_id: str) -> str:
	"""What an event is called: the same whenever its source sends it again."""
	return hashlib.sha256(f"{source}\0{event_id}".encode()).hexdigest()[:40]


def check(event: object, index: int, rules: Rules) -> Checked | Answer:
	"""Look at one event of a batch.

	Returns: what will be stored; or an answer that says which field is wrong, and how.
	"""
	try:
		return _check(event, index, rules)
	except _Wrong as wrong:
		return Answer(index, _told_id(event), wrong.status, wrong.field, wrong.message, values=wrong.values)


def _told_id(event: object) -> str:
	"""The id to answer with: only one that a line of ours may repeat."""
	event_id = event.get("event_id") if isinstance(event, dict) else None
	if not isinstance(event_id, str) or len(event_id) > MOST_ID:
		return ""
	return event_id.encode(errors="replace").decode()


def _check(event: object, index: int, rules: Rules) -> Checked:
	if not isinstance(event, dict):
		raise _Wrong("", _("an event is an object"))
	text = _text_of(event)
	event_id = event.get("event_id")
	if not isinstance(event_id, str) or not event_id.strip():
		raise _Wrong("event_id", _("is missing: a text that is the same whenever this event is sent"))
	if len(event_id) > MOST_ID:
		raise _Wrong("event_id", _("is longer than {0} characters"), MOST_ID)
	kind = _type(event, rules)
	known = IDENTIFY_FIELDS if kind.name == IDENTIFY else CONSENT_FIELDS if kind.name == CONSENT else FIELDS
	if event.keys() - known:
		raise _Wrong(min(event.keys() - known)[:140], _("is not a field of events"))
	if "\\u00" in text:
		_no_controls(event)
	company = event.get("company")
	if company is not None and company != rules.source.company:
		raise _Wrong("company", _("is not the company of this source"), status=answers.FORBIDDEN)
	claimed, occurred = _times(event, rules)
	checked = Checked(
		index=index,
		event_id=event_id,
		name=event_name(rules.source.name, event_id),
		content_hash=hashlib.sha256(text.encode()).hexdigest()[:40],
		type=kind,
		occurred=occurred,
		claimed=claimed,
	)
	_people(event, checked, rules)
	_values(event, checked, rules, has_markup="<" in text or "&" in text)
	if kind.name == IDENTIFY:
		_identify(event, checked)
	elif kind.name == CONSENT:
		_consent(event, checked, rules)
	if rules.is_refused and checked.extra.get("state") not in (WITHDRAWN, OBJECTED):
		raise _Wrong("", _("this browser asks not to be followed"), status=answers.NO_CONSENT)
	return checked


def _text_of(event: dict) -> str:
	"""The event as one text, the same for equal events."""
	try:
		text = _encode(event)
		size = len(text.encode())
	except RecursionError:
		raise _Wrong("", _("is nested deeper than {0} levels"), MOST_DEPTH)
	except UnicodeEncodeError:
		raise _Wrong("", _("holds half of a character (a lone surrogate)"))
	except (TypeError, ValueError):
		raise _Wrong("", _("cannot be read"))
	# only who opens more than four boxes can have put them into each other
	if text.count("{") + text.count("[") > MOST_DEPTH and _too_deep(event):
		raise _Wrong("", _("is nested deeper than {0} levels"), MOST_DEPTH)
	if size > MOST_BYTES:
		raise _Wrong("", _("is larger than {0} bytes"), MOST_BYTES)
	return text


def _too_deep(event: dict) -> bool:
	level: list = [event]
	for _step in range(MOST_DEPTH):
		level = [
			value
			for box in level
			for value in (box.values() if isinstance(box, dict) else box)
			if isinstance(value, dict | list)
		]
		if not level:
			return False
	return True


def _no_controls(event: dict) -> None:
	"""Control characters but tabs and ends of lines are no text; a database or terminal may take them for commands."""
	for name, value in event.items():
		if has_control(name) or has_control(value):
			raise _Wrong(
				name[:140] if not has_control(name) else "", _("holds a control character, such as U+0000")
			)


def _type(event: dict, rules: Rules) -> Type:
	name = event.get("type")
	if not isinstance(name, str):
		raise _Wrong("type", _("is missing"))
	kind = rules.types.get(name) or rules.types.get(type_key(name[:200]))
	if not kind:
		raise _Wrong("type", _("is not a type of this site, or is disabled"), status=answers.UNKNOWN_TYPE)
	source = rules.source
	if source.is_browser and not (
		kind.is_browser_allowed and (not source.types or kind.name in source.types or kind.name == CONSENT)
	):
		raise _Wrong("type", _("may not come from this source"), status=answers.FORBIDDEN)
	return kind


def _times(event: dict, rules: Rules) -> tuple[datetime, datetime]:
	claimed = clock.parse(event.get("occurred_at"), rules.naive_zone)
	if not claimed:
		raise _Wrong(
			"occurred_at",
			_("is no time: ISO 8601 with an offset or Z, or milliseconds since 1970, is wanted"),
		)
	try:
		occurred = clock.corrected(claimed, rules.sent, rules.received)
	except OverflowError:
		raise _Wrong("occurred_at", _("is at the end of the calendar"))
	if occurred < rules.oldest:
		raise _Wrong("occurred_at", _("is longer ago than events are kept"), status=answers.TOO_OLD)
	if occurred > rules.received + clock.AHEAD:
		raise _Wrong("occurred_at", _("is more than 5 minutes ahead"), status=answers.FUTURE)
	return claimed, occurred


def _people(event: dict, checked: Checked, rules: Rules) -> None:
	visitor = event.get("visitor")
	if visitor is not None:
		value = normalise(kinds.VISITOR, visitor)
		if not value:
			raise _Wrong("visitor", _("is no visitor id: 8 to 128 letters, digits, dashes"))
		checked.visitor = (kinds.VISITOR, value)
	identity = event.get("identity")
	if rules.source.is_browser:
		if identity is not None:
			raise _Wrong(
				"identity",
				_("browsers send visitors; a person is known by a signed identify"),
				status=answers.FORBIDDEN,
			)
		if not checked.visitor:
			raise _Wrong("visitor", _("is missing"))
	elif identity is not None:
		checked.person = _identity(identity, rules.region)


def _identity(identity: object, region: str) -> tuple[str, str]:
	if not isinstance(identity, dict) or identity.keys() - {"kind", "value", "network"}:
		raise _Wrong("identity", _("is an object of kind and value (and network)"))
	kind, network = identity.get("kind"), identity.get("network") or ""
	if kind not in kinds.KINDS or not isinstance(network, str):
		raise _Wrong("identity", _("is of no known kind: {0}"), ", ".join(kinds.KINDS))
	value = normalise(kind, identity.get("value"), region, network)
	if not value or not is_normal(kind, value):
		raise _Wrong("identity", _("is no valid {0}"), _(kind))
	return kind, value


def _values(event: dict, checked: Checked, rules: Rules, has_markup: bool) -> None:
	values = checked.values
	for name, value in event.items():
		if value is None:
			continue
		if name in TEXTS:
			values[name] = _words(name, value)
		elif name in NUMBERS:
			values[name] = _number(name, value)
	channel = event.get("channel")
	if channel is not None and channel not in CHANNELS:
		raise _Wrong("channel", _("is none of: {0}"), ", ".join(CHANNELS))
	values["channel"] = channel or checked.type.channel
	direction = event.get("direction")
	if direction is not None:
		if direction not in DIRECTIONS:
			raise _Wrong("direction", _("is none of: {0}"), ", ".join(DIRECTIONS))
		values["direction"] = direction
	branch = event.get("branch")
	if branch is not None:
		if not isinstance(branch, str) or branch not in rules.branches:
			raise _Wrong("branch", _("is not a branch of this site"))
		values["branch"] = branch
	_reference(event, values, rules)
	payload = event.get("payload")
	if payload is not None:
		if not isinstance(payload, dict | list):
			raise _Wrong("payload", _("is an object or a list"))
		if has_markup:
			payload = plain_deep(payload)
		if holds_no_number(payload):
			raise _Wrong("payload", _("holds a number that is none (NaN, Infinity)"))
		values["payload"] = _payload(payload)


def _words(name: str, value: object) -> str:
	if not isinstance(value, str):
		raise _Wrong(name, _("is no text"))
	value = plain(value)
	if len(value) > TEXTS[name]:
		raise _Wrong(name, _("is longer than {0} characters"), TEXTS[name])
	return value


def _number(name: str, value: object) -> float:
	least, most = NUMBERS[name]
	if not isinstance(value, int | float) or isinstance(value, bool):
		raise _Wrong(name, _("is no number"))
	if not least <= value <= most:  # neither is NaN
		raise _Wrong(name, _("is not between {0} and {1}"), f"{least:.0f}", f"{most:.0f}")
	return float(value)


def _reference(event: dict, values: dict, rules: Rules) -> None:
	doctype, name = event.get("reference_doctype"), event.get("reference_name")
	if doctype is None and name is None:
		return
	if rules.source.is_browser:
		raise _Wrong("reference_name", _("may not come from this source"), status=answers.FORBIDDEN)
	if doctype not in REFERENCES and not (rules.source.is_site and isinstance(doctype, str)):
		raise _Wrong("reference_doctype", _("is not a document that events are about"))
	if not isinstance(name, str) or not 0 < len(name) <= 140:
		raise _Wrong("reference_name", _("is missing, or longer than 140 characters"))
	values["reference_doctype"], values["reference_name"] = doctype, name


def _identify(event: dict, checked: Checked) -> None:
	if not checked.visitor:
		raise _Wrong("visitor", _("is missing"))
	token = event.get("token")
	if token is not None and (not isinstance(token, str) or len(token) > 1000):
		raise _Wrong("token", _("is no token"))
	checked.extra["token"] = token or ""


def _consent(event: dict, checked: Checked, rules: Rules) -> None:
	if not (checked.person or checked.visitor):
		raise _Wrong("visitor", _("is missing: whose consent is it?"))
	purpose = event.get("purpose", "Web Tracking")
	if purpose not in PURPOSES:
		raise _Wrong("purpose", _("is none of: {0}"), ", ".join(PURPOSES))
	if rules.source.is_browser and purpose != "Web Tracking":
		raise _Wrong("purpose", _("may not come from this source"), status=answers.FORBIDDEN)
	state = event.get("state")
	if state not in STATES:
		raise _Wrong("state", _("is none of: {0}"), ", ".join(STATES))
	wording = event.get("wording")
	if wording is not None and (not isinstance(wording, str) or len(wording) > 140):
		raise _Wrong("wording", _("is not the name of a wording"))
	checked.extra.update(purpose=purpose, state=state, wording=wording or "")
	checked.values["outcome"] = f"{purpose}: {state}"
