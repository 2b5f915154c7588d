"""What a member owes and the points that are put back into active lots: they do not stand side by side."""

from dataclasses import replace
from decimal import Decimal as D

import pytest

from tests.unit.ledger_world import PARTS, PLAIN, World


def standing(world: World, name: str = "M1") -> tuple[D, D]:
	member = world.book(name).member
	return member.points_active, member.points_arrears


def owing():
	"""A member who has spent the points of a sale that then came back: (world, the sale that was paid with them)."""
	world = World(PLAIN)
	sale = world.sell(D(100))
	spent = world.sell(D("0.01"), D(100))
	world.give_back(sale, PARTS)
	assert standing(world) == (0, 100)
	return world, spent


@pytest.mark.parametrize(("parts", "left"), [(3, 75), (6, 50), (PARTS, 0)])
def test_points_restored_by_a_return_pay_what_is_owed(parts, left):
	world, spent = owing()
	world.give_back(spent, parts)
	assert standing(world) == (0, left)


def test_points_freed_by_a_cancelled_sale_pay_what_is_owed():
	world, spent = owing()
	world.cancel_sale(spent)
	assert standing(world) == (0, 0)


def test_cancelling_the_return_owes_it_again():
	world, spent = owing()
	world.give_back(spent, PARTS)
	world.cancel_return(spent, spent.returns[0])
	assert standing(world) == (0, 100)
	world.give_back(spent, PARTS)
	assert standing(world) == (0, 0)


def test_what_is_left_after_the_debt_can_be_spent():
	world, spent = owing()
	world.give_back(spent, PARTS)
	world.grant(D(30))
	assert standing(world) == (30, 0)
	world.sell(D("0.01"), D(30))
	assert standing(world) == (0, 0)


def test_a_debt_is_paid_after_the_return_has_taken_its_own():
	"""Else a programme that forgives a shortfall would forgive the older debt with it."""
	world = World(replace(PLAIN, on_shortfall="Forgive"))
	gift = world.grant(D(30))
	world.sell(D("0.01"), D(30))
	world.cancel_voucher(gift)
	assert standing(world) == (0, 30)
	world.grant(D(130))
	both = world.sell(D(100), D(100))
	assert standing(world) == (100, 0)
	world.sell(D("0.01"), D(100))
	other = world.grant(D(50))
	world.sell(D("0.01"), D(50))
	world.cancel_voucher(other)
	assert standing(world) == (0, 50)
	world.give_back(both, PARTS)  # 100 restored, 100 taken back: the debt stands as it did
	assert standing(world) == (0, 50)
