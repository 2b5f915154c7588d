"""What part of a sale is back: the share of a return.

Share = sum over linked lines of (returned qty / sold qty x original net amount) / sum of original net amounts.
A line of quantity 0 or of a reduced rate counts its own amount instead; the share is at most 1, and exactly 1
when every line is fully back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from .model import ONE, ZERO


@dataclass(frozen=True, slots=True)
class SoldLine:
	"""A line of the original sale."""

	name: str
	qty: Decimal
	net_amount: Decimal
	amount: Decimal
	rate: Decimal


@dataclass(frozen=True, slots=True)
class ReturnedLine:
	"""A line of a return; quantities and amounts positive."""

	sold_line: str
	qty: Decimal
	amount: Decimal
	rate: Decimal


def line_part(sold: SoldLine, back: ReturnedLine) -> Decimal:
	"""The part of one sold line that one returned line brings back."""
	by_amount = not back.qty or not sold.qty or back.rate < sold.rate
	if by_amount:
		return back.amount / sold.amount if sold.amount else ZERO
	return back.qty / sold.qty


def share(sold: Mapping[str, SoldLine], returned: Iterable[ReturnedLine]) -> Decimal:
	"""The part of a sale that is back after all these returned lines, 0 to 1."""
	parts: dict[str, Decimal] = dict.fromkeys(sold, ZERO)
	for line in returned:
		if line.sold_line in sold:
			parts[line.sold_line] += line_part(sold[line.sold_line], line)
	parts = {name: min(ONE, max(ZERO, value)) for name, value in parts.items()}
	if parts and all(value == 1 for value in parts.values()):
		return ONE
	net = sum((line.net_amount for line in sold.values()), ZERO)
	if net > 0:
		back = sum((parts[name] * line.net_amount for name, line in sold.items()), ZERO)
		return min(ONE, max(ZERO, back / net))
	weights = sum((line.qty for line in sold.values()), ZERO)  # a sale of free goods: by quantity
	back = sum((parts[name] * line.qty for name, line in sold.items()), ZERO)
	return min(ONE, max(ZERO, back / weights)) if weights > 0 else ZERO
