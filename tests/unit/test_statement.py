"""A statement adds up over any stretch of any history, whether or not the nightly jobs ran."""

import os
import random
from datetime import date
from decimal import Decimal as D

import pytest

from ccms_app.loyalty import dates
from ccms_app.loyalty.book import Book
from ccms_app.loyalty.replay import fold, last_activity
from ccms_app.loyalty.statement import Statement, statement
from tests.unit.histories import lived, program
from tests.unit.ledger_world import World, activity_on, days

HISTORIES = int(os.environ.get("CCMS_EXAMPLES", "60"))


def stated(world: World, first: date, last: date, name: str = "M1") -> Statement:
	book = world.book(name)
	ends = tuple(
		dates.inactive_after(world.program, activity_on(book, day)) for day in (first - days(1), last)
	)
	return statement(book.new_entries, book.new_allocations, first, last, ends)


def balance_of(world: World, book: Book, on: date) -> tuple[D, D, D]:
	return fold(book.new_entries, book.new_allocations, on).balance(
		on, dates.inactive_after(world.program, activity_on(book, on))
	)


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_opening_and_lines_come_to_the_closing_balance(seed):
	world = lived(seed)
	chance = random.Random(seed + 1)
	book = world.book()
	posted = sorted({entry.posting_date for entry in book.new_entries})
	for _try in range(8):
		first = chance.choice(posted) + days(chance.randrange(-3, 4))
		last = first + days(chance.choice([0, 1, 20, 100, 400]))
		found = stated(world, first, last)
		for standing in (found.opening, found.closing):
			assert (standing.active, standing.pending, standing.arrears) == balance_of(
				world, book, standing.on
			)
		assert found.adds_up
		assert (found.lines[-1].balance if found.lines else found.opening.points) == found.closing.points
		assert [line.day for line in found.lines] == sorted(line.day for line in found.lines)
		assert all(first <= line.day <= last for line in found.lines)


@pytest.mark.parametrize("seed", range(0, HISTORIES, 4))
def test_stretches_follow_on_from_each_other(seed):
	world = lived(seed)
	day = world.today - days(150)
	closing = stated(world, day - days(400), day).closing.points
	for _month in range(5):
		found = stated(world, day + days(1), day + days(30))
		assert found.opening.points == closing
		closing, day = found.closing.points, day + days(30)


@pytest.mark.parametrize("seed", range(3, HISTORIES, 4))
def test_the_last_activity_of_a_day_is_the_last_one_that_stood(seed):
	world = lived(seed)
	for name, book in world.books.items():
		if name in world.merged:
			continue
		merged_on = getattr(book, "merged_on", {})
		of_both = [entry for other in world.books.values() for entry in other.new_entries]
		posted = [entry.posting_date for entry in book.new_entries]
		for on in {*posted, *(day + days(1) for day in posted), world.today + days(1000)}:
			there = [name, *(other for other, day in merged_on.items() if day <= on)]
			known = [entry for entry in of_both if entry.membership in there]
			assert last_activity(known, on) == activity_on(book, on)
		everything = [entry for entry in of_both if entry.membership in (name, *merged_on)]
		assert last_activity(everything, date.max) == book.last_activity()


def test_what_no_job_has_written_off_is_a_line_of_its_own():
	world = World(program(expiry_model="Rolling", expiry_months=1))
	sale = world.sell(D(70))
	first, last = world.today, world.today + days(60)
	before = stated(world, first, last)
	assert [(line.points, line.entry and line.entry.entry_type) for line in before.lines if line.points] == [
		(70, "Earn"),
		(-70, None),
	]
	gone = before.lines[-1]
	assert (gone.day, gone.lot.voucher_no, gone.balance) == (dates.add_months(first, 1) + days(1), sale.no, 0)

	world.today = last
	world.expire()
	after = stated(world, first, last)
	assert [(line.day, line.points, line.balance) for line in after.lines] == [
		(line.day, line.points, line.balance) for line in before.lines
	]


def test_a_member_who_stayed_away_too_long():
	world = World(program(expiry_model="Inactivity", expiry_months=2))
	first = world.today
	world.sell(D(40))
	away = dates.add_months(first, 2)
	assert stated(world, first, away).closing.points == 40
	found = stated(world, first, away + days(9))
	assert (found.closing.points, found.lines[-1].day, found.lines[-1].points) == (0, away + days(1), -40)
	assert stated(world, away + days(2), away + days(9)).lines == []


def test_pending_and_owed_are_told_apart():
	world = World(program(accrue_when="When Paid"))
	paid = world.sell(D(100))
	world.sell(D(30), paid=False)
	world.sell(D(1), D(90))
	world.give_back(paid, 12)
	found = stated(world, world.today, world.today)
	assert (found.closing.active, found.closing.pending, found.closing.arrears) == (0, 30, 89)
	assert found.closing.points == -59
	assert found.points_in - found.points_out == -59
