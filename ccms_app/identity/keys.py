"""Keyed indexes of identifiers: equal values are found without storing them readable.

A plain hash of a phone number is undone in minutes by trying all numbers; an HMAC needs the key of the site.
"""

from __future__ import annotations

from hmac import digest

from .kinds import CODES

NAME_HEX = 32
"""Hex digits of the index in an identity's name: 128 bits, so that two values never share one."""


def index(key: bytes, kind: str, value: str) -> str:
	"""The HMAC-SHA256 of a normalised value, as 64 hex digits. Kinds never meet: a card "1" is not a phone "1".

	Args:
		key: the secret of the site, 32 bytes.
		kind: one of `kinds.KINDS`.
		value: as `normalise.normalise` returns it.
	"""
	return digest(key, f"{kind}\0{value}".encode(), "sha256").hex()


def name(kind: str, value_index: str) -> str:
	"""What an identity is called: the same on every call, so that whoever returns finds what was theirs."""
	return f"{CODES[kind]}-{value_index[:NAME_HEX]}"
