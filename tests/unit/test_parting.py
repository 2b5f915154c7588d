"""Two members are merged and parted again, after any history and with any history in between."""

from hypothesis import HealthCheck, given, settings

from ccms_app.loyalty import invariants, movements
from ccms_app.loyalty.model import ZERO
from tests.unit.ledger_world import KEY, World, histories, net_balance, programs

QUICK = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
WITHOUT = ("merge",)
"""Other merges in between are undone first."""


def lived(program, steps) -> World:
	world = World(program, 2, repeat=False, checks=False)
	for what, number in steps:
		if what != "nothing":
			world.play(what, number)
	return world


def merged(world: World) -> str:
	"""Merge M1 into M2; returns the key of the merge."""
	source = world.books["M1"]
	key = f"merge:M1:{source.member.last_seq + 1}"
	world.merge("M1", "M2")
	return key


def parted(world: World, key: str):
	books = world.books["M1"], world.books["M2"]
	merge = [
		entry for book in books for entry in book.new_entries if entry.idempotency_key.startswith(key + ":")
	]
	return movements.part(*books, world.program, merge, world.today, "unmerge:M1:1")


def sound(world: World) -> None:
	found = invariants.check_all(world.ledgers(), KEY)
	assert not found, "\n".join(map(str, found))


def holdings(world: World) -> dict:
	"""What each has and owes, lot by lot."""
	return {
		name: (
			{
				lot.name: (lot.remaining, lot.available_from, lot.expires_on, lot.state)
				for lot in book.lots.values()
				if lot.remaining
			},
			dict((debit.name, owed) for debit, owed in book.arrears()),
			net_balance(world.program, book, world.today),
		)
		for name, book in world.books.items()
	}


def swept(world: World) -> None:
	"""What a merge would have written of expiry anyway."""
	for book in world.books.values():
		movements.expire(book, world.program, world.today)


@QUICK
@given(programs(), histories(40, WITHOUT))
def test_with_nothing_in_between_each_has_what_they_had(program, steps):
	world = lived(program, steps)
	swept(world)
	before, total = holdings(world), world.total()
	key = merged(world)
	done = parted(world, key)
	after = holdings(world)
	for name in ("M1", "M2"):
		assert after[name][0] == before[name][0], name
		assert sum(after[name][1].values()) == sum(before[name][1].values()), name
		assert after[name][2] == before[name][2], name
	assert (done.spent, done.settled) == (ZERO, ZERO)
	assert world.total() == total
	sound(world)


@QUICK
@given(programs(), histories(25, WITHOUT), histories(25, WITHOUT))
def test_with_anything_in_between_no_point_is_made_or_lost(program, steps, later):
	world = lived(program, steps)
	key = merged(world)
	for what, number in later:
		if what != "nothing":
			world.play(what, number)
	swept(world)
	total = world.total()
	source = world.books["M1"]
	gone = sum(lot.original for lot in world.books["M2"].lots.values() if lot.name in _moved(world, key))
	done = parted(world, key)
	assert world.total() == total
	back = sum((lot.remaining for lot in source.lots.values()), ZERO)
	assert back + done.spent == gone, "what moved is back or spent"
	assert ZERO <= done.spent <= gone
	assert done.settled >= ZERO
	sound(world)


def _moved(world: World, key: str) -> set[str]:
	book = world.books["M2"]
	return {entry.name for entry in book.new_entries if entry.idempotency_key.startswith(key + ":in:")}
