"""In which time an identity tells of which customer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Holding:
	"""A customer holds an identity, from a time until another; `ended_on` None: still."""

	identity: str
	customer: str
	since: datetime
	ended_on: datetime | None = None


@dataclass(frozen=True)
class Span:
	"""Events of an identity from `start` (None: from the first) until before `end` (None: to the last)."""

	identity: str
	start: datetime | None = None
	end: datetime | None = None

	def covers(self, time: datetime) -> bool:
		"""Whether an event at that time is in it."""
		return (self.start is None or time >= self.start) and (self.end is None or time < self.end)


def spans_of(customer: str, holdings: Iterable[Holding]) -> list[Span]:
	"""The spans of one customer, by identity and time.

	Whoever held an identity first has its past, too (a visitor who becomes known); whoever gets it after another had
	given it up has only what follows; whoever gave it up keeps the rest only while nobody else gets it.

	Args:
		holdings: all holdings of the identities, of everybody.
	"""
	by_identity: dict[str, list[Holding]] = defaultdict(list)
	for holding in holdings:
		by_identity[holding.identity].append(holding)
	found = []
	for identity, all_held in sorted(by_identity.items()):
		mine = _joined([one for one in all_held if one.customer == customer])
		others = [one for one in all_held if one.customer != customer]
		for start, end in mine:
			earlier = any(one.ended_on is not None and one.ended_on <= start for one in others)
			later = end is not None and any(one.ended_on is None or one.ended_on > end for one in others)
			found.append(Span(identity, start if earlier else None, end if later else None))
	return _merged(found)


def _joined(mine: list[Holding]) -> list[tuple[datetime, datetime | None]]:
	"""Overlapping times made one, in order."""
	joined: list[tuple[datetime, datetime | None]] = []
	for one in sorted(mine, key=lambda held: held.since):
		if joined and (joined[-1][1] is None or one.since <= joined[-1][1]):
			start, end = joined[-1]
			joined[-1] = (start, None if end is None or one.ended_on is None else max(end, one.ended_on))
		else:
			joined.append((one.since, one.ended_on))
	return joined


def _merged(found: list[Span]) -> list[Span]:
	"""Spans of one identity that meet, as one: each event shows once."""
	merged: list[Span] = []
	for span in found:
		last = merged[-1] if merged else None
		if (
			last
			and last.identity == span.identity
			and (last.end is None or span.start is None or span.start <= last.end)
		):
			end = None if last.end is None or span.end is None else max(last.end, span.end)
			merged[-1] = Span(last.identity, last.start, end)
		else:
			merged.append(span)
	return merged
