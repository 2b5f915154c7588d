"""What matching remembers of all customers between its runs, so that a night reads only who has changed and who is like them.

A file beside the site's private files, encrypted with a key derived from the site's; in it are hashes, no text. It is
only a saving of time: where it is missing, torn, of another version or of another state of the database, the next run
reads everybody and writes it anew. So it is simply deleted when somebody is erased.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from hashlib import blake2b
from hmac import digest
from pathlib import Path
from zipfile import BadZipFile

import frappe
import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ccms_app.identity.matching.remembered import Remembered

from .keys import site_key

TOKEN = "ccms_matching_memory"
"""Of which state of the database the file is: a word that stands in both."""
PURPOSE = b"ccms matching memory 1"
NONCE, WORD = 12, 20
MOST = 2**31 - 1024
"""The cipher takes no more at once: of more than some million customers nothing is remembered."""


def _path() -> Path:
	return Path(frappe.get_site_path("private", "ccms_matching", "memory"))


def _cipher() -> AESGCM:
	return AESGCM(digest(site_key(), PURPOSE, "sha256"))


def numbers(customers: Iterable[str]) -> np.ndarray:
	"""A number for each customer, that tells nobody without the site's key who it is."""
	key = digest(site_key(), PURPOSE, "sha256")
	found = b"".join(blake2b(name.encode(), digest_size=8, key=key).digest() for name in customers)
	return np.frombuffer(found, dtype=np.uint64)


def load() -> Remembered | None:
	"""What is remembered, if it is of this state of the database."""
	token = frappe.db.get_global(TOKEN)
	if not token:
		return None
	try:
		stored = _path().read_bytes()
		return Remembered.from_bytes(_cipher().decrypt(stored[:NONCE], stored[NONCE:], token.encode()))
	except (OSError, InvalidTag, BadZipFile, ValueError, KeyError):
		return None


def save(memory: Remembered) -> None:
	"""Remember; it counts once the caller commits."""
	data = memory.to_bytes()
	if len(data) > MOST:
		forget()
		return
	token, nonce = frappe.generate_hash(length=WORD), os.urandom(NONCE)
	path = _path()
	path.parent.mkdir(parents=True, exist_ok=True)
	half = path.with_suffix(".new")
	with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
		file.write(nonce)
		file.write(_cipher().encrypt(nonce, data, token.encode()))
	half.replace(path)
	frappe.db.set_global(TOKEN, token)


def forget() -> None:
	"""Remember nobody: the next run reads everybody."""
	for path in (_path(), _path().with_suffix(".new")):
		path.unlink(missing_ok=True)
	if frappe.db.get_global(TOKEN):
		frappe.db.set_global(TOKEN, None)
