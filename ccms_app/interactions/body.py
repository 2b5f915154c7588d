"""The body of a request with events, read without trust: any bytes are answered, none break anything."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from . import clock
from .answers import _

MOST_BYTES = 1024 * 1024
MOST_ROWS = 1_000
DEEPEST = 10
"""Deeper objects and lists of a body that cannot be read for its depth are emptied: what is left is too deep as well."""
_TOKEN = re.compile(r'"(?:[^"\\]|\\.?)*"?|[\[\]{}]', re.DOTALL)
"""A text, or a sign that opens or closes. A text that nobody closes reaches to the end: were it to match not at all, each of
its quotes would be tried as a start anew, which takes hours for a megabyte of them."""


class BadBody(Exception):
	"""A body that holds no batch of events. status: of HTTP. message, values: an English template, and what stands in it."""

	def __init__(self, status: int, message: str, *values: object):
		super().__init__(message)
		self.status, self.message, self.values = status, message, values


@dataclass
class Body:
	"""What a request says. events: anything; each is checked by itself. sent: by the clock of the client."""

	key: str
	events: list[Any]
	sent: datetime | None = None


def read(raw: bytes, key: str = "") -> Body:
	"""The batch in a body: {"key", "sent_at", "events": […]}, a list of events, or one event with key and sent_at beside
	its own fields.

	Args:
		raw: UTF-8.
		key: of the header; it goes before that of the body.

	Raises:
		BadBody: 413 when too large, 400 when it is no JSON or no batch.
	"""
	if len(raw) > MOST_BYTES:
		raise BadBody(413, _("the body is larger than 1 MB"))
	try:
		found = _load(raw.decode("utf-8-sig"))
	except (ValueError, RecursionError):
		raise BadBody(400, _("the body is no JSON in UTF-8"))
	if isinstance(found, list):
		body = Body(key, found)
	elif isinstance(found, dict):
		body = _from_object(found, key)
	else:
		raise BadBody(400, _("the body is neither an event nor a list of events"))
	if len(body.events) > MOST_ROWS:
		raise BadBody(413, _("the body holds more than {0} events"), MOST_ROWS)
	return body


def _from_object(found: dict, key: str) -> Body:
	own, sent_at = found.pop("key", None), found.pop("sent_at", None)
	sent = clock.parse(sent_at) if sent_at is not None else None
	if sent_at is not None and not sent:
		raise BadBody(400, _("sent_at is no time: ISO 8601 with an offset or Z is wanted"))
	events = [found]
	if "events" in found:
		events = found.pop("events")
		if not isinstance(events, list):
			raise BadBody(400, _("events is no list"))
		if found:
			raise BadBody(400, _("{0} is not a field of batches"), ascii(min(found)[:100]))
	return Body(key or (own if isinstance(own, str) else ""), events, sent)


def _load(text: str) -> Any:
	try:
		return json.loads(text, parse_int=_int)
	except RecursionError:
		return json.loads(_flattened(text), parse_int=_int)


def _int(digits: str) -> int | float:
	# Python reads no integers of thousands of digits, and would refuse the whole body for one
	return int(digits) if len(digits) < 25 else float(digits)


def _flattened(text: str) -> str:
	"""The text without what lies deeper than `DEEPEST`, so that one bottomless event does not hide the others."""
	parts, start, depth = [], 0, 0
	for token in _TOKEN.finditer(text):
		sign = token.group()
		if sign in "[{":
			depth += 1
			if depth == DEEPEST:
				parts.append(text[start : token.start()])
		elif sign in "]}":
			if depth == DEEPEST:
				parts.append("[]")
				start = token.end()
			depth -= 1
	if depth >= DEEPEST:
		raise ValueError("not closed")
	return "".join(parts) + text[start:]
