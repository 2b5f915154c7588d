"""What of a purchase is not told: goods whose item group has a privacy class, such as medicines."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
	from ibis.expr.types import Table

PRIVATE = "•••"
"""The item of such a line, which has no item group and no brand: that something was bought counts, what it was does not."""


def told(goods: Table) -> Table:
	"""Those of lines, or of items, of which it is told what was bought."""
	return goods.filter(goods.item != PRIVATE)
