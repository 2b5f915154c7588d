"""Times that other machines write, and what their clocks meant."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone, tzinfo

UTC = timezone.utc
AHEAD = timedelta(minutes=5)
"""So far may a corrected time lie in the future: clocks and networks are not exact."""

YEARS = range(1970, 2200)
"""Clocks that show another year are not read at all."""


def parse(value: object, naive_zone: tzinfo | None = None) -> datetime | None:
	"""A moment in UTC, or None for what is none.

	Args:
		value: ISO 8601 text with an offset or "Z", or milliseconds since 1970.
		naive_zone: what a time without an offset means; None: such a time is no moment.
	"""
	try:
		if isinstance(value, str):
			moment = datetime.fromisoformat(value[:-1] + "+00:00" if value[-1:] in "Zz" else value)
		elif isinstance(value, datetime):
			moment = value
		elif isinstance(value, int | float) and not isinstance(value, bool):
			moment = datetime.fromtimestamp(value / 1000, UTC)
		else:
			return None
		if moment.tzinfo is None:
			if naive_zone is None:
				return None
			moment = moment.replace(tzinfo=naive_zone)
		moment = moment.astimezone(UTC)
	except (ValueError, OverflowError, OSError):
		return None
	return moment if moment.year in YEARS else None


def corrected(occurred: datetime, sent: datetime | None, received: datetime) -> datetime:
	"""When it happened by our clock: what passed between happening and sending is measured by one clock, the client's.

	Raises:
		OverflowError: times at the ends of the calendar.
	"""
	return occurred + (received - sent) if sent else occurred
