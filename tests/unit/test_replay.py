"""The journal folded: balances of any past day, as they are known now and as they were known then."""

from dataclasses import replace
from datetime import date
from decimal import Decimal as D

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ccms_app.loyalty.model import Program, Tier
from ccms_app.loyalty.replay import fold
from tests.unit.ledger_world import PARTS, PLAIN, World, histories, net_balance, programs

ROLLING = Program("Club", expiry_model="Rolling", expiry_months=1)


def at(world: World, day: str) -> World:
	world.today = date.fromisoformat(day)
	return world


def folded(world: World, day: str | None = None, known: int | None = None):
	book = world.book()
	entries = [entry for entry in book.new_entries if known is None or entry.seq <= known]
	rows = {entry.name for entry in entries}
	allocations = [row for row in book.new_allocations if row.by_entry in rows]
	return fold(entries, allocations, date.fromisoformat(day) if day else None)


def on(world: World, day: str, known: int | None = None) -> tuple:
	return folded(world, day, known).balance(date.fromisoformat(day))


def test_every_day_of_a_short_history():
	world = at(World(ROLLING), "2024-01-31")
	sale = world.sell(D(100))  # until 29 Feb
	at(world, "2024-02-10").sell(D(20), D(30))
	at(world, "2024-02-15").give_back(sale, 6)  # half: 50 clawed back
	at(world, "2024-03-05").expire()
	assert {
		day: on(world, day) for day in ("2024-01-30", "2024-01-31", "2024-02-10", "2024-02-15", "2024-02-29")
	} == {
		"2024-01-30": (0, 0, 0),
		"2024-01-31": (100, 0, 0),
		"2024-02-10": (90, 0, 0),
		"2024-02-15": (40, 0, 0),
		"2024-02-29": (40, 0, 0),
	}
	assert on(world, "2024-03-01") == (20, 0, 0)  # 20 of the first lot are gone the day after
	assert on(world, "2024-03-10") == (20, 0, 0)
	assert on(world, "2024-03-11") == (0, 0, 0)
	assert folded(world).points == 20
	# the same before the job wrote it
	assert on(world, "2024-03-01", known=world.book().member.last_seq - 1) == (20, 0, 0)


def test_as_it_was_known_then_and_as_it_is_known_now():
	world = at(World(PLAIN), "2024-01-10")
	world.sell(D(100))
	at(world, "2024-01-20")
	known_then = world.book().member.last_seq
	assert on(world, "2024-01-15") == (100, 0, 0)
	world.sell(D(7), back=8)  # entered late, on the 12th
	assert on(world, "2024-01-15") == (107, 0, 0)
	assert on(world, "2024-01-11") == (100, 0, 0)
	assert on(world, "2024-01-15", known=known_then) == (100, 0, 0)


def test_pending_points_come_in_on_their_day_whether_or_not_the_job_has_run():
	world = at(World(replace(PLAIN, pending_days=14)), "2024-01-10")
	world.sell(D(100))
	at(world, "2024-03-01")
	assert (on(world, "2024-01-23"), on(world, "2024-01-24")) == ((0, 100, 0), (100, 0, 0))
	world.catch_up()
	assert (on(world, "2024-01-23"), on(world, "2024-01-24")) == ((0, 100, 0), (100, 0, 0))


def test_arrears_on_the_day_and_after_they_are_paid():
	world = at(World(PLAIN), "2024-01-10")
	sale = world.sell(D(100))
	at(world, "2024-01-11").sell(D("0.01"), D(100))
	at(world, "2024-01-12").give_back(sale, PARTS)
	at(world, "2024-01-13").sell(D(130))
	assert [on(world, f"2024-01-{day}") for day in (11, 12, 13)] == [(0, 0, 0), (0, 0, 100), (30, 0, 0)]


