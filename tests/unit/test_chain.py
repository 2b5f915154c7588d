"""The hash chain: what was changed, dropped, inserted or swapped is found and named."""

from dataclasses import fields, replace
from datetime import date
from decimal import Decimal as D

import pytest

from ccms_app.loyalty import chain
from ccms_app.loyalty.invariants import Ledger, chain_holds
from ccms_app.loyalty.model import Entry
from tests.unit.ledger_world import KEY, PLAIN, World, days


def journal() -> Ledger:
	"""Eight entries: joined, three sales, a redemption with its own earning, a grant, a freeze."""
	world = World(PLAIN)
	for _each in range(3):
		world.sell(D(100))
		world.today += days(1)
	world.sell(D(10), D(150))
	world.grant(D(5))
	world.status("Frozen")
	ledger = Ledger.of(world.book())
	assert len(ledger.entries) == 8
	return replace(ledger, entries=list(ledger.entries))


def faults(ledger: Ledger) -> list[tuple[str, str]]:
	return [(finding.row, finding.problem) for finding in chain_holds(ledger, KEY)]


def test_an_honest_journal_verifies():
	assert faults(journal()) == []
	assert list(chain.verify(KEY, [])) == []


CHANGES = {
	"membership": "M2",
	"entry_type": "Bonus",
	"points": D("100.01"),
	"posting_date": date(2020, 1, 1),
	"available_from": date(2020, 1, 1),
	"expires_on": date(2020, 1, 1),
	"lot": "x",
	"qualifying_value": D("100.01"),
	"qualifying_date": date(2020, 1, 1),
	"old_value": "x",
	"new_value": "x",
	"voucher_type": "POS Invoice",
	"voucher_no": "SI-0009",
	"voucher_detail_no": "x",
	"rule": "x",
	"tier": "Gold",
	"base_amount": D("100.000000001"),
	"rate": D("1.000000001"),
	"monetary_value": D(1),
	"reason": "x",
	"reverses": "x",
	"idempotency_key": "x",
	"chain_hash": "0" * 64,
}


@pytest.mark.parametrize("field", CHANGES)
def test_a_changed_field_is_found_and_named(field):
	ledger = journal()
	ledger.entries[3] = replace(ledger.entries[3], **{field: CHANGES[field]})
	found = faults(ledger)
	assert found[0] == ("4", "changed")
	# a changed content is one finding; a changed hash also breaks the entry after it
	assert found[1:] == ([("5", "changed")] if field == "chain_hash" else [])


def test_every_field_but_the_name_is_covered_and_in_the_list_of_the_audit():
	names = {each.name for each in fields(Entry)} - {"name", "chain_hash"}
	assert {name for name, _kind in chain.CONTENT} == names
	assert len(chain.content(journal().entries[0]).split(chain.SEPARATOR)) == len(chain.CONTENT)


def test_a_dropped_entry_is_found():
	ledger = journal()
	del ledger.entries[3]
	assert faults(ledger) == [("5", "missing")]


def test_a_dropped_tail_is_found():
	ledger = journal()
	del ledger.entries[-2:]
	assert faults(ledger) == [("8", "the membership ends with number 8, the journal with 6")]


def test_a_dropped_tail_is_found_also_when_the_membership_is_adjusted_to_it():
	ledger = journal()
	del ledger.entries[-2:]
	last = ledger.entries[-1]
	ledger.member = replace(ledger.member, last_seq=last.seq, last_hash=last.chain_hash)
	assert faults(ledger) == [("", "the membership's seal is broken")]


def test_dropping_and_renumbering_is_found():
	ledger = journal()
	del ledger.entries[3]
	ledger.entries[3:] = [replace(entry, seq=entry.seq - 1) for entry in ledger.entries[3:]]
	assert faults(ledger)[0] == ("4", "changed")


def test_an_inserted_entry_is_found():
	ledger = journal()
	ledger.entries.insert(4, replace(ledger.entries[3], name="forged", points=D(1000), chain_hash="f" * 64))
	assert faults(ledger) == [("4", "inserted")]


def test_an_entry_inserted_before_the_true_one_is_found():
	ledger = journal()
	ledger.entries.insert(3, replace(ledger.entries[3], name="forged", points=D(1000), chain_hash="f" * 64))
	assert faults(ledger) == [("4", "changed"), ("4", "inserted")]


def test_an_entry_added_at_the_end_is_found():
	ledger = journal()
	ledger.entries.append(replace(ledger.entries[1], name="forged", seq=9))
	assert ("9", "changed") in faults(ledger)
	assert ("9", "the membership ends with number 8, the journal with 9") in faults(ledger)


def test_swapped_entries_are_found():
	ledger = journal()
	one, other = ledger.entries[2], ledger.entries[3]
	ledger.entries[2], ledger.entries[3] = replace(other, seq=one.seq), replace(one, seq=other.seq)
	assert [row for row, _problem in faults(ledger)][:2] == ["3", "4"]
	ledger = journal()
	ledger.entries[2], ledger.entries[3] = ledger.entries[3], ledger.entries[2]
	assert faults(ledger) != []


def test_two_changes_are_two_findings():
	ledger = journal()
	for number in (2, 6):
		ledger.entries[number] = replace(ledger.entries[number], points=D(1))
	assert faults(ledger) == [("3", "changed"), ("7", "changed")]


def test_who_has_the_database_but_not_the_key_cannot_forge():
	ledger = journal()
	guess = chain.derive_key("another secret")
	previous = ledger.entries[6].chain_hash
	forged = replace(ledger.entries[7], points=D(1000))
	forged.chain_hash = chain.link(guess, previous, chain.content(forged))
	ledger.entries[7] = forged
	assert ("8", "changed") in faults(ledger)


def test_the_text_of_a_number_does_not_depend_on_how_it_is_written():
	entry = journal().entries[1]
	assert chain.content(replace(entry, points=D("1E+2"))) == chain.content(
		replace(entry, points=D("100.00"))
	)
	assert chain.content(replace(entry, points=D("-0"))) == chain.content(replace(entry, points=D(0)))


def test_golden_hash():
	"""The form of the hashed text is kept for ever: a change would break every chain there is."""
	entry = Entry("n", "M1", 1, "Earn", D("12.5"), date(2024, 2, 29), date(2024, 3, 1), None, "n", D(125))
	text = "1|M1|Earn|12.500000000|2024-02-29|2024-03-01||n|125.000000000|||||||||0.000000000|0.000000000|0.000000000|||"
	assert chain.content(entry) == text.replace("|", chain.SEPARATOR)
	key = chain.derive_key("secret")
	assert key.hex() == "c26ca3c5e356767a063bf85b42d23d195fc4736d7e901e1f3098da2360dbbda9"
	assert (
		chain.link(key, "", chain.content(entry))
		== "7ff79b2446c2977cf7da688cdf58beab3389204bab89220e440707492b56407a"
	)
