"""Decimal arithmetic of points and money. Nothing here ever passes through a float sum."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_UP, ROUND_UP, Decimal

from .model import ZERO

MODES = {"Down": ROUND_DOWN, "Nearest": ROUND_HALF_UP, "Up": ROUND_UP}
# A base is a quotient kept to nine decimals. What is nearer than that to the next point, as 33.333333333 x 3 is to
# 100, is that point.
BASE_QUANTUM = Decimal("1e-9")
_QUANTA = tuple(Decimal(1).scaleb(-digits) for digits in range(10))


def dec(value: object) -> Decimal:
	"""A stored number as Decimal. A float is read as it is printed, so 4.35 is 4.35."""
	if isinstance(value, Decimal):
		return value
	if value in (None, ""):
		return ZERO
	return Decimal(repr(value) if isinstance(value, float) else str(value))


def rounded(value: Decimal, precision: int, mode: str = "Nearest") -> Decimal:
	"""`value` at `precision` decimals; `mode` is Down, Nearest (half away from zero) or Up."""
	return value.quantize(_QUANTA[precision], rounding=MODES[mode])


def decimals(value: Decimal) -> int:
	"""How many decimals a value really carries (2.50 has one)."""
	return max(0, -value.normalize().as_tuple().exponent) if value else 0


def earn_base(amount: Decimal, points_amount: Decimal, total_before_points: Decimal) -> Decimal:
	"""The part of a sale that earns: amount of the basis x (1 - points amount / total before points)."""
	if not points_amount or not total_before_points:
		return amount
	# multiplied first: 1 - 3/7 is no longer four sevenths once it has been written down in digits
	return amount * (total_before_points - points_amount) / total_before_points


def points_for(
	base: Decimal, amount_per_point: Decimal, multiplier: Decimal, precision: int, mode: str
) -> Decimal:
	"""Points of one document, rounded once. A zero or negative base earns nothing."""
	if base <= 0 or amount_per_point <= 0:
		return ZERO
	nudge = -BASE_QUANTUM if mode == "Up" else BASE_QUANTUM
	return rounded(max(ZERO, base + nudge) * multiplier / amount_per_point, precision, mode)


def part(share: Decimal, amount: Decimal, precision: int) -> Decimal:
	"""A share of an amount, half away from zero, so that the parts of a whole sum to it when cumulated."""
	if share >= 1:
		return amount
	return rounded(rounded(share * amount, 9), precision)
