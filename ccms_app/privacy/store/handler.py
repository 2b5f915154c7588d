"""What privacy answers when customers are merged, exported or erased."""

from __future__ import annotations

from typing import Any

import frappe
from frappe import _
from frappe.query_builder import DocType
from frappe.utils import get_datetime, now

from ccms_app.identity.handlers import Nothing
from ccms_app.identity.store import identities
from ccms_app.privacy import words

from . import access, consent, reading, restriction

ADDRESSES = ("Phone", "Email", "Card", "WeChat", "Social")
BEFORE = "ccms_consent_before_merge"
EXPORTED = ("purpose", "channel", "state", "legal_basis", "said_by", "said_at", "source", "wording", "wording_version", "wording_text", "proof")  # fmt: skip


class Handler(Nothing):
	"""A customer's consent, and the log of who read them."""

	doctypes = (consent.DOCTYPE, access.DOCTYPE)

	def export(self, customer: str) -> dict[str, list[dict[str, Any]]]:
		read = frappe.get_all(
			access.DOCTYPE,
			filters={"customer": customer},
			fields=["accessed_at", "user", "action", "what", "reason"],
			order_by="accessed_at",
		)
		return {consent.DOCTYPE: said_by(customer, list(EXPORTED)), access.DOCTYPE: read}

	def erase(self, customer: str, erased_as: str) -> dict[str, int]:
		"""What was refused stays, of each address as a keyed hash; everything else goes. What was typed into the log goes too."""
		addresses = _addresses(customer)
		for purpose, channel, state in _refused(customer):
			for address in addresses:
				standing = consent.standing_many([address], purpose, channel).get(address)
				if not standing or standing.is_yes or standing.about != address:
					consent.record(address, purpose, state, channel=channel, source=words.ERASURE)
		_keep_unsubscribed(customer)
		row = DocType(consent.DOCTYPE)
		keys = _all_keys(customer)
		gone = row.customer.isin([customer, erased_as])
		if keys:
			gone |= row.subject_hash.isin(keys) & (row.state == words.GIVEN)
		count = len(frappe.qb.from_(row).select(row.name).where(gone).run())
		frappe.qb.from_(row).delete().where(gone).run()
		if keys:
			kept = frappe.qb.update(row).set(row.proof, "").set(row.identity, None).set(row.recorded_by, None)
			kept.where(row.subject_hash.isin(keys)).run()
		log = DocType(access.DOCTYPE)
		mine = log.customer.isin([customer, erased_as])
		frappe.qb.update(log).set(log.reason, "").where(mine & (log.reason != "")).run()
		return {consent.DOCTYPE: count}

	def refuse_merge(self, source: str, target: str) -> None:
		from . import erasing, requests

		for customer in (source, target):
			erasing.refuse_rename(customer)
		if requests.being_erased([source, target]):
			frappe.throw(_("One of them is being erased, or will be as soon as nothing is open."))
		if restriction.since([source, target]):
			frappe.throw(_("The processing of one of them is restricted: lift that first."))

	def before_merge(self, source: str, target: str) -> dict[str, Any]:
		refused = [list(one) for one in dict.fromkeys((*_refused(source, True), *_refused(target, True)))]
		setattr(frappe.local, BEFORE, {(source, target): refused})
		return {"refused": refused, "at": now()}

	def merged(self, source: str, target: str) -> None:
		"""What either has refused holds for both, though the other has consented since."""
		for purpose, channel, state in getattr(frappe.local, BEFORE, {}).pop((source, target), ()):
			standing = consent.standing_many([target], purpose, channel).get(target)
			if not standing or standing.is_yes:
				consent.record(
					target,
					purpose,
					state,
					channel=channel,
					source=words.MERGE,
					merged_from=reading.pseudonym(source),
				)

	def unmerge(self, source: str, target: str, kept: dict[str, Any]) -> list[str]:
		"""The words that the merge itself wrote go again. What was refused since holds for both."""
		row = DocType(consent.DOCTYPE)
		by_merge = (row.customer == target) & (row.merged_from == reading.pseudonym(source))
		frappe.qb.from_(row).delete().where(by_merge & (row.source == words.MERGE)).run()
		said = []
		since = get_datetime(kept["at"]) if kept.get("at") else None
		for word in said_by(target, ["purpose", "channel", "state", "said_at", "creation", "source"]):
			if since and word.state != words.GIVEN and word.creation >= since and word.source != words.MERGE:
				consent.record(
					source,
					word.purpose,
					word.state,
					channel=word.channel or "",
					source=words.MERGE,
					at=word.said_at,
				)
				said.append(
					_("{0}: {1} since the merge; this holds for both.").format(_(word.purpose), _(word.state))
				)
		return said


def _keep_unsubscribed(customer: str) -> None:
	"""Frappe's own list of who wants no mails holds addresses in the clear: the refusal stays as ours do."""
	emails = {"customer": customer, "kind": "Email"}
	for address in frappe.get_all(consent.IDENTITY, emails, pluck="name"):
		try:
			value = identities.reveal(address)
		except frappe.ValidationError:  # stored with another key
			frappe.clear_last_message()
			continue
		if not frappe.db.exists("Email Unsubscribe", {"email": value, "global_unsubscribe": 1}):
			continue
		standing = consent.standing_many([address], words.MARKETING, "E-mail").get(address)
		if not standing or standing.is_yes:
			consent.record(address, words.MARKETING, words.WITHDRAWN, channel="E-mail", source=words.ERASURE)


def said_by(customer: str, fields: list[str]) -> list[dict[str, Any]]:
	"""What a customer said, of themselves and of their addresses, oldest first."""
	keys = _all_keys(customer)
	found = frappe.get_all(
		consent.DOCTYPE,
		or_filters={"customer": customer, "subject_hash": ["in", keys or ["-"]]},
		fields=fields,
		order_by="said_at, creation",
	)
	return found


def _refused(customer: str, with_addresses: bool = False) -> list[tuple[str, str, str]]:
	"""Purposes and channels that a customer has refused: (purpose, channel, state).

	Args:
		with_addresses: also what was refused for an address alone.
	"""
	own = consent.own_records([customer])[customer]
	asked = dict.fromkeys(
		(row.purpose, row.channel or "")
		for row in said_by(customer, ["purpose", "channel", "state", "subject_hash"])
		if row.state != words.GIVEN and (with_addresses or not row.subject_hash or row.subject_hash in own)
	)
	found = []
	for purpose, channel in asked:
		standing = consent.standing_many([customer], purpose, channel).get(customer)
		if standing and not standing.is_yes and (with_addresses or not standing.about):
			found.append((purpose, channel, standing.state))
	return sorted(found)


def _addresses(customer: str) -> list[str]:
	return frappe.get_all(
		consent.IDENTITY, filters={"customer": customer, "kind": ["in", ADDRESSES]}, pluck="name"
	)


def _all_keys(customer: str) -> list[str]:
	"""All addresses and devices that are a customer's alone."""
	return frappe.get_all(consent.IDENTITY, filters={"customer": customer}, pluck="name")


def deleted(customer: str) -> None:
	"""A customer without documents is deleted: as when erasing, and the log goes on without the name."""
	Handler().erase(customer, customer)
	log = DocType(access.DOCTYPE)
	frappe.qb.update(log).set(log.customer, reading.pseudonym(customer)).where(log.customer == customer).run()
