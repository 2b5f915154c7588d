"""Withdrawing by link: making the link, and what happens when its button is pressed."""

from __future__ import annotations

import frappe

from ccms_app.identity.store import identities
from ccms_app.identity.store.keys import site_key
from ccms_app.privacy import words
from ccms_app.privacy.links import Withdrawal, read, token

from . import consent

PAGE = "withdraw-consent"


def link(person: str, purpose: str, channel: str = "", company: str = "") -> str:
	"""The address of the page where a person withdraws; put it into every message that needs consent.

	Args:
		person: the identity the message goes to, or a customer.
		purpose, channel: what the button withdraws. The page also offers every channel.
		company: in whose name the message is sent; the page says so. Empty: the site's default company.
	"""
	if not consent.is_key(person):
		person = identities.ensure("Customer", person)
	asked = Withdrawal(person, purpose, channel, company)
	return frappe.utils.get_url(f"/{PAGE}?t={token(site_key(), asked)}")


def asked(text: str | None) -> Withdrawal | None:
	"""What a link's token withdraws; None when it is no token of this site."""
	return read(site_key(), text)


def company_of(asked: Withdrawal) -> str:
	"""The company that the page names: the link's own, else the site's default, else its only one; empty: there is none
	to name."""
	if asked.company:
		return asked.company
	default = frappe.db.get_single_value("Global Defaults", "default_company")
	if default:
		return default
	companies = frappe.get_all("Company", filters={"is_group": 0}, pluck="name", limit=2)
	return companies[0] if len(companies) == 1 else ""


def is_withdrawn(asked: Withdrawal) -> bool:
	"""Whether there is nothing left to withdraw: the last word about this address is a no. Where nothing was ever said the
	button stands all the same, so that nobody learns whether the address is anybody's."""
	standing = consent.standing_many([asked.key], asked.purpose, asked.channel).get(asked.key)
	return bool(standing and not standing.is_yes)


def withdraw(asked: Withdrawal, every_channel: bool = False) -> None:
	"""Withdraw. Pressing twice writes one row; nothing tells whether the address is anybody's."""
	channel = "" if every_channel else asked.channel
	standing = consent.standing_many([asked.key], asked.purpose, channel).get(asked.key)
	if standing and not standing.is_yes:
		return
	consent.record(asked.key, asked.purpose, words.WITHDRAWN, channel=channel, source=words.LINK)
