"""Totals without people: a figure that fewer than ten people stand behind is added to others until ten do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

FEWEST = 10
DAY, MONTH, YEAR = "Day", "Month", "Year"


@dataclass
class Cell:
	"""A figure: what so many people did. people: their names where there are fewer than `FEWEST`, else a number suffices."""

	day: date
	branch: str = ""
	interaction_type: str = ""
	channel: str = ""
	sums: tuple[float, ...] = ()
	people: frozenset[str] = frozenset()
	many: bool = False
	span: str = DAY

	@property
	def is_open(self) -> bool:
		"""Whether enough people stand behind it that it tells of none."""
		return self.many or len(self.people) >= FEWEST


@dataclass
class Merged:
	"""Cells that may be kept for good, and what is left of a month: too few even together."""

	cells: list[Cell] = field(default_factory=list)
	rest: Cell | None = None


def merge(cells: Iterable[Cell]) -> Merged:
	"""Merge the small cells of one month: those of a day into one, the days' rests into the month's.

	Where the rest of a day is small and some cell of the day is not, the smallest of these is given to it: else the rest
	could be told from a total of the day that stands elsewhere. Sums are the same before and after, the rest counted.
	"""
	by_day: dict[date, list[Cell]] = defaultdict(list)
	for cell in cells:
		by_day[cell.day].append(cell)
	merged, rests = Merged(), []
	for _day, those in sorted(by_day.items()):
		kept = [cell for cell in those if cell.is_open]
		small = [cell for cell in those if not cell.is_open]
		rest = together(small, DAY) if small else None
		if rest and not rest.is_open and kept:
			least = min(kept, key=lambda cell: (cell.sums, cell.interaction_type, cell.channel, cell.branch))
			kept.remove(least)
			rest = together([rest, least], DAY)
		if rest and rest.is_open:
			kept.append(rest)
		elif rest:
			rests.append(rest)
		merged.cells += kept
	if rests:
		month = together(rests, MONTH)
		if month.is_open:
			merged.cells.append(month)
		else:
			merged.rest = month
	return merged


def together(cells: list[Cell], span: str) -> Cell:
	"""One cell for several, without type, channel and branch."""
	day = min(cell.day for cell in cells)
	first = {DAY: day, MONTH: day.replace(day=1), YEAR: day.replace(month=1, day=1)}[span]
	return Cell(
		day=first,
		sums=tuple(map(sum, zip(*(cell.sums for cell in cells), strict=True))),
		people=frozenset().union(*(cell.people for cell in cells)),
		many=any(cell.many for cell in cells),
		span=span,
	)
