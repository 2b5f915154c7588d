"""Identifiers made comparable: what two people type for the same phone, mailbox or card becomes one value.

Everything here takes any text and answers None for what is none of its kind; nothing raises.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import phonenumbers

from . import kinds

MOST = 300
"""Longer texts are no identifiers; they are not even looked at."""

_PHONE = re.compile(r"[+0-9 ().\-/·*]{4,40}")
_EXTENSION = re.compile(
	r"(?:\s*(?:ext\.?|extension|x|#|转|轉|分机|分機|内线)\s*[0-9]{1,8})\s*$", re.IGNORECASE
)
_LOCAL = re.compile(r"[^\s@\"(),:;<>\[\]\\]{1,64}")
_DOMAIN = re.compile(
	r"(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9\-]{0,61}[a-z0-9]"
)
_CARD = re.compile(r"[\w./#*]{3,64}")
_WECHAT_ID = re.compile(r"[A-Za-z][A-Za-z0-9_\-]{5,19}")
_WECHAT_OPEN_ID = re.compile(r"[A-Za-z0-9_\-]{21,64}")
_NETWORK = re.compile(r"[\w][\w .\-]{0,39}")
_HANDLE = re.compile(r"[\w.\-+|]{1,100}")
_MACHINE = re.compile(r"[A-Za-z0-9._:\-]{8,128}")
_E164 = re.compile(r"\+[1-9][0-9]{5,14}")


def plain(text: object) -> str:
	"""Text in its plainest form: full-width signs as usual ones, without invisible marks (right-to-left, zero-width) and
	outer blanks; "" for what is no text, too long, or holds control characters, which nobody types."""
	if not isinstance(text, str):
		if isinstance(text, int) and not isinstance(text, bool):
			text = str(text)
		else:
			return ""
	if len(text) > MOST:
		return ""
	if text.isascii() and text.isprintable():
		return " ".join(
			text.split()
		)  # what follows would change nothing, and takes long for thousands of texts
	if "\0" in text or any(unicodedata.category(sign) == "Cc" and not sign.isspace() for sign in text):
		return ""
	folded = unicodedata.normalize("NFKC", text)
	visible = "".join(
		" " if character.isspace() else character
		for character in folded
		if character.isspace() or unicodedata.category(character)[0] != "C"
	)
	return " ".join(visible.split())


def phone(text: object, region: str = "") -> str | None:
	"""A valid phone number in E.164, such as "+8613800138000"; an extension is left out.

	Args:
		text: as typed.
		region: the ISO code of the country where it was typed, such as "CN", for numbers without a country code.
	"""
	typed = plain(text)
	return _phone(typed, region.upper()) if typed else None


@lru_cache(maxsize=20_000)
def _phone(typed: str, region: str) -> str | None:
	typed = "".join(str(unicodedata.decimal(sign, sign)) for sign in typed)  # Arabic and other digits
	typed = _EXTENSION.sub("", typed.replace("–", "-").replace("—", "-").replace("−", "-"))
	if not _PHONE.fullmatch(typed):
		return None
	try:
		number = phonenumbers.parse(typed, region or None)
	except phonenumbers.NumberParseException:
		return None
	if not phonenumbers.is_valid_number(number):
		return None
	return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def phones(text: object, region: str = "") -> list[str]:
	"""The phone numbers of a field where people write several, such as "13800138000 / 13900139000"."""
	if one := phone(text, region):
		return [one]
	parts = re.split(r"[/;,、，；|]|\s或\s|或|\sor\s", plain(text))
	found = [phone(part, region) for part in parts] if len(parts) > 1 else []
	return list(dict.fromkeys(number for number in found if number))


def email(text: object) -> str | None:
	"""A mail address in small letters, its domain as the name service knows it (IDNA).

	A tag ("+shop") stays: it is another address. `email_root` takes it off for comparing people.
	"""
	typed = plain(text).casefold()
	if typed.startswith("mailto:"):
		typed = typed.removeprefix("mailto:")
	local, _at, domain = typed.rpartition("@")
	if not _LOCAL.fullmatch(local) or local[0] == "." or local[-1] == "." or ".." in local:
		return None
	domain = domain.rstrip(".")
	try:
		domain = domain if domain.isascii() else domain.encode("idna").decode()
	except UnicodeError:
		return None
	return f"{local}@{domain}" if _DOMAIN.fullmatch(domain) else None


def email_root(address: str) -> str:
	"""The mailbox behind a normalised address: without a tag, and for Gmail without dots, which it does not read."""
	local, _at, domain = address.rpartition("@")
	local = local.split("+", 1)[0] or local
	if domain in ("gmail.com", "googlemail.com"):
		local, domain = local.replace(".", ""), "gmail.com"
	return f"{local}@{domain}"


def card(text: object) -> str | None:
	"""A card number: capital letters, without blanks and dashes, which only make it easier to read."""
	typed = re.sub(r"[\s\-–—]", "", plain(text)).upper()
	return typed if _CARD.fullmatch(typed) else None


def wechat(text: object) -> str | None:
	"""A WeChat id in small letters, or an open or union id as it is: those tell capitals from small letters."""
	typed = plain(text)
	if _WECHAT_ID.fullmatch(typed):
		return typed.lower()
	return typed if _WECHAT_OPEN_ID.fullmatch(typed) else None


def social(network: object, handle: object) -> str | None:
	"""An account on a network as "weibo:fangwang"; a handle may be typed with "@" or as the address of its page."""
	where, who = plain(network).casefold(), plain(handle)
	who = re.sub(r"^https?://", "", who).split("?", 1)[0].rstrip("/")
	who = who.rsplit("/", 1)[-1].lstrip("@").casefold()
	if not _NETWORK.fullmatch(where) or not _HANDLE.fullmatch(who):
		return None
	return f"{where}:{who}"


def machine(text: object) -> str | None:
	"""An id that a script or device made for itself; capitals count."""
	return text if isinstance(text, str) and _MACHINE.fullmatch(text) else None


def normalise(kind: str, value: object, region: str = "", network: str = "") -> str | None:
	"""An identifier of a kind, made comparable; None when it is none.

	Args:
		kind: one of `kinds.KINDS`.
		value: as typed.
		region: for phones without a country code, such as "CN".
		network: for Social; else the value may say it itself ("weibo:fangwang").
	"""
	if kind == kinds.PHONE:
		return phone(value, region)
	if kind == kinds.EMAIL:
		return email(value)
	if kind == kinds.CARD:
		return card(value)
	if kind == kinds.WECHAT:
		return wechat(value)
	if kind == kinds.SOCIAL:
		if not network:
			network, _colon, value = plain(value).partition(":")
		return social(network, value)
	if kind in (kinds.DEVICE, kinds.VISITOR):
		return machine(value)
	if kind == kinds.CUSTOMER:
		return value if isinstance(value, str) and 0 < len(value) <= 140 and "\0" not in value else None
	return None


def is_normal(kind: str, value: object) -> bool:
	"""Whether a value looks as `normalise` leaves it: a quick check for whoever must trust what is handed over."""
	if not isinstance(value, str) or not value or len(value) > MOST:
		return False
	if kind != kinds.CUSTOMER and not value.isprintable():  # names of customers are as they are
		return False
	if kind == kinds.PHONE:
		return bool(_E164.fullmatch(value))
	if kind == kinds.EMAIL:
		return "@" in value and value == value.casefold() and not any(c.isspace() for c in value)
	if kind == kinds.CARD:
		return bool(_CARD.fullmatch(value)) and value == value.upper()
	if kind == kinds.SOCIAL:
		return ":" in value and value == value.casefold()
	return normalise(kind, value) == value
