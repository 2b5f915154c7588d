"""What a source is told about each event it sent."""

from __future__ import annotations

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


@dataclass(slots=True)
class Answer:
	"""What became of one event.

	index: its place in the batch, from 0. field, message: what is wrong with it, in English; empty when nothing is.
	visitor: after an identify, the visitor that this browser is from now on.
	"""

	index: int
	event_id: str
	status: str
	field: str = ""
	message: str = ""
	visitor: str = ""

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
