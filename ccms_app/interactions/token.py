"""The word of a shop's server that a visitor is a customer: short-lived, and of no use in another browser.

token = expires "." base64url(customer) "." HMAC-SHA256(secret, customer "\\n" visitor "\\n" expires) as hex digits.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error

LONGEST = 24 * 60 * 60
"""Seconds that a token may be valid at most."""


def sign(secret: str, customer: str, visitor: str, expires: int) -> str:
	"""A token for a customer in the browser of a visitor; `expires` in seconds since 1970."""
	body = urlsafe_b64encode(customer.encode()).decode().rstrip("=")
	return f"{expires}.{body}.{_signature(secret, customer, visitor, expires)}"


def customer_of(token: str, secret: str, visitor: str, now: float) -> str | None:
	"""The customer that a token names; None when it is forged, expired, valid for too long or made for another visitor."""
	expires_text, _dot, rest = token.partition(".")
	body, _dot, signature = rest.partition(".")
	if not (expires_text.isascii() and expires_text.isdigit() and len(expires_text) <= 12):
		return None
	try:
		customer = urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode()
	except (Error, ValueError):
		return None
	expires = int(expires_text)
	if not hmac.compare_digest(_signature(secret, customer, visitor, expires).encode(), signature.encode()):
		return None
	return customer if now <= expires <= now + LONGEST else None


def next_visitor(visitor: str, customer: str, key: bytes) -> str:
	"""The visitor that a browser becomes when a second person identifies in it: always the same for the same person."""
	mark = hmac.digest(key, f"next visitor\0{visitor}\0{customer}".encode(), "sha256").hex()
	return f"{visitor[:90]}-{mark[:24]}"


def _signature(secret: str, customer: str, visitor: str, expires: int) -> str:
	text = f"{customer}\n{visitor}\n{expires}"
	return hmac.digest(secret.encode(), text.encode(), "sha256").hex()
