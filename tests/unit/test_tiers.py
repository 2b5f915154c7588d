"""Tiers: reached, kept, renewed and lost, on figures worked out by hand."""

from dataclasses import replace
from datetime import date
from decimal import Decimal as D

import pytest

from ccms_app.loyalty import tiers
from ccms_app.loyalty.model import ONE, TIER, Program, Tier
from tests.unit.ledger_world import PARTS, World, days

BRONZE, SILVER, GOLD = Tier("Bronze"), Tier("Silver", D(100), D("1.5")), Tier("Gold", D(300), D(2))
CLUB = Program("Club", tiers=(GOLD, BRONZE, SILVER), downgrade="To Earned Tier")


def club(**rules) -> World:
	return World(replace(CLUB, **rules))


def at(world: World, day: str) -> World:
	world.today = date.fromisoformat(day)
	return world


def tier(world: World) -> str:
	return world.book().member.tier


def history(world: World) -> list[tuple[str, str, str]]:
	"""(day, tier, reason) of every tier entry."""
	return [
		(str(entry.posting_date), entry.new_value, entry.reason)
		for entry in world.book().new_entries
		if entry.entry_type == TIER
	]


# --- the rule itself


@pytest.mark.parametrize(
	("value", "expected"),
	[
		("0", "Bronze"),
		("99.99", "Bronze"),
		("100", "Silver"),
		("299.99", "Silver"),
		("300", "Gold"),
		("9999999", "Gold"),
	],
)
def test_a_threshold_is_never_a_ceiling(value, expected):
	assert tiers.earned(CLUB, D(value)).name == expected


def test_a_programme_without_tiers_or_with_a_high_lowest_one():
	assert tiers.earned(Program("P"), D(5)) is None
	assert tiers.earned(replace(CLUB, tiers=(SILVER,)), D(5)) is None
	assert tiers.multiplier(CLUB, "Silver") == D("1.5")
	assert tiers.multiplier(CLUB, "gone") == tiers.multiplier(Program("P"), "") == ONE


def test_the_next_tier():
	assert tiers.following(CLUB, "Bronze") == SILVER
	assert tiers.following(CLUB, "Silver") == GOLD
	assert tiers.following(CLUB, "Gold") is None
	assert tiers.following(CLUB, "") == BRONZE


# --- going up


def test_a_document_earns_at_the_tier_held_before_it_and_lifts_at_once():
	world = club()
	world.sell(D(400))
	assert world.spendable() == 400  # Bronze, although the sale makes it Gold
	assert tier(world) == "Gold"
	world.sell(D(10))
	assert world.spendable() == 420


def test_points_paid_never_count():
	world = club()
	world.sell(D(99))
	world.sell(D("0.99"), D(99))
	assert (tier(world), world.book().member.qualifying_value) == ("Bronze", D("99.99"))
	world.sell(D("0.01"))
	assert tier(world) == "Silver"


@pytest.mark.parametrize(
	("basis", "sales", "expected"),
	[
		("Spend", [D(250), D(49)], D(299)),
		("Points", [D(100), D(49)], D(173)),  # 100, then 49 x 1.5 = 73.5 down
		("Orders", [D(500), D(500), D(1)], D(3)),
	],
)
def test_what_counts(basis, sales, expected):
	world = club(tier_basis=basis)
	for base in sales:
		world.sell(base)
	assert world.book().member.qualifying_value == expected


def test_a_partial_return_takes_its_share_off_and_an_order_counts_until_it_is_all_back():
	for basis, left in (("Spend", D(175)), ("Points", D(175)), ("Orders", D(2))):
		world = club(tier_basis=basis)
		world.sell(D(50))
		document = world.sell(D(150))
		world.give_back(document, 2)  # a sixth of 150 is 25
		assert world.book().member.qualifying_value == left
		world.give_back(document, PARTS)
		assert world.book().member.qualifying_value == (1 if basis == "Orders" else 50)
		# what was reached stays until its time is over
		assert tier(world) == ("Bronze" if basis == "Orders" else "Silver")


def test_tier_points_are_earned_points_less_clawed_back_ones():
	world = club(tier_basis="Points")
	document = world.sell(D(10))
	world.give_back(document, 4)  # a third: 3 points, not 3.33
	assert world.balance()[0] == world.book().member.qualifying_value == 7


def test_a_cancelled_return_may_lift():
	world = club()
	document = world.sell(D(90))
	made = world.give_back(document, 6)
	world.sell(D(20))
	assert tier(world) == "Bronze"
	world.cancel_return(document, made)
	assert tier(world) == "Silver"


# --- windows


def test_rolling_twelve_months():
	world = at(club(), "2023-03-15")
	world.sell(D(60))
	at(world, "2024-03-14").sell(D(39))
	assert world.book().member.qualifying_value == 99
	# a year and a day after the first sale it no longer counts
	at(world, "2024-03-15").sell(D(41))
	world.review()
	assert (world.book().member.qualifying_value, tier(world)) == (80, "Bronze")


def test_calendar_year():
	world = at(club(tier_window="Calendar Year"), "2023-12-31")
	world.sell(D(99))
	at(world, "2024-01-01").sell(D(99))
	assert (world.book().member.qualifying_value, tier(world)) == (99, "Bronze")
	world.sell(D(1))
	assert (tier(world), world.book().member.tier_until) == ("Silver", date(2024, 12, 31))
	# a return counts in the year of its sale
	world.give_back(world.documents[0], PARTS)
	assert world.book().member.qualifying_value == 100


