"""What part of a sale is back: the share of a return.

Share = sum over linked lines of (returned qty / sold qty x original net amount) / sum of original net amounts.
A line of quantity 0 or of a reduced rate counts its own amount instead; the share is at most 1, and exactly 1
when every line is fully back. A line typed by hand counts for the lines of its item that have room, one after the
other, and beyond them, or when that item was not sold, by its own net amount: its money leaves all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from .model import ONE, ZERO

# Thirds of a line have to sum to the whole line, which decimals cannot say.
NOTHING, ALL = Fraction(0), Fraction(1)


@dataclass(frozen=True, slots=True)
class SoldLine:
	"""A line of the original sale."""

	name: str
	qty: Decimal
	net_amount: Decimal
	amount: Decimal
	rate: Decimal
	item: str = ""


@dataclass(frozen=True, slots=True)
class ReturnedLine:
	"""A line of a return; quantities and amounts positive. One that names no sold line was typed by hand."""

	sold_line: str
	qty: Decimal
	amount: Decimal
	rate: Decimal
	item: str = ""
	net_amount: Decimal = ZERO


def line_part(sold: SoldLine, back: ReturnedLine) -> Fraction:
	"""The part of one sold line that one returned line brings back, exactly."""
	by_amount = not back.qty or not sold.qty or back.rate < sold.rate
	if by_amount:
		return Fraction(back.amount) / Fraction(sold.amount) if sold.amount else NOTHING
	return Fraction(back.qty) / Fraction(sold.qty)


def share(sold: Mapping[str, SoldLine], returned: Iterable[ReturnedLine]) -> Decimal:
	"""The part of a sale that is back after all these returned lines, 0 to 1."""
	parts: dict[str, Fraction] = dict.fromkeys(sold, NOTHING)
	typed = []
	for line in returned:
		if line.sold_line in sold:
			parts[line.sold_line] += line_part(sold[line.sold_line], line)
		else:
			typed.append(line)
	parts = {name: min(ALL, max(NOTHING, value)) for name, value in parts.items()}
	left = [(_fill(sold, parts, line), line) for line in typed]
	if parts and all(value == ALL for value in parts.values()):
		return ONE
	weights = {name: Fraction(line.net_amount) for name, line in sold.items()}
	foreign = sum((part * Fraction(line.net_amount) for part, line in left), NOTHING)
	if sum(weights.values()) <= 0:  # a sale of free goods: by quantity
		weights = {name: Fraction(line.qty) for name, line in sold.items()}
		foreign = NOTHING
	whole = sum(weights.values())
	if whole <= 0:
		return ZERO
	back = sum((parts[name] * weight for name, weight in weights.items()), foreign) / whole
	back = min(ALL, max(NOTHING, back))
	return Decimal(back.numerator) / Decimal(back.denominator)


def _fill(sold: Mapping[str, SoldLine], parts: dict[str, Fraction], line: ReturnedLine) -> Fraction:
	"""Count a typed line for the lines of its item that have room; returns the part of it that finds none."""
	left = ALL
	for name, there in sold.items():
		if not line.item or there.item != line.item:
			continue
		whole = line_part(there, line)  # of this sold line, if all of the typed one counted for it
		if whole <= 0:
			continue
		taken = min(ALL - parts[name], whole * left)
		parts[name] += taken
		left -= taken / whole
	return left
