"""Each invariant finds the fault it is there for, and names the row; a sound ledger has none."""

import copy
from dataclasses import replace
from datetime import date
from decimal import Decimal as D

import pytest

from ccms_app.loyalty import invariants
from ccms_app.loyalty.invariants import Ledger, check, check_all
from ccms_app.loyalty.model import ACTIVE, DEPLETED, Allocation, Program
from tests.unit.ledger_world import KEY, PARTS, World, days

CLUB = Program("Club", expiry_model="Rolling", expiry_months=6)


def ledger() -> Ledger:
	"""Two lots, one of them empty; a redemption, a return that leaves arrears, and what pays them."""
	world = World(CLUB)
	sale = world.sell(D(100))
	world.today += days(1)
	world.sell(D("0.01"), D(80))
	world.give_back(sale, PARTS)  # 20 from its lot, 80 owed
	world.today += days(1)
	world.sell(D(200))  # pays the 80
	made = Ledger.of(copy.deepcopy(world.book()))
	assert [str(row.points) for row in made.allocations] == ["80", "20", "80"]
	return made


def found(broken: Ledger, number: int) -> list[str]:
	"""Problems of one invariant; there must be some."""
	findings = [finding for finding in check(broken, KEY) if finding.invariant == number]
	assert findings
	assert all(finding.membership == "M1" for finding in findings)
	return [f"{finding.row}: {finding.problem}" for finding in findings]


def lots(broken: Ledger) -> list[str]:
	return list(broken.lots)


def entry_of(broken: Ledger, kind: str, number: int = 0):
	return [entry for entry in broken.entries if entry.entry_type == kind][number]


def test_a_sound_ledger_has_no_findings():
	assert check(ledger(), KEY) == []
	assert check_all([ledger()], KEY) == []
	assert check(Ledger(ledger().member.__class__("M9"))) == []


def test_2_lots_that_do_not_make_the_sum_of_the_entries():
	broken = ledger()
	broken.lots[lots(broken)[1]].remaining += 1
	assert found(broken, 2)[0] == ": entries make 120, lots 121 less arrears 0"


@pytest.mark.parametrize("name", ["points_active", "points_pending", "points_arrears"])
def test_2_a_membership_that_says_something_else(name):
	broken = ledger()
	setattr(broken.member, name, getattr(broken.member, name) + 5)
	assert any("the membership says" in problem for problem in found(broken, 2))
	assert any(problem.startswith(name) for problem in found(broken, 9))


def test_2_points_active_and_pending_that_only_add_up_together():
	broken = ledger()
	broken.member.points_active -= 5
	broken.member.points_pending += 5
	assert found(broken, 9)  # 2 cannot see it


@pytest.mark.parametrize("remaining", [D(-1), D(201)])
def test_3_a_lot_out_of_its_bounds(remaining):
	broken = ledger()
	name = lots(broken)[1]
	broken.lots[name].remaining = remaining
	assert f"{name}: {remaining} left of 200" in found(broken, 3)


def test_3_a_lot_that_allocations_do_not_explain():
	broken = ledger()
	name = lots(broken)[1]
	broken.lots[name].remaining -= 3
	assert f"{name}: 200 opened, 117 left, 80 allocated" in found(broken, 3)


def test_3_a_lot_in_a_state_that_does_not_fit():
	broken = ledger()
	full, empty = lots(broken)[1], lots(broken)[0]
	broken.lots[full].state, broken.lots[empty].state = DEPLETED, ACTIVE
	assert found(broken, 3) == [f"{empty}: Active with 0 left", f"{full}: Depleted with 120 left"]


def test_3_a_lot_from_nowhere_and_a_lot_that_is_gone():
	broken = ledger()
	broken.lots["forged"] = replace(broken.lots[lots(broken)[1]], name="forged", remaining=D(200))
	assert "forged: no entry opened it with these points" in found(broken, 3)
	broken = ledger()
	name = lots(broken)[1]
	del broken.lots[name]
	assert f"{name}: an entry without its lot" in found(broken, 3)
	assert f"{name}: lot missing" in found(broken, 9)


def test_4_a_debit_that_took_more_than_its_points():
	broken = ledger()
	redeem = entry_of(broken, "Redeem")
	broken.allocations.append(
		Allocation("M1", redeem.name, lots(broken)[1], D(7), redeem.name, redeem.posting_date)
	)
	assert f"{redeem.name}: 7 more allocated than is left of it" in found(broken, 4)


def test_4_more_given_back_than_was_taken():
	broken = ledger()
	earn, redeem = entry_of(broken, "Earn", 1), entry_of(broken, "Redeem")
	broken.allocations.append(
		Allocation("M1", redeem.name, lots(broken)[1], D(-7), earn.name, earn.posting_date)
	)
	assert f"{redeem.name}: 7 more given back to {lots(broken)[1]} than it took" in found(broken, 4)


def test_4_arrears_that_no_debit_explains():
	broken = ledger()
	broken.allocations.pop()
	assert ": debits leave 80 open, the membership says 0" in found(broken, 4)


def test_4_a_stranger_s_allocation():
	broken = ledger()
	broken.allocations[0] = replace(broken.allocations[0], membership="M2")
	redeem = entry_of(broken, "Redeem")
	assert f"{redeem.name}: an allocation of M2" in found(broken, 4)
	broken = ledger()
	broken.allocations[0] = replace(broken.allocations[0], lot="elsewhere")
	assert f"{redeem.name}: touches lot elsewhere, which is not there" in found(broken, 4)
	broken = ledger()
	broken.allocations[0] = replace(broken.allocations[0], entry=lots(broken)[0])
	assert f"{lots(broken)[0]}: an allocation to what is no debit" in found(broken, 4)


