"""Consent: the one question `may`, and the one writer `record`.

A person is a customer, or an address or device by the name of its `CCMS Identity`. That name is a keyed hash, so words
about an address are found again after its customer was erased and the address came back.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

import frappe
from frappe import _
from frappe.query_builder import DocType
from frappe.utils import get_datetime, getdate, now_datetime

from ccms_app.identity.kinds import CUSTOMER
from ccms_app.privacy import words
from ccms_app.privacy.answers import Word, is_child, standing

from . import restriction

DOCTYPE, WORDING, IDENTITY = "CCMS Consent", "CCMS Consent Wording", "CCMS Identity"
KEY = re.compile(r"^[A-Za-z]+-[0-9a-f]{32}$")
FEW = 1000
"""So many names in one question to the database."""


def is_key(person: str) -> bool:
	"""Whether a person is named by an address or device, not as a customer."""
	return bool(KEY.match(person or ""))


# --- asking ------------------------------------------------------------------------------------------------------


def may(person: str, purpose: str, channel: str = "", at: datetime | str | None = None) -> bool:
	"""Whether a person's data may be used for a purpose.

	Args:
		person: a customer, or the name of a `CCMS Identity` (then its only owner's words count too).
		purpose: one of `words.PURPOSES`; empty: a service message, which needs no consent.
		channel: one of `words.CHANNELS`; empty: at all. A yes for one channel is none for the others.
		at: the moment asked about; now when empty.

	Returns:
		False when nothing was said, and while processing is restricted. Asks no permission and says nothing on whether the
		person exists.
	"""
	return bool(may_many([person], purpose, channel, at))


def may_many(
	persons: Iterable[str], purpose: str, channel: str = "", at: datetime | str | None = None
) -> set[str]:
	"""Those of many persons whose data may be used; the arguments are those of `may`. A few queries for each thousand."""
	asked = {person for person in persons if person}
	if not purpose:
		return asked
	found = standing_many(asked, purpose, channel, at)
	yes = {person for person, word in found.items() if word.is_yes}
	return yes - stopped(yes, at)


def stopped(persons: Iterable[str], at: datetime | str | None = None) -> set[str]:
	"""Those of many persons whose processing is restricted, whatever they said; an address by its only owner."""
	asked, moment = sorted({person for person in persons if person}), get_datetime(at) if at else None
	owner: dict[str, str] = {}
	for start in range(0, len(asked), FEW):
		part = asked[start : start + FEW]
		owner |= _owners([person for person in part if is_key(person)])
		owner |= {person: person for person in part if not is_key(person)}
	restricted = restriction.since(owner.values(), moment)
	return {person for person, customer in owner.items() if customer in restricted}


def standing_many(
	persons: Iterable[str], purpose: str, channel: str = "", at: datetime | str | None = None
) -> dict[str, Word]:
	"""The word that counts for each person who has said anything about a purpose."""
	_known(purpose, words.PURPOSES)
	_known(channel, words.CHANNELS)
	moment = get_datetime(at) if at else now_datetime()
	asked = sorted({person for person in persons if person})
	found: dict[str, Word] = {}
	for start in range(0, len(asked), FEW):
		found |= _standing(asked[start : start + FEW], purpose, channel, moment)
	return found


def _standing(persons: list[str], purpose: str, channel: str, at: datetime) -> dict[str, Word]:
	keys = [person for person in persons if is_key(person)]
	customers = [person for person in persons if not is_key(person)]
	owner = _owners(keys)
	everybody = {*customers, *owner.values()}
	addresses, records = _addresses(customers), own_records(everybody)
	asked = {*keys, *(key for found in (addresses, records) for part in found.values() for key in part)}
	said = _said(everybody, asked, purpose, at)
	for customer, own in records.items():
		for key in own:  # what was said about the record is the customer's own word, as a whole
			said[customer] += [replace(word, about="") for word in said.pop(key, ())]
	children = _children(everybody, at)
	found = {}
	for person in persons:
		if is_key(person):
			customer, about = owner.get(person, ""), [person]
		else:
			customer, about = person, addresses.get(person, [])
		heard = [word for subject in filter(None, (customer, *about)) for word in said.get(subject, ())]
		word = standing(heard, channel, needs_guardian=customer in children)
		if word:
			found[person] = word
	return found


def _owners(keys: list[str]) -> dict[str, str]:
	if not keys:
		return {}
	identity = DocType(IDENTITY)
	query = frappe.qb.from_(identity).select(identity.name, identity.customer)
	rows = query.where(identity.name.isin(keys) & identity.customer.isnotnull() & (identity.customer != ""))
	return dict(rows.run())


def _addresses(customers: list[str]) -> dict[str, list[str]]:
	"""The addresses and devices that are a customer's alone."""
	found: dict[str, list[str]] = defaultdict(list)
	if customers:
		identity = DocType(IDENTITY)
		query = frappe.qb.from_(identity).select(identity.customer, identity.name)
		for customer, key in query.where(identity.customer.isin(customers)).run():
			found[customer].append(key)
	return found


def own_records(customers: Iterable[str]) -> dict[str, list[str]]:
	"""The identities that stand for customers' own records, as a link in a message to a customer names them."""
	found: dict[str, list[str]] = defaultdict(list)
	if names := sorted(customers):
		identity = DocType(IDENTITY)
		query = frappe.qb.from_(identity).select(identity.customer, identity.name)
		for customer, key in query.where(identity.customer.isin(names) & (identity.kind == CUSTOMER)).run():
			found[customer].append(key)
	return found


def _said(customers: set[str], keys: set[str], purpose: str, at: datetime) -> dict[str, list[Word]]:
	"""Words by customer and by address, each once: a word about an address is not one about its customer."""
	consent = DocType(DOCTYPE)
	query = (
		frappe.qb.from_(consent)
		.select(
			consent.customer,
			consent.subject_hash,
			consent.state,
			consent.said_at,
			consent.channel,
			consent.said_by,
			consent.source,
		)
		.where((consent.purpose == purpose) & (consent.said_at <= at))
	)
	found: dict[str, list[Word]] = defaultdict(list)
	for by_address, names in ((False, customers), (True, keys)):
		if names:
			# each look-up of a column makes a new object: they cannot be told apart by `is`
			column = consent.subject_hash if by_address else consent.customer
			for customer, about, state, said_at, channel, said_by, source in query.where(
				column.isin(sorted(names))
			).run():
				word = Word(state, said_at, about or "", channel or "", said_by or "", source or "")
				if about and by_address:
					found[about].append(word)
				elif not about:
					found[customer].append(word)
	return found


def _children(customers: Iterable[str], at: datetime) -> set[str]:
	"""Those of the customers for whom a guardian answers."""
	if not customers or not frappe.get_meta("Customer").has_field("ccms_birth_date"):
		return set()
	customer = DocType("Customer")
	query = frappe.qb.from_(customer).select(customer.name, customer.ccms_birth_date)
	rows = query.where(customer.name.isin(sorted(customers)) & customer.ccms_birth_date.isnotnull()).run()
	return {name for name, born in rows if is_child(getdate(born), at.date())}


# --- writing -----------------------------------------------------------------------------------------------------


def record(
	person: str,
	purpose: str,
	state: str,
	*,
	source: str,
	channel: str = "",
	legal_basis: str = "Consent",
	wording: str = "",
	said_by: str = words.CUSTOMER,
	proof: str = "",
	at: datetime | str | None = None,
	merged_from: str = "",
) -> str:
	"""Add a word of a person. Asks no permission: callers have.

	Args:
		person: a customer, or the name of an identity, known or not.
		purpose, state, source, channel, legal_basis, said_by: of the lists in `privacy.words`.
		wording: the `CCMS Consent Wording` shown; its version and text are kept with the word.
		proof: where it can be looked up. A yes needs a wording or a proof.
		at: when it was said; now when empty, and never later than now.
		merged_from: only for merges: whose word this was.

	Returns:
		The name of the row.

	Raises:
		frappe.ValidationError: words that are not in the lists, a yes without wording and proof, a moment to come.
	"""
	for value, known in (
		(purpose, words.PURPOSES),
		(state, words.STATES),
		(source, words.SOURCES),
		(channel, words.CHANNELS),
		(legal_basis, words.LEGAL_BASES),
		(said_by, (words.CUSTOMER, words.GUARDIAN)),
	):
		_known(value, known)
	if not person:
		frappe.throw(_("Choose the customer or the address this is about."))
	now = now_datetime()
	moment = get_datetime(at) if at else now
	if moment > now:
		frappe.throw(_("What was said cannot lie in the future."))
	if state == words.GIVEN and not (wording or proof.strip()):
		frappe.throw(_("A consent needs the wording that was shown, or a proof."))
	doc = frappe.get_doc(
		{
			"doctype": DOCTYPE,
			**_subject(person),
			"purpose": purpose,
			"channel": channel,
			"state": state,
			"legal_basis": legal_basis,
			"said_by": said_by,
			"said_at": moment,
			"source": source,
			"recorded_by": frappe.session.user,
			"proof": proof.strip(),
			"merged_from": merged_from,
			**_shown(wording, purpose),
		}
	)
	doc.flags.from_privacy = True
	doc.flags.ignore_links = True  # an address outlives its record as a hash
	doc.insert(ignore_permissions=True)
	_tell(doc)
	return doc.name


def _subject(person: str) -> dict[str, Any]:
	if is_key(person):
		return {"identity": person, "subject_hash": person, "customer": None}
	return {"customer": person, "identity": None, "subject_hash": ""}


def _shown(wording: str, purpose: str) -> dict[str, Any]:
	if not wording:
		return {}
	found = frappe.db.get_value(WORDING, wording, ["purpose", "version", "text"], as_dict=True)
	if not found or found.purpose != purpose:
		frappe.throw(_("This wording is not about the purpose {0}.").format(_(purpose)))
	return {"wording": wording, "wording_version": found.version, "wording_text": found.text}


def _tell(doc) -> None:
	"""Whoever follows consent hears of a new word: functions of the hook `ccms_consent_changed`."""
	customer = doc.customer or frappe.db.get_value(IDENTITY, doc.identity, "customer") or ""
	for path in frappe.get_hooks("ccms_consent_changed"):
		frappe.get_attr(path)(customer=customer, purpose=doc.purpose, state=doc.state)


def _known(value: str, known: tuple[str, ...]) -> None:
	if value not in known:
		frappe.throw(
			_("{0} is not one of: {1}.").format(
				frappe.bold(frappe.utils.escape_html(str(value))), ", ".join(filter(None, known))
			)
		)
