"""How long stays last, as counts that can be added up: exact to the second for a minute, within 1.6 % beyond.

A stay of 64 seconds or more is counted by its six leading binary digits: 32 steps from each power of two to the next.
Counts of days can be added to those of a month, and the median read from the sum.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

EXACT = 64
"""Seconds below which every second is counted by itself."""
_DIGITS = 6


def step(seconds: float) -> int:
	"""The shortest stay, in whole seconds, that is counted together with this one.

	>>> step(12.9), step(100), step(101), step(3600)
	(12, 100, 100, 3584)
	"""
	whole = max(int(seconds), 0)
	coarse = max(whole.bit_length() - _DIGITS, 0)
	return whole >> coarse << coarse


def middle(shortest: int) -> float:
	"""What stands for the stays of a step: its middle.

	>>> middle(12), middle(100), middle(3584)
	(12.0, 100.5, 3615.5)
	"""
	width = 1 << max(shortest.bit_length() - _DIGITS, 0)
	return shortest + (width - 1) / 2


def counted(stays: Iterable[tuple[float, int]]) -> dict[int, int]:
	"""Stays that are given as (seconds, how often), counted by step."""
	found: dict[int, int] = {}
	for seconds, times in stays:
		place = step(seconds)
		found[place] = found.get(place, 0) + int(times)
	return found


def add(to: dict[int, int], more: Mapping[int, int]) -> None:
	"""Add counts to others."""
	for place, times in more.items():
		to[place] = to.get(place, 0) + times


def write(counts: Mapping[int, int]) -> str:
	"""Counts as one text: "12:3 100:1"."""
	return " ".join(f"{place}:{times}" for place, times in sorted(counts.items()))


def read(text: str | None) -> dict[int, int]:
	"""The counts that `write` wrote."""
	pairs = (pair.partition(":") for pair in (text or "").split())
	return {int(place): int(times) for place, _colon, times in pairs}


def usual(counts: Mapping[int, int]) -> float | None:
	"""The median of counted stays in seconds; None when there are none."""
	return median((middle(place), times) for place, times in counts.items())


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