def test_4_points_from_nowhere():
	broken = ledger()
	earn = entry_of(broken, "Earn")
	broken.entries[broken.entries.index(earn)] = replace(earn, lot="")
	assert f"{earn.name}: points that stand in no lot and settle no debit" in found(broken, 4)
	broken = ledger()
	status = entry_of(broken, "Status")
	broken.entries[broken.entries.index(status)] = replace(status, points=D(5))
	assert any("5 points on a Status" in problem for problem in found(broken, 4))


def test_4_a_draw_from_what_had_expired_or_was_not_available_yet():
	broken = ledger()
	earn, redeem = entry_of(broken, "Earn"), entry_of(broken, "Redeem")
	place = broken.entries.index(earn)
	broken.entries[place] = replace(earn, expires_on=date(2023, 11, 20))
	assert f"{redeem.name}: draws {earn.name}, valid until 2023-11-20" in found(broken, 4)
	broken.entries[place] = replace(earn, available_from=date(2024, 1, 1))
	assert f"{redeem.name}: draws {earn.name}, available from 2024-01-01" in found(broken, 4)


def test_4_an_extension_and_an_activation_are_taken_into_account():
	world = World(replace(CLUB, expiry_months=1, accrue_when="When Paid"))
	sale = world.sell(D(100), paid=False)
	world.pay(sale)
	world.today += days(10)
	world.extend(60)
	world.today += days(50)
	world.sell(D(1), D(60))
	assert check(Ledger.of(world.book()), KEY) == []
	broken = Ledger.of(copy.deepcopy(world.book()))
	for kind in ("Extend", "Activate"):
		left_out = [entry for entry in broken.entries if entry.entry_type != kind]
		assert any(
			"draws" in str(each) for each in invariants.draws_were_valid(replace(broken, entries=left_out))
		)


def test_4_an_allocation_of_another_day():
	broken = ledger()
	broken.allocations[0] = replace(broken.allocations[0], posting_date=date(2020, 1, 1))
	assert found(broken, 4) == [f"{entry_of(broken, 'Redeem').name}: an allocation dated 2020-01-01"]


def test_4_an_allocation_by_nobody():
	broken = ledger()
	broken.allocations[0] = replace(broken.allocations[0], by_entry="gone")
	assert "gone: made allocations but is not in the journal" in found(broken, 4)


def test_5_a_key_used_twice():
	broken = ledger()
	one, other = entry_of(broken, "Earn"), entry_of(broken, "Earn", 1)
	broken.entries[broken.entries.index(other)] = replace(other, idempotency_key=one.idempotency_key)
	assert found(broken, 5) == [f"{one.idempotency_key}: used 2 times"]


def test_5_a_key_used_in_two_ledgers():
	one = ledger()
	other = World(CLUB).ledgers()[0]
	other.member.name = "M2"
	other.entries[0].idempotency_key = one.entries[2].idempotency_key
	assert [
		(each.membership, each.row)
		for each in check_all([one, other])
		if each.problem == "one key in several ledgers"
	] == [("M1, M2", one.entries[2].idempotency_key)]


def test_5_numbers_with_a_gap():
	broken = ledger()
	gone = broken.entries.pop(2)
	assert found(broken, 5)[0] == f"{broken.entries[2].name}: number {gone.seq + 1} where {gone.seq} belongs"


@pytest.mark.parametrize(
	("name", "value"),
	[
		("status", "Frozen"),
		("tier", "Gold"),
		("tier_until", date(2024, 1, 1)),
		("last_seq", 99),
		("last_hash", "x"),
	],
)
def test_9_a_membership_that_the_journal_does_not_make(name, value):
	broken = ledger()
	setattr(broken.member, name, value)
	assert any(problem.startswith(name) for problem in found(broken, 9))


@pytest.mark.parametrize(
	("name", "value"),
	[
		("available_from", None),
		("expires_on", date(2030, 1, 1)),
		("origin", "x"),
		("entry_seq", 9),
		("state", "Pending"),
	],
)
def test_9_a_lot_that_the_journal_does_not_make(name, value):
	broken = ledger()
	lot = lots(broken)[1]
	setattr(broken.lots[lot], name, value)
	assert any(problem.startswith(lot) for problem in found(broken, 9))


@pytest.mark.parametrize("kind", ["Redeem", "Expire"])
def test_9_something_that_happens_to_a_lot_before_it_is_there(kind):
	world = World(CLUB)
	world.sell(D(100))
	world.today += days(10)
	world.give_back(world.sell(D(1), D(60)), 6)
	world.today += days(300)
	world.expire()
	broken = Ledger.of(copy.deepcopy(world.book()))
	assert check(broken, KEY) == []
	entry = entry_of(broken, kind)
	broken.entries[broken.entries.index(entry)] = replace(entry, posting_date=date(2023, 11, 19))
	lot = lots(broken)[0]
	assert f"{entry.name}: of 2023-11-19, touches {lot} of 2023-11-20" in found(broken, 9)


def test_8_a_sum_that_was_raised():
	assert invariants.not_raised(D(5), D(5), "expiry") == []
	assert invariants.not_raised(D(5), D(4), "expiry") == []
	assert (
		str(invariants.not_raised(D(5), D(6), "expiry")[0])
		== "invariant 8:  expiry: raised the sum from 5 to 6"
	)


def test_11_the_chain_and_the_seal():
	broken = ledger()
	broken.entries[3] = replace(broken.entries[3], points=broken.entries[3].points + 0, reason="x")
	assert found(broken, 11) == ["4: changed"]
	broken = ledger()
	broken.mac = "0" * 64
	assert found(broken, 11) == [": the membership's seal is broken"]
	assert [each for each in check(broken) if each.invariant == 11] == []  # without the key nobody can tell
