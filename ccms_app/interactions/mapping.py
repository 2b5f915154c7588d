"""From the columns of a file to events."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ccms_app.identity import kinds

FIELDS = {
	"Event ID": "event_id",
	"Type": "type",
	"Happened At": "occurred_at",
	"Visitor": "visitor",
	"Channel": "channel",
	"Branch": "branch",
	"Direction": "direction",
	"Subject": "subject",
	"Content": "content",
	"Outcome": "outcome",
	"Page": "path",
	"Page Before": "previous_path",
	"Seconds on the Page": "dwell",
	"Seconds": "duration",
	"Item": "item",
	"Amount": "amount",
	"Document Type": "reference_doctype",
	"Document": "reference_name",
}
"""Fields of events by what people call them."""
PEOPLE = (kinds.PHONE, kinds.EMAIL, kinds.CARD, kinds.WECHAT, kinds.SOCIAL, kinds.DEVICE, kinds.CUSTOMER)
"""What says whose event it is; of several columns the first that holds something counts."""
PAYLOAD = "Payload"
TARGETS = (*FIELDS, *PEOPLE, PAYLOAD)
NUMBERS = ("dwell", "duration", "amount")
NEEDED = ("Type", "Happened At")


@dataclass(frozen=True)
class Column:
	"""What a column becomes, or what all rows have."""

	target: str
	name: str = ""
	fixed: str = ""


@dataclass(frozen=True)
class ImportMapping:
	"""All columns of an import. mark: of the file, from which rows without an id of their own get one."""

	columns: tuple[Column, ...]
	mark: str = ""
	time_format: str = ""

	def missing(self) -> list[str]:
		"""What is needed and neither mapped nor fixed."""
		there = {column.target for column in self.columns}
		return [target for target in NEEDED if target not in there]

	def event(self, row: Mapping[Any, Any], number: int) -> Any:
		"""The event of a row; a row that is broken as a row becomes what is no event."""
		if None in row:
			return "the row has more cells than the header"
		event: dict[str, Any] = {}
		payload: dict[str, Any] = {}
		for column in self.columns:
			value = _plain(row.get(column.name) if column.name else column.fixed)
			if value is None:
				continue
			if column.target in FIELDS:
				event[FIELDS[column.target]] = self._value(FIELDS[column.target], value)
			elif column.target == PAYLOAD:
				payload[column.name or "value"] = value
			else:
				event.setdefault("identity", {"kind": column.target, "value": _text(value)})
		if payload:
			event["payload"] = payload
		event.setdefault("event_id", f"{self.mark}:{number}")
		return event

	def _value(self, field: str, value: Any) -> Any:
		if field == "occurred_at":
			return self._time(value)
		if field in NUMBERS:
			return _number(value)
		return _text(value)

	def _time(self, value: Any) -> Any:
		if not isinstance(value, str):
			return value
		value = value.strip()
		if self.time_format:
			try:
				return dt.datetime.strptime(value, self.time_format).isoformat()
			except ValueError:
				pass
		# fewer digits may be a date, such as 20260504
		is_milliseconds = value.isascii() and value.isdigit() and 12 <= len(value) <= 14
		return int(value) if is_milliseconds else value


def guess(columns: Iterable[str]) -> dict[str, str]:
	"""What columns probably become, by their names: {column: target}."""
	known = {_key(target): target for target in TARGETS}
	known |= {_key(field): target for target, field in FIELDS.items()}
	known |= {"time": "Happened At", "timestamp": "Happened At", "mobile": kinds.PHONE, "id": "Event ID"}
	known |= {"emailaddress": kinds.EMAIL, "url": "Page", "eventtype": "Type", "date": "Happened At"}
	found: dict[str, str] = {}
	for column in columns:
		target = known.get(_key(column))
		if target and target not in found.values():
			found[column] = target
	return found


def _key(name: str) -> str:
	return "".join(sign for sign in name.casefold() if sign.isalnum())


def _plain(value: Any) -> Any:
	"""A cell as JSON knows it; None for an empty one."""
	if isinstance(value, str):
		return value if value.strip() else None
	if isinstance(value, Decimal):
		return float(value)
	if isinstance(value, dt.datetime):
		return value.isoformat()
	if isinstance(value, dt.date):
		return value.isoformat()
	if isinstance(value, bytes):
		return value.decode(errors="replace")
	if isinstance(value, float) and value != value:
		return None
	if isinstance(value, dt.time | dt.timedelta):
		return str(value)
	if isinstance(value, dict):
		return {str(key): _plain(inner) for key, inner in value.items()}
	return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value


def _text(value: Any) -> Any:
	if isinstance(value, float) and value.is_integer():
		return str(int(value))  # spreadsheets make numbers of phones and cards
	return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _number(value: Any) -> Any:
	if not isinstance(value, str):
		return value
	try:
		return float(value.strip()) if len(value) < 40 else value
	except ValueError:
		return value
