"""What must come to the same: two worlds that differ only in something that must not matter.

Invariant 7 stands here: a full return, in any parts and with returns cancelled in between, leaves everything as if
the sale had not been. So does cancelling it, and so do a return, a payment or a voucher and their undoing.
"""

import copy
import os
from dataclasses import replace

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from ccms_app.loyalty import movements
from ccms_app.loyalty.book import qualifying_now
from tests.unit.ledger_world import AMOUNTS, PARTS, PERIODS, World, days, histories, programs, twin

EXAMPLES = int(os.environ.get("CCMS_EXAMPLES", "0"))
QUICK = {"deadline": None, "suppress_health_check": list(HealthCheck)}
digit = st.integers(0, 11)


def balances(world: World) -> dict:
	return {name: world.balance(name) for name in world.members()}


def open_lots(world: World, name: str) -> dict:
	"""What is left where, once what has lapsed is written off."""
	book = copy.deepcopy(world.book(name))
	movements.expire(book, world.program, world.today)
	return {
		lot.name: (lot.remaining, lot.available_from, lot.expires_on, lot.state)
		for lot in book.lots.values()
		if lot.remaining
	}


def tier_values(world: World) -> dict:
	return {name: qualifying_now(world.book(name), world.program, world.today) for name in world.members()}


def lived(program, members: int, history: list) -> World:
	world = World(program, members, repeat=False, checks=False)
	for what, numbers in history:
		world.play(what, numbers)
	return world


def same(world: World, other: World, name: str, lots: bool) -> None:
	assert balances(world) == balances(other)
	assert tier_values(world) == tier_values(other)
	if lots:
		assert open_lots(world, name) == open_lots(other, name)


def owing(world: World) -> bool:
	return any(book.member.points_arrears for book in world.books.values())


@st.composite
def worlds(draw, **fixed) -> World:
	return lived(draw(programs(**fixed)), draw(st.integers(1, 2)), draw(histories(24)))


def sale(world: World, name: str, euros: int, spent: int, paid: bool):
	points = world._some(world.spendable(name), spent - 1) if spent else 0
	return world.sell(AMOUNTS[euros], points, member=name, paid=paid)


@settings(max_examples=EXAMPLES or 120, **QUICK)
@given(
	worlds(),
	digit,
	digit,
	digit,
	st.booleans(),
	st.lists(st.tuples(st.integers(1, 12), st.booleans()), max_size=8),
)
def test_a_full_return_leaves_everything_as_if_the_sale_had_not_been(world, who, euros, spent, paid, returns):
	"""Where points are owed, it does not matter who owes what; what was forgiven is forgiven."""
	owed = owing(world)
	assume(not (owed and world.program.on_shortfall == "Forgive"))
	without, name = twin(world), world._who(who)
	document = sale(world, name, euros, spent, paid)
	for parts, cancelled in [*returns, (PARTS, False)]:
		made = world.give_back(document, parts)
		if made and cancelled:
			world.cancel_return(document, made)
	assert document.parts_back == PARTS
	same(world, without, name, lots=not owed)


@settings(max_examples=EXAMPLES or 60, **QUICK)
@given(worlds(), digit, digit, digit, st.booleans(), st.integers(0, 12))
def test_a_cancelled_sale_leaves_everything_as_if_it_had_not_been(world, who, euros, spent, paid, parts):
	owed = owing(world)
	assume(not (owed and world.program.on_shortfall == "Forgive"))
	without, name = twin(world), world._who(who)
	document = sale(world, name, euros, spent, paid)
	if made := world.give_back(document, parts):
		world.cancel_return(document, made)
	assert world.cancel_sale(document)
	same(world, without, name, lots=not owed)


@settings(max_examples=EXAMPLES or 60, **QUICK)
@given(worlds(), digit, st.integers(1, 12))
def test_a_cancelled_return_leaves_everything_as_if_it_had_not_been(world, which, parts):
	open_ = [each for each in world.documents if not each.cancelled and each.parts_back < PARTS]
	owed = owing(world)
	assume(open_ and not (owed and world.program.on_shortfall == "Forgive"))
	without, document = twin(world), open_[which % len(open_)]
	world.cancel_return(document, world.give_back(document, parts))
	assert balances(world) == balances(without)
	assert tier_values(world) == tier_values(without)


@settings(max_examples=EXAMPLES or 60, **QUICK)
@given(worlds(accrue_when="When Paid"), digit, st.integers(1, 3))
def test_undoing_a_payment_and_paying_again_changes_nothing(world, which, times):
	open_ = [each for each in world.documents if each.paid and not each.cancelled]
	assume(open_)
	without, document = twin(world), open_[which % len(open_)]
	for _each in range(times):
		world.unpay(document)
		world.pay(document)
	same(world, without, "M1", lots=False)


@settings(max_examples=EXAMPLES or 60, **QUICK)
@given(worlds(), st.sampled_from(["grant", "deduct", "transfer", "extend"]), digit, digit, digit)
def test_a_cancelled_voucher_leaves_everything_as_if_it_had_not_been(world, what, who, points, to):
	without, name, known = twin(world), world._who(who), len(world.vouchers)
	owed = owing(world)
	world.play(
		what, (who, points if what != "transfer" else to, 0 if what != "transfer" else points, 0, 0, 0)
	)
	assume(len(world.vouchers) > known)
	world.cancel_voucher(world.vouchers[-1])
	same(world, without, name, lots=not owed)


@settings(max_examples=EXAMPLES or 120, **QUICK)
@given(programs(), st.integers(1, 3), histories(40, without=("catch_up", "expire", "review")))
def test_no_balance_depends_on_whether_the_jobs_have_run(program, members, history):
	"""One world has its jobs run every morning, the other never."""
	kept, left = (World(program, members, repeat=False, checks=False) for _each in range(2))
	for what, numbers in history:
		if what == "days":
			for _day in range(PERIODS[numbers[0]]):
				kept.today += days(1)
				kept.catch_up()
				kept.expire()
			left.today = kept.today
		else:
			kept.play(what, numbers)
			left.play(what, numbers)
		assert balances(kept) == balances(left), what
		for name in kept.members():
			assert kept.spendable(name) == left.spendable(name)
			assert kept.book(name).member.tier == left.book(name).member.tier


@settings(max_examples=EXAMPLES or 80, **QUICK)
@given(
	programs(on_shortfall="Arrears"),
	histories(24, without=("merge",)),
	st.lists(
		st.tuples(
			st.sampled_from(["give_back", "cancel_return", "cancel_sale", "pay", "unpay"]),
			st.tuples(digit, digit, st.just(0), st.just(0), st.just(0), st.just(0)),
		),
		max_size=5,
	),
)
def test_it_does_not_matter_whether_old_documents_change_before_a_merge_or_after_it(program, before, after):
	"""Under Inactivity it does: who is merged with somebody active is active."""
	if program.expiry_model == "Inactivity":
		program = replace(program, expiry_model="Rolling")
	world = lived(program, 2, before)
	early = twin(world)
	early.merge("M1", "M2")
	for what, numbers in after:
		early.play(what, numbers)
		world.play(what, numbers)
	world.merge("M1", "M2")
	assert sum(early.balance("M2")) == sum(world.balance("M2"))
	assert tier_values(early) == tier_values(world)
