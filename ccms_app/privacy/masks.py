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
	rows: Sequence[dict[str, Any]], counts: Iterable[str], keep: Iterable[str]
) -> tuple[list[dict], int]:
	"""Rows of a table of groups, those of small groups without their figures.

	A share or a sum beside a total would tell the number again, so every figure of such a row goes. When one row alone is
	covered, the total would tell it as well, and loses the same count.

	Args:
		rows: of values by column; totals carry `is_total`.
		counts: the columns that count persons; a row is a small group's when any of them is.
		keep: the columns that say which group it is.

	Returns:
		The rows, and how many were covered.
	"""
	counts, keep = list(counts), set(keep)
	found, covered = [], []
	for row in rows:
		small = [name for name in counts if is_few(row.get(name))]
		if not small:
			found.append(dict(row))
			continue
		covered.append(set(small))
		found.append(
			{
				name: few(value)
				if name in counts
				else value
				if name in keep or isinstance(value, str)
				else None
				for name, value in row.items()
			}
		)
	if len(covered) == 1:
		for row in found:
			if row.get("is_total"):
				row.update(dict.fromkeys(covered[0]))
	return found, len(covered)
