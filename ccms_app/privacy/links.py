"""Signed links by which a person withdraws consent without logging in.

A link names an address by its keyed hash, never by its value, and says nothing about whether anybody is behind it. It
does not expire: withdrawing must be as easy in five years as today, and all it can do is withdraw.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from dataclasses import dataclass
from hmac import compare_digest, digest

from .words import CHANNELS, PURPOSES

CONTEXT = b"ccms withdrawal 1\0"
SIGNATURE = 18  # bytes: 144 bits


@dataclass(frozen=True)
class Withdrawal:
	"""What a link withdraws: of which address, for what, by which channel (empty: every); and the name of the company that
	the page shows (empty: the site's own). A withdrawal holds for all companies of the site."""

	key: str
	purpose: str
	channel: str = ""
	company: str = ""


def token(secret: bytes, asked: Withdrawal) -> str:
	"""The signed text of a link, safe in an address."""
	said = f"{asked.key}|{PURPOSES.index(asked.purpose)}|{CHANNELS.index(asked.channel)}".encode()
	if asked.company:
		said += f"|{asked.company}".encode()
	return _text(said) + "." + _text(_sign(secret, said))


def read(secret: bytes, text: str | None) -> Withdrawal | None:
	"""What a token says; None when it is forged, cut off or nonsense."""
	try:
		first, second = (text or "").split(".")
		said, signature = _bytes(first), _bytes(second)
		if not compare_digest(signature, _sign(secret, said)):
			return None
		key, purpose, channel, *company = said.decode().split("|", 3)
		return Withdrawal(key, PURPOSES[int(purpose)], CHANNELS[int(channel)], "".join(company))
	except (ValueError, Error, IndexError, UnicodeDecodeError):
		return None


def _sign(secret: bytes, said: bytes) -> bytes:
	return digest(secret, CONTEXT + said, "sha256")[:SIGNATURE]


def _text(raw: bytes) -> str:
	return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
	return urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
