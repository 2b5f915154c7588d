"""The words of a mail as it is stored for sending: its texts stand in base64 or quoted-printable, its names in encoded
words, and lines are broken anywhere."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable

BETWEEN = re.compile(r"\?=\s+=\?")
ENCODED_WORD = re.compile(r"=\?([^?\s]+)\?([bq])\?([^?]*)\?=", re.IGNORECASE)
APART = re.compile(r"\r?\n(?:\r?\n|--)")
BASE64 = re.compile(r"[A-Za-z0-9+/\s]+=*\s*")
SIGNS = ("=?", "base64", "quoted-printable")
"""One of these stands in every mail of which the words do not stand there as they are."""


def texts(message: str) -> Iterable[str]:
	"""All that a stored mail says, one text after another: as it is, and decoded."""
	yield message
	if "=?" in message:
		yield ENCODED_WORD.sub(_word, BETWEEN.sub("?==?", message))
	if "quoted-printable" in message:
		yield binascii.a2b_qp(message.encode()).decode("utf-8", "replace")
	if "base64" in message:
		yield from _blocks(message)


def says(message: str, words: Iterable[str]) -> bool:
	"""Whether one of these words stands in a stored mail, in whatever way it is written there."""
	wanted = [word.casefold() for word in words if word]
	for text in texts(message):
		said = text.casefold()
		if any(word in said for word in wanted):
			return True
	return False


def _word(found: re.Match) -> str:
	charset, kind, text = found.groups()
	try:
		if kind.lower() == "b":
			raw = base64.b64decode(text + "=" * (-len(text) % 4))
		else:
			raw = binascii.a2b_qp(text.replace("_", " ").encode())
		return raw.decode(charset, "replace")
	except (LookupError, ValueError, binascii.Error):
		return text


def _blocks(message: str) -> Iterable[str]:
	for block in APART.split(message):
		if not BASE64.fullmatch(block):
			continue
		try:
			yield base64.b64decode(block).decode("utf-8")
		except (ValueError, binascii.Error):
			continue  # a picture, or no base64 at all
