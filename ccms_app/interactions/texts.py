"""Text from outside, so that no screen takes it for markup."""

from __future__ import annotations

import re
from typing import Any

_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_LOOKS_WRITTEN = re.compile(r"&(?=(?:amp;)*lt;)")
_WRITTEN = re.compile(r"&amp;(?=(?:amp;)*lt;)")


def plain(text: str) -> str:
	"""The text with the start of every tag written as "&lt;", closed or not; "a < b" and "<3" stay as they are.

	Many screens of the desk show values as they stand in the database. What came as "&lt;" becomes "&amp;lt;", so that
	`told` gives back what came.
	"""
	if "&" in text:
		text = _LOOKS_WRITTEN.sub("&amp;", text)
	return _TAG.sub("&lt;", text) if "<" in text else text


def told(text: str) -> str:
	"""The text as it came, of one that `plain` wrote: for screens that show text as text, and for files.

	>>> told(plain("<b> &lt;b> a < b"))
	'<b> &lt;b> a < b'
	"""
	return _WRITTEN.sub("&", text.replace("&lt;", "<")) if "&" in text else text


def plain_deep(value: Any) -> Any:
	"""The same for every text in nested objects and lists, names of fields included."""
	if isinstance(value, str):
		return plain(value)
	if isinstance(value, dict):
		return {plain_deep(key): plain_deep(inner) for key, inner in value.items()}
	return [plain_deep(inner) for inner in value] if isinstance(value, list) else value


def has_control(value: Any) -> bool:
	"""Whether any text in it holds a control character other than a tab or the end of a line."""
	if isinstance(value, str):
		return any(sign < " " and sign not in "\t\n\r" for sign in value)
	if isinstance(value, dict):
		return any(has_control(key) or has_control(inner) for key, inner in value.items())
	return isinstance(value, list) and any(map(has_control, value))


def holds_no_number(value: Any) -> bool:
	"""Whether there is a NaN or an infinity in it, which JSON does not know."""
	if isinstance(value, float):
		return value != value or value in (float("inf"), float("-inf"))
	if isinstance(value, dict):
		return any(map(holds_no_number, value.values()))
	return isinstance(value, list) and any(map(holds_no_number, value))
