"""Rows of CCMS Customer Interaction: the statements of the intake."""

from __future__ import annotations

from datetime import datetime

import frappe

from ccms_app.interactions.check import Checked, Rules

DOCTYPE = "CCMS Customer Interaction"
SHARED = {
	"creation": "@ccms_received",
	"modified": "@ccms_received",
	"received_at": "@ccms_received",
	"sent_at": "@ccms_sent",
	"owner": "@ccms_user",
	"modified_by": "@ccms_user",
	"event_source": "@ccms_source",
	"company": "@ccms_company",
}
"""Columns that all rows of a batch have in common, sent once as variables of the connection."""
OWN = (
	"name",
	"event_id",
	"content_hash",
	"interaction_type",
	"identity",
	"visitor",
	"occurred_at",
	"claimed_at",
)


def insert(events: list[Checked], rules: Rules, names: dict[tuple[str, str], str]) -> set[str]:
	"""Insert rows, those that are there left as they are; returns the names of the new ones.

	In the order of names, so that two batches with the same events never wait for each other in a circle.

	Args:
		names: identities by (kind, value).
	"""
	if not events:
		return set()
	frappe.db.sql(
		"set @ccms_received = %s, @ccms_sent = %s, @ccms_user = %s, @ccms_source = %s, @ccms_company = %s",
		(
			_text(rules.received, rules),
			_text(rules.sent, rules) if rules.sent else None,
			frappe.session.user,
			rules.source.name,
			rules.source.company,
		),
	)
	optional = sorted({column for event in events for column in event.values})
	shared, flat, places = ", ".join(SHARED.values()), [], []
	for event in sorted(events, key=lambda event: event.name):
		own = (
			event.name,
			event.event_id,
			event.content_hash,
			event.type.name,
			names.get(event.person),
			names.get(event.visitor),
			_text(event.occurred, rules),
			_text(event.claimed, rules),
			*map(event.values.get, optional),
		)
		# most events leave most columns empty: what is not sent costs nobody anything
		given = [value for value in own if value is not None]
		flat += given
		marks = (
			["%s"] * len(own)
			if len(given) == len(own)
			else ["default" if value is None else "%s" for value in own]
		)
		places.append(f"({shared}, {', '.join(marks)})")
	columns = ", ".join(f"`{column}`" for column in (*SHARED, *OWN, *optional))
	statement = f"insert ignore into `tab{DOCTYPE}` ({columns}) values {', '.join(places)} returning `name`"
	return {row[0] for row in frappe.db.sql(statement, flat)}


def hashes(names: list[str]) -> dict[str, str]:
	"""Content hashes of events that are there. A locking read: others may have committed them after we began to read."""
	if not names:
		return {}
	place = ", ".join(["%s"] * len(names))
	statement = (
		f"select `name`, `content_hash` from `tab{DOCTYPE}` where `name` in ({place}) lock in share mode"
	)
	return dict(frappe.db.sql(statement, names))


def forget_words(doctype: str, name: str) -> None:
	"""Take the words from the events of a document that turned out to be private."""
	frappe.db.sql(
		f"update `tab{DOCTYPE}` set `subject` = null, `content` = null, `outcome` = null"
		" where `reference_doctype` = %s and `reference_name` = %s and"
		" (`subject` is not null or `content` is not null or `outcome` is not null)",
		(doctype, name),
	)


def _text(moment: datetime, rules: Rules) -> str:
	"""A moment as the site keeps it: without offset, in its own zone."""
	return moment.astimezone(rules.zone).replace(tzinfo=None).isoformat(" ")