def test_a_back_dated_return_owes_on_its_day_what_later_points_paid():
	world = at(World(PLAIN), "2024-01-10")
	sale = world.sell(D(100))
	world.sell(D("0.01"), D(100))
	at(world, "2024-01-20").sell(D(130))
	world.give_back(sale, PARTS, back=8)  # of the 12th, taken from the lot of the 20th
	assert [on(world, f"2024-01-{day}") for day in (11, 12, 19, 20)] == [
		(0, 0, 0),
		(0, 0, 100),
		(0, 0, 100),
		(30, 0, 0),
	]


def test_payment_and_its_undoing():
	world = at(World(replace(PLAIN, accrue_when="When Paid")), "2024-01-10")
	sale = world.sell(D(100), paid=False)
	at(world, "2024-01-15").pay(sale)
	at(world, "2024-01-16").sell(D("0.01"), D(40))
	at(world, "2024-01-20").unpay(sale)
	assert [on(world, f"2024-01-{day}") for day in (10, 15, 16, 20)] == [
		(0, 100, 0),
		(100, 0, 0),
		(60, 0, 0),
		(0, 100, 40),
	]
	at(world, "2024-01-25").pay(sale)
	assert on(world, "2024-01-25") == (60, 0, 0)
	assert on(world, "2024-01-22") == (0, 100, 40)


def test_status_and_tier_of_a_past_day():
	world = at(World(replace(PLAIN, tiers=(Tier("Basic"), Tier("Top", D(50))))), "2024-01-10")
	world.sell(D(60))
	at(world, "2024-02-01").status("Frozen")
	at(world, "2024-03-01").status("Active")
	assert [
		folded(world, day).status for day in ("2024-01-31", "2024-02-01", "2024-02-29", "2024-03-01")
	] == [
		"Active",
		"Frozen",
		"Frozen",
		"Active",
	]
	assert [folded(world, day).tier for day in ("2024-01-09", "2024-01-10")] == ["Basic", "Top"]
	assert folded(world, "2024-01-10").tier_until == date(2025, 1, 10)


def test_an_extension_counts_from_its_day():
	world = at(World(ROLLING), "2024-01-31")
	world.sell(D(100))
	at(world, "2024-02-20").extend(30)  # until 21 March
	assert (on(world, "2024-03-21"), on(world, "2024-03-22")) == ((100, 0, 0), (0, 0, 0))
	assert on(world, "2024-03-21", known=world.book().member.last_seq - 1) == (0, 0, 0)


def test_idle_members_points_are_gone_when_read():
	world = at(World(replace(ROLLING, expiry_model="Inactivity")), "2024-01-31")
	world.sell(D(100))
	at(world, "2024-03-10")
	last = date(2024, 2, 29)
	assert folded(world).balance(date(2024, 2, 29), last) == (100, 0, 0)
	assert folded(world).balance(date(2024, 3, 1), last) == (0, 0, 0)
	world.expire()
	assert on(world, "2024-02-29") == (100, 0, 0)
	assert on(world, "2024-03-01") == (0, 0, 0)


def test_an_empty_journal():
	assert fold([], []).balance(date(2024, 1, 1)) == (0, 0, 0)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(programs(), histories(24), st.integers(0, 23))
def test_what_was_known_on_a_day_is_reproduced_after_everything_that_came_later(program, history, when):
	world = World(program, 1, repeat=False, checks=False)
	seen = None
	for number, (what, numbers) in enumerate(history):
		world.play(what, numbers)
		if number == when:
			book = world.book()
			seen = (book.member.last_seq, world.today, world.balance(), book.member.points_active)
	if seen:
		last_seq, day, balance, active = seen
		then = World(program, 1, repeat=False, checks=False)
		book = then.book()
		book.new_entries, book.new_allocations = [], []
		mine = world.book()
		for entry in mine.new_entries[:last_seq]:
			book.new_entries.append(entry)
			book.entry_added(entry)
		names = {entry.name for entry in book.new_entries}
		book.new_allocations += [row for row in mine.new_allocations if row.by_entry in names]
		assert net_balance(program, book, day) == balance
		assert fold(book.new_entries, book.new_allocations).points_active == active
