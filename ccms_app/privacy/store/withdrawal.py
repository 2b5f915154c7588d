"""Withdrawing by link: making the link, and what happens when its button is pressed."""

from __future__ import annotations

import frappe

from ccms_app.identity.store import identities
from ccms_app.identity.store.keys import site_key
from ccms_app.privacy import words
from ccms_app.privacy.links import Withdrawal, read, token

from . import consent

PAGE = "withdraw-consent"


def link(person: str, purpose: str, channel: str = "") -> str:
	"""The address of the page where a person withdraws; put it into every message that needs consent.

	Args:
		person: the identity the message goes to, or a customer.
		purpose, channel: what the button withdraws. The page also offers every channel.
	"""
	if not consent.is_key(person):
		person = identities.ensure("Customer", person)
	asked = Withdrawal(person, purpose, channel)
	return frappe.utils.get_url(f"/{PAGE}?t={token(site_key(), asked)}")


def asked(text: str | None) -> Withdrawal | None:
	"""What a link's token withdraws; None when it is no token of this site."""
	return read(site_key(), text)


def withdraw(asked: Withdrawal, every_channel: bool = False) -> None:
	"""Withdraw. Pressing twice writes one row; nothing tells whether the address is anybody's."""
	channel = "" if every_channel else asked.channel
	standing = consent.standing_many([asked.key], asked.purpose, channel).get(asked.key)
	if standing and not standing.is_yes:
		return
	consent.record(asked.key, asked.purpose, words.WITHDRAWN, channel=channel, source=words.LINK)
