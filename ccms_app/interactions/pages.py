"""What happens on the pages of a shop, counted without persons: figures that can be added up over days."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from . import dwell
from .totals import FEWEST

PAGE, NEXT = "Page", "Next Page"
"""A page; a page and the one that followed it."""
LOOKED, ADDED, STEP, DROPPED = "Looked", "Put In", "Step", "Taken Out"
"""Who looked at any page, put something into a cart, reached a step of buying; what was taken out, by page."""
KINDS = (PAGE, NEXT, LOOKED, ADDED, STEP, DROPPED)


class Key(NamedTuple):
	"""What a count is of. next_path: of `NEXT`; step: of `STEP`."""

	kind: str
	branch: str = ""
	channel: str = ""
	path: str = ""
	next_path: str = ""
	step: str = ""


@dataclass
class Cell:
	"""A count.

	events: views of a page, times it was followed, cart events. entries: views that began a visit. followed: how often
	another page came after it. visitors: each counted once a day, branch and channel. people: so many at least stand
	behind it, as far as one day tells. stays: as `dwell.counted`. amount: what was taken out of carts. place: the page
	of a step.
	"""

	key: Key
	events: int = 0
	entries: int = 0
	followed: int = 0
	visitors: int = 0
	people: int = 0
	amount: float = 0.0
	place: str = ""
	stays: dict[int, int] = field(default_factory=dict)

	@property
	def is_open(self) -> bool:
		"""Whether enough people stand behind it that it tells of none."""
		return self.people >= FEWEST

	def add(self, other: Cell) -> None:
		"""Add the count of another day."""
		self.events += other.events
		self.entries += other.entries
		self.followed += other.followed
		self.visitors += other.visitors
		self.people = max(self.people, other.people)
		self.amount += other.amount
		self.place = max(self.place, other.place)
		dwell.add(self.stays, other.stays)


def together(cells: Iterable[Cell]) -> list[Cell]:
	"""The counts of several days as one for each key."""
	found: dict[Key, Cell] = {}
	for cell in cells:
		found.setdefault(cell.key, Cell(cell.key)).add(cell)
	return list(found.values())


def rest(cells: Iterable[Cell], kind: str) -> Cell:
	"""The small counts of a kind as one, which names neither page nor step; how many people stand behind it is not known."""
	found = Cell(Key(kind))
	for cell in cells:
		if cell.key.kind == kind and not cell.is_open:
			found.add(cell)
	found.people, found.place = 0, ""
	return found
