"""What a manager may set on a rule, by what it looks for, and what is wrong with what was typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LONGEST = 140


@dataclass(frozen=True, slots=True)
class Number:
	"""A whole number with the one that holds when nothing is set, and its limits."""

	usual: int
	least: int
	most: int

	def read(self, value: Any) -> int:
		"""The number; the usual one when this is none, or beyond the limits."""
		return int(value) if self.fits(value) else self.usual

	def fits(self, value: Any) -> bool:
		"""Whether a value is such a number. JSON's true and false are 1 and 0."""
		return isinstance(value, int) and self.least <= value <= self.most


@dataclass(frozen=True, slots=True)
class Texts:
	"""A list of texts."""

	most: int = 200
	example: str = ""

	def read(self, value: Any) -> tuple[str, ...]:
		"""The texts in small letters; what is none is left out."""
		given = value[: self.most] if isinstance(value, list) else ()
		return tuple(one.strip().casefold() for one in given if isinstance(one, str) and one.strip())

	def fits(self, value: Any) -> bool:
		"""Whether a value is such a list."""
		return (
			isinstance(value, list)
			and len(value) <= self.most
			and all(isinstance(one, str) and 0 < len(one.strip()) <= LONGEST for one in value)
		)


@dataclass(frozen=True, slots=True)
class Domains(Texts):
	"""A list of mail domains."""

	def fits(self, value: Any) -> bool:
		return Texts.fits(self, value) and all("." in one and "@" not in one for one in value)


Parameter = Number | Texts
KNOWN: dict[str, dict[str, Parameter]] = {
	"Mail Domain Mistyped": {"domains": Domains(example='["our-shop.com"]')},
	"Test Data": {"words": Texts(example='["trial", "演示"]')},
	"Birth Date Impossible": {"years": Number(120, 1, 200)},
	"Purchase before Joining": {"days": Number(0, 0, 10_000)},
	"No Way to Reach": {"post_counts": Number(1, 0, 1)},
	"Not Confirmed": {"months": Number(24, 1, 1_200)},
}
"""What the rule looks for → name of a parameter → what it may be. Other kinds take none."""


def read(kind: str, name: str, given: Mapping[str, Any]) -> Any:
	"""A parameter as the rule works with it, whatever was typed."""
	return KNOWN[kind][name].read(given.get(name))


def wrong(kind: str, given: Mapping[str, Any]) -> tuple[str, Parameter | None] | None:
	"""The first parameter that cannot be worked with: (its name, what it must be; None for one that is not known)."""
	known = KNOWN.get(kind, {})
	for name, value in given.items():
		if name not in known or not known[name].fits(value):
			return str(name), known.get(name)
	return None
