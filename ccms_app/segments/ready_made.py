"""Segments that most shops want, as rules: made once, then theirs to change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .rules import ALL, Rule


@dataclass(frozen=True)
class ReadyMade:
	"""code: which one it is, whatever it is called later. rules: joined by `match`."""

	code: str
	title: str
	description: str
	rules: tuple[Rule, ...]
	match: str = ALL

	@property
	def fields(self) -> set[str]:
		return {rule.field for rule in self.rules}


READY_MADE: tuple[ReadyMade, ...] = (
	ReadyMade(
		"vip",
		"VIP",
		"The best value band who still buy.",
		(
			Rule("score.value_band", "in", ["A"]),
			Rule("profile.stage", "in", ["Loyal", "Repeat"]),
		),
	),
	ReadyMade(
		"champions",
		"Champions",
		"Bought lately, often, and for much.",
		(Rule("score.rfm_group", "in", ["Champions"]),),
	),
	ReadyMade(
		"risk_high_value",
		"At risk with high value",
		"Worth keeping and about to leave.",
		(
			Rule("score.value_band", "in", ["A", "B"]),
			Rule("profile.stage", "in", ["At Risk"], 1),
			Rule("score.churn_level", "in", ["High"], 1),
		),
	),
	ReadyMade(
		"new",
		"New this month",
		"First order in the last 30 days.",
		(Rule("profile.first_order", "days_ago_within", 30),),
	),
	ReadyMade(
		"one_time",
		"One-time buyers",
		"One order, more than 60 days ago.",
		(
			Rule("profile.orders", "equal", 1),
			Rule("profile.last_order", "days_ago_more", 60),
		),
	),
	ReadyMade(
		"lost",
		"Lost",
		"Away far longer than usual for them.",
		(Rule("profile.stage", "in", ["Lost"]),),
	),
	ReadyMade(
		"due",
		"Due in the next two weeks",
		"Expected to buy again soon.",
		(Rule("score.next_purchase_on", "days_ahead_within", 14),),
	),
	ReadyMade(
		"returns",
		"High returns",
		"Gave back a fifth or more of what they bought in a year.",
		(
			Rule("score.return_rate", "at_least", 20),
			Rule("score.orders_365", "at_least", 3),
		),
	),
	ReadyMade(
		"price",
		"Price sensitive",
		"Buy below list price more than others do.",
		(Rule("score.price_band", "in", ["High"]),),
	),
	ReadyMade(
		"growing",
		"Growing",
		"Spend a quarter more than in their year before.",
		(
			Rule("score.trend_revenue", "at_least", 25),
			Rule("score.orders_90", "at_least", 2),
		),
	),
	ReadyMade(
		"prospects",
		"Never bought",
		"Customers without an order.",
		(Rule("profile.stage", "in", ["Prospect"]),),
	),
)

BIRTHDAY = ("birth", "born", "生日", "出生")


def birthday(key: str) -> ReadyMade:
	"""Whose birthday is near, by a site's own date field."""
	return ReadyMade(
		"birthday",
		"Birthday in the next two weeks",
		"To congratulate in time.",
		(Rule(key, "anniversary", 14),),
	)


def looks_like_birthday(key: str, label: str) -> bool:
	"""Whether a date field is a birthday, by its name."""
	text = f"{key} {label}".casefold()
	return any(word in text for word in BIRTHDAY)


def possible(fields: Iterable[str], birthday_key: str | None) -> list[ReadyMade]:
	"""Those that a site has all fields for."""
	there = set(fields)
	found = [one for one in READY_MADE if one.fields <= there]
	return [*found, birthday(birthday_key)] if birthday_key else found
