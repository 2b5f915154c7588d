"""Identifiers as people without leave to read them see them: enough to tell two apart, too little to use."""

from __future__ import annotations

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

from . import kinds

DOTS = "···"
MOST = 140


def mask(kind: str, value: str) -> str:
	"""A normalised identifier, masked.

	>>> mask("Phone", "+8613800131234")
	'+86 ··· ··· 1234'
	>>> mask("Email", "fang.wang@example.com")
	'f···@example.com'
	"""
	return _MASKS[kind](value)[:MOST]


def _phone(value: str) -> str:
	digits = value.lstrip("+")
	code = next(
		(digits[:size] for size in (1, 2, 3) if int(digits[:size]) in COUNTRY_CODE_TO_REGION_CODE), ""
	)
	rest = digits[len(code) :]
	return f"+{code} {DOTS} {DOTS} {_end(rest)}".rstrip()


def _email(value: str) -> str:
	local, _at, domain = value.rpartition("@")
	return f"{local[:1] if len(local) > 1 else ''}{DOTS}@{domain}"


def _social(value: str) -> str:
	network, _colon, handle = value.partition(":")
	return f"{network}: {_start(handle)}"


def _start(value: str) -> str:
	return f"{value[:2] if len(value) > 4 else ''}{DOTS}"


def _end(value: str) -> str:
	return value[-4:] if len(value) >= 8 else value[-2:] if len(value) >= 5 else ""


def _last(value: str) -> str:
	return f"{DOTS} {_end(value)}".rstrip()


_MASKS = {
	kinds.PHONE: _phone,
	kinds.EMAIL: _email,
	kinds.CARD: _last,
	kinds.WECHAT: _start,
	kinds.SOCIAL: _social,
	kinds.DEVICE: _last,
	kinds.VISITOR: _last,
	# on many sites a customer's id is a person's name
	kinds.CUSTOMER: lambda _value: DOTS,
}
