"""All that names a person and is beside their documents: mails, logs, what people wrote, files of many rows."""

from __future__ import annotations

import frappe
from frappe.query_builder import DocType

from . import leads, mails, papers, party_handler, party_texts, people, scrubbing

Rows = dict[str, list[str]]


def rows_about(customer: str) -> Rows:
	"""Rows that stay and are known to be about the customer, DocType → names. To be asked before anything is erased."""
	once = leads.of([customer])
	about = {"Customer": [customer], leads.LEAD: once}
	about |= {doctype: people.linked(doctype, [customer], once) for doctype in people.DOCTYPES}
	participant, events = DocType("Event Participants"), set()
	for doctype, names in about.items():
		query = frappe.qb.from_(participant).select(participant.parent)
		query = query.where(
			(participant.reference_doctype == doctype) & participant.reference_docname.isin(names or [""])
		)
		events.update(query.run(pluck=True))
	return {"Event": sorted(events)}


def forget(found_by: set[str], beside: Rows) -> dict[str, int]:
	"""Take a person out of everything that documents do not hold.

	Args:
		found_by: names, addresses, numbers: `party_handler.personal_words` of before.
		beside: `rows_about` of before.

	Returns: counts by DocType.
	"""
	alone, shared = mails.between(party_handler.reached_by(found_by))
	done = {"Communication": mails.delete(alone)} if alone else {}
	beside = beside | {"Communication": shared}
	long = scrubbing.spelled(word for word in found_by if len(word) >= scrubbing.SHORTEST)
	mails.forget_addresses(found_by, long)
	done |= papers.forget(found_by)
	scrubbing.scrub_beside(beside, found_by)
	scrubbing.scrub(found_by, keep_versions_of=tuple(texts.doctype for texts in party_texts.BOOKS))
	return done
