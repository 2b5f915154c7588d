"""Events for benchmarks, made by the database itself: a million in about a minute."""

from __future__ import annotations

import frappe

from benchmarks.on_site import connect  # noqa: F401 (benchmarks read it here)

EVENT = "CCMS Customer Interaction"
COMPANY = "CCMS Test Co"
PART = 100_000
TYPES = ("Page View", "Page View", "Page View", "Click", "E-mail", "Chat", "Call", "Cart Add")
CHANNELS = ("Web", "Web", "Web", "Web", "E-mail", "Chat", "Phone", "Web")
WORDS = "green tea order delivery question about the parcel that came on monday with a broken cup"


def fill(mark: str, count: int, identities: list[str], report=print) -> int:
	"""Make events up to so many that carry this mark, over the last 390 days; returns how many were made now.

	identities: whose they are, in turn; empty: of nobody known.
	"""
	there = frappe.db.sql(f"select count(*) from `tab{EVENT}` where event_source = %s", mark)[0][0]
	made = 0
	for start in range(there + 1, count + 1, PART):
		last = min(start + PART - 1, count)
		frappe.db.sql(_statement(start, last, len(identities)), _values(mark, identities))
		frappe.db.commit()
		made += last - start + 1
		report(f"{mark}: {last:,} of {count:,} events", end="\r", flush=True)
	return made


def drop(mark: str) -> None:
	"""Delete the events of a mark."""
	while frappe.db.sql(f"select name from `tab{EVENT}` where event_source = %s limit 1", mark):
		frappe.db.sql(f"delete from `tab{EVENT}` where event_source = %s limit 50000", mark)
		frappe.db.commit()


def _statement(start: int, last: int, people: int) -> str:
	person = f"elt(1 + (seq %% {people}), {', '.join(['%s'] * people)})" if people else "null"
	types = f"elt(1 + (seq %% {len(TYPES)}), {', '.join(['%s'] * len(TYPES))})"
	channels = f"elt(1 + (seq %% {len(TYPES)}), {', '.join(['%s'] * len(CHANNELS))})"
	return (
		f"insert into `tab{EVENT}` (name, creation, modified, owner, modified_by, event_source, event_id, content_hash,"
		" interaction_type, company, channel, identity, occurred_at, claimed_at, received_at, subject, content, path, dwell)"
		" select left(sha2(concat(%s, seq), 256), 40), now(6), now(6), 'Administrator', 'Administrator', %s, concat('e', seq),"
		f" left(sha2(seq, 256), 40), {types}, %s, {channels}, {person},"
		" now(6) - interval (seq * 7919 %% (390 * 86400)) second, now(6), now(6), concat('Subject ', seq), %s,"
		f" concat('/page/', seq %% 500), seq %% 300 from seq_{int(start)}_to_{int(last)}"
	)


def _values(mark: str, identities: list[str]) -> list[str]:
	return [mark, mark, *TYPES, COMPANY, *CHANNELS, *identities, WORDS * 3]
