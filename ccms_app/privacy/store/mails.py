"""Mails and calls: those about documents, and those to and from a person that nothing links to them."""

from __future__ import annotations

import json
from collections.abc import Iterable

import frappe
from frappe.query_builder import Criterion, DocType

from ccms_app.privacy import mime

from . import papers
from .scrubbing import literal

CHUNK = 500
BESIDE = (("Comment", "reference_doctype", "reference_name"), ("Version", "ref_doctype", "docname"))
PEOPLE = ("recipients", "cc", "bcc")
SETTLED = ("Sent", "Error", "Expired")


def about(doctype: str, names: list[str]) -> list[str]:
	"""Mails and calls about these documents."""
	table = DocType("Communication")
	link = DocType("Communication Link")
	found = set(
		frappe.qb.from_(table)
		.select(table.name)
		.where((table.reference_doctype == doctype) & table.reference_name.isin(names))
		.run(pluck=True)
	)
	found.update(
		frappe.qb.from_(link)
		.select(link.parent)
		.where((link.link_doctype == doctype) & link.link_name.isin(names))
		.run(pluck=True)
	)
	return sorted(found)


def between(addresses: Iterable[str]) -> tuple[list[str], list[str]]:
	"""(mails from one of these addresses or numbers or to nobody else, mails to others as well)."""
	addresses = {address.casefold() for address in addresses}
	table, match = DocType("Communication"), None
	for address in sorted(addresses):
		one = (table.sender == address) | (table.phone_no == address)
		for column in PEOPLE:
			one |= table[column].like(f"%{literal(address)}%")
		match = one if match is None else match | one
	if match is None:
		return [], []
	alone, shared = [], []
	query = frappe.qb.from_(table).select(
		table.name, table.sender, table.phone_no, *(table[c] for c in PEOPLE)
	)
	for name, sender, number, *others in query.where(match).run():
		to = {address.casefold() for text in others for address in _addresses(text)}
		if {(sender or "").casefold(), (number or "").casefold()} & addresses or (to and to <= addresses):
			alone.append(name)
		elif to & addresses:
			shared.append(name)
	return alone, shared


def _addresses(text: str | None) -> list[str]:
	"""What stands between commas, without the name before an address in angle brackets."""
	parts = [part.strip() for part in (text or "").replace(";", ",").split(",")]
	return [part.rpartition("<")[2].rstrip(">").strip() for part in parts if part]


def delete(names: list[str]) -> int:
	"""Delete mails and calls with what hangs on them."""
	for start in range(0, len(names), CHUNK):
		part = names[start : start + CHUNK]
		papers.delete_attached("Communication", part)
		_forget_repeated(part)
		for beside, kind, name in BESIDE:
			table = DocType(beside)
			frappe.qb.from_(table).delete().where(
				(table[kind] == "Communication") & table[name].isin(part)
			).run()
		queue = DocType("Email Queue")
		_unqueue(
			frappe.qb.from_(queue).select(queue.name).where(queue.communication.isin(part)).run(pluck=True)
		)
		for doctype, column in (("Communication Link", "parent"), ("Communication", "name")):
			table = DocType(doctype)
			frappe.qb.from_(table).delete().where(table[column].isin(part)).run()
	return len(names)


def _forget_repeated(names: list[str]) -> None:
	"""Documents repeat the last mails about them in a column of their own."""
	table = DocType("Communication")
	query = frappe.qb.from_(table).select(table.reference_doctype, table.reference_name).distinct()
	about_them: dict[str, set[str]] = {}
	for doctype, name in query.where(table.name.isin(names)).run():
		if doctype and name:
			about_them.setdefault(doctype, set()).add(name)
	for doctype, documents in about_them.items():
		if not frappe.db.has_column(doctype, "_comments"):
			continue
		row = DocType(doctype)
		query = frappe.qb.from_(row).select(row.name, row._comments).where(row.name.isin(sorted(documents)))
		for name, text in query.where(row._comments.isnotnull() & (row._comments != "")).run():
			kept = [one for one in frappe.parse_json(text) if one.get("name") not in names]
			frappe.qb.update(row).set(row._comments, json.dumps(kept)).where(row.name == name).run()


def unqueue(doctype: str, names: list[str]) -> None:
	"""Delete the queued mails about these documents."""
	queue = DocType("Email Queue")
	about_them = (queue.reference_doctype == doctype) & queue.reference_name.isin(names)
	_unqueue(frappe.qb.from_(queue).select(queue.name).where(about_them).run(pluck=True))


def forget_addresses(addresses: Iterable[str], words: Iterable[str]) -> int:
	"""Take addresses out of the queue of mails and out of mailing lists. A mail that still waits to be sent to others goes
	to them. Returns how many rows.

	Args:
		words: a mail in whose text one of these stands is deleted, whoever it is to.
	"""
	addresses = sorted({address for address in addresses if "@" in address})
	queue, recipient = DocType("Email Queue"), DocType("Email Queue Recipient")
	gone = _saying(set(words))
	done = 0
	if addresses:
		to_them = (
			frappe.qb.from_(recipient).select(recipient.parent).where(recipient.recipient.isin(addresses))
		)
		mine = set(to_them.run(pluck=True))
		waiting = _waiting(mine)
		frappe.qb.from_(recipient).delete().where(
			recipient.parent.isin(sorted(mine) or [""]) & recipient.recipient.isin(addresses)
		).run()
		others = (
			frappe.qb.from_(recipient)
			.select(recipient.parent)
			.where(recipient.parent.isin(sorted(mine) or [""]))
		)
		gone |= mine - (waiting & set(others.run(pluck=True)))
		gone |= set(
			frappe.qb.from_(queue).select(queue.name).where(queue.sender.isin(addresses)).run(pluck=True)
		)
		for doctype in ("Email Group Member", "Email Unsubscribe"):
			table = DocType(doctype)
			frappe.qb.from_(table).delete().where(table.email.isin(addresses)).run()
			done += max(frappe.db._cursor.rowcount, 0)
	_unqueue(sorted(gone))
	return done + len(gone)


def _saying(words: set[str]) -> set[str]:
	"""The queued mails in which one of these words stands, as it is or encoded."""
	queue = DocType("Email Queue")
	if not words:
		return set()
	named = Criterion.any(
		column.like(f"%{literal(word)}%") for word in sorted(words) for column in (queue.message, queue.error)
	)
	gone = set(frappe.qb.from_(queue).select(queue.name).where(named).run(pluck=True))
	encoded = Criterion.any(queue.message.like(f"%{sign}%") for sign in mime.SIGNS)
	names = sorted(set(frappe.qb.from_(queue).select(queue.name).where(encoded).run(pluck=True)) - gone)
	for start in range(0, len(names), CHUNK):
		part = queue.name.isin(names[start : start + CHUNK])
		for name, message in frappe.qb.from_(queue).select(queue.name, queue.message).where(part).run():
			if mime.says(message, words):
				gone.add(name)
	return gone


def _waiting(names: set[str]) -> set[str]:
	queue = DocType("Email Queue")
	query = frappe.qb.from_(queue).select(queue.name)
	return set(
		query.where(queue.name.isin(sorted(names) or [""]) & queue.status.notin(SETTLED)).run(pluck=True)
	)


def _unqueue(mails: list[str]) -> None:
	queue, recipient = DocType("Email Queue"), DocType("Email Queue Recipient")
	for start in range(0, len(mails), CHUNK):
		part = mails[start : start + CHUNK]
		frappe.qb.from_(recipient).delete().where(recipient.parent.isin(part)).run()
		frappe.qb.from_(queue).delete().where(queue.name.isin(part)).run()
