"""Numbers in place of names, for lines that are grouped many times over.

Customers, items, groups, brands and places get whole numbers in the order of their names, so a tie that goes to the
smaller number goes to the smaller name. The lines carry the numbers; the few rows of a result get the names back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from .lines import PLACE

# computes a table once and keeps it (Engine.keeping); the default leaves all to one query
Keep = Callable[[ir.Table], ir.Table]


def as_it_is(table: ir.Table) -> ir.Table:
	"""A Keep that keeps nothing."""
	return table


@dataclass(frozen=True)
class Names:
	"""The different values of some columns, numbered from 1 in their order; null is the empty text, the smallest."""

	table: ir.Table
	number: str
	columns: tuple[str, ...]

	def encode(self, table: ir.Table) -> ir.Table:
		"""Replace the columns by their number; the number takes the place of a single column."""
		named = table.mutate(**{name: table[name].fill_null("") for name in self.columns})
		return (
			named.join(self.table, list(self.columns)).drop(*self.columns).rename(**self._single(self.number))
		)

	def decode(self, table: ir.Table, column: str, **names: str) -> ir.Table:
		"""Add names for the numbers in a column: new name = column of these; unknown and empty become null."""
		values = self.table.select(
			self.number, **{new: self.table[old].nullif("") for new, old in names.items()}
		)
		values = values.rename(_number=self.number)
		return table.left_join(values, table[column] == values["_number"]).drop("_number")

	def _single(self, number: str) -> dict[str, str]:
		return {self.columns[0]: number} if len(self.columns) == 1 else {}


def names(lines: ir.Table, *columns: str, number: str = "number") -> Names:
	"""Number what stands in one column, or in several together."""
	values = lines.select(**{name: lines[name].fill_null("") for name in columns}).distinct()
	table = values.mutate(**{number: (ibis.row_number().over(order_by=columns) + 1).cast("int32")})
	return Names(table, number, columns)


def places(lines: ir.Table) -> Names:
	"""Number where customers buy and who looks after them: the columns of PLACE as one `place`."""
	return names(lines, *PLACE, number="place")
