"""The site's secret for identifiers, derived from its encryption key: whoever loses that key loses both."""

from __future__ import annotations

from hmac import digest

import frappe
from cryptography.fernet import Fernet
from frappe.utils import password

PURPOSE = b"ccms identity index 1"


def site_key() -> bytes:
	"""The key of the index of identifiers, 32 bytes: another one than any other use of the encryption key has."""
	return _kept("ccms_identity_key", lambda key: digest(key.encode(), PURPOSE, "sha256"))


def encrypt(value: str) -> str:
	"""What `frappe.utils.password.encrypt` makes of a value, without building the cipher anew for each of thousands."""
	return _kept("ccms_identity_cipher", lambda key: Fernet(key.encode())).encrypt(value.encode()).decode()


def decrypt(stored: str) -> str:
	"""The value behind an encrypted one.

	Raises:
		frappe.ValidationError: the site's encryption key is another one than then.
	"""
	return password.decrypt(stored)


def _kept(name: str, made):
	"""Something made from the encryption key, once a request."""
	key = password.get_encryption_key()
	kept = getattr(frappe.local, name, None)
	if not kept or kept[0] != key:
		kept = (key, made(key))
		setattr(frappe.local, name, kept)
	return kept[1]
