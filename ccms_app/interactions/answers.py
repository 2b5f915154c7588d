"""What a source is told about each event it sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

STORED, DUPLICATE, CONFLICT = "stored", "duplicate", "conflict"
INVALID, UNKNOWN_TYPE, FORBIDDEN = "invalid", "unknown_type", "forbidden"
TOO_OLD, FUTURE, NO_CONSENT = "too_old", "future", "no_consent"
STATUSES = (
	STORED,
	DUPLICATE,
	CONFLICT,
	INVALID,
	UNKNOWN_TYPE,
	TOO_OLD,
	FUTURE,
	NO_CONSENT,
	FORBIDDEN,
)


def _(text: str) -> str:
	"""Marks a text that is translated where it is told."""
	return text


@dataclass(slots=True)
class Answer:
	"""What became of one event.

	index: its place in the batch, from 0. field, message: what is wrong with it; empty when nothing is. values: what
	stands in the message, which is an English template until it is `said`. visitor: after an identify, the visitor that
	this browser is from now on.
	"""

	index: int
	event_id: str
	status: str
	field: str = ""
	message: str = ""
	visitor: str = ""
	values: tuple[object, ...] = ()

	def said(self, translate: Callable[[str], str]) -> Answer:
		"""This answer, its message in another language."""
		if self.message:
			words = (translate(one) if isinstance(one, str) else one for one in self.values)
			self.message, self.values = translate(self.message).format(*words), ()
		return self

	def as_dict(self) -> dict[str, object]:
		"""As it goes over the wire."""
		told: dict[str, object] = {
			"index": self.index,
			"event_id": self.event_id,
			"status": self.status,
			"field": self.field,
			"message": self.message,
		}
		if self.visitor:
			told["visitor"] = self.visitor
		return told
