"""What the customers of a segment have in common, against everybody else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

FEW = 5  # customers: below that a share says nothing
SHOWN = 5
TELLING = 0.03  # a smaller difference of shares is none


@dataclass(frozen=True)
class Trait:
	"""One value of one figure. inside, outside: shares of customers, 0 to 1. index: 100 is as among the others."""

	field: str
	value: str
	customers: int
	inside: float
	outside: float

	@property
	def index(self) -> float | None:
		"""None where nobody else has the value."""
		return 100 * self.inside / self.outside if self.outside else None


@dataclass(frozen=True)
class Mean:
	"""The mean of one figure inside and outside; None where it is not known of anybody."""

	field: str
	inside: float | None
	outside: float | None

	@property
	def index(self) -> float | None:
		if self.inside is None or not self.outside or self.outside < 0:
			return None
		return 100 * self.inside / self.outside


def traits(
	counts: Iterable[tuple[str, str, int, int]], size: int, others: int
) -> tuple[list[Trait], list[Trait]]:
	"""The values most over- and most under-represented, strongest first.

	Args:
		counts: (field, value, customers inside, customers outside).
		size, others: all customers inside and outside.
	"""
	if not size or not others:
		return [], []
	found = [
		Trait(field, value, inside, inside / size, outside / others)
		for field, value, inside, outside in counts
		if inside + outside >= FEW
	]
	# by difference of shares: an index alone would show the rarest values
	found.sort(key=lambda trait: (trait.inside - trait.outside, trait.field, trait.value))
	over = [trait for trait in reversed(found) if trait.inside - trait.outside >= TELLING]
	under = [trait for trait in found if trait.outside - trait.inside >= TELLING]
	return over[:SHOWN], under[:SHOWN]
