"""Who an event is of: identifiers become identities, and consent is asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from ccms_app.identity import keys, kinds
from ccms_app.identity.store import identities
from ccms_app.identity.store.keys import site_key
from ccms_app.interactions.check import Checked, Rules
from ccms_app.privacy.answers import Word
from ccms_app.privacy.store import consent

Key = tuple[str, str]
Heard = dict[tuple[str, str], Word]
"""The last word of (subject, purpose) that was said in events that are only looked at."""


def as_called_now(events: Iterable[Checked]) -> None:
	"""Events that name a customer by the name before a renaming or a merge are of who she is now."""
	named = [event for event in events if event.person and event.person[0] == kinds.CUSTOMER]
	if named:
		now = identities.now_called(event.person[1] for event in named)
		for event in named:
			event.person = (kinds.CUSTOMER, now.get(event.person[1], event.person[1]))


def said_at(event: Checked, rules: Rules, now: datetime) -> datetime:
	"""When a consent was said, as the site keeps times: never later than now."""
	return min(event.occurred.astimezone(rules.zone).replace(tzinfo=None), now)


def heard(consents: Iterable[Checked], rules: Rules, now: datetime) -> Heard:
	"""What these events say, without writing it down."""
	found: Heard = {}
	consents = sorted(consents, key=lambda event: event.occurred)
	names = subjects(event.person or event.visitor for event in consents)
	for event in consents:
		about = names[event.person or event.visitor], event.extra["purpose"]
		found[about] = Word(event.extra["state"], said_at(event, rules, now))
	return found


def without_consent(events: Iterable[Checked], also: Heard | None = None) -> set[int]:
	"""The places of those events whose type needs a consent that their person has not given.

	A person is the identifier and the visitor of an event: one of them must have said yes, and none of them no. Nothing
	is written about people who said nothing.

	Args:
		also: what was said beside what is written down.
	"""
	asking = [event for event in events if event.type.purpose]
	by_purpose: dict[str, list[Checked]] = defaultdict(list)
	for event in asking:
		by_purpose[event.type.purpose].append(event)
	refused: set[int] = set()
	for purpose, those in by_purpose.items():
		names = subjects(key for event in those for key in (event.person, event.visitor) if key)
		said = consent.standing_many(names.values(), purpose)
		for (subject, about), word in (also or {}).items():
			if about == purpose and (subject not in said or said[subject].at <= word.at):
				said[subject] = word
		stopped = consent.stopped(said)
		for event in those:
			words = [said.get(names[key]) for key in (event.person, event.visitor) if key]
			heard = [word.is_yes for word in words if word]
			is_stopped = any(names[key] in stopped for key in (event.person, event.visitor) if key)
			if is_stopped or not heard or not all(heard):
				refused.add(event.index)
	return refused


def subjects(wanted: Iterable[Key]) -> dict[Key, str]:
	"""What consent calls these people: the names their identities have or would have; a customer by its own name."""
	key = site_key()
	return {
		(kind, value): value if kind == kinds.CUSTOMER else keys.name(kind, keys.index(key, kind, value))
		for kind, value in set(wanted)
	}


def ensure(events: Iterable[Checked]) -> dict[Key, str]:
	"""The identities of the events' people, made where they are new. Customers there are none of have no identity."""
	wanted = {key for event in events for key in (event.person, event.visitor) if key}
	return identities.ensure_many(sorted(wanted)) if wanted else {}
