"""The one writer of events. Whoever has events to tell calls `write`, or `take` where nothing else is in the transaction."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import frappe
from frappe.query_builder import DocType
from frappe.utils import get_system_timezone, now_datetime

from ccms_app.identity.store import region
from ccms_app.interactions import answers, clock
from ccms_app.interactions.answers import Answer, _
from ccms_app.interactions.check import CONSENT, Checked, Rules, check
from ccms_app.interactions.sources import Source

from . import clearing, event_rows, marks, people, sources, special

TRIES = 6


def take(
	events: Sequence[dict],
	source: Source,
	received: datetime | None = None,
	sent: datetime | None = None,
	naive_zone: ZoneInfo | None = None,
	is_refused: bool = False,
) -> list[Answer]:
	"""`write`, committed; a deadlock with another batch is tried again. Whatever is uncommitted before may be lost."""
	for attempt in range(TRIES):
		try:
			told = write(events, source, received, sent, naive_zone, is_refused)
			frappe.db.commit()
			return told
		except (frappe.QueryDeadlockError, frappe.QueryTimeoutError):
			frappe.db.rollback()
			if attempt == TRIES - 1:
				raise
			pause(attempt)
	raise AssertionError


def pause(attempt: int) -> None:
	"""Let whoever was in the way get on."""
	time.sleep(random.uniform(0.02, 0.1) * 2**attempt)


def write(
	events: Sequence[dict],
	source: Source,
	received: datetime | None = None,
	sent: datetime | None = None,
	naive_zone: ZoneInfo | None = None,
	is_refused: bool = False,
) -> list[Answer]:
	"""Store those of the events that are right, new, and consented to, in the caller's transaction.

	Args:
		events: as they come from JSON (docs/interactions.md); at most some thousands.
		source: who says so.
		received: when they came, now when empty; sent: when they left, by the clock of the client. Both with a time zone.
		naive_zone: what times without an offset mean; None: they are refused.
		is_refused: the browser asks to be left alone: nothing is stored but a no.

	Returns:
		One answer for each event, in their order, in the language of the source.
	"""
	received = received or datetime.now(clock.UTC)
	rules = replace(_rules(events, source, received, sent, naive_zone), is_refused=is_refused)
	told: dict[int, Answer] = {}
	right: list[Checked] = []
	for index, event in enumerate(events):
		found = check(event, index, rules)
		if isinstance(found, Answer):
			told[index] = found
		else:
			right.append(found)
	people.as_called_now(right)
	# A yes counts for what follows it in the same batch, wherever it stands there
	consents = special.right_consents([event for event in right if event.type.name == CONSENT], told)
	special.record(consents, _store(consents, source, rules, told), source, rules)
	_store([event for event in right if event.type.name != CONSENT], source, rules, told)
	return _said(told, source)


def dry_run(
	events: Sequence[dict],
	source: Source,
	received: datetime | None = None,
	naive_zone: ZoneInfo | None = None,
) -> list[Answer]:
	"""What `write` would answer, with nothing written."""
	received = received or datetime.now(clock.UTC)
	rules = _rules(events, source, received, None, naive_zone)
	told: dict[int, Answer] = {}
	right: list[Checked] = []
	for index, event in enumerate(events):
		found = check(event, index, rules)
		if isinstance(found, Answer):
			told[index] = found
		else:
			right.append(found)
	people.as_called_now(right)
	consents = special.right_consents([event for event in right if event.type.name == CONSENT], told)
	right = [event for event in right if event.index not in told]
	refused = people.without_consent(right, people.heard(consents, rules, now_datetime()))
	there = event_rows.hashes([event.name for event in right])
	for event in right:
		if event.index in refused:
			told[event.index] = _no_consent(event)
		elif event.name in there:
			told[event.index] = _known(event, there[event.name])
		else:
			there[event.name] = event.content_hash
			told[event.index] = Answer(event.index, event.event_id, answers.STORED)
	return _said(told, source)


def _said(told: dict[int, Answer], source: Source) -> list[Answer]:
	translate = sources.translator(source)
	return [told[index].said(translate) for index in sorted(told)]


def _rules(events, source: Source, received: datetime, sent, naive_zone) -> Rules:
	zone = ZoneInfo(get_system_timezone())
	oldest = datetime.combine(
		clearing.oldest_day(received.astimezone(zone).date()), datetime.min.time(), zone
	)
	named = {
		event["branch"]
		for event in events
		if isinstance(event, dict) and isinstance(event.get("branch"), str)
	}
	return Rules(
		source=source,
		types=sources.types(),
		received=received,
		sent=sent,
		oldest=oldest,
		zone=zone,
		naive_zone=naive_zone,
		branches=frozenset(_branches(named)),
		region=region.site_region(),
	)


def _branches(named: set[str]) -> list[str]:
	branch = DocType("Branch")
	found = frappe.qb.from_(branch).select(branch.name).where(branch.name.isin(sorted(named)))
	return found.run(pluck=True) if named else []


def _store(events: list[Checked], source: Source, rules: Rules, told: dict[int, Answer]) -> dict[str, str]:
	"""Consent, people, then the rows; answers go into `told`. Returns the identities of the new rows by their names."""
	refused = people.without_consent(events)
	for event in events:
		if event.index in refused:
			told[event.index] = _no_consent(event)
	allowed = [event for event in events if event.index not in refused]
	visitors = special.identify(allowed, source, rules, told)
	first: dict[str, Checked] = {}
	for event in allowed:
		if event.index not in told:
			first.setdefault(event.name, event)
	names = people.ensure(first.values())
	new = event_rows.insert(list(first.values()), rules, names)
	there = {name: event.content_hash for name, event in first.items()}
	there |= event_rows.hashes([name for name in first if name not in new])
	for event in allowed:
		if event.index in told:
			continue
		if event.name in new and first[event.name] is event:
			told[event.index] = Answer(event.index, event.event_id, answers.STORED)
		else:
			told[event.index] = _known(event, there[event.name])
		told[event.index].visitor = visitors.get(event.index, "")
	marks.days(source.company, {first[name].occurred.astimezone(rules.zone).date() for name in new})
	return {name: names.get(first[name].person) or names.get(first[name].visitor) or "" for name in new}


def _known(event: Checked, content_hash: str) -> Answer:
	if event.content_hash == content_hash:
		return Answer(event.index, event.event_id, answers.DUPLICATE)
	message = _("another event has this id; it was kept")
	return Answer(event.index, event.event_id, answers.CONFLICT, "event_id", message)


def _no_consent(event: Checked) -> Answer:
	message = _("the person has not consented to {0}")
	return Answer(event.index, event.event_id, answers.NO_CONSENT, "", message, values=(event.type.purpose,))
