"""Medians from counts of whole seconds: exact to the second, however many stays there were."""

from __future__ import annotations

from collections.abc import Iterable


def median(counts: Iterable[tuple[float, int]]) -> float | None:
	"""The median of values that are given as (value, how often); None when there are none.

	>>> median([(3, 2), (10, 1)])
	3.0
	"""
	ordered = sorted((float(value), int(number)) for value, number in counts if number > 0)
	total = sum(number for _value, number in ordered)
	if not total:
		return None
	low, high = (_at(ordered, place) for place in ((total - 1) // 2, total // 2))
	return (low + high) / 2


def _at(ordered: list[tuple[float, int]], place: int) -> float:
	"""The value at a place, from 0."""
	passed = 0
	for value, number in ordered:
		passed += number
		if passed > place:
			return value
	raise IndexError(place)