def test_lifetime_tiers_are_kept():
	world = at(club(tier_window="Lifetime"), "2020-01-01")
	world.sell(D(60))
	at(world, "2024-01-01").sell(D(40))
	assert (tier(world), world.book().member.tier_until) == ("Silver", None)
	at(world, "2034-01-01").review()
	assert tier(world) == "Silver"


def test_a_back_dated_sale_of_a_closed_year_does_not_count_in_this_one():
	world = at(club(tier_window="Calendar Year"), "2024-02-01")
	world.review()
	world.sell(D(250), back=40)
	world.review()
	assert (world.book().member.qualifying_value, tier(world)) == (0, "Bronze")


# --- going down


def test_nothing_goes_down_before_the_end_and_its_grace():
	world = at(club(tier_grace_days=30), "2023-01-10")
	world.sell(D(350))
	assert (tier(world), world.book().member.tier_until) == ("Gold", date(2024, 1, 10))
	for day in ("2023-12-31", "2024-01-10", "2024-01-11", "2024-02-09"):
		at(world, day).review()
		assert tier(world) == "Gold", day
	at(world, "2024-02-10").review()
	assert (tier(world), world.book().member.tier_since) == ("Bronze", date(2024, 2, 10))
	assert history(world)[-1] == ("2024-02-10", "Bronze", "downgrade")


@pytest.mark.parametrize(
	("policy", "expected", "reason"),
	[
		("Never", "Gold", "renewed"),
		("One Step", "Silver", "downgrade"),
		("To Earned Tier", "Bronze", "downgrade"),
	],
)
def test_downgrade_policies(policy, expected, reason):
	world = at(club(downgrade=policy), "2023-01-10")
	world.sell(D(350))
	at(world, "2024-01-11").review()
	assert (tier(world), world.book().member.tier_until) == (expected, date(2025, 1, 11))
	assert history(world)[-1][2] == reason
	if policy == "One Step":
		at(world, "2025-01-12").review()
		assert tier(world) == "Bronze"


def test_a_tier_that_is_still_earned_is_renewed():
	world = at(club(), "2023-01-10")
	world.sell(D(150))
	since = world.book().member.tier_since
	at(world, "2023-06-10").sell(D(100))
	at(world, "2024-01-11").review()  # the first sale is out, the second holds it
	member = world.book().member
	assert (member.tier, member.tier_since, member.tier_until) == ("Silver", since, date(2025, 1, 11))
	assert history(world)[-1] == ("2024-01-11", "Silver", "renewed")


def test_the_year_that_has_ended_decides():
	world = at(club(tier_window="Calendar Year"), "2023-06-01")
	world.sell(D(350))
	assert world.book().member.tier_until == date(2023, 12, 31)
	at(world, "2024-01-01").review()
	# 350 in 2023 renew it for 2024, though 2024 has only begun
	assert (tier(world), world.book().member.tier_until) == ("Gold", date(2024, 12, 31))
	at(world, "2024-05-01").sell(D(120))
	at(world, "2025-01-01").review()
	assert (tier(world), history(world)[-1][2]) == ("Silver", "downgrade")


def test_a_new_year_that_already_earned_more_is_not_lowered():
	world = at(club(tier_window="Calendar Year", tier_grace_days=60), "2023-06-01")
	world.sell(D(150))
	at(world, "2024-02-01").sell(D(250))  # x 1.5 points; Silver holds
	assert tier(world) == "Silver"
	at(world, "2024-03-01").review()
	assert (tier(world), world.book().member.tier_until) == ("Silver", date(2024, 12, 31))


def test_a_review_twice_a_day_does_nothing_more():
	world = at(club(), "2023-01-10")
	world.sell(D(350))
	at(world, "2024-01-11").review()
	entries = len(world.book().new_entries)
	world.review()
	at(world, "2024-01-12").review()
	assert len(world.book().new_entries) == entries


def test_a_tier_that_the_programme_no_longer_has():
	world = club()
	world.sell(D(150))
	world.program = replace(CLUB, tiers=(BRONZE, Tier("Platinum", D(120))))
	world.review()
	assert tier(world) == "Platinum"
	assert world.spendable() == 150


def test_who_is_about_to_lose_a_tier():
	def due(value, by, **rules):
		program = replace(CLUB, **rules)
		return tiers.falls_due(program, "Silver", date(2024, 1, 10), D(value), date.fromisoformat(by))

	assert due(99, "2024-01-10")
	assert not due(99, "2024-01-09")
	assert not due(100, "2024-01-10")
	assert not due(99, "2024-01-10", downgrade="Never")
	assert not due(99, "2024-01-19", tier_grace_days=10)
	assert due(99, "2024-01-20", tier_grace_days=10)
	assert not tiers.falls_due(CLUB, "Silver", None, D(0), date(2024, 1, 10))
	assert not tiers.falls_due(CLUB, "gone", date(2024, 1, 10), D(0), date(2024, 1, 10))


def test_a_merge_keeps_the_higher_tier_and_adds_what_counts():
	world = World(CLUB, 2)
	world.sell(D(60), member="M1")
	world.sell(D(50), member="M2")
	world.today += days(1)
	world.merge("M1", "M2")
	# 110 together
	assert (tier(world), world.book("M2").member.qualifying_value) == ("Silver", 110)
	assert world.book("M2").new_entries[-1].reason == "merge"
	world = World(CLUB, 2)
	world.sell(D(350), member="M1")
	world.merge("M1", "M2")
	assert tier(world) == "Gold"
