"""Persons as those see them who may count but not know them: the same person is the same word, and no word is a name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hmac import digest
from typing import Any

FEW = 5
"""Groups smaller than this are not counted out: who knows one member would learn the others."""
FEWER = f"< {FEW}"
PURPOSE = b"pseudonym\0"


def pseudonym(key: bytes, customer: str) -> str:
	"""What a customer is called instead of by name: "C-" and ten hex digits, the same on every day and in every report.

	Args:
		key: the secret of the site; without it nobody can tell which customer is meant.
	"""
	secret = digest(key, PURPOSE + customer.encode(), "sha256")
	return f"C-{secret.hex()[:10].upper()}"


def few(number: float | int | None) -> float | int | str | None:
	"""A number of persons: "< 5" where it is a small group's."""
	return FEWER if is_few(number) else number


def is_few(number: object) -> bool:
	return isinstance(number, int | float) and 0 < number < FEW


def cover(
	rows: Sequence[dict[str, Any]], counts: Sequence[str], keep: Iterable[str]
) -> tuple[list[dict], int]:
	"""Rows of a table of groups, the numbers of small groups hidden.

	Of a small group every figure goes: a share or a sum beside a total would tell the number again. When one row alone is
	small, the total would tell it as well, and loses the same count.

	Args:
		rows: of values by column; totals carry `is_total`.
		counts: the columns that count persons; the first says how large a row's group is.
		keep: the columns that say which group it is.

	Returns:
		The rows, and in how many something was hidden.
	"""
	keep, found, hidden = set(keep), [], []
	for row in rows:
		small = {name for name in counts if is_few(row.get(name))}
		shown = {name: few(value) if name in small else value for name, value in row.items()}
		if counts and counts[0] in small:
			shown = {
				name: value if name in small or name in keep or isinstance(value, str) else None
				for name, value in shown.items()
			}
		found.append(shown)
		if small:
			hidden.append(small)
	for name in counts:
		if sum(name in small for small in hidden) == 1:
			for row in found:
				if row.get("is_total") and not isinstance(row.get(name), str):
					row[name] = None
	return found, len(hidden)
