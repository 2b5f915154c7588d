"""What is wrong with facts, in words that tell where."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
	"""One mistake in a file: where it stands first, what is wrong, and in how many rows more."""

	text: str
	row: int | None = None
	column: str | None = None
	more: int = 0

	def describe(self, source: str) -> str:
		place = [source]
		if self.row is not None:
			place.append(f"row {self.row:,}")
		if self.column is not None:
			place.append(f"column {self.column}")
		rest = f" ({self.more:,} more row{'s' if self.more > 1 else ''} like it)" if self.more else ""
		return f"{', '.join(place)}: {self.text}{rest}"


class FactsError(ValueError):
	"""The facts cannot be used. ``problems`` holds one :class:`Problem` for each kind of mistake found."""

	def __init__(self, source: str, problems: list[Problem]):
		self.source = source
		self.problems = problems
		super().__init__("\n".join(problem.describe(source) for problem in problems))
