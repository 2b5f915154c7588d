"""All rules on one customer, and the score: 100 less the weight of each rule that found something."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from .record import Record
from .rules import KINDS, Found, Rule

MOST_OF_A_RULE = 20
"""A customer with a hundred bad numbers needs no hundred findings."""


@dataclass(frozen=True, slots=True)
class Finding:
	"""What a rule found on a customer."""

	rule: Rule
	found: Found


def check(record: Record, rules: Sequence[Rule], today: date) -> list[Finding]:
	"""What the rules find on a customer, each place once. A rule of a kind nobody knows finds nothing."""
	findings = []
	for rule in rules:
		if rule.kind not in KINDS:
			continue
		seen: set[str] = set()
		for found in KINDS[rule.kind](record, rule, today):
			if found.place.key not in seen:
				seen.add(found.place.key)
				findings.append(Finding(rule, found))
			if len(seen) == MOST_OF_A_RULE:
				break
	return findings


def score(weights: Iterable[tuple[str, float]]) -> float:
	"""100 less the weights of the rules that found something, each once; never below 0.

	Args:
		weights: (rule, weight) of each finding.
	"""
	return max(0.0, round(100.0 - sum(dict(weights).values()), 1))
